extension PackedStyle {
    /// Applies a "select graphic rendition". What is not known is passed over, with its parameters where their number is known.
    ///
    /// See: ECMA-48 8.3.117; ITU-T T.416 for colours; xterm's ctlseqs, "CSI Pm m"
    mutating func select(_ sequence: ControlSequence) {
        if sequence.count == 0 { self = PackedStyle() }
        var index = 0
        while index < sequence.count {
            let code = sequence.parameter(index, or: 0)
            var end = index + 1
            while sequence.isJoined(end) { end += 1 }
            switch code {
            case 38, 48, 58:
                let (color, next) = Self.color(sequence, at: index, joinedUntil: end)
                if let color, code == 38 { foreground = color }
                if let color, code == 48 { background = color }
                end = next
            case 4 where end > index + 1:
                underline =
                    CellStyle.Underline(rawValue: UInt8(clamping: sequence.parameter(index + 1, or: 1))) ?? .single
            default: select(code)
            }
            index = end
        }
    }

    private mutating func select(_ code: Int) {
        switch code {
        case 0: self = PackedStyle()
        case 1: attributes.insert(.bold)
        case 2: attributes.insert(.faint)
        case 3: attributes.insert(.italic)
        case 4: underline = .single
        case 5, 6: attributes.insert(.blinking)
        case 7: attributes.insert(.reversed)
        case 8: attributes.insert(.concealed)
        case 9: attributes.insert(.struck)
        case 21: underline = .double
        case 22: attributes.subtract([.bold, .faint])
        case 23: attributes.remove(.italic)
        case 24: underline = .none
        case 25: attributes.remove(.blinking)
        case 27: attributes.remove(.reversed)
        case 28: attributes.remove(.concealed)
        case 29: attributes.remove(.struck)
        case 30...37: foreground = .indexed(UInt8(code - 30))
        case 39: foreground = .terminalDefault
        case 40...47: background = .indexed(UInt8(code - 40))
        case 49: background = .terminalDefault
        case 90...97: foreground = .indexed(UInt8(code - 90 + 8))
        case 100...107: background = .indexed(UInt8(code - 100 + 8))
        default: break
        }
    }

    /// A colour in any of its forms: `38;5;N`, `38;2;R;G;B`, `38:5:N`, `38:2:R:G:B` and `38:2:SPACE:R:G:B`.
    /// - Returns: the colour, nil when it is none, and the index of the first parameter after it.
    private static func color(
        _ sequence: ControlSequence, at index: Int, joinedUntil end: Int
    ) -> (color: Color?, next: Int) {
        func component(_ index: Int) -> UInt8 { UInt8(clamping: sequence.parameter(index, or: 0)) }
        let isJoined = end > index + 1
        switch sequence.parameter(index + 1, or: 0) {
        case 5:
            let next = isJoined ? end : index + 3
            return (next > index + 2 && index + 2 < sequence.count ? .indexed(component(index + 2)) : nil, next)
        case 2:
            let next = isJoined ? end : index + 5
            let first = isJoined && end - index > 5 ? index + 3 : index + 2
            guard first + 2 < min(next, sequence.count) else { return (nil, next) }
            return (.rgb(component(first), component(first + 1), component(first + 2)), next)
        default: return (nil, isJoined ? end : index + 2)
        }
    }

    /// The parameters of an SGR that makes this style out of any other.
    var rendition: String {
        var codes = "0"
        let names: [(Attributes, String)] = [
            (.bold, ";1"), (.faint, ";2"), (.italic, ";3"), (.blinking, ";5"), (.reversed, ";7"), (.concealed, ";8"),
            (.struck, ";9"),
        ]
        for (attribute, code) in names where attributes.contains(attribute) { codes += code }
        switch underline {
        case .none: break
        case .single: codes += ";4"
        case .double: codes += ";21"
        case .curly, .dotted, .dashed: codes += ";4:\(underline.rawValue)"
        }
        codes += Self.rendition(foreground, base: 30)
        codes += Self.rendition(background, base: 40)
        return codes
    }

    private static func rendition(_ color: Color, base: Int) -> String {
        switch color.unpacked {
        case .terminalDefault: ""
        case .indexed(let index) where index < 8: ";\(base + Int(index))"
        case .indexed(let index) where index < 16: ";\(base + 60 + Int(index) - 8)"
        case .indexed(let index): ";\(base + 8);5;\(index)"
        case .rgb(let red, let green, let blue): ";\(base + 8);2;\(red);\(green);\(blue)"
        }
    }
}
