//! What the program finds in the file system: mounts, propagation, /proc, another root, another directory.

use crate::support::require;
use crate::{nsuser, root};

#[test]
fn a_mount_stays_inside() {
    require!(root);
    let line = |options: &str| {
        format!("unshare {options} sh -c 'mount -t tmpfs inside dir && touch dir/inside && ls dir'; ls dir")
    };
    for mode in ["", "--propagation=private", "--propagation=slave"] {
        root(line(&format!("-m {mode}"))).after("mount --make-rshared /").prints("inside\n");
    }
    nsuser(line("-rm")).prints("inside\n");
}

const SHARED: &str = "mount -t tmpfs outside dir; mount --make-shared dir";

#[test]
fn each_mode_of_propagation() {
    require!(root);
    let modes = [
        ("-m", ""),
        ("-m --propagation=private", ""),
        ("-m --propagation=slave", "master "),
        ("-m --propagation=shared", "shared "),
        ("-m --propagation=unchanged", "shared "),
        ("-m --propagation=shared --propagation=slave", "master "),
        // Without a mount namespace there is nothing to set.
        ("-u --propagation=private", "shared "),
        // In a user namespace of its own all mounts that come from outside are slaves.
        ("-rm --propagation=shared", "shared master "),
        ("-rm --propagation=unchanged", "master "),
    ];
    for (options, tags) in modes {
        let line = format!("unshare {options} mounts | grep ^/tmp/stage/dir");
        root(line).after(SHARED).prints(&format!("/tmp/stage/dir {tags}tmpfs rw,relatime\n"));
    }
}

/// util-linux has no such mode.
#[test]
fn unbindable_mounts() {
    require!(root);
    root("unshare -m --propagation=unbindable mounts | grep ^/tmp/stage/dir")
        .after(SHARED)
        .prints("/tmp/stage/dir unbindable tmpfs rw,relatime\n");
    root("unshare -m --propagation=unbindable sh -c 'mkdir copy; mount --bind dir copy 2>reason || echo refused'")
        .after(SHARED)
        .prints("refused\n");
}

#[test]
fn mounts_go_the_way_that_the_propagation_says() {
    require!(root, nsenter);
    for (mode, came_in, went_out) in [("private", 0, 0), ("slave", 1, 0), ("shared", 1, 1), ("unchanged", 1, 1)] {
        let line = format!(
            "start unshare -m --propagation={mode} answer
            mkdir dir/in dir/out; mount -t tmpfs in dir/in; nsenter -t $! -m mount -t tmpfs out /tmp/stage/dir/out
            grep -c dir/in /proc/$!/mountinfo; grep -c dir/out /proc/self/mountinfo; kill -USR1 $!; finish"
        );
        root(line).after(SHARED).prints(&format!("{came_in}\n{went_out}\n3\n"));
    }
}

#[test]
fn a_new_proc_does_not_get_out() {
    require!(root);
    for options in ["", "--propagation=slave", "--propagation=shared", "--propagation=unchanged"] {
        let line = format!("unshare -pf --mount-proc {options} true; [ -d /proc/$$ ] && echo unharmed");
        root(line).after("mount --make-rshared /").prints("unharmed\n");
    }
}

#[test]
fn a_new_proc_is_harmless_and_where_it_was_asked_for() {
    require!(root);
    let mounted = |dir: &str| format!("{dir} rw,nosuid,nodev,noexec,relatime proc\n");
    let show = "awk '$9 == \"proc\" { print $5, $6, $9 }' /proc/self/mountinfo | tail -n 1";
    nsuser(format!("unshare -rpf --mount-proc {show}")).prints(&mounted("/proc"));
    nsuser(format!("unshare -rpf --mount-proc=dir {show}")).prints(&mounted("/tmp/stage/dir"));
    nsuser("unshare -rpf --mount-proc=dir sh -c 'cd dir; echo [0-9]*'").prints("1\n");
}

#[test]
fn a_registered_format_is_executed_inside_only() {
    require!(root);
    let setup = "printf HELLO >greeting; chmod 755 greeting";
    nsuser("unshare -r --mount-binfmt=/tmp/stage/dir -l ':greeting:M::HELLO::/bin/echo:' ./greeting; ./greeting 2>refusal || echo refused")
        .after(setup)
        .prints("./greeting\nrefused\n");
}

/// /proc is held, at a high number if there is one.
#[test]
fn another_root_where_the_high_numbers_are_taken() {
    require!(root, bash);
    root("bash -c 'ulimit -n 65; exec 64</dev/null unshare -R / echo ran'").prints("ran\n");
}

#[test]
fn another_root() {
    require!(root);
    for user in [root, nsuser] {
        user("unshare -rR /tmp/root /bin/busybox ls /").prints("bin\netc\nproc\ntmp\n");
        user("unshare -rR /tmp/root /bin/busybox pwd").prints("/\n");
        user("unshare -rR /tmp/root -w /bin /bin/busybox pwd").prints("/bin\n");
        user("unshare -rpfR /tmp/root --mount-proc sh -c 'echo /proc/[0-9]*'").prints("/proc/1\n");
        user("unshare -rR /tmp/root cat greeting")
            .fails(127, "unshare: failed to execute cat: No such file or directory");
    }
}

#[test]
fn another_working_directory() {
    require!(root);
    nsuser("unshare --wd=dir pwd").prints("/tmp/stage/dir\n");
    nsuser("unshare -rm -w /tmp/stage/dir pwd").prints("/tmp/stage/dir\n");
    nsuser("unshare -w dir ../noshebang x").prints("no shebang: x\n");
    nsuser("unshare -w nosuch echo ran")
        .fails(1, "unshare: cannot change directory to nosuch: No such file or directory");
}
