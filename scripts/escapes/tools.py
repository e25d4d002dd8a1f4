"""The tools beside each other: how each starts a session, and how each ends it.

`kill` ends one session, `delete` all that a workspace holds, `crash` is SIGKILL to whatever serves the session. Only Corral
answers with an outcome; of the others the exit of the command is all there is.
"""
import dataclasses
import os
import signal
import subprocess
import time

from benchmarks import peers
from benchmarks.host import HostSocket, Refusal

MANAGER = "--system" if os.geteuid() == 0 else "--user"
# The grace that Corral gives, also for the others that know one.
GRACE = 5


@dataclasses.dataclass
class Answer:
    """What a tool said of an end."""

    outcome: str
    # The processes that it named as left.
    named: frozenset = frozenset()
    # Those that it only counted, since it may not read them; without those that are there before all children.
    counted: int = 0
    receipt: str = ""
    detail: str = ""


def call(*command, check=True, **options):
    return subprocess.run(command, check=check, stdin=subprocess.DEVNULL, timeout=120, **options)


def quietly(*command):
    call(*command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_until(is_true, what, patience=30):
    deadline = time.monotonic() + patience
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {patience} s")
        time.sleep(0.01)


class Corral:
    """Sessions of a host that is a service, started again by systemd, which keeps its descriptors."""

    name = "corral"
    title = "Corral"
    at_once = 4

    def __init__(self, programs, work):
        self.programs = programs
        self.work = work
        self.unit = f"corral-escapes-{os.getpid()}.service"

    @property
    def is_here(self):
        return True

    def begin(self):
        settings = ["Restart=always", "RestartSec=0", "StartLimitIntervalSec=0", "FileDescriptorStoreMax=4096",
                    "KillMode=mixed", "TimeoutStopSec=100", f"StandardError=append:{self.work}/log"]
        call("systemd-run", MANAGER, "--quiet", "--collect", f"--unit={self.unit}", "--service-type=notify",
             *[f"--property={setting}" for setting in settings], "--", f"{self.programs}/corral-host",
             "--state-directory", f"{self.work}/state", "--runtime-directory", f"{self.work}/run")
        shown = call("systemctl", MANAGER, "show", "--value", "--property=ControlGroup", self.unit, capture_output=True, text=True)
        self.cgroup = f"/sys/fs/cgroup{shown.stdout.strip()}"
        self.host = HostSocket(f"{self.work}/run/corral.sock")
        self.host.wait_until_ready()
        self.repository = f"{self.work}/repository"
        git = ["git", "-C", self.repository, "-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
        os.mkdir(self.repository)
        call(*git, "init", "-q", "-b", "main")
        with open(f"{self.repository}/.gitignore", "w", encoding="utf-8") as file:
            file.write("written\n")
        call(*git, "add", ".")
        call(*git, "commit", "-qm", "first")
        # What cannot be read here anyway says nothing of a child.
        self.unreadable = 0
        empty = self.host.workspace(f"{self.work}/empty")
        self.unreadable = self.answer(self.host.ask("DELETE", f"/v1/workspaces/{empty['id']}")).counted

    def batches(self, cells):
        together = [cell for cell in cells if not cell.child.is_alone]
        return ([together] if together else []) + [[cell] for cell in cells if cell.child.is_alone]

    def place(self, cell):
        workspace = self.host.ask(
            "POST", "/v1/workspaces", {"repository": self.repository, "branch": cell.name, "name": cell.name})
        cell.workspace = workspace["id"]
        return workspace["path"]

    def start(self, cell):
        session = self.host.session(cell.workspace, [f"{cell.directory}/sh", f"{cell.directory}/session"])
        cell.session, cell.scope = session["id"], session["unit"]
        cell.tags = {"CORRAL_INSTANCE": self.host.instance, "CORRAL_WORKSPACE": cell.workspace, "CORRAL_SESSION": cell.session}

    def wait_for_exit(self, cell):
        wait_until(lambda: self.host.ask("GET", f"/v1/sessions/{cell.session}")["status"] in ("exited", "disposed"),
                   f"{cell.name}: the session ends with its shell")

    def kill(self, cell):
        try:
            end = self.host.ask("DELETE", f"/v1/sessions/{cell.session}")
        except Refusal as refusal:
            return Answer(f"refused: {refusal}")
        return Answer(end["outcome"], frozenset(left["pid"] for left in end["survivors"]), detail=end["detail"] or "")

    def delete(self, cell):
        # One that cannot be confirmed is answered at its timeout, and goes on.
        timeout = 15 if cell.child.then == "stick" else 40
        try:
            return self.answer(self.host.ask("DELETE", f"/v1/workspaces/{cell.workspace}?timeout={timeout}"))
        except Refusal as refusal:
            return Answer(f"refused: {refusal}")

    def answer(self, receipt):
        left = [left for session in receipt["sessions"] for left in session["survivors"]]
        left += [escape for escape in receipt["escapes"] if escape["action"] == "reported"] + receipt["suspects"]
        outcome = receipt["outcome"]
        if outcome == "confirmed" and receipt["state"] != "deleted":
            outcome = f"confirmed, but {receipt['state']}"
        counted = max(0, receipt["unreadable"] - self.unreadable)
        return Answer(outcome, frozenset(process["pid"] for process in left), counted, receipt["id"], receipt["detail"] or "")

    def wait_for_receipt(self, cell, answer):
        """Waits until a delete that could not be confirmed is done by itself."""
        found = []

        def is_done():
            found[:] = [self.host.ask("GET", f"/v1/receipts/{answer.receipt}")]
            return found[0]["state"] == "deleted"

        wait_until(is_done, f"{cell.name}: the delete goes on by itself", 150)
        return self.answer(found[0])

    def crash(self, cells):
        def served_by():
            try:
                return self.host.ask("GET", "/v1/status")["pid"]
            except OSError:
                return None

        before = served_by()
        call("systemctl", MANAGER, "kill", "--signal=KILL", self.unit)
        wait_until(lambda: served_by() not in (None, before), "the host is started again")

    def sweep(self, cell):
        pass

    def finish(self):
        quietly("systemctl", MANAGER, "stop", self.unit)


class Peer:
    """A tool of scripts/benchmarks/peers.py, a server of its own for each cell."""

    at_once = 1

    def __init__(self, kind, how):
        self.kind = kind
        self.name = kind.name
        self.title = f"{kind.name} {how}".strip()

    @property
    def is_here(self):
        return self.kind("/").is_here

    def begin(self):
        pass

    def batches(self, cells):
        return [[cell] for cell in cells]

    def place(self, cell):
        os.mkdir(f"{cell.directory}/worktree")
        return f"{cell.directory}/worktree"

    def start(self, cell):
        cell.server = self.kind(cell.directory)
        cell.server.begin()
        cell.server.start("one", f"exec '{cell.directory}/sh' '{cell.directory}/session'")

    def wait_for_exit(self, cell):
        pass

    def signal_servers(self, cell, number):
        for pid in cell.server.servers():
            os.kill(pid, number)

    def kill(self, cell):
        self.signal_servers(cell, signal.SIGTERM)

    def delete(self, cell):
        self.kill(cell)

    def crash(self, cells):
        for cell in cells:
            self.signal_servers(cell, signal.SIGKILL)

    def sweep(self, cell):
        if hasattr(cell, "server"):
            cell.server.end_servers()

    def finish(self):
        pass


class Tmux(Peer):
    """Its server holds another session, as a person's does."""

    def kill(self, cell):
        quietly(*cell.server.tmux, "kill-session", "-t", "one")

    def delete(self, cell):
        quietly(*cell.server.tmux, "kill-server")


class Screen(Peer):
    """Its own command to quit."""

    def kill(self, cell):
        quietly("screen", "-S", "one", "-X", "quit")


class SystemdRun:
    """A scope in a slice, and `systemctl stop` of the one or the other. Without a terminal, and without a server to crash."""

    name = "systemd-run"
    title = "systemd-run --scope"
    at_once = 4
    is_here = True

    def begin(self):
        self.clients = []

    def batches(self, cells):
        return [cells]

    def place(self, cell):
        os.mkdir(f"{cell.directory}/worktree")
        return f"{cell.directory}/worktree"

    def start(self, cell):
        cell.slice = f"escapes_{cell.name.replace('-', '_')}.slice"
        cell.scope = f"{cell.name}-{os.getpid()}.scope"
        self.clients.append(subprocess.Popen(
            ["systemd-run", MANAGER, "--quiet", "--scope", f"--unit={cell.scope}", f"--slice={cell.slice}",
             f"--property=TimeoutStopSec={GRACE}s", f"{cell.directory}/sh", f"{cell.directory}/session"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))

    def wait_for_exit(self, cell):
        pass

    def kill(self, cell):
        quietly("systemctl", MANAGER, "stop", cell.scope)

    def delete(self, cell):
        quietly("systemctl", MANAGER, "stop", cell.slice)

    crash = None

    def sweep(self, cell):
        if hasattr(cell, "slice"):
            quietly("systemctl", MANAGER, "kill", "--signal=KILL", cell.scope)
            quietly("systemctl", MANAGER, "stop", cell.slice)

    def finish(self):
        for client in self.clients:
            client.wait(60)


def tools(programs, work):
    """All of them, Corral first."""
    return [Corral(programs, work), Tmux(peers.Tmux, ""), Peer(peers.Dtach, ""), Peer(peers.Abduco, ""),
            Screen(peers.Screen, ""), SystemdRun()]
