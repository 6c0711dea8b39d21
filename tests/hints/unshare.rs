//! unshare(2) refused: no capability, a filter, a chroot, ids that mean nothing.

use crate::support::require;
use crate::{commands, nsuser, root};

const DENIED: &str = "unshare failed: Operation not permitted";

#[test]
fn needs_cap_sys_admin() {
    require!(root);
    for (options, needs, with) in [
        ("-p", "a new pid namespace needs", "--map-root-user --fork -p"),
        ("--uts", "a new uts namespace needs", "--map-root-user --uts"),
        ("-mn", "new namespaces need", "--map-root-user -mn"),
        ("-fp --mount-proc", "new namespaces need", "--map-root-user -fp --mount-proc"),
    ] {
        let line = nsuser(format!("unshare {options} sh -c 'id -u'"));
        let reason = format!("{needs} CAP_SYS_ADMIN, which you do not have");
        line.is_explained(DENIED, &[&reason, &format!("try: unshare {with} sh -c 'id -u'")]);
        for command in commands(&line) {
            nsuser(command).prints("0\n");
        }
    }
    root("unshare -p true").prints("");
}

/// A root directory with the program, /proc, and nothing of a container that this machine may be.
const INSIDE: &str = "mkdir -p /tmp/root/proc; mount -t proc proc /tmp/root/proc; cp /tmp/bin/unshare /tmp/root/bin/";

#[test]
fn seccomp_filter() {
    require!(root, perl);
    let process = "this process's system call filter (seccomp) forbids it, whoever asks";
    let container = "the container's system call filter (seccomp) forbids it, whoever asks";
    for options in ["-U", "-r", "-u", "-pf"] {
        let line = format!("filtered 272 chroot /tmp/root unshare {options} true");
        root(&line).after(INSIDE).is_explained(DENIED, &[process]);
    }
    for (marker, engine) in [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")] {
        let setup = format!("{INSIDE}; mkdir -p /tmp/root/run; touch /tmp/root{marker}");
        let remedy = format!("start the container with: {engine} run --security-opt seccomp=unconfined");
        root("filtered 272 chroot /tmp/root unshare -U true").after(&setup).is_explained(DENIED, &[container, &remedy]);
    }
    // Another filter is not the cause.
    nsuser("filtered 165 unshare -u true").is_explained(
        DENIED,
        &["a new uts namespace needs CAP_SYS_ADMIN, which you do not have", "try: unshare --map-root-user -u true"],
    );
}

#[test]
fn chroot() {
    require!(root);
    let reason = "the root directory was changed (chroot): no user namespace can be made from here";
    root("chroot /tmp/root unshare -U true").after(INSIDE).is_explained(DENIED, &[reason]);
    root("chroot /tmp/root unshare -u sh -c :").after(INSIDE).prints("");
    root("chroot --userspec 4242:4242 --groups= /tmp/root unshare -p true").after(INSIDE).is_explained(
        DENIED,
        &[
            "a new pid namespace needs CAP_SYS_ADMIN, which you do not have",
            &format!("nor may you make a user namespace: {reason}"),
        ],
    );
    root("mount --rbind /tmp/root /tmp/root; chroot /tmp/root unshare -U true")
        .after(INSIDE)
        .is_explained(DENIED, &[reason]);
}

#[test]
fn id_unmapped() {
    require!(root, newuidmap);
    let remedy = "map it when the namespace is made: --map-root-user, --map-users";
    let user = "your user id (65534) is not mapped in this user namespace, see /proc/self/uid_map";
    nsuser("unshare -U unshare -U true").is_explained(DENIED, &[user, remedy]);
    let group = "your group id (65534) is not mapped in this user namespace, see /proc/self/gid_map";
    root("unshare --map-users=0:0:1 unshare -U true").is_explained(DENIED, &[group, remedy]);
    nsuser("unshare -r unshare -U true").prints("");
}

#[test]
fn unshared_twice() {
    require!(root);
    let reason = "this process has made a pid namespace already, which only its children enter: it cannot make another";
    root("unshare -p unshare -p true").is_explained(
        "unshare failed: Invalid argument",
        &[reason, "add --fork to the command that made the first one"],
    );
    root("unshare -pf unshare -p true").prints("");
}

#[test]
fn init_dead() {
    require!(root);
    let reason = "the first process of the pid namespace has ended (its init): nobody can be started in it any more";
    root("unshare -p sh -c '/bin/true; exec unshare -f true'").is_explained(
        "fork failed: Cannot allocate memory",
        &[reason, "the namespace has to be made anew, with a first process that stays"],
    );
}

/// Nothing fails yet, so only a terminal is told.
#[test]
fn pid_namespace_without_a_child() {
    require!(root, script);
    let hint =
        "unshare: hint: the program stays outside the new pid namespace, whose init is its first child: add --fork";
    root("script -qec 'unshare -p echo ran' /dev/null").prints(&format!("{hint}\r\nran\r\n"));
    root("NS_HINTS=never script -qec 'unshare -p echo ran' /dev/null").prints("ran\r\n");
    root("script -qec 'unshare -pf echo ran' /dev/null").prints("ran\r\n");
    root("unshare -p echo ran").prints("ran\n");
    assert_eq!(root("unshare -p echo ran").outcome().stderr, "");
}

/// A command is advised only if it works: here another step would fail.
#[test]
fn no_command_that_fails_as_well() {
    require!(root);
    let reason = "a new uts namespace needs CAP_SYS_ADMIN, which you do not have";
    for options in ["-u -S 4242", "-u -G 4242", "--uts=file", "-u -w nosuch", "-u -R nosuch"] {
        nsuser(format!("unshare {options} true")).is_explained(DENIED, &[reason]);
    }
    nsuser("unshare -u nosuch").is_explained(DENIED, &[reason]);
    nsuser("unshare -u -S 0 true").is_explained(DENIED, &[reason, "try: unshare --map-root-user -u -S 0 true"]);
}
