import CgroupPty
import GRDB
import Glibc

extension IndexFailure {
    /// The failure that a system call means: no room, or the call itself.
    init(_ failure: SystemCallFailure, verb: String, path: String) {
        switch failure.errno {
        case ENOSPC, EDQUOT: self = .full(Attempt(verb: verb, subject: "", path: path))
        default: self = .system(failure)
        }
    }

    /// The failure that an error thrown by GRDB or by our own reading means.
    ///
    /// `SQLITE_IOERR_SHMSIZE` is what `ENOSPC` looks like when the `-shm` file cannot grow.
    init(_ error: any Error, attempt: Attempt) {
        switch error {
        case let failure as IndexFailure: self = failure
        case let failure as SystemCallFailure: self = .unavailable(attempt, code: -1, message: "\(failure)")
        case let fault as ColumnFault: self = .corrupt(attempt, message: fault.description)
        case let error as DatabaseError:
            // A connection that was closed answers `SQLITE_MISUSE`, sometimes with the text "out of memory".
            let wasClosed = error.extendedResultCode == .SQLITE_MISUSE
            let message = wasClosed ? "the index was closed" : error.message ?? "no message"
            switch error.extendedResultCode {
            case .SQLITE_FULL, .SQLITE_IOERR_SHMSIZE: self = .full(attempt)
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_IOERR_CORRUPTFS, .SQLITE_IOERR_DATA:
                self = .corrupt(attempt, message: message)
            default: self = .unavailable(attempt, code: error.extendedResultCode.rawValue, message: message)
            }
        default: self = .unavailable(attempt, code: -1, message: "\(error)")
        }
    }
}
