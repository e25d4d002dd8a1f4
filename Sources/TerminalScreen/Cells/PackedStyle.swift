/// A ``CellStyle`` in ten bytes.
struct PackedStyle: Equatable {
    /// What is on or off, and the underline in the upper bits.
    struct Attributes: OptionSet {
        let rawValue: UInt16

        static let bold = Attributes(rawValue: 1 << 0)
        static let faint = Attributes(rawValue: 1 << 1)
        static let italic = Attributes(rawValue: 1 << 2)
        static let blinking = Attributes(rawValue: 1 << 3)
        static let reversed = Attributes(rawValue: 1 << 4)
        static let concealed = Attributes(rawValue: 1 << 5)
        static let struck = Attributes(rawValue: 1 << 6)
    }

    /// A ``CellColor`` in four bytes: its kind in the highest.
    struct Color: Equatable {
        static let terminalDefault = Color(rawValue: 0)
        let rawValue: UInt32

        static func indexed(_ index: UInt8) -> Color { Color(rawValue: 1 << 24 | UInt32(index)) }

        static func rgb(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Color {
            Color(rawValue: 2 << 24 | UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue))
        }

        var unpacked: CellColor {
            switch rawValue >> 24 {
            case 0: .terminalDefault
            case 1: .indexed(UInt8(truncatingIfNeeded: rawValue))
            default:
                .rgb(
                    red: UInt8(truncatingIfNeeded: rawValue >> 16), green: UInt8(truncatingIfNeeded: rawValue >> 8),
                    blue: UInt8(truncatingIfNeeded: rawValue))
            }
        }
    }

    private static let underlineShift: UInt16 = 8

    var foreground = Color.terminalDefault
    var background = Color.terminalDefault
    var attributes: Attributes = []

    var underline: CellStyle.Underline {
        get { CellStyle.Underline(rawValue: UInt8(attributes.rawValue >> Self.underlineShift)) ?? .none }
        set {
            attributes = Attributes(
                rawValue: attributes.rawValue & 0xff | UInt16(newValue.rawValue) << Self.underlineShift)
        }
    }

    /// What erasing leaves: the background alone.
    var erased: PackedStyle { PackedStyle(background: background) }

    var unpacked: CellStyle {
        var style = CellStyle()
        style.foreground = foreground.unpacked
        style.background = background.unpacked
        style.isBold = attributes.contains(.bold)
        style.isFaint = attributes.contains(.faint)
        style.isItalic = attributes.contains(.italic)
        style.underline = underline
        style.isBlinking = attributes.contains(.blinking)
        style.isReversed = attributes.contains(.reversed)
        style.isConcealed = attributes.contains(.concealed)
        style.isStruck = attributes.contains(.struck)
        return style
    }
}
