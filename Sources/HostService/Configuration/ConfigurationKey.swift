import CgroupPty
import Logging
import Reaper

/// A key of the configuration: what it is called in a file and on the command line, what is taken for it, and where that goes.
///
/// This list is all that there is: a file is read by it, the options of the command line are checked by it, what is in force is shown by
/// it, and a test compares packaging/man/corral.conf.5 with it.
struct ConfigurationKey: Sendable {
    /// A part of the file.
    enum Section: String, Sendable, CaseIterable {
        /// The service itself.
        case host = "Host"
        /// What is true of workspaces that do not say otherwise.
        case workspace = "Workspace"
        /// What is true of sessions that do not say otherwise.
        case session = "Session"

        /// All, for a message.
        static var list: String { allCases.map { "[\($0.rawValue)]" }.joined(separator: ", ") }
    }

    /// Why a key is not found, for behind the place.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    let section: Section
    /// As in a file, without the `=`.
    let name: String
    /// The option that says the same, with the dashes; nil where there is none.
    let option: String?
    /// Takes a value, or says what is wanted.
    let take: @Sendable (String, inout HostConfiguration) -> String?
    /// Goes back to what another configuration has.
    let reset: @Sendable (inout HostConfiguration, HostConfiguration) -> Void
    /// The value, as a file would have it.
    let show: @Sendable (HostConfiguration) -> String

    /// Its name over all sections.
    var id: String { "\(section.rawValue).\(name)" }

    private init<Value>(
        _ section: Section, _ name: String, option: String? = nil,
        _ place: any WritableKeyPath<HostConfiguration, Value> & Sendable,
        read: @escaping @Sendable (String, HostConfiguration) -> Result<Value, LimitReader.Refusal>,
        show: @escaping @Sendable (Value) -> String
    ) {
        self.section = section
        self.name = name
        self.option = option
        take = { text, configuration in
            switch read(text, configuration) {
            case .success(let value):
                configuration[keyPath: place] = value
                return nil
            case .failure(let refusal): return refusal.description
            }
        }
        reset = { $0[keyPath: place] = $1[keyPath: place] }
        self.show = { show($0[keyPath: place]) }
    }

    /// All keys, in the order in which they are shown.
    static let all: [ConfigurationKey] =
        [
            ConfigurationKey(
                .host, "StateDirectory", option: "--state-directory", \.stateDirectory,
                read: { text, configuration in
                    let path = PathSpecifiers.expand(text, configuration)
                    guard let path, path.hasPrefix("/") else {
                        return refused(text, "an absolute path is wanted; %h, %U, %m and %% may be in it")
                    }
                    return .success(path)
                }, show: { $0.replacing("%", with: "%%") }),
            ConfigurationKey(
                .host, "LogLevel", option: "--log-level", \.logLevel,
                read: { text, _ in
                    word(text, [.debug, .info, .notice, .warning, .error] as [Logger.Level])
                }, show: \.rawValue),
            ConfigurationKey(
                .host, "SessionLimit", option: "--session-limit", \.sessionLimit,
                read: { text, _ in
                    guard let count = LimitReader.whole(text), (1...3500).contains(count) else {
                        return refused(text, "a number from 1 to 3500 is wanted; kernel.pty.max allows 4096 terminals")
                    }
                    return .success(Int(count))
                }, show: { "\($0)" }),
            ConfigurationKey(
                .host, "RingSize", option: "--ring-size", \.ringCapacity,
                read: { text, _ in
                    guard let size = LimitReader.bytes(text), (64 << 10...64 << 20).contains(size) else {
                        return refused(text, "a size from 64K to 64M is wanted")
                    }
                    return .success(Int(size))
                }, show: { LimitReader.text(ofBytes: UInt64($0)) }),
            ConfigurationKey(
                .host, "ScriptTimeoutSec", option: "--script-timeout", \.scriptTimeout,
                read: { text, _ in span(text, 1...3600).map { .seconds($0) } }, show: { TimeSpanText.text($0) }),
            ConfigurationKey(
                .host, "ReapIntervalSec", option: "--reap-interval", \.reapInterval,
                read: { text, _ in span(text, 1...86_400).map { .seconds($0) } }, show: { TimeSpanText.text($0) }),
            ConfigurationKey(
                .host, "Escapes", \.escapePolicy,
                read: { text, _ in word(text, EscapePolicy.allCases) }, show: \.rawValue),
            ConfigurationKey(
                .host, "RetentionSec", \.retention,
                read: { text, _ in span(text, 86_400...RequestValidation.lifetimeSeconds.upperBound) },
                show: { TimeSpanText.text($0) }),
        ] + limits(.workspace, option: "--workspace-default", { \.workspaceDefaults.values[$0] })
        + [
            ConfigurationKey(
                .workspace, "FreezeIdleSec", option: "--freeze-idle", \.freezeIdle,
                read: { text, _ in
                    spanOrNever(text, RequestValidation.freezeIdleSeconds).map { $0.map { .seconds($0) } }
                },
                show: { TimeSpanText.text($0) }),
            ConfigurationKey(
                .workspace, "ExpiresSec", option: "--expires-in", \.expiresIn,
                read: { text, _ in spanOrNever(text, RequestValidation.lifetimeSeconds) },
                show: { TimeSpanText.text($0) }),
        ] + limits(.session, option: "--session-default", { \.sessionDefaults.values[$0] })

    /// Finds a key by its name.
    static func find(_ name: String, in section: Section?) -> Result<ConfigurationKey, Refusal> {
        let named = all.filter { $0.name == name }
        guard let section else {
            return .failure(
                Refusal(description: "\(name.prefix(64))= stands above the first section; \(Section.list) are known"))
        }
        if let key = named.first(where: { $0.section == section }) { return .success(key) }
        let place = "[\(section.rawValue)]"
        guard named.isEmpty else {
            let sections = named.map { "[\($0.section.rawValue)]" }.joined(separator: " or ")
            return .failure(Refusal(description: "\(name)= belongs into \(sections), not into \(place)"))
        }
        let known = all.filter { $0.section == section }.map { "\($0.name)=" }.joined(separator: ", ")
        return .failure(Refusal(description: "\(name.prefix(64))= is not known in \(place); \(known) are"))
    }

    private static func limits(
        _ section: Section, option: String,
        _ place: (ResourceLimit) -> any WritableKeyPath<HostConfiguration, UInt64?> & Sendable
    ) -> [ConfigurationKey] {
        ResourceLimit.allCases.map { limit in
            ConfigurationKey(
                section, limit.keyName, option: "\(option) \(limit.optionName)", place(limit),
                read: { text, _ in LimitReader.read(text, as: limit) }, show: { LimitReader.text($0, as: limit) })
        }
    }

    private static func refused<Value>(_ text: String, _ wanted: String) -> Result<Value, LimitReader.Refusal> {
        .failure(LimitReader.Refusal(description: "is \"\(text.prefix(64))\"; \(wanted)"))
    }

    private static func word<Word: RawRepresentable<String>>(
        _ text: String, _ words: [Word]
    ) -> Result<Word, LimitReader.Refusal> {
        if let word = words.first(where: { $0.rawValue == text }) { return .success(word) }
        return refused(text, "one of \(words.map(\.rawValue).joined(separator: ", ")) is wanted")
    }

    private static func span(_ text: String, _ bounds: ClosedRange<Int>) -> Result<Int, LimitReader.Refusal> {
        if let seconds = TimeSpanText.seconds(text), bounds.contains(seconds) { return .success(seconds) }
        let (least, most) = (TimeSpanText.text(bounds.lowerBound), TimeSpanText.text(bounds.upperBound))
        return refused(text, "a time span from \(least) to \(most) is wanted, such as 90s, 5min or 1h 30min")
    }

    private static func spanOrNever(_ text: String, _ bounds: ClosedRange<Int>) -> Result<Int?, LimitReader.Refusal> {
        if text == "infinity" { return .success(nil) }
        return span(text, bounds).map { $0 }.mapError { LimitReader.Refusal(description: "\($0), or infinity") }
    }
}
