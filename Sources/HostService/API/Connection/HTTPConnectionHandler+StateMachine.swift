extension HTTPConnectionHandler {
    /// Decides when a connection waits for its client, and when it ends.
    ///
    /// A connection waits for the client when nothing is asked of it (also in the middle of a request), or when the
    /// client has not read an answer. It does not while a request is worked on. A client may send requests ahead of
    /// the answers; they are worked on one after the other.
    struct StateMachine {
        enum Phase: Equatable {
            /// Requests are read and answered.
            case serving
            /// As serving, but the next answer is the last, and without an open request the connection closes.
            case ending
            /// The last answer went out. What still comes is thrown away until the client stops or the linger is over.
            case draining
            /// WebSocket from here on.
            case upgraded
        }

        private(set) var phase = Phase.serving
        /// Whole requests that were read and not answered.
        private(set) var unanswered = 0
        /// Answers, and parts of one that is made while it is sent, that were written and not yet taken by the kernel.
        private(set) var unflushed = 0
        /// The bytes are not HTTP, and nothing more is made of them.
        private(set) var isMalformed = false

        /// Whether the connection waits for the client, and for no longer than the limit.
        var isWaitingForClient: Bool {
            switch phase {
            case .serving, .ending: unanswered == 0 || unflushed > 0
            case .draining, .upgraded: false
            }
        }

        /// Whether a part of a request goes on to the connection's task.
        mutating func partReceived(isEnd: Bool) -> Bool {
            guard !isMalformed else { return false }
            switch phase {
            case .serving, .ending:
                if isEnd { unanswered += 1 }
                return true
            case .draining, .upgraded:
                // Draining: nobody answers it. Upgraded: the decoder is on its way out of the pipeline.
                return false
            }
        }

        /// Whether the task is told that the bytes are not HTTP: the first time, while it can still answer.
        mutating func malformedReceived() -> Bool {
            guard !isMalformed else { return false }
            isMalformed = true
            switch phase {
            case .serving, .ending:
                // The task answers it like a request.
                unanswered += 1
                return true
            case .draining, .upgraded: return false
            }
        }

        enum Answer: Equatable {
            /// Write it; further requests may come.
            case write
            /// Write it with `connection: close`; no more requests are served.
            case writeLast
            /// The connection has had its last answer.
            case refuse
        }

        /// What becomes of an answer.
        mutating func answerWritten(keepsAlive: Bool) -> Answer {
            switch phase {
            case .serving where keepsAlive:
                unanswered = max(0, unanswered - 1)
                unflushed += 1
                return .write
            case .serving, .ending:
                phase = .draining
                return .writeLast
            case .draining, .upgraded:
                return .refuse
            }
        }

        /// Whether a part of an answer that is not complete yet may be written.
        mutating func partWritten() -> Bool {
            switch phase {
            case .serving, .ending:
                unflushed += 1
                return true
            case .draining, .upgraded: return false
            }
        }

        /// An answer, or a part of one, was taken by the kernel.
        /// - Returns: Whether the connection closes now: the service stops, and nothing is left to answer.
        mutating func answerFlushed() -> Bool {
            unflushed = max(0, unflushed - 1)
            return phase == .ending && unanswered == 0 && unflushed == 0
        }

        /// Whether the connection becomes a WebSocket. Refused while it ends, and after bytes that are not HTTP.
        mutating func upgrade() -> Bool {
            guard phase == .serving, !isMalformed else { return false }
            phase = .upgraded
            return true
        }

        /// Whether the connection closes now that the client sends no more.
        func inputClosed() -> Bool {
            // Serving: a client that closed its sending half still reads its answers.
            phase == .draining
        }

        /// Whether the connection closes now that the service stops.
        mutating func shouldEnd() -> Bool {
            switch phase {
            case .serving:
                phase = .ending
                return unanswered == 0 && unflushed == 0
            case .ending, .draining, .upgraded:
                // Ending: told twice. Draining: it ends by itself, soon. Upgraded: the WebSocket's handler was told.
                return false
            }
        }
    }
}
