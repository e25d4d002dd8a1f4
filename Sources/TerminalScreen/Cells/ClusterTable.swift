/// The characters that have marks, each kept once, so that a cell needs only a number for it.
struct ClusterTable {
    /// Marks kept on one character; Unicode's stream-safe text has at most 30, real text at most 4.
    static let marksKept = 8
    /// Different characters kept. It is reached by writing that many; those that are on no line any more are dropped then.
    static let capacity = 4096
    /// The bit that tells an index from a scalar.
    static let flag: UInt32 = 1 << 31

    private var clusters: [[UInt32]] = []
    private var indices: [[UInt32]: UInt32] = [:]

    var isFull: Bool { clusters.count >= Self.capacity }

    /// The text of a glyph.
    func text(_ glyph: UInt32) -> String {
        var text = ""
        for value in scalars(glyph) {
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    /// Whether terminals differ in how wide they show it: marks that make an emoji of it, and such as take a column in some.
    func hasDoubtfulWidth(_ glyph: UInt32) -> Bool {
        scalars(glyph).enumerated().contains { index, value in
            if value >= 0x1f000 || [0x200d, 0xfe0e, 0xfe0f].contains(value) { return true }
            guard index > 0, let mark = Unicode.Scalar(value) else { return false }
            return ![.nonspacingMark, .enclosingMark].contains(mark.properties.generalCategory)
        }
    }

    /// The glyph with a mark more; the glyph itself when no more fits.
    mutating func adding(_ mark: Unicode.Scalar, to glyph: UInt32) -> UInt32 {
        let scalars = scalars(glyph) + [mark.value]
        if scalars.count > Self.marksKept + 1 { return glyph }
        if let index = indices[scalars] { return index }
        if isFull { return glyph }
        let index = UInt32(clusters.count) | Self.flag
        clusters.append(scalars)
        indices[scalars] = index
        return index
    }

    /// Keeps only what is in use.
    /// - Returns: the new glyph of each old one.
    mutating func compact(keeping used: Set<UInt32>) -> [UInt32: UInt32] {
        var renamed: [UInt32: UInt32] = [:]
        var kept = ClusterTable()
        for glyph in used.sorted() where glyph & Self.flag != 0 {
            let index = UInt32(kept.clusters.count) | Self.flag
            let scalars = scalars(glyph)
            kept.clusters.append(scalars)
            kept.indices[scalars] = index
            renamed[glyph] = index
        }
        self = kept
        return renamed
    }

    private func scalars(_ glyph: UInt32) -> [UInt32] {
        glyph & Self.flag == 0 ? [glyph] : clusters[Int(glyph & ~Self.flag)]
    }
}
