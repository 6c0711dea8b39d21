//! `--dry-run`: what it shows is what `-v` logs, and nothing of it happens. Ours alone.

use std::collections::BTreeSet;

use crate::support::{Status, require};
use crate::{nsuser, root};

/// Takes the PIDs from a log, and the numbers that nobody knows before.
const PLAIN: &str = r#"plain() { sed 's/^\[[0-9]*\] //; s:/proc/[0-9]*/:/proc/PID/:; s/^\("new.idmap"\) "[0-9]*"/\1 "PID"/
    s/write("new", "[0-9]*")/write("new", "PID")/; s/"child-pid": [0-9]*/"child-pid": PID/
    s/"inode": [0-9]*, "id": [0-9a-z]*/"inode": INODE, "id": ID/g' $1; }
"#;

/// Options that may be needed to start the program, so that a run shows all that it does.
const LINES: [&str; 24] = [
    "",
    "-f",
    "-U",
    "-r",
    "-c -n --loopback",
    "--map-user=5 --map-group=6",
    "--map-auto",
    "--map-auto -r -S 7 -G 8",
    "--map-subids -c --setgroups=deny",
    "--map-users=auto --map-groups=auto --setgroups=deny",
    "-r --setgroups=deny --keep-caps -S 0",
    "-rpf --mount-proc",
    "-rpf --mount-proc=/proc --propagation=slave --kill-child=TERM",
    "-rm --propagation unchanged",
    "-r --root /tmp/root --wd tmp",
    "-rT --monotonic=5 --boottime=-1",
    "-rf --clear-env",
    "-r --whitelist-env PATH,A",
    "-r --hostname x --fork --forward-signals=all",
    "-f --forward-signals",
    "-f --forward-signals=HUP --kill-child",
    "--init -rp --mount-proc",
    "--init --map-auto -S 7 --kill-child --forward-signals=USR1 --clear-env",
    "-r --wd /",
];

#[test]
fn it_shows_what_a_verbose_run_logs() {
    require!(root, newuidmap);
    for options in LINES {
        let program = if options.contains("/tmp/root") { "/bin/busybox true" } else { "true" };
        let line = format!(
            "unshare -v {options} {program} 2>log; plain log >ran; unshare {options} --dry-run {program} | diff - ran && echo same"
        );
        nsuser(format!("{PLAIN}{line}")).prints("same\n");
    }
    for options in [
        "--owner=4242:4242",
        "--map-users=0:0:5 --map-groups=0:0:5,0,9 --setgroups=deny",
        "-r -l :x:M::abcd::/bin/sh:",
        "-S 7 -G 8 --kill-child",
    ] {
        let options = options.replace("0:0:5,0,9", "0:0:5 --map-groups=5:9:2");
        root(format!("{PLAIN}unshare -v {options} true 2>log; plain log >ran; unshare {options} --dry-run true | diff - ran && echo same"))
            .prints("same\n");
    }
}

/// Where several processes are at work at once, only what each of them does has an order.
#[test]
fn it_shows_what_several_processes_do() {
    require!(root);
    for options in [
        "--uts=file true",
        "--uts=file -f --kill-child --pid-file new true",
        "--info-fd 7 -ru true 7>other",
        "--info-fd 7 --pid-file new --init -rpu true 7>other",
        "--pid=file --ipc=other -f --map-users=0:0:10 --owner=0:0 --kill-child --init true",
    ] {
        let (line, redirection) = options.split_once(" 7>").unwrap_or((options, "/tmp/stage/none"));
        root(format!(
            "{PLAIN}exec 7>{redirection}; unshare -v {line} 2>log; plain log | sort >ran; rm -f new; unshare --dry-run {line} | sort | diff - ran && echo same"
        ))
        .prints("same\n");
    }
}

const EVERYTHING: &str = "--uts=file -CimnTf --pid=file --kill-child --forward-signals=all --mount-proc --mount-binfmt -l :x:M::abcd::/bin/sh: \
    --map-auto -r --setgroups=allow --boottime=1 --monotonic=1 --root /tmp/root --wd=/ --hostname x --loopback --init --info-fd 7 \
    --pid-file new --owner=7:7 -S 0 -G 0 --keep-caps --clear-env --propagation=shared";

#[test]
fn it_does_nothing() {
    require!(root, strace);
    let outcome = root(format!(
        "strace -f -qq -o file unshare --dry-run {EVERYTHING} true 7>other >shown; cat file; ls; stat -c %s other"
    ))
    .outcome();
    assert_eq!((outcome.status, &*outcome.stderr), (Status::Exit(0), ""));
    // After what makes a process, it looks and does not touch.
    let calls: BTreeSet<&str> =
        outcome.stdout.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim().split_once('(')?.0)).collect();
    let harmless = [
        "access",
        "arch_prctl",
        "brk",
        "close",
        "dup",
        "execve",
        "exit_group",
        "fcntl",
        "fstat",
        "fstatfs",
        "getegid",
        "geteuid",
        "getgid",
        "getpid",
        "getrandom",
        "getuid",
        "lseek",
        "mmap",
        "mprotect",
        "mremap",
        "munmap",
        "newfstatat",
        "open",
        "openat",
        "openat2",
        "poll",
        "pread64",
        "prlimit64",
        "prctl",
        "read",
        "readlink",
        "rseq",
        "rt_sigaction",
        "rt_sigprocmask",
        "set_robust_list",
        "set_tid_address",
        "sigaltstack",
        "statfs",
        "statx",
        "ioctl",
        "write",
    ];
    let others: Vec<_> = calls.iter().filter(|call| !harmless.contains(call)).collect();
    assert!(others.is_empty(), "{others:?}");
    for line in outcome
        .stdout
        .lines()
        .filter(|line| line.contains("open") || line.contains(" write(") || line.contains("prctl(PR_"))
    {
        let looks = line.contains("O_RDONLY") || line.contains("O_PATH") || line.contains(" write(1,");
        assert!(looks, "{line}");
    }
    assert!(
        outcome.stdout.ends_with("\ndir\nfile\nlocked\nloop\nnever\nnointerp\nnoshebang\nother\nplain\nshown\n0\n"),
        "{outcome}"
    );
}

#[test]
fn maps_and_mounts_stand_in_order() {
    require!(root);
    nsuser("unshare --dry-run -r --map-auto --mount-proc -R /tmp/root ps").prints(
        "fork()\nunshare(CLONE_NEWUSER|CLONE_NEWNS)\n\
        \"newuidmap\" \"PID\" \"0\" \"4242\" \"1\" \"1\" \"300000\" \"65536\"\n\
        \"newgidmap\" \"PID\" \"0\" \"4242\" \"1\" \"1\" \"400000\" \"65536\"\n\
        mount(\"/\", MS_REC|MS_PRIVATE)\nchroot(\"/tmp/root\"), chdir(\"/\")\n\
        mount(\"proc\", \"/proc\", MS_NOSUID|MS_NODEV|MS_NOEXEC)\nexecvp(\"ps\")\n",
    );
}

#[test]
fn errors_of_the_plan_are_errors() {
    require!(root);
    for (options, complaint) in [
        ("--monotonic=1", "options --monotonic and --boottime require unsharing of a time namespace (-T)"),
        ("-r --setgroups=allow", "options --setgroups=allow and --map-group are mutually exclusive"),
        ("--map-users=x", "invalid mapping 'x'"),
        ("--info-fd 9", "cannot write to file descriptor 9: Bad file descriptor"),
        ("--check", "options --check and --dry-run cannot be combined"),
    ] {
        nsuser(format!("unshare --dry-run {options} true")).fails(1, &format!("unshare: {complaint}"));
    }
    nsuser("unshare --dry-run true >/dev/full").fails(1, "unshare: write error: No space left on device");
    nsuser("unshare --dry-run nosuch").prints("unshare(0)\nexecvp(\"nosuch\")\n");
}

#[test]
fn the_login_shell_is_named() {
    require!(root);
    nsuser("unshare --dry-run; SHELL=/x unshare --dry-run")
        .prints("unshare(0)\nexecv(\"/bin/sh\")\nunshare(0)\nexecv(\"/x\")\n");
    root("unshare --dry-run --clear-env")
        .prints("unshare(0)\nkeeping of the environment: []\nexecv(\"/tmp/bin/rootshell\")\n");
}
