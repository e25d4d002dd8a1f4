import CgroupPty
import Subprocess

/// Runs git for reading and for small changes, where nobody can answer a question and nothing may hang.
///
/// * It never asks: no terminal, no askpass program, standard input is `/dev/null`.
/// * It runs none of the repository's hooks, no file system monitor and no maintenance. What it cannot keep git from running
///   are clean filters (`filter.*.clean`, for instance LFS) that `status` needs; they die with git's session.
/// * It is a session of its own, and at the deadline all of that session's process group is killed.
/// * Descriptors of this process do not reach it: swift-subprocess closes all above 2 in the child
///   (`posix_spawn_file_actions_addclosefrom_np`, else `close_range` before `execve`).
///
/// A `git worktree add` runs hooks and filters and writes much: it is not run here but in a scope, see ``WorktreePlan``.
struct GitCommand: Sendable {
    /// What happens to git at the deadline.
    enum Ending: Sendable {
        /// Kills at once, as nothing is left half-written by a command that only reads.
        case kill
        /// Asks first, so that git removes its lock files, and kills what is left two seconds later.
        case terminateFirst
    }

    /// Options before every command.
    static let quietOptions: [ByteString] = [
        "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
    ]
    /// Options before every command that runs here: no hooks, and all files are seen, whatever the configuration hides. Git hands
    /// them on to the `status` of submodules, which the options of `status` itself do not reach.
    private static let options: [ByteString] =
        quietOptions + [
            "-c", "core.hooksPath=/dev/null", "-c", "status.showUntrackedFiles=all", "-c",
            "diff.ignoreSubmodules=none", "-c", "core.ignorecase=false",
        ]

    /// The whole environment of git.
    let environment: [String: String]
    /// How long one run may take, where no deadline is given.
    let limit: Duration

    /// 60 s are DESIGN's number: less refuses big repositories on cold disks, more keeps a client waiting in vain.
    static let defaultLimit: Duration = .seconds(60)
    /// Memory that one run may cost us: a listing of some 100,000 changed files.
    static let defaultOutputLimit = 16 << 20

    /// - Parameter inherited: the service's own environment.
    init(inherited: [String: String], limit: Duration = defaultLimit) {
        environment = Self.environment(from: inherited)
        self.limit = limit
    }

    /// The environment for reading: what was inherited without any `GIT_*`, and with all that keeps git quiet.
    ///
    /// `GIT_OPTIONAL_LOCKS=0` keeps `status` from writing the index, `GIT_NO_LAZY_FETCH=1` (git 2.44) a partial clone from
    /// fetching, and so does, in an older git, that no protocol is allowed. An empty `GIT_ASKPASS` is set, and so hides
    /// `core.askPass` and `SSH_ASKPASS`.
    static func environment(from inherited: [String: String]) -> [String: String] {
        var environment = nonInteractiveEnvironment(from: inherited)
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        environment["GIT_NO_LAZY_FETCH"] = "1"
        environment["GIT_ALLOW_PROTOCOL"] = ""
        environment["LC_ALL"] = "C"
        return environment
    }

    /// What was inherited without any `GIT_*`, and with all that keeps git from asking.
    static func nonInteractiveEnvironment(from inherited: [String: String]) -> [String: String] {
        var environment = inherited.filter { name, _ in
            // swift-subprocess refuses to start anything with a name that begins with a digit.
            !name.hasPrefix("GIT_") && name.first?.isWholeNumber == false
        }
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_ASKPASS"] = ""
        environment["SSH_ASKPASS_REQUIRE"] = "never"
        return environment
    }

    /// Runs git in a directory and waits for it.
    /// - Parameters:
    ///   - arguments: The command and its arguments.
    ///   - directory: Where it runs; nil for a command that names its repository itself.
    ///   - deadline: When it is killed; nil stands for ``limit`` from now.
    ///   - outputLimit: Bytes that it may write to standard output.
    /// - Returns: Its answer with any exit status.
    /// - Throws: ``GitFailure`` when there is none; never `.failed`.
    func run(
        _ arguments: [ByteString], in directory: ByteString?, until deadline: Deadline? = nil,
        outputLimit: Int = defaultOutputLimit, ending: Ending = .kill
    ) async throws(GitFailure) -> GitOutput {
        let place: [ByteString] = directory.map { ["-C", $0] } ?? []
        let words = place + Self.options + arguments
        let shown = (place + arguments).map(\.description)
        if words.contains(where: \.containsNUL) { throw .launch(arguments: shown, reason: "an argument contains NUL") }
        let left = deadline?.remaining ?? limit
        if left == .zero { throw .timedOut(arguments: shown) }

        // Not a task group: that waits for its children, and git can hang where no signal reaches it (a dead NFS server).
        let (answers, answer) = AsyncStream.makeStream(of: Result<GitOutput, GitFailure>.self)
        let running = Task {
            answer.yield(await Self.spawn(words, shown, environment, outputLimit, ending))
        }
        let timer = Task {
            do {
                try await Task.sleep(for: left)
                running.cancel()
                try await Task.sleep(for: Self.deathAllowance)
                answer.yield(.failure(.timedOut(arguments: shown)))
            } catch {
                // The answer was there first.
            }
        }
        defer { timer.cancel() }
        for await result in answers { return try result.get() }
        // Only the cancellation of the calling task ends the stream without an answer.
        running.cancel()
        throw .cancelled(arguments: shown)
    }

    /// After this long, a git that was killed and still exists is left to the kernel.
    private static let deathAllowance: Duration = .seconds(4)

    private static func spawn(
        _ words: [ByteString], _ shown: [String], _ environment: [String: String], _ outputLimit: Int, _ ending: Ending
    ) async -> Result<GitOutput, GitFailure> {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence =
            switch ending {
            case .kill: [killGroup]
            case .terminateFirst: [.send(signal: .terminate, allowedDurationToNextStep: .seconds(2)), killGroup]
            }
        do {
            let result = try await Subprocess.run(
                // It hands bytes to strdup(3), so they must end with NUL.
                .name("git"), arguments: Arguments(words.map { $0.bytes + [0] }),
                environment: .custom(
                    Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })),
                platformOptions: options, input: .none, output: .bytes(limit: outputLimit),
                error: .bytes(limit: defaultOutputLimit)
            )
            return answer(result.terminationStatus, result.standardOutput, result.standardError, shown)
        } catch let failure as SubprocessError {
            if Task.isCancelled { return .failure(.timedOut(arguments: shown)) }
            switch failure.code {
            case .executableNotFound: return .failure(.notFound)
            case .outputLimitExceeded: return .failure(.outputTooLarge(arguments: shown, limit: outputLimit))
            default: return .failure(.launch(arguments: shown, reason: failure.description))
            }
        } catch {
            if Task.isCancelled { return .failure(.timedOut(arguments: shown)) }
            return .failure(.launch(arguments: shown, reason: "\(error)"))
        }
    }

    /// Kills git and its filters at the same moment, while git's number cannot have been given to anybody else.
    private static let killGroup = TeardownStep.send(
        signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))

    private static func answer(
        _ status: TerminationStatus, _ output: [UInt8], _ errors: [UInt8], _ shown: [String]
    ) -> Result<GitOutput, GitFailure> {
        let code: Int32 =
            switch status {
            case .exited(let exitCode): exitCode
            case .signaled(let signal): 128 + signal
            }
        // A success that came at the last moment is one.
        if code != 0, Task.isCancelled { return .failure(.timedOut(arguments: shown)) }
        var text = String(decoding: errors.prefix(GitOutput.shownErrorLimit * 4), as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return .success(
            GitOutput(
                arguments: shown, status: code, standardOutput: output,
                standardError: String(text.prefix(GitOutput.shownErrorLimit))))
    }
}
