import HostProtocol
import NIOHTTP1

/// An error as it goes to a client. This file is the only map from failures to status, code and title.
///
/// Codes are stable: clients switch on them. A status may be shared, a code means one thing. Both maps are exhaustive
/// and have no `default`, so that a new failure cannot be answered by accident.
struct APIError: Error, Sendable {
    /// The HTTP status.
    let status: HTTPResponseStatus
    /// What a program switches on.
    let code: String
    /// The code in words.
    let title: String
    /// What was tried, on what, the answer, the consequence.
    let detail: String
    /// Headers that the status asks for.
    let headers: HTTPHeaders

    private init(
        _ status: HTTPResponseStatus, _ code: String, _ title: String, _ detail: String, headers: HTTPHeaders = [:]
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.headers = headers
    }

    /// The document that the client reads.
    var document: ProblemDocument {
        ProblemDocument(title: title, status: Int(status.code), code: code, detail: detail)
    }

    /// What is told of a failure that nobody foresaw: that it happened. What it was goes to the journal.
    static let `internal` = APIError(
        .internalServerError, "internal", "Internal error",
        "the request failed inside corral-host; its journal has the cause; what was done is not known"
    )
}

extension APIError {
    /// What a client is told of a host's failure.
    init(_ failure: HostFailure) {
        switch failure {
        case .workspaceNotFound(let detail): self.init(.notFound, "workspace_not_found", "No such workspace", detail)
        case .sessionNotFound(let detail): self.init(.notFound, "session_not_found", "No such session", detail)
        case .receiptNotFound(let detail): self.init(.notFound, "receipt_not_found", "No such receipt", detail)
        case .repositoryNotFound(let detail): self.init(.notFound, "repository_not_found", "No such repository", detail)
        case .portNotFound(let detail): self.init(.notFound, "port_not_found", "No such port", detail)
        case .invalidRequest(let detail): self.init(.badRequest, "invalid_request", "Invalid request", detail)
        case .idUsed(let detail): self.init(.conflict, "id_used", "Id already used", detail)
        case .conflict(let detail): self.init(.conflict, "conflict", "Conflict", detail)
        case .dirty(let detail): self.init(.conflict, "dirty", "Work would be lost", detail)
        case .mainWorktree(let detail): self.init(.conflict, "main_worktree", "Main worktree", detail)
        case .nestedWorktree(let detail): self.init(.conflict, "nested_worktree", "Another worktree lies below", detail)
        case .branchCheckedOut(let detail):
            self.init(.conflict, "branch_checked_out", "Branch is checked out elsewhere", detail)
        case .workspaceDeleting(let detail):
            self.init(.conflict, "workspace_deleting", "Workspace is being deleted", detail)
        case .frozen(let detail): self.init(.conflict, "frozen", "Frozen", detail)
        case .nothingToFreeze(let detail): self.init(.conflict, "nothing_to_freeze", "Nothing to freeze", detail)
        case .freezeFailed(let detail): self.init(.serviceUnavailable, "freeze_failed", "Could not be frozen", detail)
        case .sessionEnded(let detail): self.init(.conflict, "session_ended", "Session has ended", detail)
        case .terminalLost(let detail): self.init(.conflict, "terminal_lost", "Terminal is lost", detail)
        case .sessionLeader(let detail): self.init(.conflict, "session_leader", "Process leads a session", detail)
        case .startFailed(let detail):
            self.init(.serviceUnavailable, "start_failed", "Session could not be started", detail)
        case .execFailed(let detail):
            self.init(.unprocessableEntity, "exec_failed", "Command could not be executed", detail)
        case .ptyExhausted(let detail): self.init(.serviceUnavailable, "pty_exhausted", "No terminals left", detail)
        case .limitReached(let detail): self.init(.serviceUnavailable, "limit_reached", "Limit reached", detail)
        case .limitUnavailable(let detail):
            self.init(.unprocessableEntity, "limit_unavailable", "Limit cannot be enforced", detail)
        case .inputFull(let detail): self.init(.tooManyRequests, "input_full", "Terminal takes no more input", detail)
        case .systemdUnreachable(let detail):
            self.init(.serviceUnavailable, "systemd_unreachable", "systemd is not reachable", detail)
        case .indexUnavailable(let detail):
            self.init(.serviceUnavailable, "index_unavailable", "State is not readable or writable", detail)
        case .groundUnreadable(let detail):
            self.init(.serviceUnavailable, "ground_unreadable", "What runs could not be read", detail)
        case .gitFailed(let detail): self.init(.unprocessableEntity, "git_failed", "git failed", detail)
        case .shuttingDown(let detail):
            self.init(.serviceUnavailable, "shutting_down", "Service is shutting down", detail)
        }
    }
}

extension APIError {
    /// What a client is told of the interface's own refusal.
    init(_ refusal: APIRefusal) {
        switch refusal {
        case .forbidden(let detail): self.init(.forbidden, "forbidden", "Forbidden", detail)
        case .routeNotFound(let detail): self.init(.notFound, "route_not_found", "No such route", detail)
        case .methodNotAllowed(let detail, let allowed):
            self.init(
                .methodNotAllowed, "method_not_allowed", "Method not allowed", detail,
                headers: ["allow": allowed.joined(separator: ", ")]
            )
        case .payloadTooLarge(let detail): self.init(.payloadTooLarge, "payload_too_large", "Body too large", detail)
        case .headersTooLarge(let detail):
            self.init(.requestHeaderFieldsTooLarge, "headers_too_large", "Header too large", detail)
        case .malformed(let detail): self.init(.badRequest, "invalid_request", "Invalid request", detail)
        case .upgradeRequired(let detail):
            self.init(
                .upgradeRequired, "upgrade_required", "WebSocket required", detail,
                headers: ["upgrade": "websocket", "sec-websocket-version": "13"]
            )
        case .tooManyConnections(let detail):
            self.init(.serviceUnavailable, "limit_reached", "Limit reached", detail)
        case .kept(let detail): self.init(.conflict, "kept", "Workspace was kept", detail)
        }
    }
}
