//! Why rs-nsenter failed: each cause, brought about for real, is named; without it, it is not.

use crate::support::{Line, require};
use crate::{nsuser, root};

const FROM_TARGET: &str = "reassociate to namespaces failed: Operation not permitted";

fn denied(link: &str) -> String {
    format!("reassociate to namespace 'ns/{link}' failed: Operation not permitted")
}

fn invalid(link: &str) -> String {
    format!("reassociate to namespace 'ns/{link}' failed: Invalid argument")
}

/// The command that the hint of a failed line advises.
fn command(line: &Line) -> String {
    let stderr = line.outcome().stderr;
    let command = stderr.lines().find_map(|line| line.strip_prefix("nsenter: hint: try: "));
    command.unwrap_or_else(|| panic!("no command in {stderr}")).to_owned()
}

/// Shell commands that keep namespaces in files, by which an ordinary user may enter them.
const KEPT: &str = "touch uts net pid; unshare --uts=uts --net=net true; mount --bind /proc/1/ns/pid pid";

/// And a user namespace of root's.
const KEPT_USER: &str = "touch user; mount --bind /proc/700/ns/user user";

#[test]
fn needs_capability() {
    require!(root, unshare, setpriv);
    let reason = |word: &str, capability: &str| format!("a {word} namespace needs {capability}, which you do not have");
    // A container of one's own: its user namespace gives the right.
    for (option, word) in [("-n", "net"), ("-u", "uts"), ("-m", "mount"), ("--pid", "pid")] {
        let line = nsuser(format!("nsenter -t 200 {option} whose"));
        let hint = format!("try: nsenter --user --preserve-credentials -t 200 {option} whose");
        line.is_explained(FROM_TARGET, &[&reason(word, "CAP_SYS_ADMIN"), &hint]);
        let entered = nsuser(command(&line)).beside_targets().outcome();
        assert!(entered.stdout.contains("user:200") && entered.stderr.is_empty(), "{entered}");
    }
    nsuser("nsenter -t 350 -u true").is_explained(FROM_TARGET, &[&reason("uts", "CAP_SYS_ADMIN")]);
    nsuser("nsenter -uuts true").after(KEPT).is_explained(&denied("uts"), &[&reason("uts", "CAP_SYS_ADMIN")]);
    let without = "setpriv --bounding-set -sys_chroot --inh-caps -sys_chroot";
    root(format!("{without} nsenter -t 100 -m true")).is_explained(FROM_TARGET, &[&reason("mount", "CAP_SYS_CHROOT")]);
    root(format!("{without} nsenter -t 100 -u true")).prints("");
}

#[test]
fn namespace_outside() {
    require!(root, unshare);
    let reason = |word: &str| format!("the {word} namespace belongs to a user namespace outside of yours");
    nsuser("unshare -r nsenter -uuts true").after(KEPT).is_explained(&denied("uts"), &[&reason("uts")]);
    nsuser("unshare -r nsenter --net=net true").after(KEPT).is_explained(&denied("net"), &[&reason("net")]);
    root("nsenter --net=net true").after(KEPT).prints("");
}

#[test]
fn user_namespace_outside() {
    require!(root, unshare);
    let reason = "the user namespace is not inside the one that you are in: one enters downwards only";
    nsuser("unshare -r nsenter -Uuser true").after(KEPT_USER).is_explained(&denied("user"), &[reason]);
}

#[test]
fn user_namespace_of_another() {
    require!(root, unshare);
    let reason = "the user namespace is uid 0's, and you are uid 4242 without CAP_SYS_ADMIN";
    nsuser("nsenter -Uuser true").after(KEPT_USER).is_explained(&denied("user"), &[reason]);
    root("nsenter -Uuser true").after(KEPT_USER).prints("");
}

#[test]
fn own_user_namespace() {
    require!(root);
    let reason = "you are in this user namespace already, and cannot enter it again";
    root("nsenter -U/proc/self/ns/user true").is_explained(&invalid("user"), &[reason]);
    root("nsenter -t 300 -U true").is_explained("reassociate to namespaces failed: Invalid argument", &[reason]);
}

#[test]
fn pid_namespace_outside() {
    require!(root, unshare);
    let reason = "the pid namespace is not inside the one that you are in: one enters downwards only";
    root("unshare -pf nsenter -ppid true").after(KEPT).is_explained(&invalid("pid"), &[reason]);
    root("nsenter -ppid true").after(KEPT).prints("");
}

#[test]
fn not_a_namespace() {
    require!(root);
    let reason = "the file is no namespace: nothing is bound there, or not any more";
    root("nsenter -nfile true").is_explained(&invalid("net"), &[reason]);
}

#[test]
fn other_kind() {
    require!(root);
    let reason = "the file is a uts namespace, not a net namespace";
    root("nsenter -n/proc/self/ns/uts true").is_explained(&invalid("net"), &[reason]);
}

#[test]
fn target_zombie() {
    require!(root);
    let reason = "process 400 has ended and waits for its parent (a zombie): it has no namespaces";
    root("nsenter -t 400 -u true").is_explained("reassociate to namespaces failed: No such process", &[reason]);
    root("nsenter -t 400 -r -u true").is_explained("cannot open /proc/400/root: No such file or directory", &[reason]);
}

#[test]
fn no_such_process() {
    require!(root);
    let reason = "there is no process 4000";
    root("nsenter -t 4000 -u true").is_explained("cannot open /proc/4000/ns/uts: No such file or directory", &[reason]);
    root("nsenter -t 4000 -a true")
        .is_explained("stat of /proc/4000/ns/user failed: No such file or directory", &[reason]);
}

#[test]
fn target_hidden() {
    require!(root);
    let hide = "mount -o remount,hidepid=2 /proc";
    nsuser("nsenter -t 300 -r -u true").after(hide).is_explained(
        "cannot open /proc/300/root: No such file or directory",
        &["process 300 is hidden: /proc is mounted with hidepid"],
    );
}

#[test]
fn foreign_proc() {
    require!(root, unshare);
    let reason = "there is a process 300, but this /proc does not show it: it is another pid namespace's";
    root("nsenter -t 300 -r -u true")
        .after("unshare -pf mount -t proc proc /proc")
        .is_explained("cannot open /proc/300/root: No such file or directory", &[reason]);
}

#[test]
fn no_process_yet() {
    require!(root, unshare);
    let reason = "the pid namespace of its children has no process yet";
    let line = root("unshare -p sh -c 'exec nsenter -p/proc/$$/ns/pid_for_children true'").outcome();
    let (complaint, hint) = line.stderr.split_once('\n').expect("two lines");
    assert!(complaint.ends_with("/ns/pid_for_children: No such file or directory"), "{line}");
    assert_eq!(hint, format!("nsenter: hint: {reason}\n"));
}

#[test]
fn init_dead() {
    require!(root, unshare);
    let reason = "the first process of the pid namespace has ended (its init): nobody can be started in it any more";
    root("nsenter -ppid2 true").after("touch pid2; unshare -f --pid=pid2 true").is_explained(
        "fork failed: Cannot allocate memory",
        &[reason, "the namespace has to be made anew, with a first process that stays"],
    );
}

#[test]
fn target_of_another() {
    require!(root);
    let reason = "process 300 is uid 0's: looking into it needs CAP_SYS_PTRACE, which you do not have";
    nsuser("nsenter -t 300 -u true").is_explained(FROM_TARGET, &[reason]);
    nsuser("nsenter -t 300 -r -u true").is_explained("cannot open /proc/300/root: Permission denied", &[reason]);
}

#[test]
fn target_not_dumpable() {
    require!(root, perl);
    let start = "mkfifo heard; echo 1999 >/proc/sys/kernel/ns_last_pid\n\
        setpriv --reuid 4242 --regid 4242 --clear-groups perl -e 'syscall(157, 4, 0); $| = 1; print \"up\\n\"; sleep 1000' >heard & read -r said <heard";
    let reason = "process 2000 is not dumpable (see PR_SET_DUMPABLE in prctl(2)): only root may look into it";
    nsuser("nsenter -t 2000 -r -u true")
        .after(start)
        .is_explained("cannot open /proc/2000/root: Permission denied", &[reason]);
}

#[test]
fn needs_cap_sys_ptrace() {
    require!(root);
    let outcome = nsuser("nsenter -t 300 -N 0 true").outcome();
    let (complaint, hint) = outcome.stderr.split_once('\n').expect("two lines");
    assert!(
        complaint.starts_with("nsenter: pidfd_getfd(") && complaint.ends_with(": Operation not permitted"),
        "{outcome}"
    );
    let yama = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    let reason = match yama.trim() {
        "" | "0" => "taking another process's descriptors needs CAP_SYS_PTRACE, which you do not have".into(),
        scope => format!(
            "/proc/sys/kernel/yama/ptrace_scope is {scope}: taking another process's descriptors needs CAP_SYS_PTRACE"
        ),
    };
    assert_eq!(hint, format!("nsenter: hint: {reason}\n"));
}

#[test]
fn owner_outside() {
    require!(root);
    let reason = "the user namespace above it is none of yours: it lies outside the one that you are in";
    root("nsenter -t 300 -U --user-parent true")
        .is_explained("failed to open parent namespace: Operation not permitted", &[reason]);
    nsuser("nsenter -t 600 -u --user-parent --preserve-credentials true").prints("");
}

#[test]
fn another_process() {
    require!(root);
    let complaint = |pid| format!("failed to obtain a valid file descriptor for PID {pid}: No such process");
    let outcome = root("nsenter -t 300:1 -u true").outcome();
    let (first, hint) = outcome.stderr.split_once('\n').expect("two lines");
    assert_eq!(first, format!("nsenter: {}", complaint(300)));
    let inode = hint.trim_end().strip_prefix("nsenter: hint: PID 300 is another process, whose inode is ");
    let inode: u64 = inode.and_then(|inode| inode.parse().ok()).unwrap_or_else(|| panic!("{hint}"));
    assert!(inode > 1, "{hint}");
    root("nsenter -t 4000:1 -u true").is_explained(&complaint(4000), &["there is no process 4000"]);
}

#[test]
fn id_not_found() {
    require!(root);
    let reason = "no process, mount, descriptor or socket that you may look at shows a namespace with the id 987654321";
    root("nsenter -n=:987654321 true").is_explained(
        "cannot open namespace of id 987654321: Stale file handle",
        &[reason, "it has ended, or it is hidden from you"],
    );
    nsuser("nsenter -n=:987654321 true").is_explained(
        "cannot open namespace of id 987654321: Stale file handle",
        &[reason, "it has ended, or it is hidden from you: ask as root"],
    );
}

#[test]
fn seccomp_filter() {
    require!(root, perl);
    let filter = "perl -e '
        my $filter = pack(\"(SCCL)4\", 0x20, 0, 0, 0, 0x15, 0, 1, 308, 0x06, 0, 0, 0x00050001, 0x06, 0, 0, 0x7fff0000);
        my $program = pack(\"S x6 P\", 4, $filter);
        syscall(157, 22, 2, $program) == 0 or die; exec @ARGV or die'";
    for line in ["-t 100 -u true", "-uuts true"] {
        let outcome = root(format!("{filter} nsenter {line}")).after(KEPT).outcome();
        assert!(outcome.stderr.contains(": Operation not permitted\nnsenter: hint: "), "{outcome}");
        assert!(outcome.stderr.contains("system call filter (seccomp) forbids it, whoever asks"), "{outcome}");
    }
    root("nsenter -uuts true").after(KEPT).prints("");
}

#[test]
fn options_taken_for_file() {
    require!(root);
    let line = root("nsenter -t 100 -mui true");
    line.is_explained(
        "cannot open ui: No such file or directory",
        &["-mui means -m with the file ui", "try: nsenter -t 100 -m -u -i true"],
    );
    root(command(&line)).prints("");
    let complaint = "cannot open uin: No such file or directory";
    root("nsenter -muin true").is_explained(complaint, &["-muin means -m with the file uin"]);
}

#[test]
fn argument_taken_for_program() {
    require!(root);
    let line = root("nsenter -t 500 -m -W /tmp pwd");
    line.is_explained(
        "failed to execute /tmp: Permission denied",
        &["-W takes an attached argument only, so /tmp is the program", "try: nsenter -t 500 -m --wdns=/tmp pwd"],
    );
    root("nsenter -t 500 -r -m --wdns=/tmp /bin/busybox pwd").prints("/tmp\n");

    // A namespace, for which there is no target then.
    let (file, missing) = ("/proc/100/ns/uts", "no target PID specified");
    for option in ["-u", "--uts"] {
        let line = root(format!("nsenter {option} {file} whose"));
        let reason = format!("{option} takes an attached argument only, so {file} is the program");
        line.is_explained(missing, &[&reason, &format!("try: nsenter --uts={file} whose")]);
        root(command(&line)).prints("uts:100\n");
    }
    let line = root(format!("nsenter -t 100 -u {file} whose"));
    line.is_explained(
        &format!("failed to execute {file}: Permission denied"),
        &[
            &format!("-u takes an attached argument only, so {file} is the program"),
            &format!("try: nsenter -t 100 --uts={file} whose"),
        ],
    );
    // Where that would not work either, it is not advised.
    let reason = format!("-u takes an attached argument only, so {file} is the program");
    root(format!("nsenter -u {file} ./nosuch")).is_explained(missing, &[&reason]);
    root("nsenter -eu /proc/100/ns/uts whose").is_explained(missing, &[TARGET_MISSING]);
}

const TARGET_MISSING: &str = "namespaces that are not given by a file are those of --target, which is missing";

#[test]
fn target_missing() {
    require!(root);
    root("nsenter -u true").is_explained("no target PID specified", &[TARGET_MISSING]);
    let compared = "stat of /proc/0/ns/user failed: No such file or directory";
    root("nsenter -a true").is_explained(compared, &[TARGET_MISSING]);
    // A PID in the place of the program.
    let line = root("nsenter -a 100 whose");
    line.is_explained(compared, &[TARGET_MISSING, "try: nsenter -a --target 100 whose"]);
    assert!(root(command(&line)).outcome().stdout.contains("uts:100"));
    root("nsenter -a 4000 true").is_explained(compared, &[TARGET_MISSING]);
}

/// ENOENT of a directory that the message does not name.
#[test]
fn directory_missing() {
    require!(root);
    let complaint = "cannot open current working directory: No such file or directory";
    root("nsenter -t 500 -m --wdns=/no true").is_explained(complaint, &["there is no /no"]);
    root("nsenter -t 500 -m --wdns=/no/such true").is_explained(complaint, &["there is no /no"]);
    let complaint = "cannot open current working directory: Not a directory";
    root("nsenter -t 100 -u --wdns=/etc/passwd/x true").is_explained(complaint, &["/etc/passwd is no directory"]);
}

#[test]
fn descriptor_missing() {
    require!(root);
    let line = root("nsenter -t 100 -N 99 true 2>&1 | sed s/[0-9]*,/PIDFD,/");
    line.prints(
        "nsenter: pidfd_getfd(PIDFD, 99): Bad file descriptor\nnsenter: hint: the target has no descriptor 99\n",
    );
}

#[test]
fn no_socket() {
    require!(root);
    let line = root("nsenter -t 100 -N 0 true 2>&1 | sed s/[0-9]*,/COPY,/");
    line.prints(
        "nsenter: ioctl(COPY, SIOCGSKNS): Inappropriate ioctl for device\nnsenter: hint: the target's descriptor is no socket\n",
    );
}

#[test]
fn nothing_to_enter() {
    require!(root);
    let (nothing, reason) =
        ("no namespace specified", "no option says which namespaces: --all is all, --net and its like are one each");
    root("nsenter true").is_explained(nothing, &[reason]);
    let line = root("nsenter -t 100 whose");
    line.is_explained(nothing, &[reason, "try: nsenter --all -t 100 whose"]);
    assert!(root(command(&line)).outcome().stdout.contains("uts:100"));
    nsuser("nsenter -t 100 true").is_explained(nothing, &[reason]);
}

/// Nothing fails, so only a terminal is told.
#[test]
fn children_in_another_pid_namespace() {
    require!(root, unshare, script);
    // 99 waits for 100.
    let hint = "nsenter: hint: the target's children live in another pid namespace: --pid-for-children enters it";
    root("script -qec 'nsenter -t 99 -p echo ran' /dev/null; nsenter -t 99 --pid-for-children whose")
        .prints(&format!("{hint}\r\nran\r\npid:100 time:100\n"));
    root("script -qec 'nsenter -t 100 -p echo ran' /dev/null").prints("ran\r\n");
    assert_eq!(root("nsenter -t 99 -p echo ran").outcome().stderr, "");
}

/// What is attached to an option is no option.
#[test]
fn words_that_look_like_others() {
    require!(root);
    let complaint = "failed to execute nosuch: No such file or directory";
    root("nsenter -t $$ -u/proc/self/ns/uts nosuch").is_explained(complaint, &[]);
    let reason = "nosuch is looked for in the root directory that was entered: no directory of PATH there has it";
    root("nsenter -t 500 -r -u nosuch").is_explained(complaint, &[reason]);
}

/// That one stays who one is does not help whoever wants to be another.
#[test]
fn ids_that_were_asked_for() {
    require!(root, unshare);
    let reason = |side: &str| format!("{side} 0 is not mapped in this user namespace: /proc/self/{side}_map has none");
    let errors = ["setgid() failed: Invalid argument", "setuid() failed: Invalid argument"];
    // In a user namespace without maps.
    let inside = |options: &str| {
        let entering = format!("nsenter -t $pid -U {options} true; status=$?; kill -PIPE $pid; exit $status");
        root(format!("unshare -U sh -c 'echo $$; exec sleep inf' | {{ read pid; {entering}; }}"))
    };
    inside("-S 0").is_explained(errors[0], &[&reason("gid")]);
    inside("-S 0 --preserve-credentials").is_explained(errors[1], &[&reason("uid")]);
}
