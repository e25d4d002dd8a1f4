"""Makes processes that no signal ends, SIGKILL neither, until they are thawed: with the freezer of cgroup v1.

There a frozen process does not even die. It leaves the process where it is in cgroup v2, so that systemd and Corral see it in its
scope all the time. The hierarchy is one for the whole kernel, so every name has the run's own prefix.
"""
import os
import subprocess

from escapes.tools import wait_until


class Freezer:
    """Mounted at the first use, for root only."""

    def __init__(self, directory, prefix):
        self.mount = directory
        self.prefix = prefix
        self.names = []

    def cell(self, name):
        return f"{self.mount}/{self.prefix}-{name}"

    def freeze(self, name, pid):
        if not os.path.exists(self.mount):
            os.mkdir(self.mount)
            subprocess.run(["mount", "-t", "cgroup", "-o", "freezer", "none", self.mount], check=True)
        os.mkdir(self.cell(name))
        self.names.append(name)
        self.write(f"{self.cell(name)}/cgroup.procs", str(pid))
        self.write(f"{self.cell(name)}/freezer.state", "FROZEN")
        wait_until(lambda: self.read(f"{self.cell(name)}/freezer.state") == "FROZEN\n", f"{name}: frozen")

    def thaw(self, name):
        if name in self.names:
            self.write(f"{self.cell(name)}/freezer.state", "THAWED")

    def release(self, name):
        """Thaws, and takes the cgroup away."""
        if name not in self.names:
            return
        self.thaw(name)
        for pid in self.read(f"{self.cell(name)}/cgroup.procs").split():
            try:
                self.write(f"{self.mount}/cgroup.procs", pid)
            except OSError:
                pass
        wait_until(lambda: self.is_removed(name), f"{name}: the freezer is left")
        self.names.remove(name)

    def is_removed(self, name):
        try:
            os.rmdir(self.cell(name))
        except OSError:
            return not os.path.exists(self.cell(name))
        return True

    def end(self):
        for name in list(self.names):
            self.release(name)
        if os.path.exists(self.mount):
            subprocess.run(["umount", self.mount], check=True)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    @staticmethod
    def read(path):
        with open(path, encoding="ascii") as file:
            return file.read()
