"""Clients of a session, as processes that measure themselves: Tests/Benchmarks/terminal-client.c and socket-client.c."""
import subprocess
import sys


class Client:
    """A client that is told when to begin, and tells what it saw."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read_line(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: a client gave up, with exit status {self.process.wait()}: {' '.join(self.process.args)}")
        return line.split()

    def wait_until_ready(self):
        while self.read_line() != ["ready"]:
            pass

    def begin(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def result(self):
        """The numbers of its only line after the start."""
        values = [float(value) for value in self.read_line()]
        self.end()
        return values

    def end(self):
        """Lets it detach and end, if it has not."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def in_terminal(tools, mode, *arguments):
    return Client([f"{tools}/terminal-client", mode, *map(str, arguments)])


def over_socket(tools, mode, *arguments):
    return Client([f"{tools}/socket-client", mode, *map(str, arguments)])
