# Part of postinst and prerm: build puts it in place of the line #USER-MANAGERS#.

# Numbers of the users whose systemd managers run.
users_with_managers() {
    systemctl list-units --plain --no-legend --state=active,reloading 'user@*.service' 2>/dev/null |
        sed -n 's/^user@\([0-9][0-9]*\)\.service .*/\1/p'
}

# as_user UID COMMAND...: as that user, in reach of the user's manager, and not for longer than a restart may take.
as_user() {
    uid=$1
    shift
    setpriv --reuid="$uid" --regid="$(id -g "$uid")" --init-groups -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        XDG_RUNTIME_DIR="/run/user/$uid" timeout 200 "$@"
}

# answers UID: whether that user's manager does. Each question to one that does not would take 25 seconds and more.
answers() {
    as_user "$1" timeout 10 systemctl --user show --property=Version >/dev/null 2>&1
}

# has_host SYSTEMCTL...: whether that manager has a host, and be it one that waits to be started again.
has_host() {
    case $("$@" is-active corral-host.service 2>/dev/null) in
        active | activating | deactivating | reloading | refreshing | maintenance) return 0 ;;
    esac
    return 1
}

# has_host_process UID: the same of that user's manager as the kernel sees it: the manager is not asked.
has_host_process() {
    [ -n "$(find "/sys/fs/cgroup$(systemctl show --value --property=ControlGroup "user@$1.service")" -maxdepth 4 \
        -path '*/corral-host.service/cgroup.events' -exec grep -q '^populated 1' {} ';' -print 2>/dev/null)" ]
}

# count_sessions SYSTEMCTL...: how many scopes of Corral that manager has.
count_sessions() {
    "$@" list-units --plain --no-legend --state=active 'corral-*.scope' 2>/dev/null | wc -l
}
