extension StepRow: SelectedRow {
    static let table = "destroy_step"
    static let columns = ["step", "at"]

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        self.init(step: try reader.text(), at: try reader.date())
    }
}
