import TestSupport

extension RunningHost.Place {
    /// Starts a reaper that takes its time, in the place of the real one: three seconds after it has got the index's lock.
    /// - Returns: the file of the lock. Its number is in `launched`, in the place's directory.
    func launchSlowReaper() throws -> String {
        let (lock, slow) = (state + "/index.lock", directory.path + "/corral-reaper")
        try Shell.run("cp \"$(command -v sleep)\" '\(slow)'")
        try Shell.launch(
            "sh -c 'exec 9>>\(lock); flock 9; echo $$ > \(lock); exec \(slow) 3'",
            pidFile: directory.path + "/launched")
        return lock
    }
}
