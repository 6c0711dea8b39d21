//! Namespaces that a file keeps: they outlive their program, are of the right kind, and can be entered again.

use crate::support::{Status, require};
use crate::{nsuser, root};

/// The option, the link below /proc/self/ns, and what the namespace cannot do without.
const KINDS: [(&str, &str, &str); 8] = [
    ("cgroup", "cgroup", ""),
    ("ipc", "ipc", ""),
    ("mount", "mnt", ""),
    ("net", "net", ""),
    ("pid", "pid", "-f"),
    ("time", "time", ""),
    ("user", "user", "-r"),
    ("uts", "uts", ""),
];

#[test]
fn each_kind_is_kept() {
    require!(root);
    for (option, kind, others) in KINDS {
        let line = format!(
            "unshare --{option}=file {others} readlink /proc/self/ns/{kind} >inside
            stat -f -c %T file
            [ \"{kind}:[$(stat -L -c %i file)]\" = $(cat inside) ] && echo kept
            grep -c ' nsfs ' /proc/self/mountinfo; umount file; stat -f -c %T file"
        );
        root(line).prints("nsfs\nkept\n1\ntmpfs\n");
    }
}

#[test]
fn each_kind_is_entered_again() {
    require!(root, nsenter);
    for (option, kind, others) in KINDS.into_iter().filter(|(option, ..)| *option != "pid") {
        let line = format!(
            "unshare --{option}=file {others} readlink /proc/self/ns/{kind} >inside
            same 'cat inside' 'nsenter --{option}=file readlink /proc/self/ns/{kind}'"
        );
        root(line).prints("same\n");
    }
}

#[test]
fn a_pid_namespace_is_entered_again_while_its_init_lives() {
    require!(root, nsenter);
    root("start unshare --kill-child --pid=file answer; nsenter --pid=file sh -c 'echo $$'; kill -KILL $!; finish")
        .prints("2\n137\n");
    root("unshare -f --pid=file true; nsenter --pid=file true 2>reason || cat reason")
        .prints("nsenter: fork failed: Cannot allocate memory\n");
}

#[test]
fn what_was_set_up_inside_is_still_there() {
    require!(root, nsenter);
    root("unshare --uts=file -r hostname kept; nsenter --uts=file hostname").prints("kept\n");
    root("unshare --mount=file mount -t tmpfs kept dir; nsenter --mount=file grep -c kept /proc/self/mountinfo")
        .prints("1\n");
    root("unshare --time=file --boottime=1000 true; nsenter --time=file grep boot /proc/self/timens_offsets")
        .prints("boottime         1000         0\n");
    root("unshare --user=file --map-users=0:500000:10 --map-groups=0:600000:10 true; nsenter --user=file maps")
        .prints("uid 0:500000:10\ngid 0:600000:10\nallow\n");
}

#[test]
fn several_kinds_at_once() {
    require!(root, nsenter);
    root("unshare --uts=file --ipc=other -n ns; nsenter --uts=file --ipc=other ns").prints("ipc net uts\nipc uts\n");
}

#[test]
fn an_ordinary_user_keeps_what_is_kept_inside() {
    require!(root, nsenter);
    nsuser("unshare -rm sh -c 'unshare --uts=file hostname kept; nsenter --uts=file hostname'").prints("kept\n");
    nsuser("NS_HINTS=never unshare -r --uts=file true 2>reason || sed 's/[0-9]\\+/PID/' reason")
        .prints("unshare: mount /proc/PID/ns/uts on file failed: Operation not permitted\n");
}

/// util-linux leaves the others kept.
#[test]
fn nothing_is_kept_if_one_file_is_missing() {
    require!(root);
    for options in [
        "--ipc=file --uts=nosuch",
        "--ipc=file --uts=nosuch -f --kill-child",
        "--user=file --pid=nosuch -rf",
        "--uts=other --ipc=file --time=nosuch",
    ] {
        root(format!("NS_HINTS=never unshare {options} echo ran 2>reason; echo $?; grep -c nosuch reason; grep -c ' nsfs ' /proc/self/mountinfo; left"))
            .comes_to(Status::Exit(0), "1\n1\n0\n", "");
    }
}

#[test]
fn a_program_that_cannot_be_executed_leaves_the_namespace_kept() {
    require!(root);
    root("unshare --uts=file nosuch; echo $?; grep -c ' nsfs ' /proc/self/mountinfo").comes_to(
        Status::Exit(0),
        "127\n1\n",
        "unshare: failed to execute nosuch: No such file or directory\n",
    );
}

#[test]
fn the_last_file_of_a_kind_counts() {
    require!(root);
    root("unshare --uts=file --uts=other true; stat -f -c %T file other").prints("tmpfs\nnsfs\n");
}
