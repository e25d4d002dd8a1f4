"""What the host does beside terminals, against what does the same without it."""
import os
import pty
import signal
import subprocess
import sys
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


def delete(host, work, count):
    """The delete of a workspace beside `systemctl stop` of a slice with the same in it."""
    ours, peer = [], []
    for turn in range(3):
        workspace = host.workspace(f"{work}/delete{turn}")["id"]
        host.sessions(workspace, count, ["/bin/sleep", "100000"])
        receipt = {}
        ours.append(milliseconds(lambda: receipt.update(host.ask("DELETE", f"/v1/workspaces/{workspace}?timeout=120"))))
        if receipt["outcome"] != "confirmed" or len(receipt["sessions"]) != count:
            sys.exit(f"bench: the delete was not confirmed: {receipt}")
        # The same scopes in the same kind of slice, and a host that only starts them.
        other = host.workspace(f"{work}/stop{turn}")
        host.sessions(other["id"], count, ["/bin/sleep", "100000"])
        peer.append(milliseconds(lambda: subprocess.run(["systemctl", "--user", "stop", other["slice"]], check=True)))
        host.ask("DELETE", f"/v1/workspaces/{other['id']}")
    report.milliseconds(f"delete of {count} sessions", ours, peer, "systemctl stop of the slice", 1.5)


def reaper_pass(host, work, scopes, tools):
    """A pass with nothing to do, beside a C program that reads the same files."""
    workspaces = [host.workspace(f"{work}/reap{turn}")["id"] for turn in range(20)]
    for workspace in workspaces:
        host.sessions(workspace, scopes // 20, ["/bin/sh", "-c", "for n in 1 2 3 4 5 6 7 8 9; do sleep 100000 & done; wait"])
    group = subprocess.run(["systemctl", "--user", "show", "--property=ControlGroup", "--value", f"corral-{host.instance}.slice"],
                           check=True, capture_output=True, text=True).stdout.strip()
    ours, peer = [], []
    for _ in range(7):
        ours.append(milliseconds(lambda: host.ask("POST", "/v1/reaper/pass")))
        walk = subprocess.run([f"{tools}/ground-walk", f"/sys/fs/cgroup{group}"], check=True, capture_output=True, text=True)
        cgroups, processes, taken = walk.stdout.split()
        peer.append(float(taken))
    report.milliseconds(f"reaper pass over {cgroups} cgroups and {processes} processes", ours, peer,
                        "a C program that reads the same files", 3)
    for workspace in workspaces:
        host.delete(workspace)


def fill(directory, entries):
    """Files in directories of a thousand, as dependencies lie in a worktree."""
    for number in range(-(-entries // 1000)):
        place = f"{directory}/many/{number}"
        os.makedirs(place)
        for name in range(999):
            os.close(os.open(f"{place}/{name}", os.O_CREAT | os.O_WRONLY))


def removal(host, work, entries):
    """The delete of a large worktree: its reply, and the time until the last file is gone beside `rm -rf`."""
    repository = f"{work}/repository"
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run(["git", "-C", repository, *identity, "commit", "--quiet", "--allow-empty", "-m", "empty"], check=True)
    replies, ours, peer = [], [], []
    for turn in range(3):
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
    print(f"delete of a worktree with {entries} entries: answered after {report.median(replies):.1f} ms", flush=True)
    report.milliseconds("until the last of them is gone", ours, peer, "rm -rf", 2)
