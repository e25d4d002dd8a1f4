import Logging
import NIOHTTP1
import SessionIndex

/// Makes an answer of every request, whatever happens: the outermost layer above the host.
struct APIResponder: Sendable {
    private let host: any HostOperations
    private let routes: RouteTable
    private let logger: Logger

    /// Makes a responder for a host.
    init(host: any HostOperations, routes: RouteTable = .all, logger: Logger) {
        self.host = host
        self.routes = routes
        self.logger = logger
    }

    /// Finds the route and carries it out.
    /// - Parameter interruption: ends what the client only waits for.
    func answer(_ request: APIRequest, _ interruption: Interruption) async -> APIAnswer {
        do {
            try refuseBrowsers(request)
            let (route, id) = try routes.route(of: request)
            let query = try QueryParameters(request.query, known: route.queryKeys)
            let call = RouteCall(request: request, query: query, id: id)
            let answer =
                route.endsWithClient
                ? try await interruption.run { [host] in try await route.answer(call, on: host) }
                : try await route.answer(call, on: host)
            guard request.method == .HEAD else { return answer }
            switch answer {
            case .response(var response):
                response.isHeadOnly = true
                return .response(response)
            case .stream(let headers, let body):
                body.close()
                return .response(.head(headers))
            case .attach: return answer
            }
        } catch {
            var response = APIResponse.problem(problem(error, request))
            response.isHeadOnly = request.method == .HEAD
            return .response(response)
        }
    }

    /// No browser has business on this socket. One gets here only by a forwarded port, from a page that its user did
    /// not mean to give a terminal to.
    private func refuseBrowsers(_ request: APIRequest) throws(APIRefusal) {
        guard !request.headers.contains(name: "origin") else {
            throw .forbidden("\(request.method) \(request.path): requests of web pages (`Origin`) are refused")
        }
    }

    private func problem(_ error: any Error, _ request: APIRequest) -> APIError {
        switch error {
        case let failure as HostFailure: return APIError(failure)
        case let refusal as APIRefusal: return APIError(refusal)
        case let error as APIError: return error
        case is CancellationError:
            return APIError(.shuttingDown("the service stops; whether the request was carried out is not known"))
        case let failure as IndexFailure:
            logger.error(
                "request failed", metadata: ["request": "\(request.method) \(request.path)", "failure": "\(failure)"]
            )
            return APIError(.indexUnavailable("\(failure)"))
        case let failure as GitFailure:
            logger.error(
                "request failed", metadata: ["request": "\(request.method) \(request.path)", "failure": "\(failure)"]
            )
            return APIError(.gitFailed("\(failure)"))
        default:
            logger.error(
                "request failed", metadata: ["request": "\(request.method) \(request.path)", "failure": "\(error)"]
            )
            return .internal
        }
    }
}
