import CgroupPty

/// Asks git about one place, again and again until one deadline for all.
struct GitQuestion: Sendable {
    /// Runs git.
    let git: GitCommand
    /// Where git runs; nil where ``options`` name the repository.
    let directory: ByteString?
    /// Put before each command.
    var options: [ByteString] = []
    /// When the whole look is given up.
    let deadline: Deadline

    /// Asks, and returns the answer with any exit status.
    func ask(
        _ arguments: [ByteString], outputLimit: Int = GitCommand.defaultOutputLimit
    ) async throws(PreflightDoubt) -> GitOutput {
        do throws(GitFailure) {
            return try await git.run(options + arguments, in: directory, until: deadline, outputLimit: outputLimit)
        } catch {
            throw PreflightDoubt(why: error.description)
        }
    }

    /// Asks, and takes any exit status but 0 for no answer.
    func demand(
        _ arguments: [ByteString], outputLimit: Int = GitCommand.defaultOutputLimit
    ) async throws(PreflightDoubt) -> GitOutput {
        let answer = try await ask(arguments, outputLimit: outputLimit)
        if answer.status != 0 { throw PreflightDoubt(why: answer.failure.description) }
        return answer
    }

    /// The commit that HEAD names, nil on a branch without one.
    func head() async throws(PreflightDoubt) -> ByteString? {
        let answer = try await ask(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        return answer.status == 0 ? answer.line : nil
    }
}
