//! /proc and propagation, another root directory: section 4 of the list of causes.

use std::path::Path;

use crate::support::require;
use crate::{commands, is_mended, nsuser, root};

const PROC_DENIED: &str = "mount /proc failed: Operation not permitted";

/// EPERM: --pid or --fork is missing.
#[test]
fn pid_namespace_of_another() {
    require!(root);
    let needs = "/proc shows the pid namespace, which is not of this user namespace: it needs one of its own";
    let outside = "this process itself is not in the new pid namespace, only its children are: /proc shows the old one";
    for (options, reason, with) in
        [("-rm", needs, "--pid --fork -rm"), ("-rf", needs, "--pid -rf"), ("-rp", outside, "--fork -rp")]
    {
        let line = nsuser(format!("unshare {options} --mount-proc sh -c 'echo $$'"));
        let command = format!("try: unshare {with} --mount-proc sh -c 'echo $$'");
        line.is_explained(PROC_DENIED, &[reason, &command]);
        nsuser(commands(&line).remove(0)).prints("1\n");
    }
    root("unshare --mount-proc true").prints("");
}

/// EPERM: parts of /proc are mounted over.
#[test]
fn proc_masked() {
    require!(root);
    let line = nsuser("unshare -rpf --mount-proc sh -c 'echo $$'");
    let is_masked = |setup: &str, places: &str, command: &str| {
        let reason = format!("mounts hide parts of /proc ({places}), and a new one would show them");
        // Where the tests run in a container of docker's, that is what can be asked not to do it.
        let remedy = match Path::new("/.dockerenv").exists() {
            true => "start the container with: docker run --security-opt systempaths=unconfined".to_owned(),
            false => format!("try, as root: {command}"),
        };
        let line = line.clone().after(setup);
        line.is_explained(PROC_DENIED, &[&reason, &remedy]);
        line.after(command).prints("1\n");
    };
    is_masked("mount -t tmpfs none /proc/tty", "/proc/tty", "umount /proc/tty");
    let several = "mount -t tmpfs none /proc/tty; mount --bind /dev/null /proc/uptime";
    is_masked(several, "/proc/tty, /proc/uptime", "umount /proc/uptime /proc/tty");
    line.after("mount -t binfmt_misc none /proc/sys/fs/binfmt_misc").prints("1\n");
}

/// EPERM: /proc is read-only.
#[test]
fn proc_read_only() {
    require!(root);
    let reason = "/proc is mounted read-only, and a user namespace cannot mount one that is not";
    for (setup, command) in [("remount,bind,ro", "remount,bind,rw"), ("remount,ro", "remount,rw")] {
        let line = nsuser("unshare -Upf --mount-proc sh -c 'echo $$'").after(&format!("mount -o {setup} /proc"));
        line.is_explained(PROC_DENIED, &[reason, &format!("try, as root: mount -o {command} /proc")]);
        is_mended(&line, "1\n");
    }
}

/// EINVAL of propagation.
#[test]
fn root_no_mount_point() {
    require!(root);
    let inside = "mkdir -p /tmp/root/proc; mount -t proc proc /tmp/root/proc; cp /tmp/bin/unshare /tmp/root/bin/";
    let complaint = "cannot change root filesystem propagation: Invalid argument";
    let reason =
        "the root directory was changed (chroot) to one that is no mount point, and only those have a propagation";
    let line = root("chroot /tmp/root unshare -m sh -c 'echo in'").after(inside);
    line.is_explained(complaint, &[reason, "try: unshare --propagation=unchanged -m sh -c 'echo in'"]);
    root(format!("chroot /tmp/root {}", commands(&line).remove(0))).after(inside).prints("in\n");
    let line = root("chroot /tmp/root unshare -m --propagation=slave sh -c 'echo in'").after(inside);
    line.is_explained(complaint, &[reason, "take --propagation=unchanged"]);
}

/// EPERM of chroot.
#[test]
fn needs_cap_sys_chroot() {
    require!(root);
    let complaint = "cannot change root directory to '/tmp/root': Operation not permitted";
    let reason = "another root directory needs CAP_SYS_CHROOT, which you do not have";
    let line = nsuser("unshare -R /tmp/root /bin/sh -c 'echo in'");
    line.is_explained(complaint, &[reason, "try: unshare --map-root-user -R /tmp/root /bin/sh -c 'echo in'"]);
    nsuser(commands(&line).remove(0)).prints("in\n");
    let off = "echo 0 >/proc/sys/user/max_user_namespaces";
    let line =
        format!("unshare -r sh -c '{off}; exec setpriv --bounding-set -sys_chroot unshare -R /tmp/root /bin/sh'");
    nsuser(line).is_explained(complaint, &[reason]);
}

/// EACCES of chroot and chdir.
#[test]
fn directory_closed() {
    require!(root);
    let of = |uid| format!("/tmp/stage/locked may not be entered by uid {uid}: it is uid 0's and has mode 700");
    nsuser("unshare -w /tmp/stage/locked/deep true")
        .after("mkdir locked/deep")
        .is_explained("cannot change directory to /tmp/stage/locked/deep: Permission denied", &[&of("4242")]);
    let locked = "/tmp/stage/locked may not be entered by uid 0: it is uid 65534's and has mode 700";
    nsuser("unshare -rR /tmp/stage/locked true")
        .is_explained("cannot change root directory to '/tmp/stage/locked': Permission denied", &[locked]);
}

/// ENOENT and ENOTDIR of chroot, where it is not the last name that is missing.
#[test]
fn parent_missing() {
    require!(root);
    let complaint = |path: &str, errno: &str| format!("cannot change root directory to '{path}': {errno}");
    let missing = "No such file or directory";
    root("unshare -R /tmp/no/such true").is_explained(&complaint("/tmp/no/such", missing), &["there is no /tmp/no"]);
    root("unshare -R /tmp/no true").is_explained(&complaint("/tmp/no", missing), &[]);
}

/// ENOENT of a link.
#[test]
fn dangling_link() {
    require!(root);
    let complaint = "cannot change root directory to 'lost': No such file or directory";
    root("unshare -R lost true")
        .after("ln -s nowhere lost")
        .is_explained(complaint, &["lost is a link to nowhere, which does not exist"]);
}

/// ENOTDIR.
#[test]
fn parent_no_directory() {
    require!(root);
    let complaint = |path: &str, errno: &str| format!("cannot change root directory to '{path}': {errno}");
    root("unshare -R file/x true").is_explained(&complaint("file/x", "Not a directory"), &["file is no directory"]);
    root("unshare -R file true").is_explained(&complaint("file", "Not a directory"), &[]);
}

/// EACCES of the file that takes binary formats.
#[test]
fn root_not_mapped() {
    require!(root);
    let format = ":greeting:M::HELLO::/bin/echo:";
    let complaint = "cannot open /proc/sys/fs/binfmt_misc/register: Permission denied";
    let reason = "formats are for root of the user namespace to register, and /proc/self/uid_map maps no uid 0";
    let line = nsuser(format!("unshare -l {format} id -u"));
    line.is_explained(complaint, &[reason, &format!("try: unshare --map-root-user -l {format} id -u")]);
    nsuser(commands(&line).remove(0)).prints("0\n");
    nsuser(format!("unshare -cl {format} id -u")).is_explained(complaint, &[reason]);
}
