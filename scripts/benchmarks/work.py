"""What the host does beside terminals, against what does the same without it."""
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

from . import report

PROMPT = ["/bin/sh", "-c", "printf '$ '; exec sleep 100000"]


def milliseconds(body):
    began = time.monotonic()
    body()
    return (time.monotonic() - began) * 1e3


def first_prompt(host, work):
    """From the request for a session to the first byte of its output."""
    workspace = host.workspace(f"{work}/prompt")["id"]

    def corral():
        session = host.session(workspace, PROMPT)["id"]
        while not host.ask("GET", f"/v1/sessions/{session}/output"):
            pass

    children = []

    def systemd_run():
        pid, master = pty.fork()
        if pid == 0:
            os.execvp("systemd-run", ["systemd-run", "--user", "--scope", "--quiet", "--collect", *PROMPT])
        # systemd-run itself may say something first: wait for the prompt.
        seen = b""
        while b"$ " not in seen:
            seen += os.read(master, 4096)
        children.append((pid, master))

    ours, peer = [], []
    for _ in range(20):
        ours.append(milliseconds(corral))
        peer.append(milliseconds(systemd_run))
    for pid, master in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)
    host.ask("DELETE", f"/v1/workspaces/{workspace}")
    report.milliseconds("create to first prompt byte", ours, peer, "systemd-run --scope in a bare PTY", 2)


# A shell on a terminal, which ends when it is hung up.
SHELL = ["/bin/sh"]


def filled(host, directory, count):
    """A workspace with so many shells."""
    workspace = host.workspace(directory)
    host.sessions(workspace["id"], count, SHELL)
    return workspace


def timed_delete(host, workspace, count, force):
    """Milliseconds from the request to the receipt, and those in which the slice was ended, of the receipt's own."""
    receipt = {}
    query = f"timeout=120{'&force' if force else ''}"
    taken = milliseconds(lambda: receipt.update(host.ask("DELETE", f"/v1/workspaces/{workspace['id']}?{query}")))
    if receipt["outcome"] != "confirmed" or len(receipt["sessions"]) != count:
        sys.exit(f"bench: the delete was not confirmed: {receipt}")
    return taken, receipt["sessions"][0]["duration_ms"]


def delete(host, work, counts, tools):
    """The delete of a workspace beside what else ends a slice with the same in it, in scopes that the same host has started."""
    for count in counts:
        turns = 3 if count >= 100 else 15
        gentle, stop, forced, ended, kill = [], [], [], [], []
        for turn in range(turns):
            place = f"{work}/delete-{count}-{turn}"
            gentle.append(timed_delete(host, filled(host, f"{place}-a", count), count, force=False)[0])
            other = filled(host, f"{place}-b", count)
            stop.append(milliseconds(lambda: subprocess.run(["systemctl", "--user", "stop", other["slice"]], check=True)))
            host.delete(other["id"])
            taken, of_it = timed_delete(host, filled(host, f"{place}-c", count), count, force=True)
            forced.append(taken)
            ended.append(of_it)
            other = filled(host, f"{place}-d", count)
            group = f"/sys/fs/cgroup{control_group(other['slice'])}"
            kill.append(float(subprocess.run([f"{tools}/cgroup-kill", group], check=True, capture_output=True, text=True).stdout))
            host.delete(other["id"])
        what = f"delete of {count} session{'s' if count > 1 else ''}"
        report.milliseconds(what, gentle, stop, "systemctl stop of the slice", 1.3)
        report.milliseconds(f"{what} by force", forced, kill, "cgroup.kill and the wait for populated 0 in C", 2)
        # The rest is what the C program does not: looks before and after, and a record on the disk of each step and each end.
        report.milliseconds("of it the end of the slice", ended, kill, "the same", 2)


def control_group(unit):
    return subprocess.run(["systemctl", "--user", "show", "--property=ControlGroup", "--value", unit],
                          check=True, capture_output=True, text=True).stdout.strip()


class Pass:
    """One pass with nothing to do, and beside it a C program that reads the same files."""

    def __init__(self, host, tools):
        took = []
        took.append(milliseconds(lambda: took.append(host.ask("POST", "/v1/reaper/pass"))))
        made, self.whole = took
        if made["reaped"] or made["failed"] or made["remembered"]:
            sys.exit(f"bench: the pass found something to do: {made}")
        self.ground, self.escapes = made["ground_us"] / 1e3, made["escapes_us"] / 1e3
        walk = subprocess.run([f"{tools}/ground-walk", f"/sys/fs/cgroup{control_group(f'corral-{host.instance}.slice')}"],
                              check=True, capture_output=True, text=True).stdout.split()
        self.cgroups, self.processes = int(walk[0]), int(walk[1])
        self.ground_peer, self.escapes_peer = float(walk[2]), float(walk[3])


def stats(host, work, count, tools):
    """The figures of sessions over 20 workspaces, beside a C program that reads the same files."""
    workspaces = [host.workspace(f"{work}/stats{turn}")["id"] for turn in range(20)]
    for workspace in workspaces:
        host.sessions(workspace, count // 20, ["/bin/sleep", "100000"])
    group = control_group(f"corral-{host.instance}.slice")
    ours, metrics, peer = [], [], []
    for _ in range(15):
        ours.append(milliseconds(lambda: host.ask("GET", "/v1/stats")))
        metrics.append(milliseconds(lambda: host.ask("GET", "/metrics")))
        read = subprocess.run([f"{tools}/figures-read", f"/sys/fs/cgroup{group}"], check=True, capture_output=True, text=True)
        peer.append(float(read.stdout.split()[2]))
    answer = host.ask("GET", "/v1/stats")
    seen = sum(len(workspace["sessions"]) for workspace in answer["workspaces"])
    if seen != count // 20 * 20:
        sys.exit(f"bench: figures of {seen} sessions, and there are {count}")
    # The client's reading of JSON is in ours; the C program makes no document.
    report.milliseconds(f"figures of {count} sessions as JSON", ours, peer, "a C program that reads the same files", 8)
    report.milliseconds(f"figures of {count} sessions for Prometheus", metrics, peer, "the same", 8)
    report.wanted(f"milliseconds for /v1/stats of {count} sessions", report.median(ours), 100)
    report.wanted(f"milliseconds for /metrics of {count} sessions", report.median(metrics), 100)
    top(host, count)
    for workspace in workspaces:
        host.delete(workspace)


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def drain(master):
    """Reads a terminal to its end, which is an error where the other side has closed it."""
    try:
        while os.read(master, 65536):
            pass
    except OSError:
        pass


def top(host, count, seconds=60):
    """What `corral top` costs on a terminal, in itself and in the host: whole seconds of it, less as many without it."""
    time.sleep(5)
    idle = -processor_seconds(host.process.pid)
    time.sleep(seconds)
    idle += processor_seconds(host.process.pid)
    pid, master = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.execve(f"{host.programs}/corral", ["corral", "--socket", host.socket, "top"],
                  {**os.environ, "TERM": "xterm-256color"})
    reader = threading.Thread(target=drain, args=[master])
    reader.start()
    time.sleep(5)
    served, shown = processor_seconds(host.process.pid), processor_seconds(pid)
    time.sleep(seconds)
    served, shown = processor_seconds(host.process.pid) - served, processor_seconds(pid) - shown
    os.write(master, b"q")
    os.waitpid(pid, 0)
    reader.join()
    os.close(master)
    print(f"corral top of {count} sessions, milliseconds of a processor a second: host {served / seconds * 1e3:.1f} "
          f"(without it {idle / seconds * 1e3:.1f}), itself {shown / seconds * 1e3:.1f}", flush=True)
    report.wanted("per cent of a processor for corral top, in the host and in itself",
                  (served - idle + shown) / seconds * 100, 1)


def reaper_pass(host, work, scopes, tools):
    """Passes with nothing to do: over many processes beside C programs, and over ever more scopes."""
    workspaces = [host.workspace(f"{work}/reap{turn}")["id"] for turn in range(20)]
    for workspace in workspaces:
        host.sessions(workspace, scopes // 20, ["/bin/sh", "-c", "for n in 1 2 3 4 5 6 7 8 9; do sleep 100000 & done; wait"])
    Pass(host, tools)
    passes = [Pass(host, tools) for _ in range(9)]
    seen = f"{passes[0].cgroups} cgroups and {passes[0].processes} processes"
    same = "a C program that reads the same files"
    report.milliseconds(f"reaper pass over {seen}", [each.whole for each in passes],
                        [each.ground_peer + each.escapes_peer for each in passes], same, 1.5)
    report.milliseconds("of it cgroups", [each.ground for each in passes],
                        [each.ground_peer for each in passes], same, 1.5)
    report.milliseconds("of it processes and their judgement", [each.escapes for each in passes],
                        [each.escapes_peer for each in passes], same, 1.5)
    for workspace in workspaces:
        host.delete(workspace)


# Beyond so many, a private devpts has no terminals left: the others are scopes in the slices, as tmux makes them for its panes.
SESSIONS = 3000


def started_panes(workspaces, count):
    """So many scopes beside the sessions', once all are started: systemd does not answer any number of callers at once."""
    panes = [subprocess.Popen(["systemd-run", "--user", "--scope", "--quiet", "--collect",
                               f"--slice={workspaces[place % len(workspaces)]['slice']}", "sleep", "100000"])
             for place in range(count)]
    for pane in panes:
        while pane.poll() is None and open(f"/proc/{pane.pid}/comm", encoding="utf-8").read() != "sleep\n":
            time.sleep(0.005)
    return panes


def slope(host, work, sizes, tools):
    """What a pass costs a scope, where few are and where many are."""
    workspaces = [host.workspace(f"{work}/slope{turn}") for turn in range(20)]
    panes, made, taken = [], 0, []
    try:
        for size in sizes:
            wanted = min(size, SESSIONS)
            for workspace in workspaces:
                host.sessions(workspace["id"], (wanted - made) // len(workspaces), ["/bin/sleep", "100000"])
            made = max(made, wanted)
            while made + len(panes) < size:
                panes += started_panes(workspaces, min(20, size - made - len(panes)))
            deadline = time.monotonic() + 120
            while Pass(host, tools).cgroups < size:
                if time.monotonic() > deadline:
                    sys.exit(f"bench: there are no {size} scopes")
                time.sleep(0.5)
            passes = [Pass(host, tools) for _ in range(9)]
            taken.append((passes[0].cgroups - len(workspaces) - 1, report.median([each.whole for each in passes])))
        report.slope("reaper pass", taken, "scope", 1.5)
    finally:
        for pane in panes:
            pane.terminate()
        for pane in panes:
            pane.wait()
        for workspace in workspaces:
            host.delete(workspace["id"])


def fill(directory, entries):
    """Files in directories of a thousand, as dependencies lie in a worktree."""
    for number in range(-(-entries // 1000)):
        place = f"{directory}/many/{number}"
        os.makedirs(place)
        for name in range(999):
            os.close(os.open(f"{place}/{name}", os.O_CREAT | os.O_WRONLY))


def most_memory(process):
    """What a process had in memory at most so far, in MiB. See: proc_pid_status(5), VmHWM"""
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def removal(host, work, entries):
    """The delete of a large worktree: its reply, the time until the last file is gone beside `rm -rf`, and the host's memory."""
    repository = f"{work}/repository"
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run(["git", "-C", repository, *identity, "commit", "--quiet", "--allow-empty", "-m", "empty"], check=True)
    replies, ours, peer = [], [], []
    before = most_memory(host.process)
    for turn in range(3 if entries <= 100000 else 1):
        workspace = host.ask("POST", "/v1/workspaces", {"repository": repository, "branch": f"large{turn}"})
        fill(workspace["path"], entries)
        other = f"{work}/large{turn}"
        fill(other, entries)
        os.sync()
        began = time.monotonic()
        replies.append(milliseconds(lambda: host.delete(workspace["id"])))
        while host.ask("GET", "/v1/status")["trash"]["worktrees"]:
            time.sleep(0.01)
        ours.append((time.monotonic() - began) * 1e3)
        peer.append(milliseconds(lambda: subprocess.run(["rm", "-rf", other], check=True)))
    print(f"delete of a worktree with {entries} entries: answered after {report.median(replies):.1f} ms; "
          f"the host's memory grew by {most_memory(host.process) - before:.1f} MiB", flush=True)
    report.milliseconds("until the last of them is gone", ours, peer, "rm -rf", 2)
