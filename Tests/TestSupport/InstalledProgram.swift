/// Programs that tests can do without.
public enum InstalledProgram {
    /// Whether a program is on the path.
    public static func isThere(_ program: String) -> Bool {
        do {
            try Shell.run("command -v \(program)")
            return true
        } catch {
            return false
        }
    }
}
