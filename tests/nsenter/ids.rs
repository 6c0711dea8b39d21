//! Why an id could not be taken on in the target's user namespace.

use crate::support::require;
use crate::{nsuser, root};

/// EINVAL of setgid(2): the target's user namespace has no root.
#[test]
fn id_not_mapped() {
    require!(root);
    let beside = |line: &str| {
        let target = "start unshare -U sh -c 'echo up; exec >&-; read -r line <>never'";
        nsuser(format!("{target}; ln -s /proc/$!/ns/user /tmp/user; {line}; status=$?; kill $!; exit $status"))
    };
    let complaint = "setgid() failed: Invalid argument";
    let reason = |gid: u32| format!("gid {gid} is not mapped in this user namespace: /proc/self/gid_map has none");
    beside("nsenter --user=/tmp/user id -u")
        .is_explained(complaint, &[&reason(0), "try: nsenter --preserve-credentials --user=/tmp/user id -u"]);
    beside("nsenter --preserve-credentials --user=/tmp/user id -u").prints("65534\n");
    beside("nsenter --user=/tmp/user -G 5 id -u").is_explained(complaint, &[&reason(5)]);
    root("nsenter -U -t 700 id -u").prints("0\n");
}

/// EPERM of setgroups(2), inside and outside, with a group that would be kept.
#[test]
fn setgroups_denied() {
    require!(root);
    let by = |groups: &str, options: &str| {
        root(format!("setpriv --reuid 4242 --regid 4242 {groups} nsenter {options}-U -t 200 id -u"))
    };
    by("--groups 7", "").is_explained(
        "setgroups failed: Operation not permitted",
        &[
            "/proc/self/setgroups is deny: groups cannot be changed in this namespace",
            "try: nsenter --preserve-credentials -U -t 200 id -u",
        ],
    );
    by("--groups 7", "--preserve-credentials ").prints("0\n");
    by("--clear-groups", "").prints("0\n");
}
