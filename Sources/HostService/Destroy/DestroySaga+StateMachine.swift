extension DestroySaga {
    /// Decides what comes after each step. Pure: the saga acts.
    struct StateMachine: Sendable {
        /// How a step ended.
        enum Event: Sendable, Equatable {
            case done
            /// The workspace goes back to what it was: nothing of it was removed. Says why.
            case stopped(String)
            /// Tried in vain; to be tried again. Says why.
            case failed(String)
        }

        /// What the saga does next.
        enum Action: Sendable, Equatable {
            case perform(DestroyStep)
            /// Back to `active`, receipt `kept`.
            case restore(String)
            /// Waits, then performs the same step again.
            case retry(DestroyStep, String)
            /// Nothing is left to do.
            case complete
        }

        /// The step that is being performed; nil once it is over.
        private(set) var step: DestroyStep?

        /// Begins, or goes on with the step that was recorded last.
        ///
        /// A recorded teardown runs again, since a crash may have cut it; later steps look at the ground before they act.
        init(resumingAt step: DestroyStep?) {
            self.step = step ?? .teardown
        }

        /// The next action after a step has ended.
        mutating func handle(_ event: Event, options: DestroyOptions) -> Action {
            guard let current = step else { return .complete }
            switch (current, event) {
            case (.teardown, .done): return go(to: .stop)
            // Asked for while the script ran.
            case (.teardown, .stopped) where options.skipsTeardown, (.teardown, .failed) where options.skipsTeardown:
                return go(to: .stop)
            // A script that refuses keeps the workspace; forced or not.
            case (.teardown, .stopped(let why)), (.teardown, .failed(let why)): return end(.restore(why))
            case (.stop, .done): return go(to: .escapes)
            // Chosen by the caller: the rows of what is left stay for the reaper.
            case (.stop, .failed) where options.abandon: return go(to: .escapes)
            case (.stop, .failed(let why)): return .retry(.stop, why)
            case (.escapes, .done): return go(to: .recheck)
            case (.escapes, .failed(let why)): return .retry(.escapes, why)
            case (.recheck, .done): return go(to: .worktree)
            // Asked for while it was looked.
            case (.recheck, .stopped) where options.force, (.recheck, .failed) where options.force:
                return go(to: .worktree)
            case (.recheck, .stopped(let why)): return end(.restore(why))
            // Could not tell: doubt never destroys (I3).
            case (.recheck, .failed(let why)): return end(.restore(why))
            case (.worktree, .done): return go(to: .branch)
            case (.worktree, .failed(let why)): return .retry(.worktree, why)
            case (.branch, .done): return go(to: .finish)
            // A branch that cannot be deleted is a warning in the receipt.
            case (.branch, .failed), (.branch, .stopped): return go(to: .finish)
            case (.finish, .done): return end(.complete)
            case (.finish, .failed(let why)): return .retry(.finish, why)
            // Refused: from the stop on, sessions have ended, and only the recheck may give the workspace back.
            case (.stop, .stopped(let why)): return .retry(.stop, why)
            case (.escapes, .stopped(let why)): return .retry(.escapes, why)
            case (.worktree, .stopped(let why)): return .retry(.worktree, why)
            case (.finish, .stopped(let why)): return .retry(.finish, why)
            }
        }

        private mutating func go(to next: DestroyStep) -> Action {
            step = next
            return .perform(next)
        }

        private mutating func end(_ action: Action) -> Action {
            step = nil
            return action
        }
    }
}
