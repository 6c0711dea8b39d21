//! Why the target's cgroup could not be joined.

use crate::root;
use crate::support::{Line, require};

/// Root, for whom a line is run by nsuser, with the target 200 in a cgroup of the test's own, gone with the line's end.
/// It is called GROUP in what is printed, wherever cgroup2 is found mounted.
fn in_cgroup(test: &str, prepare: &str) -> Line {
    let name = format!("nsenter-{test}-{}", std::process::id());
    let group = format!("/tmp/cg/{name}");
    root(format!(
        "mkdir {group} || exit 77
        echo 200 >{group}/cgroup.procs
        cd {group}; {prepare}; cd /tmp/stage
        setpriv --reuid 4242 --regid 4242 --clear-groups nsenter -t 200 -U -c true 2>errors; status=$?
        sed 's,[^ ]*/{name},GROUP,g; s,from [^ ]*,from OWN,; s,/[^ ]*/cgroup.procs,ABOVE/cgroup.procs,' errors >&2
        kill -KILL 200; while grep -qs populated.1 {group}/cgroup.events; do :; done
        rmdir {group}; exit $status"
    ))
    .after("mkdir /tmp/cg; mount -t cgroup2 none /tmp/cg")
}

/// EACCES of opening.
#[test]
fn cgroup_closed() {
    require!(root);
    let reason = "uid 4242 may not write GROUP/cgroup.procs: it is uid 0's, mode 644";
    in_cgroup("closed", ":").is_explained("cannot open GROUP/cgroup.procs: Permission denied", &[reason]);
}

/// EACCES of writing.
#[test]
fn cgroup_closed_above() {
    require!(root);
    let reason = "to move from OWN to GROUP takes the right to write ABOVE/cgroup.procs: it is uid 65534's, mode 644";
    in_cgroup("above", "chown 4242 cgroup.procs")
        .is_explained("write failed GROUP/cgroup.procs: Permission denied", &[reason]);
}

/// What is mounted over a cgroup is none, and keeps nobody waiting.
#[test]
fn a_fifo_in_the_place_of_a_cgroup() {
    require!(root, unshare);
    root(
        "group=$(sed -n s/^0:://p /proc/200/cgroup)
        for place in $(while read -r id parent device root place rest; do
            case $rest in *' - cgroup2 '*) echo $place ;; esac; done </proc/self/mountinfo)
        do mount -t tmpfs tmpfs $place; mkdir -p $place$group; mkfifo $place$group/cgroup.procs; done
        timeout 10 nsenter -t 200 -u -c true 2>&1 | sed 's,/.*/cgroup.procs,PROCS,'",
    )
    .after("mkdir /tmp/cg; mount -t cgroup2 none /tmp/cg")
    .prints("nsenter: cannot open PROCS: No such device or address\n");
}
