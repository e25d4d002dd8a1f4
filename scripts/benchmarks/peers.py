"""What a person would use instead of Corral, each driven in the same way: a detached session, and clients that attach.

A peer is started with nothing of its user's: no configuration, and a socket in the benchmark's own directory.
"""
import os
import select
import shutil
import signal
import subprocess
import sys
import time

# A deadline for what takes milliseconds when it works.
PATIENCE = 60


def wait_until(is_true, what):
    """Waits for what nobody announces."""
    deadline = time.monotonic() + PATIENCE
    while not is_true():
        if time.monotonic() > deadline:
            sys.exit(f"bench: {what}: not within {PATIENCE} s")
        time.sleep(0.001)


def run(command, **options):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)


class Terminal:
    """A kind of terminal. `start` makes a detached session NAME of a shell command; `attach` is how a client enters it;
    `create` makes a session of `sh` and enters it at once."""

    name = "bare PTY"
    program = None

    def __init__(self, work):
        self.work = work
        self.commands = {}

    @property
    def is_here(self):
        return self.program is None or shutil.which(self.program) is not None

    def begin(self):
        """Before the first session."""

    def start(self, name, script):
        # Without anything between, the command begins with the client and ends with it.
        self.commands[name] = self.shell(name, script)

    def attach(self, name):
        return self.commands[name]

    def create(self, name):
        return ["sh"]

    def end(self, name):
        """Ends the session's own process, at which whatever served it goes by itself."""
        try:
            process = os.pidfd_open(int(open(self.pid_file(name), encoding="ascii").read()))
        except (ProcessLookupError, FileNotFoundError):
            return
        kill_and_wait(process)

    def end_servers(self):
        for pid in self.servers():
            try:
                kill_and_wait(os.pidfd_open(pid))
            except ProcessLookupError:
                pass

    def finish(self):
        """After the last session."""

    def servers(self):
        """The ids of the processes that serve the sessions."""
        return []

    def pid_file(self, name):
        return f"{self.work}/{name}.pid"

    def shell(self, name, script):
        return ["sh", "-c", f"echo $$ >'{self.pid_file(name)}'; {script}"]


def kill_and_wait(process):
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        if not select.select([process], [], [], PATIENCE)[0]:
            sys.exit("bench: a killed process stayed")
    finally:
        os.close(process)


def processes_named(program):
    """The ids of this user's processes whose executable has this name."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.path.basename(os.readlink(f"/proc/{entry}/exe")) == program:
                    found.append(int(entry))
            except OSError:
                pass
    return found


class Dtach(Terminal):
    name = program = "dtach"

    def socket(self, name):
        return f"{self.work}/{name}.dtach"

    def start(self, name, script):
        run(["dtach", "-n", self.socket(name), *self.shell(name, script)])

    def attach(self, name):
        return ["dtach", "-a", self.socket(name), "-r", "none"]

    def create(self, name):
        return ["dtach", "-c", self.socket(name), "-r", "none", "sh"]

    def servers(self):
        return processes_named("dtach")


class Abduco(Terminal):
    name = program = "abduco"

    def begin(self):
        os.environ["ABDUCO_SOCKET_DIR"] = self.work

    def start(self, name, script):
        run(["abduco", "-n", name, *self.shell(name, script)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def attach(self, name):
        return ["abduco", "-a", name]

    def create(self, name):
        return ["abduco", "-c", name, "sh"]

    def end(self, name):
        super().end(name)
        # The server stays until a client has heard of the end.
        self.end_servers()

    def servers(self):
        return processes_named("abduco")


class Screen(Terminal):
    name = program = "screen"

    def begin(self):
        directory = f"{self.work}/screens"
        os.mkdir(directory, 0o700)
        os.environ["SCREENDIR"] = directory

    def start(self, name, script):
        run(["screen", "-c", "/dev/null", "-dmS", name, *self.shell(name, script)])
        # `screen -dm` returns before the session can be entered.
        wait_until(lambda: any(entry.endswith(f".{name}") for entry in os.listdir(os.environ["SCREENDIR"])),
                   "start a session of screen")

    def attach(self, name):
        return ["screen", "-c", "/dev/null", "-r", name]

    def create(self, name):
        return ["screen", "-c", "/dev/null", "-S", name, "sh"]

    def end(self, name):
        super().end(name)
        # It may take its time to notice, and would share the processors with whoever is measured next.
        self.end_servers()

    def servers(self):
        return processes_named("screen")


class Tmux(Terminal):
    name = program = "tmux"

    @property
    def tmux(self):
        return ["tmux", "-S", f"{self.work}/tmux", "-f", "/dev/null"]

    def begin(self):
        # The server is warm, as it is for a person's second session.
        run([*self.tmux, "new-session", "-d", "-s", "warm", "sleep 100000"])

    def start(self, name, script):
        run([*self.tmux, "new-session", "-d", "-s", name, "-x", "120", "-y", "32", *self.shell(name, script)])

    def attach(self, name):
        return [*self.tmux, "attach-session", "-t", name]

    def create(self, name):
        return [*self.tmux, "new-session", "-s", name, "sh"]

    def finish(self):
        run([*self.tmux, "kill-server"])

    def servers(self):
        return processes_named("tmux")


class Corral(Terminal):
    """Sessions of the host, entered by `corral attach`."""

    name = "corral attach"
    program = "corral"

    def __init__(self, work, programs, host):
        super().__init__(work)
        self.programs = programs
        self.host = host
        self.ids = {}

    @property
    def is_here(self):
        return True

    def begin(self):
        self.workspace = self.host.workspace(f"{self.work}/terminals")["id"]

    def start(self, name, script):
        self.ids[name] = self.host.session(self.workspace, self.shell(name, script))["id"]

    def attach(self, name):
        return [f"{self.programs}/corral", "attach", "--socket", self.host.socket, self.ids[name]]

    def finish(self):
        self.host.delete(self.workspace)

    def servers(self):
        return [self.host.process.pid]


def terminals(work, programs, host):
    """All kinds that are here, the limit first and Corral second; those that are not are named."""
    kinds = [Terminal(work), Corral(work, programs, host), Dtach(work), Abduco(work), Tmux(work), Screen(work)]
    missing = [kind.name for kind in kinds if not kind.is_here]
    if missing:
        print(f"not installed, and left out: {', '.join(missing)}", flush=True)
    return [kind for kind in kinds if kind.is_here]
