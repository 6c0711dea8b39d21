//! Where util-linux errs and ours does not: a test for each, by the numbers of docs/compatibility.md. util-linux fails every one of them (2.42.4 all but 4).

use crate::support::{Status, require};
use crate::{nsuser, root};

#[test]
fn defect_3_setuid_clears_the_death_signal() {
    require!(root, newuidmap);
    for credentials in ["-S 4242", "-G 4242", "-S 4242 -G 4242", "-r -S 0"] {
        root(format!("start unshare --kill-child {credentials} answer; kill -KILL $!; finish")).prints("137\n");
    }
    nsuser("start unshare --kill-child=TERM --map-auto -S 5 -G 6 answer; kill -KILL $!; finish").prints("TERM\n137\n");
}

#[test]
fn defect_4_a_descriptor_is_leaked() {
    require!(root);
    for options in ["--user=file --fork", "--user=file -CimnTpf --map-auto --kill-child --forward-signals"] {
        root(format!("same 'ls /proc/self/fd' 'unshare {options} ls /proc/self/fd'")).prints("same\n");
    }
}

#[test]
fn defect_7_setgroups_is_denied_too_late() {
    require!(root, newuidmap);
    nsuser("unshare -r --setgroups=deny maps").prints("uid 0:4242:1\ngid 0:4242:1\ndeny\n");
    root("unshare --map-group=5 --setgroups=deny maps").prints("gid 5:0:1\ndeny\n");
    nsuser("unshare --map-auto --setgroups=deny maps").prints("uid 0:300000:65536\ngid 0:400000:65536\ndeny\n");
    root("unshare --map-groups=0:0:10 --setgroups=deny maps").prints("gid 0:0:10\ndeny\n");
}

#[test]
fn defect_8_the_environment_stays_if_nothing_of_it_is_on_the_list() {
    require!(root);
    for options in ["--whitelist-env=NOSUCH", "--whitelist-env=", "--whitelist-env=NOSUCH,,NONE -rf"] {
        nsuser(format!("unshare {options} env")).prints("");
    }
}

#[test]
fn defect_9_ids_wrap_around() {
    require!(root);
    for mapping in [
        "4294967296:0:1",
        "0:4294967296:1",
        "0:0:4294967296",
        "-1:0:1",
        "0:-1:1",
        "1:0:4294967295",
        "0:1:4294967295",
        "0,4294967296,1",
    ] {
        root(format!("unshare --map-users={mapping} echo ran"))
            .fails(1, &format!("unshare: invalid mapping '{mapping}'"));
        root(format!("unshare --map-groups={mapping} echo ran"))
            .fails(1, &format!("unshare: invalid mapping '{mapping}'"));
    }
    for owner in ["4294967296:0", "0:4294967296", "99999999999:0"] {
        root(format!("unshare --owner={owner} echo ran")).fails(1, "unshare: failed to parse owner");
    }
    for id in ["4294967296", "-1"] {
        let reason = format!("'{id}': Numerical result out of range");
        root(format!("unshare -S {id} echo ran")).fails(1, &format!("unshare: failed to parse uid: {reason}"));
        root(format!("unshare -G {id} echo ran")).fails(1, &format!("unshare: failed to parse gid: {reason}"));
    }
    root("unshare --map-users=0:0:4294967295 maps").prints("uid 0:0:4294967295\nallow\n");
}

#[test]
fn defect_10_a_relative_directory_is_looked_up_outside_the_root() {
    require!(root);
    nsuser("unshare -rR /tmp/root -w bin /bin/busybox pwd").prints("/bin\n");
    nsuser("unshare -rR /tmp/root -w dir /bin/busybox ls ../file")
        .fails(1, "unshare: cannot change directory to dir: No such file or directory");
}

#[test]
fn defect_11_binfmt_needs_a_pid_namespace() {
    require!(root);
    for options in ["-r --mount-binfmt", "-r -l ''", "-rm --mount-binfmt -f"] {
        nsuser(format!("unshare {options} ls /proc/sys/fs/binfmt_misc")).prints("register\nstatus\n");
    }
    nsuser("unshare -r -l ':greeting:M::HELLO::/bin/echo:' ./greeting")
        .after("printf HELLO >greeting; chmod 755 greeting")
        .prints("./greeting\n");
}

#[test]
fn defect_12_signals_without_a_classic_name_are_refused() {
    require!(root);
    let signals = [
        ("15", "15"),
        ("9", "9"),
        ("34", "34"),
        ("RTMIN", "34"),
        ("SIGRTMAX", "64"),
        ("rtmin", "34"),
        ("SIGRTMIN+1", "35"),
    ];
    for (name, number) in signals {
        let line = format!(
            "start unshare --kill-child={name} sh -c 'trap \"echo {number}; exit\" {number}; echo up; while :; do :; done'; kill -KILL $!; finish"
        );
        nsuser(line).prints(&if number == "9" { "137\n".to_owned() } else { format!("{number}\n137\n") });
    }
}

/// Ends at once with a reason, prints nothing, and leaves no process.
fn gives_up(line: crate::Line, reason: &str) {
    line.comes_to(Status::Exit(0), "1\n", &format!("unshare: {reason}\n"));
}

#[test]
fn defect_16_helpers_wait_for_ever_without_user_namespaces() {
    require!(root, newuidmap);
    for options in
        ["--map-auto", "--map-auto -f", "--map-users=0:0:1 --kill-child", "--uts=file -r", "--uts=file --map-auto -f"]
    {
        let line = format!(
            "unshare -rm sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; unshare {options} echo ran; echo $?'; left"
        );
        gives_up(nsuser(line), "unshare failed: No space left on device");
    }
}

#[test]
fn defect_16_helpers_wait_for_ever_after_another_owner() {
    require!(root, newuidmap);
    for options in ["-r", "--map-auto", "--map-users=0:300000:1 -f", "-r --user=file"] {
        let line = format!("unshare --owner=4242:4242 {options} echo ran; echo $?; left");
        gives_up(nsuser(line), "setgroups failed: Operation not permitted");
    }
}

#[test]
fn defect_16_helpers_wait_for_ever_after_unshare() {
    require!(root);
    for options in
        ["--uts=file", "--mount=file -f", "--pid=file -f --kill-child", "--uts=file --ipc=other --net=nosuch"]
    {
        gives_up(
            nsuser(format!("unshare {options} echo ran; echo $?; left")),
            "unshare failed: Operation not permitted",
        );
    }
}

#[test]
fn defect_16_helpers_wait_for_ever_after_a_wrong_offset() {
    require!(root, newuidmap);
    for options in ["--map-auto", "--map-auto -f", "-r --uts=file"] {
        let line = format!("unshare {options} -T --boottime=9999999999 echo ran; echo $?; left");
        gives_up(nsuser(line), "failed to write to /proc/self/timens_offsets: Numerical result out of range");
    }
}

#[test]
fn defect_16_helpers_wait_for_ever_after_fork() {
    require!(root, prlimit);
    // In a user namespace of one's own the limit counts those alone that are in it: the shell, the program, a helper, then another or the child.
    for (options, limits) in
        [("--uts=file --map-users=0:0:1 -f", 2..=3), ("--uts=file -f", 2..=3), ("--uts=file", 2..=2)]
    {
        for limit in limits {
            let line = format!("unshare -rm sh -c 'prlimit --nproc={limit} unshare {options} echo ran; echo $?'; left");
            gives_up(nsuser(line), "fork failed: Resource temporarily unavailable");
        }
    }
}

#[test]
fn defect_16_helpers_wait_for_ever_without_descriptors() {
    require!(root);
    for limit in 4..=6 {
        let line = format!(
            "(ulimit -n {limit}; unshare --uts=file --map-users=0:0:1 -f --kill-child echo ran; echo $?); left"
        );
        gives_up(root(line), "socketpair failed: Too many open files");
    }
}

#[test]
fn defect_16_helpers_wait_for_ever_when_a_map_is_refused() {
    require!(root, newuidmap);
    nsuser("unshare --uts=file --map-users=0:100000:1 -f echo ran; echo $?; left").comes_to(
        Status::Exit(0),
        "1\n",
        "newuidmap: uid range [0-1) -> [100000-100001) not allowed\n",
    );
}

/// A mapper that says that it is there, and waits until it is killed, or told by TERM to have done its work.
const MAPPER: &str = "printf '#!/bin/sh\\ntrap \"exit 0\" TERM; echo $$; while :; do :; done\\n' >dir/newuidmap; ln -s /bin/true dir/newgidmap; chmod 755 dir/newuidmap";

#[test]
fn defect_16_helpers_outlive_a_parent_that_is_killed() {
    require!(root);
    // One helper waits to be told, another for its mapper.
    nsuser("PATH=/tmp/stage/dir:$PATH; start unshare --uts=file --map-auto -f echo ran; kill -KILL $! $said; finish")
        .after(MAPPER)
        .comes_to(Status::Exit(0), "137\n", "unshare: newuidmap was ended by signal 9\n");
}

#[test]
fn defect_16_helpers_may_be_killed() {
    require!(root);
    let line = |death: &str| {
        format!(
            "PATH=/tmp/stage/dir:$PATH; start unshare --uts=file --map-auto -f echo ran; set -- $(cat /proc/$!/task/$!/children); {death}; kill -TERM $said; finish 2>reason"
        )
    };
    for death in ["kill -KILL $1; await Z $1", "kill -KILL $2"] {
        let complaint = "unshare: helper was ended by signal 9\n";
        nsuser(line(death)).after(MAPPER).comes_to(Status::Exit(0), "1\n", complaint);
    }
}

#[test]
fn defect_24_the_program_starts_before_its_namespaces_are_kept() {
    require!(root);
    let often = |options: &str, files: &str| {
        let once = format!("unshare {options} -f /tmp/root/bin/busybox grep -c ' nsfs ' /proc/mounts; umount {files}");
        format!("touch {files}; for i in $(seq 10); do {once}; done | uniq -c")
    };
    for _ in 0..5 {
        root(often("--cgroup=a --ipc=b --time=c --user=d --uts=e", "a b c d e")).prints("     10 5\n");
        root(often("--pid=a --kill-child", "a")).prints("     10 1\n");
    }
}
