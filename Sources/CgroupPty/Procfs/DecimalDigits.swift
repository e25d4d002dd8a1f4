/// Numbers as the kernel writes them, read from its own bytes: there are several for each process of the machine.
enum DecimalDigits {
    /// The number; nil for no digits, for anything but digits, and for one that does not fit.
    static func number<Number: FixedWidthInteger>(_ digits: some Collection<UInt8>) -> Number? {
        guard !digits.isEmpty else { return nil }
        var value: Number = 0
        for digit in digits {
            guard UnitNamePart.isDigit(digit) else { return nil }
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeNow) = tens.addingReportingOverflow(Number(digit - UInt8(ascii: "0")))
            if isTooLarge || isTooLargeNow { return nil }
            value = sum
        }
        return value
    }
}
