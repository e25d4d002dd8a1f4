import CgroupPty

extension Reaper {
    /// Makes passes until the task is cancelled: one at once, then one each interval, sooner after a kill that failed.
    ///
    /// Call it once all sessions are under care again: a pass while objects are being made would judge half of them. It returns at
    /// cancellation without waiting for a pass that is under way, which begins nothing more by then.
    /// - Parameter interval: 5 minutes by design.
    public func run(every interval: Duration = .seconds(300)) async {
        resume()
        schedule.start(every: interval)
        while !Task.isCancelled {
            if schedule.due.hasPassed {
                await passOrCancellation()
            } else {
                await sleep(for: schedule.due.remaining)
            }
        }
        stop()
    }

    /// Waits for a pass, but not beyond the task's cancellation.
    private func passOrCancellation() async {
        let pass = Task { _ = await self.pass() }
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        Task {
            await pass.value
            end.finish()
        }
        // The stream ends with the pass, or for a task that is cancelled at once.
        for await _ in ends {}
    }

    private func sleep(for time: Duration) async {
        let sleeper = Task {
            do { try await Task.sleep(for: time) } catch { return }  // woken early
        }
        self.sleeper = sleeper
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        self.sleeper = nil
    }
}
