"""How long a new session takes to the first prompt of `sh`: its client started and attached, or asked for over the socket."""
from . import client, report

PROMPT = "$ "


def measure(kinds, tools, host, work, rounds):
    workspace = host.workspace(f"{work}/create")["id"]
    taken = {}
    for number in range(rounds):
        for kind in kinds:
            if kind.name == "corral attach":
                name = "corral over its socket"
                # A client that comes after the prompt gets a picture of the screen, without the spaces at the ends of lines.
                one = client.over_socket(tools, "first", host.socket, workspace, PROMPT.strip(), '["sh"]')
            else:
                name = kind.name
                one = client.in_terminal(tools, "first", PROMPT, *kind.create(f"create{number}"))
            taken.setdefault(name, []).append(one.result()[0])
    host.delete(workspace)

    medians = {name: report.median(values) for name, values in taken.items()}
    report.title(f"Create to the first prompt of `sh`: medians of {rounds} interleaved runs")
    report.row("", "ms", "of bare")
    for name, value in medians.items():
        report.row(name, f"{value:.2f}", f"{value / medians['bare PTY']:.2f}")
    ours = medians["corral over its socket"]
    if "screen" in medians:
        report.wanted("create of corral / screen", ours / medians["screen"], 1)
    if "dtach" in medians:
        report.wanted("create of corral - dtach, ms", ours - medians["dtach"], 3)
