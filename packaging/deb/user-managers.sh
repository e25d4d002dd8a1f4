# Part of postinst, prerm and postrm: build puts it in place of the line #USER-MANAGERS#.

# Numbers of the users whose systemd managers run.
users_with_managers() {
    systemctl list-units --plain --no-legend --state=active 'user@*.service' 2>/dev/null |
        sed -n 's/^user@\([0-9][0-9]*\)\.service .*/\1/p'
}

# as_user UID COMMAND...: as that user, in reach of the user's manager, and not for longer than a restart may take.
as_user() {
    uid=$1
    shift
    setpriv --reuid="$uid" --regid="$(id -g "$uid")" --init-groups -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        XDG_RUNTIME_DIR="/run/user/$uid" timeout 200 "$@"
}

# patience_of UID: the drop-in by which a host without its program is started less often. Each start would fail at once, and the next one follow.
patience_of() {
    echo "/run/user/$1/systemd/user/corral-host.service.d/corral-removed.conf"
}

# count_sessions SYSTEMCTL...: how many scopes of Corral that manager has.
count_sessions() {
    "$@" list-units --plain --no-legend --state=active 'corral-*.scope' 2>/dev/null | wc -l
}
