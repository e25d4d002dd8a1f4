import NIOCore

/// Tells an attachment's handler when its reader wants more, and when it has gone.
struct AttachDemand: NIOAsyncSequenceProducerDelegate {
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<AttachHandler>

    /// Speaks to `handler`, which lives on `eventLoop`. Called there.
    init(_ handler: AttachHandler, on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    func produceMore() {
        eventLoop.execute { handler.value.resumeReading() }
    }

    func didTerminate() {
        eventLoop.execute { handler.value.readerHasGone() }
    }
}
