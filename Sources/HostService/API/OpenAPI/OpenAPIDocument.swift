import FoundationEssentials
import HostProtocol
import NIOHTTP1

/// The interface as an OpenAPI 3.1 document, made of what the interface itself goes by: the table of routes, the shapes that bodies are
/// held against, the wire types, and the map of failures.
///
/// See: https://spec.openapis.org/oas/v3.1.1
enum OpenAPIDocument {
    /// The document of what this host serves, as JSON.
    static let served = Result<[UInt8], any Error> { try bytes(RouteTable.all.routes) }

    /// Writes the document of some routes.
    static func bytes(_ routes: [any Route]) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(try document(routes)))
    }

    private static func document(_ routes: [any Route]) throws -> SchemaValue {
        let reader = SchemaReader()
        _ = try reader.schema(of: ProblemDocument.self)
        var paths: [String: [String: SchemaValue]] = [:]
        for route in routes {
            paths[route.path, default: [:]][route.method.rawValue.lowercased()] = try operation(route, reader)
        }
        return [
            "openapi": "3.1.1",
            "info": [
                "title": "Corral", "version": .text(HostVersion.current),
                "description": "Workspaces and persistent terminals. Served on a Unix socket; see docs/api.md.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": "/"]],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": ["schemas": .object(reader.schemas)],
        ]
    }

    private static func operation(_ route: any Route, _ reader: SchemaReader) throws -> SchemaValue {
        let description = route.description
        let name = "\(type(of: route))"
        var fields: [String: SchemaValue] = [
            "operationId": .text(name.prefix(1).lowercased() + name.dropFirst()),
            "summary": .text(description.summary),
            "responses": .object(try answers(route, reader).merging(problems(route)) { answer, _ in answer }),
        ]
        var parameters: [SchemaValue] = []
        if route.path.contains("{id}") {
            let isReceipt = route.path.contains("/receipts/")
            parameters.append([
                "name": "id", "in": "path", "required": true,
                "schema": isReceipt ? ["type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"] : QueryKeys.id,
            ])
        }
        for key in route.queryKeys.sorted() {
            guard let parameter = QueryKeys.parameter(key, isNeeded: description.neededKeys.contains(key)) else {
                throw SchemaReader.Failure(description: "the query key \(key) of \(name) is not in QueryKeys")
            }
            parameters.append(parameter)
        }
        if !parameters.isEmpty { fields["parameters"] = .array(parameters) }
        if let shape = route.bodyShape {
            guard let example = description.exampleBody else {
                throw SchemaReader.Failure(description: "\(name) takes a body and has no example of one")
            }
            var content: [String: SchemaValue] = ["application/json": ["schema": shape.schema, "example": example]]
            if description.takesBytes { content["application/octet-stream"] = .object([:]) }
            fields["requestBody"] = ["required": true, "content": .object(content)]
        }
        return .object(fields)
    }

    private static func answers(_ route: any Route, _ reader: SchemaReader) throws -> [String: SchemaValue] {
        var answers: [String: SchemaValue] = [:]
        for answer in route.description.answers {
            var fields: [String: SchemaValue] = ["description": .text(answer.text)]
            switch answer.content {
            case .document(let type):
                fields["content"] = ["application/json": ["schema": try reader.schema(of: type)]]
            case .other(let type): fields["content"] = .object([type: .object([:])])
            case .nothing: break
            }
            answers["\(answer.status.code)"] = .object(fields)
        }
        return answers
    }

    /// What any request can be refused for.
    private static let common: [APIError] = [
        APIError(.invalidRequest("")), APIError(.forbidden("")), APIError(.payloadTooLarge("")),
        APIError(.headersTooLarge("")), APIError(.indexUnavailable("")), APIError(.shuttingDown("")),
        APIError(APIRefusal.tooManyConnections("")), .internal,
    ]

    private static func problems(_ route: any Route) -> [String: SchemaValue] {
        let errors =
            common + route.description.failures.map { APIError($0) } + route.description.refusals.map { APIError($0) }
        let byStatus = Dictionary(grouping: errors) { "\($0.status.code)" }
        return byStatus.mapValues { errors in
            let codes = Set(errors.map(\.code)).sorted()
            return [
                "description": .text("Refused: \(codes.joined(separator: ", "))."),
                "content": [
                    "application/problem+json": [
                        "schema": [
                            "allOf": [
                                ["$ref": "#/components/schemas/Problem"],
                                ["properties": ["code": ["enum": .array(codes.map { .text($0) })]]],
                            ]
                        ]
                    ]
                ],
            ]
        }
    }
}

extension JSONShape {
    /// The shape as a schema.
    fileprivate var schema: SchemaValue {
        switch self {
        case .text: ["type": "string"]
        case .wholeNumber: ["type": "integer"]
        case .position: ["type": "integer", "minimum": 0, "maximum": .whole(.max)]
        case .number: ["type": "number"]
        case .truth: ["type": "boolean"]
        case .textOrNumber: ["type": ["string", "number"]]
        case .texts: ["type": "array", "items": ["type": "string"]]
        case .textByName: ["type": "object", "additionalProperties": ["type": "string"]]
        case .word(let words): ["type": "string", "enum": .array(words.map { .text($0) })]
        case .object(let fields):
            [
                "type": "object", "additionalProperties": false,
                "properties": .object(fields.mapValues { $0.isRequired ? $0.shape.schema : $0.shape.schema.orNull }),
                "required": .array(fields.filter { $0.value.isRequired }.keys.sorted().map { .text($0) }),
            ]
        }
    }
}
