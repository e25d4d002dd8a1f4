import CgroupPty
import GRDB
import Glibc
import Testing

@testable import SessionIndex

@Suite struct `An index failure` {
    private let attempt = IndexFailure.Attempt(verb: "end session", subject: "s9x1", path: "/var/lib/corral/index.db")

    @Test func `says what was tried, on what, the answer, the consequence`() {
        #expect(
            IndexFailure.locked(directory: "/d", holder: ProcessID(4711)).description
                == "lock the index in /d: held by process 4711; an index has one writer, so it was not opened")
        #expect(
            IndexFailure.locked(directory: "/d", holder: nil).description
                == "lock the index in /d: held by another process; an index has one writer, so it was not opened")
        #expect(
            IndexFailure.full(attempt).description
                == "end session s9x1 in /var/lib/corral/index.db: no space is left on the disk or in the quota; "
                + "nothing was changed")
        #expect(
            IndexFailure.corrupt(attempt, message: "session.status holds \"x\"").description
                == "end session s9x1 in /var/lib/corral/index.db: the file is damaged (session.status holds \"x\"); "
                + "nothing was changed")
        #expect(
            IndexFailure.unavailable(attempt, code: 5, message: "database is locked").description
                == "end session s9x1 in /var/lib/corral/index.db: database is locked (SQLite 5); nothing was changed")
        #expect(
            IndexFailure.displaced(attempt).description
                == "end session s9x1 in /var/lib/corral/index.db: the file that was opened no longer lies there (removed, or "
                + "replaced by another one); nothing was changed; put it back, or end this process and start it with what is "
                + "there now")
        #expect(
            IndexFailure.system(SystemCallFailure(call: "open", subject: "/d", errno: EACCES)).description
                == "open /d: Permission denied (errno 13); the index was not opened")
    }

    @Test(arguments: [
        (ResultCode.SQLITE_FULL, "full"), (.SQLITE_IOERR_SHMSIZE, "full"), (.SQLITE_CORRUPT_INDEX, "corrupt"),
        (.SQLITE_NOTADB, "corrupt"), (.SQLITE_IOERR_CORRUPTFS, "corrupt"), (.SQLITE_IOERR_READ, "unavailable"),
        (.SQLITE_BUSY_SNAPSHOT, "unavailable"), (.SQLITE_READONLY, "unavailable"),
    ])
    func `tells a full disk and a damaged file from all else`(code: ResultCode, kind: String) {
        switch IndexFailure(DatabaseError(resultCode: code, message: "m"), attempt: attempt) {
        case .full(attempt): #expect(kind == "full")
        case .corrupt(attempt, "m"): #expect(kind == "corrupt")
        case .unavailable(attempt, code.rawValue, "m"): #expect(kind == "unavailable")
        case let other: Issue.record("\(other)")
        }
    }
}
