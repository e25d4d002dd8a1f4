"""One cell of the table: one child in one session of one tool, ended in one way; and what /proc shows afterwards."""
import os
import shutil
import signal
import time

from escapes.canaries import Canary
from escapes.survivors import Eyes, read
from escapes.tools import MANAGER, Corral, quietly, wait_until

ENDINGS = {
    "a": "the session is killed",
    "b": "the workspace is deleted",
    "c": "SIGKILL to what serves the session, then the workspace is deleted",
    "d": "the shell exits by itself, then the workspace is deleted",
}
# The cgroup in which this very program's own lies.
BESIDE = os.path.dirname("/sys/fs/cgroup" + read("/proc/self/cgroup").strip().rpartition("::")[2])
# What tools that do not wait themselves are given.
SETTLE = 1


class Cell:
    """Prepared, ended, judged and swept, in this order."""

    def __init__(self, tool, child, ending, places):
        self.tool = tool
        self.child = child
        self.ending = ending
        self.places = places
        self.name = f"{child.name}-{tool.name}-{ending}".replace("systemd-run", "plain")
        self.directory = f"{places.work}/{self.name}"
        self.eyes = Eyes(self.directory)
        self.canary = None
        # Set by the tool.
        self.worktree = ""
        self.scope = ""
        self.tags = {}
        # What the table says, and what is wrong with it.
        self.text = ""
        self.faults = []

    def prepare(self):
        os.mkdir(self.directory)
        os.chmod(self.directory, 0o755)
        os.mkfifo(f"{self.directory}/leave")
        with open(f"{self.directory}/pids", "w", encoding="ascii"):
            os.chmod(f"{self.directory}/pids", 0o666)
        for name in ["sh", "evader", "inner-tmux"]:
            if os.path.exists(f"{self.places.work}/{name}"):
                os.link(f"{self.places.work}/{name}", f"{self.directory}/{name}")
        self.worktree = self.tool.place(self)
        settings = {"evader": f"{self.directory}/evader", "cell": self.directory, "manager": MANAGER, "unit": self.unit,
                    "elevate": self.places.elevate, "beside": self.beside, "service": getattr(self.tool, "cgroup", "")}
        with open(f"{self.directory}/session", "w", encoding="utf-8") as file:
            file.writelines(f"{name}='{value}'\n" for name, value in settings.items())
            file.write(f"cd '{self.worktree}'\n{self.child.script}\nread -r word <'{self.directory}/leave'\n")
        self.tool.start(self)
        wait_until(lambda: len(self.eyes.reported()) >= self.child.reports, f"{self.name}: the child is in place")
        if isinstance(self.tool, Corral):
            self.canary = Canary(f"{self.places.work}/evader", self.places.work, self.name, self.worktree, self.tags)
        if self.child.then == "freeze":
            quietly("systemctl", MANAGER, "freeze", self.scope)
        elif self.child.then == "remove":
            shutil.rmtree(self.worktree)
        elif self.child.then == "stick":
            self.places.freezer.freeze(self.name, self.eyes.reported()[0])

        if self.child.is_it is not None:
            first = self.eyes.reported()[0]
            wait_until(lambda: self.child.is_it(first), f"{self.name}: the child is what it is said to be", 10)

    @property
    def beside(self):
        return f"{BESIDE}/by-hand-{self.unit}"

    @property
    def unit(self):
        return f"escaped-{self.name}-{os.getpid()}"

    def leave(self):
        """Lets the shell exit."""
        def is_told():
            try:
                os.close(os.open(f"{self.directory}/leave", os.O_WRONLY | os.O_NONBLOCK))
                return True
            except OSError:
                return False

        wait_until(is_told, f"{self.name}: the shell waits for its end")
        self.tool.wait_for_exit(self)

    def finish(self):
        self.eyes.reported()
        if isinstance(self.tool, Corral):
            words = self.finish_ours()
            # The same word twice says nothing more.
            self.text = ", then ".join(word for index, word in enumerate(words) if words[index - 1:index] != [word])
            if not self.canary.is_alive:
                self.faults.append("the canary beside it died")
        else:
            self.finish_peer()

    def finish_ours(self):
        words = []
        if self.ending == "a":
            words.append(self.judge(self.tool.kill(self), self.eyes.survivors(), is_over=False))
            if words == ["0"]:
                return words
        if self.ending == "d":
            self.leave()
        answer = self.tool.delete(self)
        words.append(self.judge(answer, self.eyes.survivors(), is_over=True))
        if self.child.then == "stick":
            self.places.freezer.thaw(self.name)
            answer = self.tool.wait_for_receipt(self, answer)
            words.append(self.judge(answer, self.eyes.survivors(), is_over=True))
        if answer.outcome in ("confirmed", "escaped") and os.path.exists(self.worktree):
            self.faults.append("the worktree is still there")
        return words

    def finish_peer(self):
        if self.ending == "a":
            self.tool.kill(self)
        else:
            if self.ending == "d":
                self.leave()
            self.tool.delete(self)
        deadline = time.monotonic() + SETTLE
        while (left := self.eyes.survivors()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.text = "many" if left and self.eyes.beat() is not None else str(len(left))

    def judge(self, answer, left, is_over):
        """What the table says of an answer of Corral and the processes that live; adds the faults of it.

        `is_over` says whether it was the workspace that was ended, so that nothing may be left.
        """
        may_live = self.child.may_live
        if may_live == "manager":
            # Not ours: whoever asked the manager for a service ends it by the manager.
            if not left:
                self.faults.append("a service was ended that is the manager's")
                return "0"
            return f"{len(left)} the manager's"
        if not left:
            if answer.outcome != "confirmed":
                self.faults.append(f"nothing is left, and the outcome is {answer.outcome} {answer.detail}")
            return "0"
        names = "; ".join(self.eyes.describe(pid) for pid in left)
        if not is_over and self.child.leaves:
            return f"{len(left)} elsewhere"
        if not may_live:
            self.faults.append(f"left, with the outcome {answer.outcome}: {names}")
            return f"**{len(left)} left ({answer.outcome})**"
        if left <= answer.named:
            return f"{len(left)} reported"
        if len(left) <= answer.counted:
            return f"{len(left)} counted"
        self.faults.append(f"left and not reported, with the outcome {answer.outcome}: {names}")
        return f"**{len(left)} not reported ({answer.outcome})**"

    def sweep(self):
        """Ends what is left, whatever it takes."""
        with open(f"{self.directory}/stop", "w", encoding="ascii"):
            pass
        if self.child.then == "freeze":
            quietly("systemctl", MANAGER, "thaw", self.scope)
        if self.child.then == "stick":
            self.places.freezer.release(self.name)
        self.tool.sweep(self)
        if self.child.name == "pollution":
            quietly("systemctl", MANAGER, "unset-environment", "CORRAL_INSTANCE", "CORRAL_WORKSPACE", "CORRAL_SESSION")
        for suffix in ["scope", "service"]:
            if f"$unit.{suffix}" in self.child.script or self.child.leaves:
                quietly("systemctl", MANAGER, "stop", f"{self.unit}.{suffix}")
        deadline = time.monotonic() + 20
        while (left := self.eyes.survivors()) and time.monotonic() < deadline:
            for pid in left - {0}:
                try:
                    os.kill(pid, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    pass
            time.sleep(0.02)
        if self.canary is not None:
            self.canary.end()
        for cgroup in self.nested_cgroups():
            try:
                os.rmdir(cgroup)
            except OSError:
                pass
        shutil.rmtree(self.directory, ignore_errors=True)

    def nested_cgroups(self):
        path = read(f"{self.directory}/cgroup")
        return [path, os.path.dirname(path), self.beside]
