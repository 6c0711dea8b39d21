//! `--pid-for-children` and `--mount-proc`: the namespace that ps(1) is to show, and the /proc that shows it. Ours alone.

use crate::support::{Line, require};
use crate::{nsuser, root};

#[test]
fn what_the_targets_children_get_is_entered() {
    require!(root, unshare, setpriv, hostname);
    root("nsenter -t 99 --pid-for-children whose").prints("pid:100 time:100\n");
    root("nsenter -t 99 -a --pid-for-children whose")
        .prints("cgroup:100 ipc:100 mnt:100 net:100 pid:100 time:100 uts:100\n");
    root("nsenter -t 99 -p -T --pid-for-children whose").prints("pid:100 time:100\n");
    root("nsenter -t 99 -p/proc/500/ns/pid --pid-for-children whose").prints("pid:500 time:100\n");
    // Where nothing differs, nothing is entered; the program is a child all the same.
    root("nsenter -t 300 --pid-for-children sh -c 'whose; echo $PPID'").prints("\n1001\n");
    nsuser("nsenter -t 199 -U --pid-for-children --preserve-credentials whose").prints("pid:200 time:200 user:200\n");
    nsuser("nsenter -t 350 --pid-for-children whose").prints("\n");
}

#[test]
fn no_process_yet() {
    require!(root, unshare);
    let line = root(
        "start unshare -p sh -c 'echo up; exec >&-; read -r line <>never'
        nsenter -t $! --pid-for-children true; status=$?; kill -KILL $!; exit $status",
    );
    line.is_explained(
        "cannot open /proc/PID/ns/pid_for_children: No such file or directory",
        &["the pid namespace of its children has no process yet"],
    );
}

/// The line where every mount is passed on to whoever has a copy of it.
fn shared(line: &str) -> Line {
    root(line).after("mount --make-rshared /")
}

/// What shows the processes of a /proc, by number.
const PROCESSES: &str = "sh -c 'cd $0; echo [0-9]*'";

#[test]
fn a_proc_of_the_entered_pid_namespace() {
    require!(root, unshare, hostname);
    // PID 1 and the program.
    for options in ["-p", "-p -m", "-a"] {
        shared(&format!("nsenter -t 100 {options} --mount-proc {PROCESSES} /proc | tr -d 0-9")).prints(" \n");
    }
    root("nsenter -t 100 -a -F --mount-proc true")
        .fails(1, "nsenter: options --no-fork and --mount-proc cannot be combined");
    root("nsenter -t 99 --pid-for-children --mount-proc sh -c 'echo /proc/[0-9]*' | wc -w").prints("2\n");
    shared(&format!("mkdir /tmp/here; nsenter -t 100 -p --mount-proc=/tmp/here {PROCESSES} /tmp/here | tr -d 0-9; ls /tmp/here; [ -e /proc/100 ] && echo kept"))
        .prints(" \nkept\n");
    root("nsenter -t 100 -p --mount-proc=/nosuch true")
        .fails(1, "nsenter: mount /nosuch failed: No such file or directory");
}

/// Nothing of it is seen outside, in the namespace that was entered or in that of the caller.
#[test]
fn the_mounts_of_others_stay_as_they_are() {
    require!(root, unshare, setpriv);
    let look =
        "look() { cat /proc/self/mountinfo /proc/100/mountinfo /proc/500/mountinfo | cut -d' ' -f3-; }; look >before";
    for options in ["-t 100 -p", "-t 100 -a", "-t 500 -a", "-t 500 -m -p"] {
        shared(&format!("{look}; nsenter {options} --mount-proc /tmp/root/bin/busybox true || nsenter {options} --mount-proc /bin/busybox true; look | cmp - before"))
            .prints("");
    }
}

/// In the root directory of another mount namespace nothing can be mounted, and nothing else is done there.
#[test]
fn root_elsewhere() {
    require!(root, unshare, setpriv);
    let look =
        "look() { cat /proc/self/mountinfo /proc/100/mountinfo /proc/500/mountinfo | cut -d' ' -f3-; }; look >before";
    let make_shared = "nsenter -t 500 -m sh -c 'mount --make-rshared /'";
    let line = shared(&format!(
        "{make_shared}; {look}; nsenter -t 500 -r -p --mount-proc /bin/busybox true; status=$?; look | cmp - before >&2; exit $status"
    ));
    line.is_explained(
        "mount /proc failed: Invalid argument",
        &[
            "the root directory that was entered is in another mount namespace, where nothing can be mounted",
            "enter that mount namespace too: add --mount",
        ],
    );
    // The root of 500 is no mount point.
    root("nsenter -t 500 -m -r -p --mount-proc /bin/busybox true").is_explained(
        "cannot change root filesystem propagation: Invalid argument",
        &["the root directory was changed (chroot) to one that is no mount point, and only those have a propagation"],
    );
}

#[test]
fn an_ordinary_user_mounts_the_proc_of_its_own() {
    require!(root, unshare, setpriv, hostname);
    nsuser(format!("nsenter -t 200 -U -p -m --preserve-credentials --mount-proc {PROCESSES} /proc | tr -d 0-9"))
        .prints(" \n");
    // Without its user namespace it has no right to.
    nsuser("nsenter -t 350 --pid-for-children --mount-proc true").is_explained(
        "unshare failed: Operation not permitted",
        &["a new mount namespace needs CAP_SYS_ADMIN, which you do not have"],
    );
}

#[test]
fn both_are_checked() {
    require!(root, unshare);
    root("nsenter --check -t 99 --pid-for-children --mount-proc true; nsenter --check -t 100 -p --mount-proc=/nosuch true").comes_to(
        crate::support::Status::Exit(1),
        "setns(CLONE_NEWPID|CLONE_NEWTIME): ok\nfork(): ok\nunshare(CLONE_NEWNS), mount(\"proc\", \"/proc\"): ok\nexecvp(\"true\"): ok\n\
         setns(CLONE_NEWPID): ok\nfork(): ok\n\
         unshare(CLONE_NEWNS), mount(\"proc\", \"/nosuch\"): mount /nosuch failed: No such file or directory\n\
         execvp(\"true\"): not tried\n",
        "",
    );
}
