"""Innocents: processes outside that must live, whatever is ended beside them."""
import os
import subprocess

from escapes.survivors import stat
from escapes.tools import MANAGER, quietly, wait_until


class Canary:
    """A process in a scope of its own, outside of all that is ended.

    With the tags of the session that is ended in its environment, and at work in its worktree: neither makes it the session's.
    """

    def __init__(self, program, directory, name, working_directory="/", environment=None):
        self.directory = f"{directory}/canary-{name}"
        self.unit = f"canary-{name}-{os.getpid()}.scope"
        os.mkdir(self.directory)
        os.link(program, f"{self.directory}/evader")
        with open(f"{self.directory}/pids", "w", encoding="ascii"):
            pass
        self.client = subprocess.Popen(
            ["systemd-run", MANAGER, "--quiet", "--scope", f"--unit={self.unit}", f"{self.directory}/evader", "hold",
             self.directory], stdin=subprocess.DEVNULL, cwd=working_directory, env={**os.environ, **(environment or {})})
        wait_until(self.is_in_place, f"{self.unit} is there")
        self.start = stat(self.client.pid)

    def is_in_place(self):
        with open(f"{self.directory}/pids", encoding="ascii") as file:
            return file.read() != ""

    @property
    def is_alive(self):
        now = stat(self.client.pid)
        return now is not None and now[1] == self.start[1]

    def end(self):
        self.client.kill()
        self.client.wait(30)
        quietly("systemctl", MANAGER, "stop", self.unit)
