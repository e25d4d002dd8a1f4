internal import CSystemd

/// The memory that this process's threads allocate from.
///
/// glibc gives threads heaps of their own, as many as eight for each processor. What a session needs then stays in the heap of the thread
/// that made it, among free pages that no other thread takes: 19 to 30 kB a session, and with one heap 17, whichever thread it was.
/// Threads wait for each other only beyond what each keeps at hand of each size, and little is allocated on the way of a terminal's
/// bytes: no benchmark shows a difference.
public enum Heap {
    /// Has all threads that begin from now on share the heaps that there are.
    ///
    /// To be called first of all: a thread that has a heap of its own keeps it.
    ///
    /// See: mallopt(3), `M_ARENA_MAX`
    public static func share() { corral_share_heap() }
}
