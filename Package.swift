// swift-tools-version: 6.2
import PackageDescription

/// The rules that every Swift target of Corral is compiled under.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOWebSocket", package: "swift-nio"),
]

let package = Package(
    name: "corral",
    products: [
        .executable(name: "corral", targets: ["corral"]),
        .executable(name: "corral-host", targets: ["corral-host"]),
        .executable(name: "corral-leader", targets: ["corral-leader"]),
        .executable(name: "corral-reaper", targets: ["corral-reaper"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .target(name: "CSystemd", linkerSettings: [.linkedLibrary("systemd")]),
        // Statically: a package built on one release of Debian must not meet the library of another under the same soname.
        .target(name: "CVterm", linkerSettings: [.linkedLibrary(":libvterm.a")]),
        .target(name: "CgroupPty", dependencies: ["CSystemd"], swiftSettings: strict),
        .target(name: "TerminalScreen", dependencies: ["CVterm"], swiftSettings: strict),
        .target(
            name: "SessionIndex",
            dependencies: ["CgroupPty", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict
        ),
        .target(name: "Reaper", dependencies: ["CgroupPty", "SessionIndex"], swiftSettings: strict),
        .target(name: "HostProtocol", swiftSettings: strict),
        .target(name: "TerminalText", swiftSettings: strict),
        .target(
            name: "HostService",
            dependencies: [
                "CSystemd", "CgroupPty", "TerminalScreen", "SessionIndex", "Reaper", "HostProtocol", "TerminalText",
                argumentParser,
                logging,
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ] + nio,
            swiftSettings: strict
        ),
        .target(
            name: "HostClient",
            dependencies: ["HostProtocol", .product(name: "NIOConcurrencyHelpers", package: "swift-nio")] + nio,
            swiftSettings: strict),
        .executableTarget(
            name: "corral",
            dependencies: ["HostClient", "HostProtocol", "TerminalText", argumentParser],
            swiftSettings: strict
        ),
        // Statically, and nothing of Swift's runtime in it: it runs for a moment at the beginning of each session. No sanitizer can be
        // linked so.
        .executableTarget(
            name: "corral-leader",
            cSettings: [.headerSearchPath("../CSystemd/include"), .unsafeFlags(["-fno-sanitize=all"])],
            linkerSettings: [
                .unsafeFlags([
                    "-static-stdlib", "-nostartfiles", "-Xclang-linker", "-static", "-Xclang-linker",
                    "-fno-sanitize=all",
                ])
            ]
        ),
        .executableTarget(
            name: "corral-host",
            dependencies: ["CgroupPty", "HostProtocol", "HostService", "corral-leader", argumentParser, logging],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "corral-reaper",
            dependencies: ["HostService", "HostClient", "HostProtocol", argumentParser, logging],
            swiftSettings: strict
        ),
        .target(
            name: "TestSupport",
            dependencies: ["CgroupPty", "HostClient", "HostProtocol"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "CgroupPtyTests", dependencies: ["CSystemd", "CgroupPty", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "TerminalTextTests", dependencies: ["TerminalText"], swiftSettings: strict),
        .testTarget(
            name: "TerminalScreenTests", dependencies: ["TerminalScreen", "TestSupport"],
            exclude: ["Reference/record-program"], swiftSettings: strict
        ),
        .testTarget(
            name: "SessionIndexTests",
            dependencies: ["CgroupPty", "SessionIndex", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ReaperTests", dependencies: ["CgroupPty", "SessionIndex", "Reaper", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HostServiceTests",
            dependencies: [
                "CSystemd", "CgroupPty", "SessionIndex", "Reaper", "HostProtocol", "HostClient", "HostService",
                "TestSupport",
                argumentParser, logging,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ] + nio,
            swiftSettings: strict
        ),
        .testTarget(
            name: "corralTests",
            dependencies: ["CgroupPty", "corral", "HostClient", "HostProtocol", "TestSupport", argumentParser] + nio,
            swiftSettings: strict
        ),
        .testTarget(
            name: "GroundTests",
            dependencies: [
                "CgroupPty", "HostClient", "HostProtocol", "HostService", "TerminalScreen", "TestSupport", logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CrashTests",
            dependencies: ["CgroupPty", "HostClient", "HostProtocol", "TestSupport"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
