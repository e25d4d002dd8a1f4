import Foundation
import HostProtocol
import NIOHTTP1
import Testing

@testable import HostService

/// The document is made of what the interface goes by; these tests hold it against what the interface does.
@Suite struct `The OpenAPI document` {
    private typealias Object = [String: Any]

    /// The document as a client gets it.
    private static func served(_ served: Served) async throws -> Object {
        let answer = try await served.client().request("GET", "/v1/openapi.json")
        #expect(answer.status == 200 && answer.headers["content-type"] == "application/json")
        return try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? Object)
    }

    private static func operation(_ document: Object, _ route: any Route) -> Object? {
        ((document["paths"] as? Object)?[route.path] as? Object)?[route.method.rawValue.lowercased()] as? Object
    }

    private static func schema(_ document: Object, _ name: String) -> Object? {
        ((document["components"] as? Object)?["schemas"] as? Object)?[name] as? Object
    }

    private static func target(_ route: any Route) -> String {
        route.path.replacingOccurrences(of: "{id}", with: route.path.contains("/sessions/") ? "sess1" : "wspace")
    }

    /// A query that has what the route needs.
    private static func neededQuery(_ route: any Route) -> String {
        let values = ["workspace": "wspace", "port": "3000"]
        let items = route.description.neededKeys.sorted().map { "\($0)=\(values[$0] ?? "1")" }
        return items.isEmpty ? "" : "?" + items.joined(separator: "&")
    }

    @Test func `has every route with its method, and nothing else`() async throws {
        try await Served.run { served in
            let document = try await Self.served(served)
            #expect((document["openapi"] as? String)?.hasPrefix("3.1.") == true)
            var written: Set<String> = []
            for (path, methods) in try #require(document["paths"] as? Object) {
                for method in try #require(methods as? Object).keys { written.insert("\(method.uppercased()) \(path)") }
            }
            #expect(written == Set(RouteTable.all.routes.map { "\($0.method) \($0.path)" }))
            let names = RouteTable.all.routes.compactMap { Self.operation(document, $0)?["operationId"] as? String }
            #expect(Set(names).count == RouteTable.all.routes.count)
        }
    }

    /// The interface says itself which keys it knows.
    @Test func `has the query keys and the fields of bodies that the interface takes`() async throws {
        try await Served.run { served in
            let document = try await Self.served(served)
            for route in RouteTable.all.routes {
                let operation = try #require(Self.operation(document, route), "\(route.path)")
                let parameters = (operation["parameters"] as? [Object] ?? []).filter { $0["in"] as? String == "query" }
                let keys = parameters.compactMap { $0["name"] as? String }.sorted()
                let refused = try await served.client().request(route.method.rawValue, Self.target(route) + "?zzz=1")
                #expect(try refused.known == (keys.isEmpty ? ["none"] : keys), "\(route.method) \(route.path)")

                guard route.method == .POST || route.method == .PATCH || route.method == .PUT else { continue }
                let content = (operation["requestBody"] as? Object)?["content"] as? Object
                let schema = (content?["application/json"] as? Object)?["schema"] as? Object
                let fields = (schema?["properties"] as? Object)?.keys.sorted()
                let answer = try await served.client().request(
                    route.method.rawValue, Self.target(route) + Self.neededQuery(route),
                    headers: ["content-type": "application/json"], body: Array(#"{"zzz":1}"#.utf8))
                if let fields {
                    #expect(try answer.known == fields, "\(route.method) \(route.path): its body")
                } else {
                    #expect((200..<300).contains(answer.status), "\(route.path) takes a body, and has no bodyShape")
                }
            }
        }
    }

    @Test func `has bodies that are taken, and the documents as they are served, key for key`() async throws {
        try await Served.run { served in
            let document = try await Self.served(served)
            for route in RouteTable.all.routes where !(route is AttachSession) && !(route is GetOpenAPI) {
                let body = try route.description.exampleBody.map { Array(try JSONEncoder().encode($0)) } ?? []
                let answer = try await served.client().request(
                    route.method.rawValue, Self.target(route) + Self.neededQuery(route),
                    headers: ["content-type": "application/json"], body: body)
                let operation = try #require(Self.operation(document, route))
                let response = try #require(
                    (operation["responses"] as? Object)?["\(answer.status)"] as? Object,
                    "\(route.method) \(route.path): \(answer.status)")
                #expect((200..<300).contains(answer.status), "\(route.method) \(route.path): \(answer.text)")
                let content = (response["content"] as? Object)?["application/json"] as? Object
                guard let schema = content?["schema"] as? Object else { continue }
                let value = try JSONSerialization.jsonObject(with: Data(answer.body), options: .fragmentsAllowed)
                #expect(Self.faults(value, schema, document, at: route.path) == [])
            }
        }
    }

    @Test func `has the status and code of every refusal that a route names`() async throws {
        try await Served.run { served in
            let document = try await Self.served(served)
            for route in RouteTable.all.routes {
                let responses = try #require(Self.operation(document, route)?["responses"] as? Object)
                let errors =
                    route.description.failures.map { APIError($0) } + route.description.refusals.map { APIError($0) }
                for error in errors {
                    let response = try #require(responses["\(error.status.code)"] as? Object, "\(route.path)")
                    #expect((response["description"] as? String)?.contains(error.code) == true)
                }
            }
            // A problem is served as its schema says.
            let problem = try await served.client().request("GET", "/v1/nowhere")
            let value = try JSONSerialization.jsonObject(with: Data(problem.body))
            #expect(Self.faults(value, ["$ref": "#/components/schemas/Problem"], document, at: "problem") == [])
        }
    }

    @Test func `is explained for every path in docs/api.md`() throws {
        let text = try String(contentsOfFile: "docs/api.md", encoding: .utf8)
        for route in RouteTable.all.routes {
            #expect(text.contains("`\(route.method) \(route.path)"), "\(route.method) \(route.path)")
        }
    }

    private struct Sample: Codable {
        struct Part: Codable { var whole: Int }
        var neededText: String
        var text: String?
        var number: Double?
        var truth: Bool?
        var parts: [Part]?
        var part: Part?
        @ExplicitNull var unknown: Int64?
    }

    /// Optional texts, numbers and truths were `required`: a container has functions of its own for each of these types, which the
    /// decoder that reads schemas did not have, and their defaults ask for a value as if there had to be one.
    @Test func `requires of a document what is always there, and nothing that can be left out`() throws {
        let reader = SchemaReader()
        let reference = try reader.schema(of: Sample.self)
        let name = SchemaReader.name(of: Sample.self)
        #expect(reference == ["$ref": .text("#/components/schemas/\(name)")])
        let part: SchemaValue = ["$ref": .text("#/components/schemas/\(SchemaReader.name(of: Sample.Part.self))")]
        #expect(
            reader.schemas[name] == [
                "type": "object", "required": ["needed_text", "unknown"], "additionalProperties": false,
                "properties": [
                    "needed_text": ["type": "string"], "text": ["type": "string"], "number": ["type": "number"],
                    "truth": ["type": "boolean"], "parts": ["type": "array", "items": part], "part": part,
                    "unknown": ["anyOf": [["type": "integer"], ["type": "null"]]],
                ],
            ])
    }

    /// The validator sees what it is to see.
    @Test(
        arguments: [
            (#"{"a":1}"#, []), ("{}", ["x.a is missing"]), (#"{"a":1,"b":2}"#, ["x.b is not in the schema"]),
            (#"{"a":"1"}"#, ["x.a is no integer"]), (#"{"a":true}"#, ["x.a is no integer"]),
            (#"{"a":1,"c":null}"#, []), (#"{"a":1,"c":"z"}"#, ["x.c is no word of the schema"]),
            ("[]", ["x is no object"]),
            (#"{"a":1,"d":[true,1]}"#, ["x.d[1] is no boolean"]), (#"{"a":null}"#, ["x.a is null"]),
        ] as [(String, [String])])
    func `is held against by a test that finds what differs`(text: String, found: [String]) throws {
        let schema = """
            {"type":"object","required":["a"],"additionalProperties":false,"properties":{"a":{"type":"integer"},
            "c":{"anyOf":[{"type":"string","enum":["y"]},{"type":"null"}]},"d":{"type":"array","items":{"type":"boolean"}}}}
            """
        let read = { try JSONSerialization.jsonObject(with: Data(($0 as String).utf8)) }
        #expect(Self.faults(try read(text), try #require(try read(schema) as? Object), [:], at: "x") == found)
    }

    /// What of a value does not fit a schema, as far as this project's schemas go.
    private static func faults(_ value: Any, _ schema: Object, _ document: Object, at place: String) -> [String] {
        if let name = (schema["$ref"] as? String)?.split(separator: "/").last {
            guard let schema = Self.schema(document, String(name)) else { return ["\(place): there is no \(name)"] }
            return faults(value, schema, document, at: place)
        }
        if let any = schema["anyOf"] as? [Object] {
            let found = any.map { faults(value, $0, document, at: place) }
            return found.contains([]) ? [] : found.first ?? []
        }
        let type = schema["type"] as? String ?? "object"
        if value is NSNull { return type == "null" ? [] : ["\(place) is null"] }
        if let words = schema["enum"] as? [Any] {
            let texts = words.compactMap { $0 as? String }
            return texts.contains(value as? String ?? "") ? [] : ["\(place) is no word of the schema"]
        }
        switch type {
        case "object":
            guard let fields = value as? Object else { return ["\(place) is no object"] }
            let known = schema["properties"] as? Object ?? [:]
            let missing = (schema["required"] as? [String] ?? []).filter { fields[$0] == nil }.map {
                "\(place).\($0) is missing"
            }
            let rest = schema["additionalProperties"] as? Object
            return missing
                + fields.sorted { $0.key < $1.key }.flatMap { key, field in
                    guard let schema = known[key] as? Object ?? rest else {
                        return ["\(place).\(key) is not in the schema"]
                    }
                    return faults(field, schema, document, at: "\(place).\(key)")
                }
        case "array":
            guard let items = value as? [Any], let schema = schema["items"] as? Object else {
                return ["\(place) is no array"]
            }
            return items.enumerated().flatMap { faults($1, schema, document, at: "\(place)[\($0)]") }
        case "string": return value is String ? [] : ["\(place) is no string"]
        case "boolean": return isBoolean(value) ? [] : ["\(place) is no boolean"]
        case "integer":
            guard let number = value as? NSNumber, !isBoolean(value), number.doubleValue.rounded() == number.doubleValue
            else { return ["\(place) is no integer"] }
            return []
        case "number": return value is NSNumber ? [] : ["\(place) is no number"]
        default: return ["\(place) has the unknown type \(type)"]
        }
    }

    private static func isBoolean(_ value: Any) -> Bool {
        (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
    }
}

extension RawClient.Response {
    /// What a refusal says is known, sorted.
    fileprivate var known: [String] {
        get throws {
            let text = try detail
            guard let range = text.range(of: "(known: "), let end = text[range.upperBound...].firstIndex(of: ")") else {
                return ["nothing is said: \(status) \(text)"]
            }
            return text[range.upperBound..<end].components(separatedBy: ", ").sorted()
        }
    }
}
