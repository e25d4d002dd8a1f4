"""Who of a cell's processes is alive, by /proc alone: no word of the tool that is judged.

A cell's programs are links in a directory of its own, and each child writes its number down. So a process is known by its
executable's path, which neither a changed title nor a cleared environment nor another cgroup changes, or, where that may not be
read, by its number together with its start.
"""
import os
import time


def stat(pid):
    """State and start of a process; None when it is gone or has exited, with all of its threads."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "X" or fields[0] == "Z" and int(fields[17]) <= 1 else (fields[0], int(fields[19]))


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def threads(pid):
    """Threads of a process, of which the main one may have ended: then it has no executable."""
    try:
        return os.listdir(f"/proc/{pid}/task") if stat(pid)[0] == "Z" else [pid]
    except (OSError, TypeError):
        return []


class Eyes:
    """Looks for the processes of one cell."""

    def __init__(self, directory):
        self.directory = directory
        self.starts = {}

    def reported(self):
        """The numbers that children wrote down, their starts taken down at the first sight."""
        pids = [int(line) for line in read(f"{self.directory}/pids").split()]
        for pid in pids:
            seen = stat(pid)
            if seen is not None:
                self.starts.setdefault(pid, seen[1])
        return pids

    def look(self):
        """The numbers of those that live now."""
        found = {pid for pid, start in self.starts.items() if (stat(pid) or (None, None))[1] == start}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or stat(entry) is None:
                continue
            if any(self.is_ours(f"/proc/{entry}/task/{thread}/exe") for thread in threads(entry)):
                found.add(int(entry))
        return found

    def is_ours(self, link):
        try:
            return os.readlink(link).startswith(self.directory + "/")
        except OSError:
            return False

    def beats(self):
        """Whether processes that live too shortly to be listed go on."""
        before = self.beat()
        if before is None:
            return False
        time.sleep(0.05)
        return self.beat() != before

    def beat(self):
        try:
            with open(f"{self.directory}/beat", "rb") as file:
                return file.read()
        except OSError:
            return None

    def survivors(self):
        """Those that live; 0 stands for one that is too quick to have a number."""
        found = self.look()
        return found or ({0} if self.beats() else set())

    @staticmethod
    def describe(pid):
        return f"{pid} {read(f'/proc/{pid}/comm').strip()} in {read(f'/proc/{pid}/cgroup').rpartition('::')[2].strip()}"
