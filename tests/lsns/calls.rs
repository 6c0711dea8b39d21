//! Which calls it makes of the kernel: few, and none for what nobody asked to see.

use crate::root;
use crate::support::{Status, require};

/// A line that counts the calls which match `patterns` while `lsns OPTIONS` runs.
fn counted(before: &str, options: &str, patterns: &[&str]) -> String {
    let counts: String = patterns.iter().map(|pattern| format!("calls '{pattern}'; ")).collect();
    format!("{before}; strace -f -s 200 -o trace lsns {options} >list || exit 9; {counts} true")
}

/// A shell that has opened files, and waits.
const HOLDER: &str = "start sh -c \"exec 7<file 8<other 9<dir; $stay\"";

#[test]
fn descriptors_are_read_and_not_opened() {
    require!(root, strace);
    // Not even those that are named like what can be opened.
    let opened = r#"open.*"[0-9]*/fd/."#;
    root(counted(HOLDER, "", &[opened, r#"statx([0-9]*, "[789]", .*AT_STATX_DONT_SYNC"#])).prints("0\n3\n");
}

#[test]
fn a_namespace_behind_a_descriptor_is_opened_once() {
    require!(root, strace, unshare);
    let holder =
        "touch n; unshare --net=n true; for i in 1 2 3; do start sh -c \"exec 8<n 9<n; $stay\"; done; umount -l n";
    root(counted(holder, "-t net -o NS,USER", &[r#"openat.*"[0-9]*/fd/."#, "NS_GET_NSTYPE"])).prints("1\n1\n");
}

#[test]
fn descriptors_are_read_where_statx_is_forbidden() {
    require!(root, strace, unshare, perl);
    let holder = "touch n; unshare --net=n true; net=$(inode n); start sh -c \"exec 8<n; $stay\"; umount -l n";
    // Old filters of system calls say EPERM. The last is a kernel without user namespaces.
    for forbidden in ["statx:error=ENOSYS", "statx:error=EPERM", "statx:error=ENOENT:when=1"] {
        let lsns = format!("strace -f -o trace -e inject={forbidden} lsns -n -r -t net -o NS,NPROCS");
        root(format!(
            "{holder}; {lsns} | grep -x \"$net 0\" >list && echo held; grep -q INJECTED trace && echo forbidden"
        ))
        .prints("held\nforbidden\n");
    }
}

#[test]
fn a_socket_is_asked_once() {
    require!(root, strace, perl);
    // Parent and child have the same one.
    let holder = "start perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0); open(F, \"<\", \"never\") if !defined(my $child = fork); $| = 1; print \"up\\n\" if $child; close STDOUT; sleep 1000'";
    root(counted(holder, "", &["pidfd_getfd(", "SIOCGSKNS"])).prints("1\n1\n");
}

#[test]
fn sockets_are_left_alone_where_no_network_is_asked_for() {
    require!(root, strace, perl);
    let holder =
        "start perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0); $| = 1; print \"up\\n\"; close STDOUT; sleep 1000'";
    root(counted(holder, "-t uts", &["pidfd_getfd(", "pidfd_open("])).prints("0\n0\n");
}

#[test]
fn sockets_are_left_alone_where_the_numbers_are_of_another_pid_namespace() {
    require!(root, strace, perl, unshare);
    let holder =
        "start perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0); $| = 1; print \"up\\n\"; close STDOUT; sleep 1000'";
    root(format!("{holder}; strace -f -o trace unshare -pf lsns >list; calls 'pidfd_open('; grep -c ' uts ' list"))
        .comes_to(Status::Exit(0), "0\n1\n", "");
}

#[test]
fn what_a_descriptor_is_of_is_looked_at_before_it_is_opened() {
    require!(root, strace, unshare);
    let holder = "touch n; unshare --net=n true; start sh -c \"exec 8<n; $stay\"; umount -l n";
    let patterns =
        [r#"openat([0-9]*, "[0-9]*/fd/8", O_RDONLY\(|O_CLOEXEC\)*|O_PATH"#, r#"openat([0-9]*, "[0-9]*/fd/8""#];
    root(counted(holder, "-t net", &patterns)).prints("1\n1\n");
}

#[test]
fn only_links_of_the_kind_are_read() {
    require!(root, strace);
    let [uts, others] =
        [r#"readlinkat([0-9]*, "uts""#, r#"readlinkat([0-9]*, "\(mnt\|net\|ipc\|pid\|user\|cgroup\|time\)""#];
    root(counted(":", "-t uts -o NS", &[others])).prints("0\n");
    let outcome = root(counted(":", "-t uts -o NS", &[uts])).outcome();
    // PID 1, the line's shell, strace and lsns itself.
    assert_eq!(outcome.stdout, "4\n", "{outcome}");
}

#[test]
fn a_process_asks_for_neither_descriptors_nor_mounts() {
    require!(root, strace);
    root(counted(HOLDER, "-p 1", &[r#""[0-9]*/fd"#, "mountinfo"])).prints("0\n0\n");
}

#[test]
fn owners_and_parents_are_asked_once_for_each_namespace() {
    require!(root, strace, unshare);
    let sleepers = "for i in 1 2 3 4; do start sh -c \"$stay\"; done; start unshare -rpf sh -c \"$stay\"";
    let line = counted(sleepers, "-n -l -o NS,ONS,PNS", &["NS_GET_USERNS", "NS_GET_PARENT"]);
    // The parent of a user namespace is its owner.
    root(format!("{line}; wc -l <list; lsns -n -l -t pid -o NS | wc -l")).prints("10\n2\n10\n2\n");
}

#[test]
fn nothing_but_links_is_read_of_who_is_not_shown() {
    require!(root, strace);
    let sleepers = "for i in 1 2 3 4; do start sh -c \"$stay\"; done";
    let patterns = [r#""cmdline""#, r#""stat""#];
    // One process stands for all namespaces of the stage.
    root(counted(sleepers, "", &patterns)).prints("1\n1\n");
    root(counted(sleepers, "-l -o NS,TYPE,NPROCS,PID,PATH", &patterns)).prints("0\n0\n");
    root(counted(sleepers, "-l -Q 'TYPE == \"uts\"'", &patterns)).prints("1\n0\n");
}

/// glibc would load them from the root that it is in, which may be a container's. To know the locale, it looks into the
/// list of them, but loads none.
#[test]
fn a_pattern_loads_no_converters() {
    require!(root, strace);
    let list = "LC_ALL=C.UTF-8 strace -f -o trace lsns";
    for pattern in ["ü+", "[[:alpha:]é-ü].", "^s"] {
        root(format!(
            "{list} >all || exit 9; mv trace before; {list} -Q 'COMMAND =~ \"{pattern}\"' >some || exit 9
            calls 'open.*[.]so'; [ $(calls 'open.*gconv') = $(grep -c 'open.*gconv' before) ] && echo same; calls 'execve('"
        ))
        .prints("0\nsame\n1\n");
    }
}

#[test]
fn what_is_wrong_is_refused_before_anything_is_read() {
    require!(root, strace);
    for wrong in ["-o NS,BAD", "-Q 'NS =='", "-Q 'NS =~ \"(\"'", "-Q BAD", "-t bad", "-p x", "x"] {
        root(format!("strace -o trace lsns {wrong} 2>/dev/null; echo $?; calls 'open.*\"/proc'")).prints("1\n0\n");
    }
}

#[test]
fn many_processes_share_the_processors() {
    require!(root, strace, taskset, unshare);
    // Each in a namespace of its own, all holding the same one, which nobody is in.
    let crowd = "touch shared; unshare --net=shared true
        for i in $(seq 40); do unshare -u sh -c 'read -r line <>never 8<shared' >&- 2>&- & done
        until [ $(ls /proc/*/fd/8 2>/dev/null | wc -l) = 40 ]; do :; done; umount -l shared";
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(2);
    root(format!(
        "{crowd}; taskset -c 0-63 strace -f -o trace lsns >list
        [ $(cut -d' ' -f1 trace | sort -u | wc -l) -ge {threads} ] && echo shared"
    ))
    .prints("shared\n");
    // One thread or several, the list is the same.
    root(format!(
        "{crowd}; list() {{ echo 2000 >/proc/sys/kernel/ns_last_pid; taskset -c $1 lsns -J --output-all; }}
        cpu=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//'); list 0-63 >all; list $cpu >one
        cmp all one && grep -c '\"ns\"' all"
    ))
    .prints("49\n");
}

#[test]
fn each_step_is_told_to_who_asks() {
    require!(root);
    let outcome = root("lsns -v -t uts -o TYPE,ONS,USER; NS_LOG=info lsns -t uts -o TYPE 2>&1 >list | wc -l").outcome();
    assert!(
        outcome.stdout.starts_with("TYPE        ONS USER\nuts  ") && outcome.stdout.ends_with("\n2\n"),
        "{outcome}"
    );
    for step in ["namespaces and descriptors of", "/proc/self/mountinfo", "belong to", "of the processes of 1 rows"] {
        assert!(outcome.stderr.contains(step), "{step}: {outcome}");
    }
}

#[test]
fn what_all_processes_need_is_missed_aloud() {
    require!(root);
    for (descriptors, status) in [(4, 32), (5, 1)] {
        // Three of them are taken. One is for /proc, one for what is below; some of what is there takes two.
        let outcome = root(format!("ulimit -n {descriptors}; exec lsns 3<&- 4<&-")).outcome();
        assert_eq!((outcome.status, &*outcome.stdout), (Status::Exit(status), ""), "{outcome}");
        assert!(outcome.stderr.ends_with(": Too many open files\n"), "{outcome}");
    }
    root("ulimit -n 16; lsns -n -l -o TYPE | wc -l").prints("8\n");
}

/// As a security module would have it.
#[test]
fn what_may_not_be_opened_stays_unknown() {
    require!(root, strace, unshare);
    let forbidden = "start unshare -u sh -c \"$stay\"; uts=$(inode /proc/$!/ns/uts)
        strace -o trace -P /proc/$! -e inject=openat:error=EACCES lsns -n -r -t uts -o NS,PID,NPROCS,ONS,COMMAND >list";
    root(format!("{forbidden}; grep -xc \"$uts $! 1 0 \" list; grep -c 'ns/uts.*INJECTED' trace")).prints("1\n1\n");
    let exhausted = forbidden.replace("EACCES", "EMFILE");
    root(format!("{exhausted} 2>said; echo $?; sed s/$!/PID/ said"))
        .prints("1\nlsns: cannot open /proc/PID/ns/uts: Too many open files\n");
}
