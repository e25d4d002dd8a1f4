import ArgumentParser
import HostProtocol

/// What is spoken at a port, as it is typed.
enum TransportArgument: String, ExpressibleByArgument, CaseIterable {
    case tcp, udp

    /// What goes to the host.
    var choice: PortDocument.TransportProtocol {
        switch self {
        case .tcp: .tcp
        case .udp: .udp
        }
    }
}
