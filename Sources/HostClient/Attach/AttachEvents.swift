import NIOCore

/// The events of an attached client, in order. For one reader, once; its end is the end of the attachment.
///
/// A reader that is slow holds up the host, which cuts it off when too much is unsent.
public struct AttachEvents: AsyncSequence, Sendable {
    public typealias Element = AttachEvent

    /// NIO's sequence with the handler's back-pressure.
    typealias Producer = NIOAsyncSequenceProducer<
        AttachEvent, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, AttachDemand
    >

    private let producer: Producer

    /// Wraps NIO's sequence.
    init(_ producer: Producer) {
        self.producer = producer
    }

    /// Begins to read. May be called once.
    public func makeAsyncIterator() -> Iterator {
        Iterator(producer.makeAsyncIterator())
    }

    /// Reads event by event. Letting go of it closes the connection.
    public struct Iterator: AsyncIteratorProtocol {
        private let iterator: Producer.AsyncIterator

        /// Wraps NIO's iterator.
        fileprivate init(_ iterator: Producer.AsyncIterator) {
            self.iterator = iterator
        }

        /// The next event, or nil after the last one or when the calling task was cancelled.
        public func next() async -> AttachEvent? {
            await iterator.next()
        }
    }
}
