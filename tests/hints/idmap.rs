//! Maps that could not be written, ids that could not be taken on: section 3 of the list of causes.

use crate::support::require;
use crate::{commands, is_mended, nsuser, root};

const MAP_DENIED: &str = "write failed /proc/self/uid_map: Operation not permitted";

/// EACCES.
#[test]
fn not_dumpable() {
    require!(root);
    let reason = "after a change of its ids this process is not dumpable, so its files in /proc are root's";
    root("unshare --owner 4242:4242 --setgroups=deny true")
        .is_explained("cannot open /proc/self/setgroups: Permission denied", &[reason]);
    root("unshare -U --setgroups=deny true").prints("");
}

/// EACCES of the own setgroups, which is another user namespace's as long as none is made.
#[test]
fn needs_cap_sys_admin() {
    require!(root);
    let line = nsuser("unshare --setgroups deny cat /proc/self/setgroups");
    let reason = "to deny setgroups here needs CAP_SYS_ADMIN, which you do not have";
    let hint = "try: unshare --user --setgroups deny cat /proc/self/setgroups";
    line.is_explained("cannot open /proc/self/setgroups: Permission denied", &[reason, hint]);
    nsuser(commands(&line).remove(0)).prints("deny\n");
    let line = root("unshare --setgroups deny cat /proc/self/setgroups");
    let reason = "/proc/self/gid_map has been written already: only before that it can be denied";
    line.is_explained("write failed /proc/self/setgroups: Operation not permitted", &[reason, hint]);
}

/// EROFS.
#[test]
fn proc_read_only() {
    require!(root);
    let reason = "/proc is mounted read-only, and the maps of a user namespace are written there";
    for (setup, remedy) in [
        ("mount -o remount,bind,ro /proc", "mount -o remount,bind,rw /proc"),
        ("mount -o remount,ro /proc", "mount -o remount,rw /proc"),
    ] {
        let line = nsuser("unshare -r id -u").after(setup);
        let remedy = format!("try, as root: {remedy}");
        line.is_explained("cannot open /proc/self/uid_map: Read-only file system", &[reason, &remedy]);
        is_mended(&line, "0\n");
    }
}

/// ENOENT.
#[test]
fn proc_missing() {
    require!(root);
    let complaint = "cannot open /proc/self/uid_map: No such file or directory";
    let remedy = "try, as root: mount -t proc proc /proc";
    let line = nsuser("unshare -r id -u").after("mount -t tmpfs none /proc");
    line.is_explained(complaint, &["there is no /proc here", remedy]);
    is_mended(&line, "0\n");
    let foreign = "unshare -pf mount -t proc proc dir; mount --bind dir /proc";
    let line = nsuser("unshare -r id -u").after(foreign);
    line.is_explained(complaint, &["this /proc is another pid namespace's: this process is not in it", remedy]);
    is_mended(&line, "0\n");
}

/// EPERM of uid_map.
#[test]
fn needs_cap_setfcap() {
    require!(root);
    let hint = "to map uid 0 of outside, a user namespace needs CAP_SETFCAP there: ";
    let own = format!("{hint}when it was made, its maker did not have that");
    root("setpriv --bounding-set -setfcap unshare -r true").is_explained(MAP_DENIED, &[&own]);
    let helper = "setpriv --bounding-set -setfcap unshare --map-users=0:0:2 true";
    root(helper).is_explained(
        "failed to write /proc/PID/uid_map: Operation not permitted",
        &[&format!("{hint}you do not have that")],
    );
    root("setpriv --bounding-set -setuid unshare -r true").prints("");
}

/// EPERM of a map by somebody without the capability.
#[test]
fn needs_capability() {
    require!(root);
    for (map, word, without) in [("uid", "users", "setuid"), ("gid", "groups", "setgid")] {
        let line = root(format!("setpriv --bounding-set -{without} unshare --map-{word}=0:0:2 true"));
        let reason =
            format!("to map other ids than one's own needs CAP_{}, which you do not have", without.to_uppercase());
        line.is_explained(&format!("failed to write /proc/PID/{map}_map: Operation not permitted"), &[&reason]);
    }
}

/// EPERM of gid_map.
#[test]
fn setgroups_not_denied() {
    require!(root);
    let line = root("setpriv --bounding-set -setgid unshare --map-groups=0:0:1 id -g");
    let reason = "/proc/PID/setgroups is allow: without CAP_SETGID it must be deny before a group is mapped";
    let complaint = "failed to write /proc/PID/gid_map: Operation not permitted";
    line.is_explained(complaint, &[reason, "add --setgroups=deny"]);
    root("setpriv --bounding-set -setgid unshare --setgroups=deny --map-groups=0:0:1 id -g").prints("0\n");
}

/// EPERM: an outer id that is unmapped in the parent.
#[test]
fn ids_outside() {
    require!(root);
    let complaint = "failed to write /proc/PID/uid_map: Operation not permitted";
    let has = |what: &str| format!("not all of the uids {what} exist in this user namespace: /proc/self/uid_map has 0");
    nsuser("unshare -r unshare --map-users=0:5:1 true").is_explained(complaint, &[&has("5")]);
    nsuser("unshare -r unshare --map-users=0:0:2 true").is_explained(complaint, &[&has("0 to 1")]);
    nsuser("unshare -r unshare --map-users=5:0:1 id -u").prints("5\n");
}

/// EPERM of setgroups.
#[test]
fn setgroups_denied_above() {
    require!(root);
    let complaint = "write failed /proc/self/setgroups: Operation not permitted";
    let reason = "/proc/self/setgroups is deny for good: a user namespace above has it so";
    nsuser("unshare -r unshare -U --setgroups=allow true").is_explained(complaint, &[reason]);
    nsuser("unshare -U --setgroups=allow true").prints("");
}

/// EINVAL.
#[test]
fn ranges_overlap() {
    require!(root);
    let complaint = "failed to write /proc/PID/uid_map: Invalid argument";
    root("unshare --map-users=0:0:5 --map-users=9:4:1 true")
        .is_explained(complaint, &["the lines \"0 0 5\" and \"9 4 1\" both have id 4 outside"]);
    root("unshare --map-users=7:7:5 --map-users=8:1000:1 true")
        .is_explained(complaint, &["the lines \"7 7 5\" and \"8 1000 1\" both have id 8 inside"]);
    root("unshare --map-users=0:0:5 --map-users=9:5:1 true").prints("");
}

/// EINVAL.
#[test]
fn too_many_lines() {
    require!(root);
    let line = |count: u32| {
        root(format!("unshare $(seq {count} | while read -r id; do echo --map-users=$id:$id:1; done) true"))
    };
    let hints = ["these are 341 lines, and a map takes 340", "neighbouring ranges can be one line"];
    line(341).is_explained("failed to write /proc/PID/uid_map: Invalid argument", &hints);
    line(340).prints("");
}

/// A page.
#[test]
fn map_too_long() {
    require!(root);
    let line =
        "unshare $(seq 300 | while read -r id; do echo --map-users=$((id + 100000)):$((id + 100000)):1; done) true";
    let hints = [
        "the kernel takes all lines of a map in one write, which must be shorter than 4096 bytes",
        "fewer ranges fit: neighbouring ones can be one line",
    ];
    root(line).is_explained("/proc/PID/uid_map too large for kernel 4k limit", &hints);
}

/// EINVAL of setuid(2).
#[test]
fn id_not_mapped() {
    require!(root, newuidmap);
    let complaint = "setuid() failed: Invalid argument";
    let reason = |has: &str| format!("uid 5 is not mapped in this user namespace: /proc/self/uid_map has {has}");
    let line = nsuser("unshare -U -S 5 id -u");
    line.is_explained(complaint, &[&reason("none"), "try: unshare --map-user=5 -U -S 5 id -u"]);
    nsuser(commands(&line).remove(0)).prints("5\n");
    let line = nsuser("unshare -r -S 5 id -u");
    line.is_explained(complaint, &[&reason("0"), "try: unshare --map-auto -r -S 5 id -u"]);
    nsuser(commands(&line).remove(0)).prints("5\n");
    line.after("echo root:1:1 >/etc/subuid").is_explained(complaint, &[&reason("0")]);
    let beyond = "uid 65536 is not mapped in this user namespace: /proc/self/uid_map has 0";
    nsuser("unshare -r -S 65536 id -u").is_explained(complaint, &[beyond]);
    root("unshare --map-users=0:0:1 --map-users=7:7:3 -S 5 true").is_explained(complaint, &[&reason("0, 7 to 9")]);
}

/// EINVAL of setgid(2).
#[test]
fn gid_not_mapped() {
    require!(root);
    let reason = "gid 5 is not mapped in this user namespace: /proc/self/gid_map has 0 to 2";
    root("unshare --map-groups=0:0:3 -G 5 true").is_explained("setgid() failed: Invalid argument", &[reason]);
    root("unshare --map-groups=0:0:3 -G 2 id -g").prints("2\n");
}

/// EPERM of setuid(2).
#[test]
fn needs_cap_setuid() {
    require!(root);
    let line = nsuser("unshare -S 5 id -u");
    let hints = ["to become uid 5 needs CAP_SETUID, which you do not have", "try: unshare --map-user=5 -S 5 id -u"];
    line.is_explained("setuid() failed: Operation not permitted", &hints);
    nsuser(commands(&line).remove(0)).prints("5\n");
    let setup = "echo 0 >/proc/sys/user/max_user_namespaces";
    let line = format!("{setup}; exec setpriv --bounding-set -setuid unshare -S 5 true");
    root(format!("unshare --map-users=0:0:10 --map-groups=0:0:10 sh -c '{line}'"))
        .is_explained("setuid() failed: Operation not permitted", &hints[..1]);
}

/// EPERM of setgroups(2).
#[test]
fn setgroups_denied() {
    require!(root, newuidmap);
    let complaint = "setgroups failed: Operation not permitted";
    let reason = "/proc/self/setgroups is deny: groups cannot be changed in this namespace";
    let line = nsuser("unshare -r -G 0 id -g");
    line.is_explained(complaint, &[reason, "try: unshare --map-auto -r -G 0 id -g"]);
    nsuser(commands(&line).remove(0)).prints("0\n");
    let words = "--map-auto maps groups without that, where /etc/subgid has a range for you";
    line.after("echo root:1:1 >/etc/subgid").is_explained(complaint, &[reason, words]);
}

/// EPERM of setgroups(2).
#[test]
fn gid_map_empty() {
    require!(root);
    let reason = "/proc/self/gid_map is empty: without a map no groups can be set";
    let words = "--map-auto maps groups without that, where /etc/subgid has a range for you";
    nsuser("unshare -U -G 0 true").is_explained("setgroups failed: Operation not permitted", &[reason, words]);
}

/// EPERM of setgroups(2).
#[test]
fn needs_cap_setgid() {
    require!(root);
    let reason = "to give up groups needs CAP_SETGID, which you do not have";
    nsuser("unshare --owner 5:5 true").is_explained("setgroups failed: Operation not permitted", &[reason]);
}
