//! newuidmap(1), newgidmap(1), and the ranges that the administrator gives.

use crate::support::{Line, Status, require};
use crate::{is_mended, nsuser, root};

/// ENOENT of the mapper.
#[test]
fn mapper_missing() {
    require!(root, newuidmap);
    let line = "PATH=/tmp/bin; hash -r; unshare --map-auto maps";
    let reason = "only newuidmap may map several ids for an ordinary user, and it is nowhere in PATH";
    let complaint = "failed to execute newuidmap: No such file or directory";
    nsuser(line).is_explained(complaint, &[reason, "it is in the package uidmap, or shadow"]);
    for (installer, command) in [("apt-get", "apt-get install uidmap"), ("dnf", "dnf install shadow-utils")] {
        let setup = format!("touch /tmp/bin/{installer}");
        nsuser(line).after(&setup).is_explained(complaint, &[reason, &format!("try, as root: {command}")]);
    }
}

/// A newuidmap of the stage's own, in a directory that comes first in PATH.
const COPY: &str = "mount -t tmpfs -o mode=755 none dir; cp /usr/bin/newuidmap dir/";

const FAILED: &str = "newuidmap: write to uid_map failed: Operation not permitted\n";

/// The hints after the mapper's own line.
fn hints(line: &Line) -> String {
    let stderr = line.outcome().stderr;
    let (first, rest) = stderr.split_once('\n').expect("a line of newuidmap");
    assert!(first.starts_with("new"), "{stderr}");
    let mut silent = line.clone();
    silent.line = format!("export NS_HINTS=never; {}", line.line);
    assert_eq!(silent.outcome().stderr, format!("{first}\n"));
    rest.replace("unshare: hint: ", "")
}

#[test]
fn mapper_without_rights() {
    require!(root, newuidmap, setcap);
    let line = nsuser("PATH=/tmp/stage/dir:$PATH; unshare --map-users=auto id -u").after(COPY);
    assert!(line.outcome().stderr.starts_with(FAILED));
    let reason =
        "/tmp/stage/dir/newuidmap runs without root's rights: it has neither the set-user-ID bit nor capabilities";
    let command = "chown root /tmp/stage/dir/newuidmap && chmod u+s /tmp/stage/dir/newuidmap";
    assert_eq!(hints(&line), format!("{reason}\ntry, as root: {command}\n"));
    is_mended(&line, "65534\n");
    line.after("setcap cap_setuid=ep dir/newuidmap").prints("65534\n");
    // The range is the user's by number: that is not what is wrong.
    let line = nsuser("PATH=/tmp/stage/dir:$PATH; unshare --map-users=0:700000:9 id -u").after(COPY);
    let by_number = line.after("echo 4242:700000:9 >>/etc/subuid");
    assert_eq!(hints(&by_number), format!("{reason}\ntry, as root: {command}\n"));
}

#[test]
fn mapper_nosuid() {
    require!(root, newuidmap);
    let setup = format!("{COPY}; chmod u+s dir/newuidmap; mount -o remount,bind,nosuid dir");
    let line = nsuser("PATH=/tmp/stage/dir:$PATH; unshare --map-users=auto id -u").after(&setup);
    let reason = "/tmp/stage/dir/newuidmap has no rights of root: /tmp/stage/dir is mounted nosuid";
    let command = "mount -o remount,bind,suid /tmp/stage/dir";
    assert_eq!(hints(&line), format!("{reason}\ntry, as root: {command}\n"));
    is_mended(&line, "65534\n");
}

#[test]
fn no_new_privileges() {
    require!(root, newuidmap);
    let line = nsuser("setpriv --no-new-privs unshare --map-auto id -u");
    let reason = "programs started here gain no rights (NoNewPrivs in /proc/self/status), newuidmap neither\n";
    assert_eq!(hints(&line), reason);
    nsuser("unshare --map-auto id -u").prints("65534\n");
}

/// By name and by uid; with a command where nobody has the range.
#[test]
fn range_not_granted() {
    require!(root, newuidmap);
    let line = nsuser("unshare --map-users=0:0:1 id -u");
    assert_eq!(hints(&line), "/etc/subuid gives user nsuser 300000 to 365535, and not the uids 0\n");
    let line = nsuser("unshare --map-users=0:500000:1 id -u");
    assert_eq!(hints(&line), "/etc/subuid gives user nsuser 300000 to 365535, and not the uids 500000\n");
    let line = nsuser("unshare --map-users=0:700000:10 id -u");
    let reason = "/etc/subuid gives user nsuser 300000 to 365535, and not the uids 700000 to 700009";
    let command = "echo nsuser:700000:10 >>/etc/subuid";
    assert_eq!(hints(&line), format!("{reason}\ntry, as root: {command}\n"));
    is_mended(&line, "65534\n");
    line.clone().after("echo 4242:700000:10 >>/etc/subuid").prints("65534\n");
    let line = nsuser("unshare --map-groups=0:700000:10 id -g");
    let reason = "/etc/subgid gives user nsuser 400000 to 465535, and not the gids 700000 to 700009";
    assert_eq!(hints(&line), format!("{reason}\ntry, as root: echo nsuser:700000:10 >>/etc/subgid\n"));
    is_mended(&line, "65534\n");
}

/// In a user namespace without these ids.
#[test]
fn ids_outside() {
    require!(root, newuidmap, setcap);
    let map = "unshare --map-users=0:0:5000 --map-groups=0:0:5000 setpriv --reuid 4242 --regid 4242 --clear-groups";
    let reason =
        "not all of the uids 300000 to 365535 exist in this user namespace: /proc/self/uid_map has 0 to 4999\n";
    let line = root(format!("{map} unshare --map-auto id -u"));
    assert_eq!(hints(&line), reason);
    // Nor is it a lack of rights where the mapper has capabilities.
    let line = root(format!("PATH=/tmp/stage/dir:$PATH; {map} unshare --map-auto id -u"));
    assert_eq!(hints(&line.after(COPY).after("setcap cap_setuid=ep dir/newuidmap")), reason);
}

#[test]
fn no_subordinate_ids() {
    require!(root, newuidmap);
    let complaint = "no line matching user \"nsuser\" in /etc/subuid";
    let reason = "besides your own id you may map only what /etc/subuid gives to nsuser";
    for (setup, remedy) in [
        ("echo root:500000:65536 >/etc/subuid", "echo nsuser:600000:65536 >>/etc/subuid"),
        ("printf root:500000:65536 >/etc/subuid", r"printf '\n%s\n' nsuser:600000:65536 >>/etc/subuid"),
        (": >/etc/subuid; : >/etc/subgid", "echo nsuser:100000:65536 | tee -a /etc/subuid /etc/subgid"),
    ] {
        let setup = format!("echo nsuser:534464:65536 >/etc/subgid; {setup}");
        let line = nsuser("unshare --map-auto id -u").after(&setup);
        line.is_explained(complaint, &[reason, &format!("try, as root: {remedy}")]);
        is_mended(&line, "65534\n");
    }
}

#[test]
fn user_unknown() {
    require!(root);
    let reason = "no line of /etc/passwd has uid 4343, and /etc/subuid goes by the user's name";
    root("setpriv --reuid 4343 --clear-groups unshare --map-auto true")
        .is_explained("you (user 4343) don't exist.", &[reason]);
}

/// ENOENT of the map that `all` stands for.
#[test]
fn proc_missing() {
    require!(root);
    let line = root("unshare --map-users=all id -u").after("mount -t tmpfs none /proc");
    let hints = ["there is no /proc here", "try, as root: mount -t proc proc /proc"];
    line.is_explained("could not open '/proc/self/uid_map': No such file or directory", &hints);
    is_mended(&line, "0\n");
}

/// A script of somebody's own in the mapper's place says why itself.
#[test]
fn mapper_of_ones_own() {
    require!(root);
    let script = "printf '#!/bin/sh\necho no >&2; exit 3\n' >dir/newuidmap; chmod 755 dir/newuidmap";
    let outcome = nsuser("PATH=/tmp/stage/dir:$PATH; unshare --map-auto true").after(script).outcome();
    assert_eq!((outcome.status, &*outcome.stderr), (Status::Exit(3), "no\n"));
}
