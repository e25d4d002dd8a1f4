/// How systemd says that a job ended. A hint: `done` is also said of a stop that left a process alive (I2).
///
/// See: org.freedesktop.systemd1(5), "JobRemoved()"
public enum JobResult: Sendable, Equatable {
    case done
    /// `canceled`, `timeout`, `failed`, `dependency`, `skipped`, `frozen`, and whatever a later systemd adds.
    case other(String)

    /// Reads the signal's text.
    public init(_ text: String) {
        self = text == "done" ? .done : .other(text)
    }
}
