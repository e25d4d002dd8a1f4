import FoundationEssentials

/// A moment as text in UTC, to the millisecond: `2026-11-22 21:02:58.123`, which is GRDB's and SQLite's own form.
///
/// Texts of this form sort as the moments do. Written and read here with whole milliseconds, because the round trip
/// through a `Date`'s fraction of a second is not exact, and calendars are slow for the thousands of rows of one pass.
///
/// See: https://www.sqlite.org/lang_datefunc.html
enum StoredDate {
    /// The nearest whole millisecond, as the value that reading it back gives.
    static func rounded(_ date: Date) -> Date { self.date(milliseconds: milliseconds(date)) }

    /// The stored form. Years before 0 and after 9999 become those years' first and last moment.
    static func text(_ date: Date) -> String {
        let total = milliseconds(date)
        let (day, milliseconds) = split(total, by: millisecondsOfDay)
        let (year, month, dayOfMonth) = civil(dayOfEpoch: day)
        let (seconds, fraction) = split(milliseconds, by: 1000)
        let (minutes, second) = split(seconds, by: 60)
        let (hour, minute) = split(minutes, by: 60)
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(dayOfMonth, 2)) "
            + "\(digits(hour, 2)):\(digits(minute, 2)):\(digits(second, 2)).\(digits(fraction, 3))"
    }

    /// Reads the stored form, nil for any other text.
    static func date(_ text: String) -> Date? {
        let bytes = Array(text.utf8)
        guard bytes.count == 23, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: " "), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            bytes[19] == UInt8(ascii: "."),
            let year = number(bytes[0..<4], in: 0...9999), let month = number(bytes[5..<7], in: 1...12),
            let day = number(bytes[8..<10], in: 1...31), let hour = number(bytes[11..<13], in: 0...23),
            let minute = number(bytes[14..<16], in: 0...59), let second = number(bytes[17..<19], in: 0...59),
            let fraction = number(bytes[20..<23], in: 0...999)
        else { return nil }
        let days = dayOfEpoch(year: year, month: month, day: day)
        return date(milliseconds: days * millisecondsOfDay + ((hour * 60 + minute) * 60 + second) * 1000 + fraction)
    }

    private static let millisecondsOfDay: Int64 = 86_400_000
    /// Milliseconds from 1970 to the first moment of the year 0 and to the last of the year 9999.
    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    private static func milliseconds(_ date: Date) -> Int64 {
        let exact = (date.timeIntervalSince1970 * 1000).rounded()
        if exact.isNaN { return 0 }
        return Int64(min(max(exact, Double(range.lowerBound)), Double(range.upperBound)))
    }

    private static func date(milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// Division that rounds down, so that moments before 1970 come out right.
    private static func split(_ value: Int64, by unit: Int64) -> (quotient: Int64, rest: Int64) {
        let rest = ((value % unit) + unit) % unit
        return ((value - rest) / unit, rest)
    }

    private static func digits(_ value: Int64, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    private static func number(_ bytes: ArraySlice<UInt8>, in range: ClosedRange<Int64>) -> Int64? {
        var value: Int64 = 0
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return range.contains(value) ? value : nil
    }

    /// Days from 1970-01-01, in the proleptic Gregorian calendar.
    ///
    /// See: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, `days_from_civil`
    private static func dayOfEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = split(marchYear, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Year, month and day of a day counted from 1970-01-01.
    ///
    /// See: the same, `civil_from_days`
    private static func civil(dayOfEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = split(dayOfEpoch + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
