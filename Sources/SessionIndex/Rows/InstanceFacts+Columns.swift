import CgroupPty
import GRDB

extension InstanceFacts: StoredRow {
    static let table = "instance"
    static let columns = [
        "machine_id", "manager", "boot_id", "cgroup_device", "cgroup_inode", "cgroup_namespace",
    ]

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        self.init(
            machineID: try reader.text(),
            manager: try reader.word(),
            bootID: try reader.text(),
            cgroup: try reader.fileIdentity(),
            cgroupNamespace: StoredInteger.unsigned(try reader.integer())
        )
    }

    var values: [(any DatabaseValueConvertible)?] {
        [
            machineID, manager.rawValue, bootID, StoredInteger.signed(cgroup.device),
            StoredInteger.signed(cgroup.inode), StoredInteger.signed(cgroupNamespace),
        ]
    }
}
