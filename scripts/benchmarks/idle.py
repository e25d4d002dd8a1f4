"""What sessions cost in which nothing happens: memory, and processors that are woken."""
import os
import re
import signal
import subprocess
import time

from . import client, report

PROMPT = ["/bin/sh", "-c", "printf '$ '; exec sleep 100000"]
# Sessions before the first look: what the host needs once is no session's cost.
WARM = 20
SECONDS = 10


def proportional_kilobytes(process):
    """PSS of a process without its rings, and of its rings, which are mappings of memfds."""
    plain = rings = 0
    is_ring = False
    with open(f"/proc/{process}/smaps", encoding="utf-8", errors="replace") as smaps:
        for line in smaps:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                is_ring = "/memfd:" in line
            elif line.startswith("Pss:"):
                if is_ring:
                    rings += int(line.split()[1])
                else:
                    plain += int(line.split()[1])
    return plain, rings


def switches(process):
    """How often each of the process's threads went to sleep of itself, which is once after each time it was woken."""
    counts = {}
    for thread in os.listdir(f"/proc/{process}/task"):
        try:
            with open(f"/proc/{process}/task/{thread}/status", encoding="utf-8") as status:
                name = re.search(r"^Name:\s+(.*)", status.read(4096), re.MULTILINE).group(1)
                status.seek(0)
                count = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read(), re.MULTILINE).group(1)
                counts[thread, name] = int(count)
        except FileNotFoundError:
            pass
    return counts


def wakeups(before, after):
    """By thread. One that has ended meanwhile, as idle pool threads do, was woken for that at least."""
    woken = {thread: count - before.get(thread, 0) for thread, count in after.items()}
    woken.update({thread: 1 for thread in before.keys() - after.keys()})
    return {thread: count for thread, count in woken.items() if count}


def settle(processes):
    """What was done a moment ago has consequences, such as pool threads that end: wait for a second without any."""
    for _ in range(30):
        before = [switches(process) for process in processes]
        time.sleep(1)
        if not any(wakeups(first, switches(process)) for first, process in zip(before, processes)):
            return


def memory(host, work, count):
    workspace = host.workspace(f"{work}/idle")["id"]
    host.sessions(workspace, WARM, PROMPT)
    before = proportional_kilobytes(host.process.pid)
    sessions = host.sessions(workspace, count, PROMPT)
    for session in sessions:
        while not host.ask("GET", f"/v1/sessions/{session}/output"):
            pass
    after = proportional_kilobytes(host.process.pid)
    plain, rings = ((then - first) / count for first, then in zip(before, after))
    report.title(f"Idle: {count} sessions with a prompt, after {WARM} others")
    report.row("PSS of corral-host a session", f"{plain:.1f} kB", f"rings {rings:.1f} kB")
    report.wanted("PSS of corral-host a session beyond its ring, kB", plain, 24)
    return workspace


def peers_memory(kinds, work, count):
    for kind in kinds:
        if kind.name in ("bare PTY", "corral attach"):
            continue
        before = sum(sum(proportional_kilobytes(pid)) for pid in kind.servers())
        for number in range(count):
            kind.start(f"idle{number}", "exec sleep 100000")
        after = sum(sum(proportional_kilobytes(pid)) for pid in kind.servers())
        report.row(f"PSS of {kind.name} a session", f"{(after - before) / count:.1f} kB")
        for number in range(count):
            kind.end(f"idle{number}")


def calls(tracer):
    """The calls that `strace -c` counted, without those by which it takes hold and lets go."""
    found = {}
    for line in tracer.splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[0].replace(".", "").isdigit() and fields[-1] not in ("total", "restart_syscall"):
            found[fields[-1]] = int(fields[3])
    return found


def watch(processes):
    """Voluntary switches in SECONDS without a tracer, then system calls in as many with one."""
    settle(processes.values())
    before = {name: switches(process) for name, process in processes.items()}
    # The time itself is what is asked about: that nothing happens in it.
    time.sleep(SECONDS)
    woken = {name: wakeups(before[name], switches(process)) for name, process in processes.items()}
    tracers = {
        name: subprocess.Popen(["strace", "-c", "-f", "-p", str(process)], stderr=subprocess.PIPE, text=True)
        for name, process in processes.items()}
    for tracer in tracers.values():
        # It says so for each thread that it has taken hold of; the first one is enough.
        tracer.stderr.readline()
    time.sleep(SECONDS)
    for name, tracer in tracers.items():
        tracer.send_signal(signal.SIGINT)
        seen = calls(tracer.communicate()[1])
        listed = ", ".join(f"{call} {count}" for call, count in seen.items())
        total = sum(woken[name].values())
        threads = ", ".join(f"{thread[1]} {count}" for thread, count in woken[name].items())
        report.row(name, f"{total} wakeups", f"{sum(seen.values())} calls")
        report.note(f"threads: {threads or 'none'}; calls: {listed or 'none'}")
        report.wanted(f"wakeups of {name}, idle, in {SECONDS} s", total, 0)


def measure(kinds, tools, host, work, count):
    workspace = memory(host, work, count)
    peers_memory(kinds, work, WARM)
    corral = next(kind for kind in kinds if kind.name == "corral attach")
    corral.start("idle", "stty raw -echo; exec cat")
    attached = client.in_terminal(tools, "idle", *corral.attach("idle"))
    process = int(attached.read_line()[0])
    attached.wait_until_ready()
    report.title(f"Idle for {SECONDS} s: {WARM + count} sessions, and one that is attached")
    watch({"corral-host": host.process.pid, "corral attach": process})
    attached.end()
    corral.end("idle")
    host.delete(workspace)
