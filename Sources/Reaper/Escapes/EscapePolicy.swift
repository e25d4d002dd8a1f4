/// What is done about a process that meets the kill rule.
public enum EscapePolicy: String, Sendable, CaseIterable {
    case kill, report
}
