import CgroupPty
import Glibc
import HostProtocol

/// The variables that say where Corral's things are: those of whoever asks, and those that new services get.
///
/// A host that systemd starts has the manager's, and what a shell says is nothing to it.
///
/// See: XDG base directory specification; pam_systemd(8), `$XDG_RUNTIME_DIR`
struct EnvironmentExamination {
    /// The variables of whoever asks.
    let environment: [String: String]
    /// Who asks; somebody else only in tests.
    var user = geteuid()
    /// Nil for somebody whom the user database does not know.
    var account = LoginAccount.current()
    /// Where logind makes runtime directories; another place only in tests.
    var runtimeDirectories = "/run/user"

    /// Where logind makes the one of this user.
    private var usualRuntimeDirectory: String { "\(runtimeDirectories)/\(user)" }

    /// The variables with what a login would have set in place of what cannot be gone on with, so that all the rest can be looked at.
    var mended: [String: String] {
        var mended = environment
        if runtimeProblem != nil, PlacesExamination.owner(of: usualRuntimeDirectory) == user {
            mended["XDG_RUNTIME_DIR"] = usualRuntimeDirectory
        }
        if homeProblem != nil, let account { mended["HOME"] = account.home }
        if environment["XDG_STATE_HOME"].map(Self.isAbsolute) == false { mended["XDG_STATE_HOME"] = nil }
        return mended
    }

    /// Looks at the variables of whoever asks.
    func checks() -> [DoctorDocument.Check] { [runtimeDirectory(), home()] }

    private static func isAbsolute(_ path: String?) -> Bool { path?.hasPrefix("/") == true }

    /// Why nothing of this user's can be in the runtime directory; nil when it can.
    private var runtimeProblem: String? {
        guard let path = environment["XDG_RUNTIME_DIR"], !path.isEmpty else { return "XDG_RUNTIME_DIR is not set" }
        guard Self.isAbsolute(path) else { return "XDG_RUNTIME_DIR is \(path), which is no absolute path" }
        guard let owner = PlacesExamination.owner(of: path) else { return "\(path) is not there" }
        return owner == user ? nil : "\(path) belongs to uid \(owner)"
    }

    private func runtimeDirectory() -> DoctorDocument.Check {
        let name = "runtime-directory"
        guard let problem = runtimeProblem else {
            return PlacesExamination.directory(name, environment["XDG_RUNTIME_DIR"] ?? "", user: user)
        }
        let isMade = PlacesExamination.owner(of: usualRuntimeDirectory) == user
        return .init(
            name, .failure, problem, from: "XDG_RUNTIME_DIR of this environment",
            mend: isMade
                ? "export XDG_RUNTIME_DIR=\(usualRuntimeDirectory)"
                : "loginctl enable-linger, or log in by ssh or a console: systemd-logind makes \(usualRuntimeDirectory); then: export XDG_RUNTIME_DIR=\(usualRuntimeDirectory)"
        )
    }

    private func home() -> DoctorDocument.Check {
        let source = "HOME and XDG_STATE_HOME of this environment"
        let wanted = account.map { "export HOME=\($0.home)" } ?? "export HOME=…, the directory of yours"
        func warning(_ found: String, _ mend: String) -> DoctorDocument.Check {
            .init("home", .warning, found, from: source, mend: mend)
        }
        if let state = environment["XDG_STATE_HOME"], !state.isEmpty, !Self.isAbsolute(state) {
            return warning("XDG_STATE_HOME is \(state), which is no absolute path", "unset XDG_STATE_HOME")
        }
        if let homeProblem { return warning(homeProblem, wanted) }
        return .init("home", .ok, environment["HOME"] ?? "", from: source)
    }

    /// Why nothing of this user's can be at home; nil when it can.
    private var homeProblem: String? {
        guard let home = environment["HOME"], !home.isEmpty else { return "HOME is not set" }
        guard Self.isAbsolute(home) else { return "HOME is \(home), which is no absolute path" }
        // Whatever the user database names is what was meant.
        if home == account?.home { return nil }
        guard let owner = PlacesExamination.owner(of: home) else { return "\(home) is not there" }
        return owner == user ? nil : "\(home) belongs to uid \(owner)"
    }

    /// Whether a host that systemd starts looks for its things where whoever asks does.
    /// - Parameters:
    ///   - variables: `NAME=value` each: what the service would get.
    ///   - name: whose they are.
    func difference(from variables: [String], of name: String) -> DoctorDocument.Check {
        var theirs: [String: String] = [:]
        for variable in variables {
            guard let sign = variable.firstIndex(of: "=") else { continue }
            theirs[String(variable[..<sign])] = String(variable[variable.index(after: sign)...])
        }
        let ours = mended
        func isSame(_ variable: String, _ usual: String) -> Bool {
            func place(_ environment: [String: String]) -> String? {
                Self.isAbsolute(environment[variable])
                    ? environment[variable] : environment["HOME"].map { $0 + usual }
            }
            return place(ours) == place(theirs)
        }
        let source = "this environment, and Environment of the \(name)"
        let usual = [("XDG_CONFIG_HOME", "/.config"), ("XDG_STATE_HOME", "/.local/state")]
        let others = usual.filter { !isSame($0.0, $0.1) }.map { variable, _ in
            ours[variable] == theirs[variable] ? "HOME" : variable
        }
        guard !others.isEmpty else { return .init("variables", .ok, "services get the same", from: source) }
        let names = Set(others).sorted()
        let found = names.map { name in
            "\(name) is \(ours[name].map { "\"\($0)\"" } ?? "not set") here, and \(theirs[name].map { "\"\($0)\"" } ?? "not set") for services"
        }
        let (set, unset) = (names.filter { ours[$0] != nil }, names.filter { ours[$0] == nil })
        let commands = [("import-environment", set), ("unset-environment", unset)].compactMap { verb, names in
            names.isEmpty ? nil : "systemctl --user \(verb) \(names.joined(separator: " "))"
        }
        return .init(
            "variables", .warning,
            "\(found.joined(separator: "; ")): a host that systemd starts has its configuration or its state elsewhere than what is looked at here",
            from: source,
            mend:
                "Set them here as they are there; or, for the other way round, \(commands.joined(separator: "; ")) and a restart of the host, and for good environment.d(5)."
        )
    }
}
