"""How long a typed byte takes to the program in the session and back: `cat` with its terminal in raw mode answers.

The terminal's own echo is off, so each byte wakes the program, as in an editor.
"""
from . import client, report

# Microseconds between two bytes, and bytes a run: at once after the answer, and as fast hands type.
PACES = {"at once after the answer": (0, 400), "one byte per 5 ms": (5000, 200)}


def measure(kinds, tools, rounds):
    for pace, (gap, count) in PACES.items():
        taken = {kind.name: [] for kind in kinds}
        for number in range(rounds):
            for kind in kinds:
                name = f"echo{gap}-{number}"
                kind.start(name, "stty raw -echo; exec cat")
                one = client.in_terminal(tools, "echo", count, gap, *kind.attach(name))
                one.wait_until_ready()
                one.begin()
                taken[kind.name] += one.result()
                kind.end(name)
        print_pace(pace, taken, count * rounds)


def print_pace(pace, taken, count):
    p50 = {name: report.percentile(values, 0.5) for name, values in taken.items()}
    p99 = {name: report.percentile(values, 0.99) for name, values in taken.items()}
    report.title(f"Echo of a byte by `cat` in raw mode, {pace}: {count} bytes each, in interleaved runs")
    report.row("", "p50 µs", "p99 µs", "p50 of bare", "p99 of bare")
    for name in taken:
        report.row(name, f"{p50[name]:.0f}", f"{p99[name]:.0f}", f"{p50[name] / p50['bare PTY']:.2f}",
                   f"{p99[name] / p99['bare PTY']:.2f}")
    if "dtach" in p50:
        report.wanted("echo p50 of corral attach / dtach", p50["corral attach"] / p50["dtach"], 1)
    if "tmux" in p99:
        report.wanted("echo p99 of corral attach / tmux", p99["corral attach"] / p99["tmux"], 1)
