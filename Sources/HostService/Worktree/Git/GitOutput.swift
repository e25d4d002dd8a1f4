/// What a run of git answered.
struct GitOutput: Sendable, Equatable {
    /// What it was asked, for messages: without the options that every run has.
    let arguments: [String]
    /// Exit status; 128 and the signal when it died of one, as in a shell.
    let status: Int32
    /// All that it wrote to standard output.
    let standardOutput: [UInt8]
    /// What it wrote to standard error, without the newline at the end, at most ``GitOutput/shownErrorLimit`` characters.
    let standardError: String

    /// What is kept of an error text: it goes into receipts and the journal.
    static let shownErrorLimit = 2000

    /// The failure that this run is for whoever needed status 0.
    var failure: GitFailure {
        .failed(arguments: arguments, status: status, standardError: standardError)
    }

    /// This run, if git ended with 0.
    /// - Throws: ``GitFailure/failed(arguments:status:standardError:)`` with any other status.
    func requireSuccess() throws(GitFailure) -> GitOutput {
        if status != 0 { throw failure }
        return self
    }

    /// Standard output without the one newline that git puts after a single answer. A name can end in more of them.
    var line: ByteString {
        ByteString(bytes: standardOutput.last == UInt8(ascii: "\n") ? standardOutput.dropLast() : standardOutput[...])
    }

    /// What lies between the NULs of an output made with `-z`.
    var fields: [ByteString] {
        var fields = standardOutput.split(separator: 0, omittingEmptySubsequences: false)
        // Each field ends with a NUL, so that nothing follows the last one.
        if fields.last?.isEmpty == true { fields.removeLast() }
        return fields.map { ByteString(bytes: $0) }
    }
}
