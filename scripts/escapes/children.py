"""What is started in a session, and how it means to stay alive.

Each is a piece of shell that the session's own shell runs in its worktree. It is to return at once; the shell then waits until
it is told to go. $evader is Tests/Escapes/evader.c, $cell the cell's own directory, $manager how systemd's tools are told
which manager, $unit a unit's name that nobody else uses, $beside a cgroup of the manager's that nobody has made, and $service the
cgroup of the service that the host is.
"""
import dataclasses
import os

from escapes.survivors import read, stat


def is_in_state(letter):
    return lambda pid: stat(pid)[0] == letter


def is_frozen(pid):
    return "frozen 1" in read(f"/sys/fs/cgroup{read(f'/proc/{pid}/cgroup').strip().rpartition('::')[2]}/cgroup.events")


def is_disguised(pid):
    return read(f"/proc/{pid}/cmdline").startswith("[kworker") and read(f"/proc/{pid}/environ") == ""


def has_lost_main_thread(pid):
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] == "Z" and stat(pid) is not None


@dataclasses.dataclass(frozen=True)
class Child:
    name: str
    title: str
    script: str
    # Processes that say that they are in place.
    reports: int = 1
    # Whether the first of them is what it is said to be.
    is_it: object = None
    # Whether it is no longer in the session's scope, nor in the workspace's slice, so that a session's end has no hold on it.
    leaves: bool = False
    # Whether Corral may leave it alive: "" never, "reported" when it names it, "manager" when it belongs to a service.
    may_live: str = ""
    # Whether only Corral, or a scope of systemd, can be attacked in this way.
    only_tools: tuple = ()
    # Whether it is to be run for "root" or for a "user" only.
    only_as: str = ""
    # Whether others that run beside it would be judged differently.
    is_alone: bool = False
    # What the harness does once the processes are in place: "freeze", "stick" or "remove".
    then: str = ""
    endings: str = "abcd"


BACKGROUND = '"$evader" hold "$cell" &'
SCOPE = 'systemd-run $manager --quiet --scope --unit="$unit.scope"'

CHILDREN = [
    Child("background", "plain background job", BACKGROUND),
    Child("nohup", "`nohup`", 'nohup "$evader" hold "$cell" >/dev/null 2>&1 &'),
    Child("setsid", "`setsid`", 'setsid "$evader" hold "$cell" </dev/null >/dev/null 2>&1 &'),
    Child("daemon", "double fork, descriptors closed, reparented", '"$evader" daemon "$cell"'),
    Child("stubborn", "ignores SIGHUP and SIGTERM", '(trap "" HUP TERM; exec "$evader" hold "$cell") &'),
    Child("stopped", "stopped by SIGSTOP", '"$evader" stopped "$cell"', is_it=is_in_state("T")),
    Child("frozen", "frozen, in a cgroup below its own", '"$evader" frozen "$cell"', is_it=is_frozen),
    Child("frozen-scope", "its whole scope frozen", BACKGROUND, is_it=is_frozen, then="freeze", only_tools=("corral", "systemd-run"),
          endings="abc"),
    Child("chain", "forks faster than one kill pass", '"$evader" chain "$cell"', reports=3),
    Child("respawner", "forks when it is sent SIGTERM", '"$evader" respawner "$cell"'),
    Child("traced", "traced by a sibling that takes its signals away", '"$evader" traced "$cell"', reports=2,
          is_it=lambda pid: "TracerPid:\t0\n" not in read(f"/proc/{pid}/status")),
    Child("nested", "in cgroups made by hand below its own", '"$evader" nested "$cell"',
          is_it=lambda pid: "/deeper" in read(f"/proc/{pid}/cgroup")),
    Child("disguised", "other title, no environment", '"$evader" disguised "$cell"', is_it=is_disguised),
    Child("threads", "1,000 threads", '"$evader" threads "$cell"',
          is_it=lambda pid: len(os.listdir(f"/proc/{pid}/task")) == 1000),
    Child("headless", "its main thread has ended", '"$evader" headless "$cell" &', is_it=has_lost_main_thread),
    Child("uninterruptible", "in state D (its `vfork` child does not go on)", '"$evader" uninterruptible "$cell"', reports=2,
          is_it=is_in_state("D")),
    Child("stuck", "survives SIGKILL (freezer of cgroup v1)", BACKGROUND, then="stick", may_live="reported", only_as="root",
          endings="abc"),
    Child("scope", "`systemd-run --scope`", f'(trap "" HUP; exec {SCOPE} "$evader" hold "$cell") &',
          leaves=True, may_live="reported"),
    Child("scope-setsid", "`systemd-run --scope`, after `setsid`",
          f'setsid {SCOPE} "$evader" hold "$cell" </dev/null >/dev/null 2>&1 &', leaves=True, may_live="reported"),
    Child("scope-inherit", "`systemd-run --scope --slice-inherit`",
          f'(trap "" HUP; exec {SCOPE} --slice-inherit "$evader" hold "$cell") &', only_tools=("corral", "systemd-run")),
    Child("scope-hidden", "`systemd-run --scope`, after `setsid`, its environment unreadable",
          f'setsid {SCOPE} "$evader" hidden "$cell" </dev/null >/dev/null 2>&1 &', leaves=True, may_live="reported", is_alone=True),
    Child("scope-headless", "`systemd-run --scope`, and its main thread has ended",
          f'(trap "" HUP; exec {SCOPE} "$evader" headless "$cell") &', leaves=True, may_live="reported", is_it=has_lost_main_thread),
    Child("leaver", "goes into a scope elsewhere when it is hung up",
          f'"$evader" leaver "$cell" {SCOPE} "$evader" stay "$cell"', leaves=True, may_live="reported"),
    Child("moved", "went by hand into a cgroup elsewhere", '"$evader" move "$cell" "$beside"', leaves=True, may_live="reported",
          is_it=lambda pid: "/by-hand" in read(f"/proc/{pid}/cgroup")),
    Child("moved-service", "went by hand into the cgroup of the host's own service", '"$evader" move "$cell" "$service"',
          leaves=True, may_live="reported", only_tools=("corral",)),
    Child("service", "a service by `systemd-run`",
          'systemd-run $manager --quiet --collect --unit="$unit.service" "$evader" hold "$cell"',
          leaves=True, may_live="manager"),
    Child("service-here", "a service by `systemd-run --same-dir`",
          'systemd-run $manager --quiet --collect --same-dir --unit="$unit.service" "$evader" hold "$cell"',
          leaves=True, may_live="reported"),
    Child("tmux", "a tmux server, started inside",
          '"$cell/inner-tmux" -S "$cell/inner" -f /dev/null new-session -d "exec \'$evader\' hold \'$cell\'"'),
    Child("other-user", "became another user", '(trap "" HUP; exec "$elevate" become 65534 "$evader" hold "$cell") &',
          is_it=lambda pid: "Uid:\t65534\t" in read(f"/proc/{pid}/status")),
    Child("other-scope", "became root, in a scope of the system's (as `sudo` and `su` may)",
          '(trap "" HUP; exec "$elevate" become 0 systemd-run --system --quiet --scope --unit="$unit.scope" "$evader" hold "$cell") &',
          leaves=True, may_live="reported", only_as="user"),
    Child("holder", "its worktree was removed under it", 'setsid "$evader" hold "$cell" </dev/null >/dev/null 2>&1 &',
          then="remove"),
    Child("writer", "writes into the worktree all the time", 'setsid "$evader" writer "$cell" </dev/null >/dev/null 2>&1 &'),
    Child("pollution", "`import-environment`: a later service carries the session's tags",
          'systemctl $manager import-environment CORRAL_INSTANCE CORRAL_WORKSPACE CORRAL_SESSION\n'
          'systemd-run $manager --quiet --collect --unit="$unit.service" "$evader" hold "$cell"',
          leaves=True, may_live="manager", only_tools=("corral",), is_alone=True),
]


def wanted(names, tool):
    """Those that can be tried on a tool by this user; all of them when no names are given."""
    user = "root" if os.geteuid() == 0 else "user"
    return [child for child in CHILDREN if (not names or child.name in names) and child.only_as in ("", user)
            and (not child.only_tools or tool in child.only_tools)]
