import ArgumentParser
import HostClient

/// What every verb that speaks to the host takes.
struct HostOptions: ParsableArguments {
    @OptionGroup var places: HostPlaces

    @Flag(help: "Print JSON for programs instead of text for people.")
    var json = false

    /// The host that is meant.
    /// - Throws: ``SocketPath/Failure`` when the environment does not tell.
    func client() throws -> HostClient { try places.client() }
}
