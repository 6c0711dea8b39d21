//! Where util-linux errs and ours does not: a test for each, by the numbers of docs/compatibility.md. util-linux 2.42.4 fails every one of them.

use crate::support::{Status, require};
use crate::{nsuser, root};

/// A cgroup of its own with process 300 in it, below a cgroup2 mount that is not where util-linux assumes it; gone with the stage's end.
const CGROUP: &str = "mkdir /tmp/cg; mount -t cgroup2 none /tmp/cg";

#[test]
fn defect_1_stdin_is_closed_when_a_cgroup_is_joined() {
    require!(root);
    root("echo said | nsenter -t 300 -u -c cat").after(CGROUP).prints("said\n");
}

#[test]
fn defect_2_a_descriptor_of_the_cgroup_is_leaked() {
    require!(root);
    root("same 'ls /proc/self/fd' 'nsenter -t 300 -u -c ls /proc/self/fd'").after(CGROUP).prints("same\n");
}

#[test]
fn defect_2_the_cgroup_is_found_on_a_hybrid_host() {
    require!(root);
    let name = format!("nsenter-test-{}", std::process::id());
    let line = format!(
        "mkdir /tmp/cg/{name} || exit 77
        echo 300 >/tmp/cg/{name}/cgroup.procs
        nsenter -t 300 -u -c grep ^0: /proc/self/cgroup
        kill -KILL 300; while grep -qs populated.1 /tmp/cg/{name}/cgroup.events; do :; done
        rmdir /tmp/cg/{name}"
    );
    root(line).after(CGROUP).prints(&format!("0::/{name}\n"));
}

#[test]
fn defect_5_all_kinds_of_ones_own_container() {
    require!(root, unshare, setpriv, hostname);
    nsuser("nsenter -t 200 -a whose").prints("cgroup:200 ipc:200 mnt:200 net:200 pid:200 time:200 user:200 uts:200\n");
    nsuser("nsenter -t 600 -a whose").prints("net:600 user:600 uts:600\n");
    nsuser("nsenter -t 350 -a whose").prints("\n");
}

#[test]
fn defect_6_groups_are_an_error_where_there_are_none() {
    require!(root, unshare, setpriv, hostname);
    nsuser("nsenter -t 200 -U id").prints("uid=0(root) gid=0(root) groups=0(root)\n");
    // While there are some that would be kept, it stays one.
    root("setpriv --reuid 4242 --regid 4242 --groups 7,8 nsenter -t 200 -U id")
        .fails(1, "nsenter: setgroups failed: Operation not permitted");
}

#[test]
fn defect_13_keep_caps_needs_all() {
    require!(root, unshare);
    let ambient = "sh -c 'grep -c ^CapAmb:.0*$ /proc/self/status'";
    for options in ["-t 700 -U", "--user=/proc/700/ns/user", "-t 700 --user --net"] {
        root(format!("nsenter {options} --keep-caps -S 5 {ambient}")).comes_to(Status::Exit(1), "0\n", "");
    }
}

#[test]
fn defect_14_the_working_directory_stays_outside_the_root() {
    require!(root, unshare, setpriv);
    for options in ["-t 100 -u -r/tmp/root", "-t 100 -m -r/tmp/root", "-t 500 -m -r", "-t 500 -u -r"] {
        root(format!("nsenter {options} /bin/busybox pwd")).prints("/\n");
        root(format!("nsenter {options} /bin/busybox ls ../../stage")).comes_to(
            Status::Exit(1),
            "",
            "ls: ../../stage: No such file or directory\n",
        );
    }
    // What lies below the new root is kept.
    root("cd /tmp/root/tmp; nsenter -t 100 -u -r/tmp/root /bin/busybox pwd").prints("/tmp\n");
}

/// NS_GET_ID = _IOR(0xb7, 13, u64) since Linux 6.18.
const ID: &str = "id() { perl -e 'open(F, \"<\", shift) or die; $id = \"\\0\" x 8; ioctl(F, 0x8008b70d, $id) or die; print unpack(\"Q\", $id)' $1; }\n";

#[test]
fn defect_15_namespaces_have_ids() {
    require!(root, unshare, perl);
    for (option, kind) in [("-n", "net"), ("-u", "uts"), ("-i", "ipc"), ("-C", "cgroup"), ("-m", "mnt"), ("-p", "pid")]
    {
        root(format!("{ID} nsenter {option}=:$(id /proc/100/ns/{kind}) whose")).prints(&format!("{kind}:100\n"));
    }
    root(format!("{ID} nsenter --user=:$(id /proc/700/ns/user) whose")).prints("user:700\n");
    root(format!("{ID} nsenter -u=:$(id /proc/100/ns/net) whose"))
        .fails(1, "nsenter: reassociate to namespace 'ns/uts' failed: Invalid argument");
}

/// Not the loader's business: what a target has in LD_* is not for a program of the host.
#[test]
fn loader_variables_do_not_reach_a_program_of_the_host() {
    require!(root, unshare);
    let target = "rm -f heard; start env LD_PRELOAD=/tmp/evil.so LD_LIBRARY_PATH=/tmp KEPT=1 unshare -um sh -c 'echo up; read -r line <>never' 2>/dev/null";
    let show = "/tmp/root/bin/busybox sh -c 'echo $LD_PRELOAD:$LD_LIBRARY_PATH:$KEPT'";
    root(format!("{target}; nsenter -t $! -u -e {show}; nsenter -t $! -m -e {show}"))
        .prints("::1\n/tmp/evil.so:/tmp:1\n");
}
