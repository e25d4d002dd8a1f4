import CgroupPty
import Testing

@Suite struct `A window's size` {
    @Test(arguments: [(1, 1), (1000, 1000), (1, 1000), (80, 24)]) func `is one cell to a thousand each way`(
        columns: Int, rows: Int
    ) {
        let size = WindowSize(columns: columns, rows: rows)
        #expect(size.map { Int($0.columns) } == columns)
        #expect(size.map { Int($0.rows) } == rows)
    }

    @Test(arguments: [(0, 1), (1, 0), (0, 0), (1001, 1), (1, 1001), (-1, 24), (65536, 24), (Int.max, Int.min)])
    func `is refused beyond that (I8)`(columns: Int, rows: Int) {
        #expect(WindowSize(columns: columns, rows: rows) == nil)
    }

    @Test func `is 120 by 32 when nobody asks for another`() {
        #expect(WindowSize.standard == WindowSize(columns: 120, rows: 32))
    }
}
