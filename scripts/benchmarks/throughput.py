"""How fast a session's output comes through: `cat` of a text, drained by attached clients."""
import os

from . import client, peers, report

# Of what comes before the end nothing begins with `@`.
MARK = "@corral-bench-end"


def make_text(path, size):
    """Lines as a build writes them, 24 to 118 characters long. Returns the bytes that a terminal makes of them, which
    puts a return before each newline."""
    lines = []
    for number in range(4096):
        words = f"[{number:4}/4096] cc -O2 -c source/part{number % 97}/file{number}.c -o build/part{number % 97}/file{number}.o"
        lines.append((words + " -Wall -Wextra -Iinclude -Ibuild/generated")[:24 + number * 37 % 95])
    block = ("\n".join(lines) + "\n").encode()
    with open(path, "wb") as text:
        for _ in range(size // len(block)):
            text.write(block)
    return os.path.getsize(path), size // len(block) * (len(block) + len(lines))


def processor_seconds(processes):
    ticks = 0
    for process in processes:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Case:
    """A kind of terminal with so many clients, all but the first of which only watch.

    Watchers of a bare PTY have one each, with a `cat` of its own: what so many terminals can take at once.
    """

    def __init__(self, kind, watchers=0, over_socket=False):
        self.kind = kind
        self.watchers = watchers
        self.over_socket = over_socket
        self.rates, self.received, self.served, self.used = [], [], [], []
        self.name = kind.name
        if watchers and kind.program is None:
            self.name += f", {watchers + 1} at once"
        elif watchers:
            self.name += f", and {watchers} more" + (" on the socket" if over_socket else "")

    def measure(self, tools, name, text, size):
        self.kind.start(name, f"stty -icanon -echo; read line; cat '{text}'; echo {MARK}; exec sleep 100000")
        servers = self.kind.servers()
        before = processor_seconds(servers)
        command = self.kind.attach(name)
        watch = "drain" if self.kind.program is None else "watch"
        # Whoever comes later watches, so the first one is the last one to be told.
        clients = [client.in_terminal(tools, "drain", MARK, *command)]
        for _ in range(self.watchers):
            if self.over_socket:
                clients.append(client.over_socket(tools, "drain", self.kind.host.socket, self.kind.ids[name], MARK))
            else:
                clients.append(client.in_terminal(tools, watch, MARK, *command))
        for one in clients:
            one.wait_until_ready()
        for one in reversed(clients):
            one.begin()
        results = [one.result() for one in clients]
        self.served.append(processor_seconds(servers) - before)
        self.kind.end(name)
        self.rates.append(size / 1e6 / (max(end for _, end, _, _ in results) - results[0][0]))
        self.received.append(min(received for _, _, received, _ in results))
        self.used.append(sum(used for _, _, _, used in results))


def measure(kinds, tools, work, mebibytes, rounds):
    text = f"{work}/text"
    size, expected = make_text(text, mebibytes << 20)
    by_name = {kind.name: kind for kind in kinds}
    cases = [Case(kind) for kind in kinds]
    corral = by_name["corral attach"]
    # No peer is beside these: dtach leaves out bytes for those of its clients that are slow.
    many = [Case(corral, 9, over_socket=True), Case(corral, 9)]
    cases += [*many, Case(kinds[0], 9)]
    for number in range(rounds):
        for index, case in enumerate(cases):
            case.measure(tools, f"throughput{number}-{index}", text, size)
    os.unlink(text)

    bare = report.median(cases[0].rates)
    report.title(f"Throughput: {size / 1e6:.0f} MB of text by `cat`, medians of {rounds} interleaved runs")
    report.row("", "MB/s", "of bare", "received", "server CPU s", "client CPU s")
    for case in cases:
        share = min(case.received) / expected
        report.row(case.name, f"{report.median(case.rates):.1f}", f"{report.median(case.rates) / bare:.2f}",
                   "all" if share >= 1 else f"{share:.1%}", f"{report.median(case.served):.2f}",
                   f"{report.median(case.used):.2f}")
    rate = report.median(cases[1].rates)
    for case in [cases[1], *many]:
        # A client that is cut comes back to what is left: a rate without all bytes is not one.
        report.wanted(f"bytes received by {case.name} / sent", min(case.received) / expected, 1, at_least=True)
    report.wanted("throughput of corral attach / bare PTY", rate / bare, 0.9, at_least=True)
    if "dtach" in by_name:
        dtach = report.median(cases[kinds.index(by_name["dtach"])].rates)
        report.wanted("throughput of corral attach / dtach", rate / dtach, 1, at_least=True)
    for case in many:
        report.wanted(f"throughput of {case.name} / bare PTY", report.median(case.rates) / bare, 0.5, at_least=True)
    ten = report.median(cases[-1].rates)
    report.note(f"what these processors can give ten terminals at all: 10 bare PTYs at once / bare PTY: {ten / bare:.2f}; "
                f"of that 10 corral attach reach {report.median(many[-1].rates) / ten:.2f}")
