//! Each kind of namespace: that it is another one, and what it keeps apart.
//!
//! What could change the machine if no namespace were made is left to an ordinary user, who may not.

use crate::support::{Status, require, skip, test_name};
use crate::{nsuser, root};

/// An option, and the link in /proc/self/ns that it changes.
const KINDS: [(&str, &str); 8] = [
    ("-C", "cgroup"),
    ("-i", "ipc"),
    ("-m", "mnt"),
    ("-n", "net"),
    ("-pf", "pid"),
    ("-T", "time"),
    ("-U", "user"),
    ("-u", "uts"),
];

#[test]
fn an_option_makes_one_namespace_and_leaves_the_others() {
    require!(root);
    for (option, kind) in KINDS {
        root(format!("unshare {option} ns")).prints(&format!("{kind}\n"));
    }
}

#[test]
fn an_ordinary_user_gets_each_kind_with_a_user_namespace() {
    require!(root);
    for (option, kind) in KINDS.into_iter().filter(|(_, kind)| *kind != "user") {
        let mut both = [kind, "user"];
        both.sort_unstable();
        nsuser(format!("unshare -r {option} ns")).prints(&format!("{}\n", both.join(" ")));
    }
}

#[test]
fn all_eight_at_once() {
    require!(root);
    for line in ["unshare -CimnpTUuf ns", "unshare -CimnpTrufc ns"] {
        root(line).prints("cgroup ipc mnt net pid time user uts\n");
        nsuser(line).prints("cgroup ipc mnt net pid time user uts\n");
    }
}

#[test]
fn none_without_options() {
    require!(root);
    root("unshare ns").prints("\n");
    nsuser("unshare -f ns").prints("\n");
}

#[test]
fn without_fork_only_the_children_are_in_the_pid_namespace() {
    require!(root);
    let line = "same 'unshare -p readlink /proc/self/ns/pid' 'readlink /proc/self/ns/pid'; unshare -p sh -c '(exec sh -c \"echo \\$\\$\")'";
    root(line).prints("same\n1\n");
}

#[test]
fn a_host_name_stays_inside() {
    require!(root, hostname);
    nsuser("before=$(hostname); unshare -ru sh -c 'hostname inside; hostname'; [ $(hostname) = $before ] && echo same")
        .prints("inside\nsame\n");
}

#[test]
fn shared_memory_stays_inside() {
    require!(root, ipcmk);
    let line = "unshare -ri sh -c 'unshare -i sh -c \"ipcmk -M 10 >made; wc -l </proc/sysvipc/shm\"; wc -l </proc/sysvipc/shm'";
    nsuser(line).prints("2\n1\n");
}

#[test]
fn a_message_queue_stays_inside() {
    require!(root, ipcmk);
    let line = "unshare -ri sh -c 'ipcmk -Q >made; unshare -i wc -l /proc/sysvipc/msg; wc -l </proc/sysvipc/msg'";
    nsuser(line).prints("1 /proc/sysvipc/msg\n2\n");
}

#[test]
fn a_new_network_has_only_a_loopback_that_is_down() {
    require!(root, ip);
    for line in [root("unshare -n ip -o link"), nsuser("unshare -rn ip -o link")] {
        let outcome = line.outcome();
        let [link] = outcome.stdout.lines().collect::<Vec<_>>()[..] else { panic!("{outcome}") };
        assert!(link.starts_with("1: lo: <LOOPBACK> ") && link.contains(" state DOWN "), "{outcome}");
    }
}

#[test]
fn a_network_interface_stays_inside() {
    require!(root, ip);
    nsuser("unshare -rn sh -c 'ip link add inside type bridge && grep -c inside: /proc/self/net/dev'; grep -c inside: /proc/self/net/dev || :")
        .prints("1\n0\n");
}

#[test]
fn pid_1_sees_only_its_own_processes() {
    require!(root);
    root("unshare -pf --mount-proc sh -c 'echo $$ /proc/[0-9]*'").prints("1 /proc/1\n");
    nsuser("unshare -rpf --mount-proc sh -c 'echo $$; (:; echo /proc/[0-9]*)'").prints("1\n/proc/1 /proc/2\n");
}

#[test]
fn the_end_of_pid_1_ends_its_namespace() {
    require!(root);
    root("start unshare -pf sh -c 'echo up; sleep 100 & :'; finish").prints("0\n");
}

#[test]
fn a_cgroup_namespace_has_its_root_where_it_was_made() {
    require!(root);
    let name = format!("unshare-test-{}", std::process::id());
    // The shell that becomes a member ends before its group does.
    let line = format!(
        "mkdir dir/{name} || exit 77
        sh -c 'echo $$ >dir/{name}/cgroup.procs; for new in \"\" \"unshare -C\" \"unshare -rC\"; do $new grep ^0: /proc/self/cgroup; done'
        unshare -C cut -d: -f3 /proc/self/cgroup | uniq
        rmdir dir/{name}"
    );
    let line = root(line).after("mount -t cgroup2 cgroup2 dir || rmdir dir");
    if line.outcome().status == Status::Exit(77) {
        return skip(test_name!(), "no cgroup that may be divided");
    }
    line.prints(&format!("0::/{name}\n0::/\n0::/\n/\n"));
}

#[test]
fn the_boot_clock_is_shifted() {
    require!(root);
    let line = "read up rest </proc/uptime; unshare -rT --boottime=1000050 sh -c 'read up rest </proc/uptime; echo ${up%.*}' >inside; echo $((($(cat inside) - ${up%.*}) / 100))";
    root(line).prints("10000\n");
    nsuser(line).prints("10000\n");
}

#[test]
fn both_clocks_have_the_offsets_asked_for() {
    require!(root);
    nsuser("unshare -rT --monotonic=1000 --boottime=-2 cat /proc/self/timens_offsets")
        .prints("monotonic        1000         0\nboottime           -2         0\n");
}

#[test]
fn the_monotonic_clock_is_shifted() {
    require!(root, perl);
    let clock = "perl -MTime::HiRes=clock_gettime,CLOCK_MONOTONIC -e 'printf q(%d), clock_gettime(CLOCK_MONOTONIC)'";
    nsuser(format!("echo $((($(unshare -rT --monotonic=1000050 {clock}) - $({clock})) / 100))")).prints("10000\n");
}
