//! What the program says: its name, its help, its log.

use crate::support::{Outcome, Stage, Status, User, ours, require};
use crate::{nsuser, root};

#[test]
fn it_reports_under_the_name_that_it_is_run_by() {
    require!(root);
    let complaint = "unshare failed: Operation not permitted";
    nsuser("unshare -u true").fails(1, &format!("unshare: {complaint}"));
    nsuser("/tmp/bin/unshare -u true").fails(1, &format!("unshare: {complaint}"));
    nsuser("ln -s /tmp/bin/unshare /tmp/stage/link; ./link -u true").fails(1, &format!("link: {complaint}"));
    nsuser("cd dir; ../unshare -u true").after("cp /tmp/bin/unshare .").fails(1, &format!("unshare: {complaint}"));
}

#[test]
fn its_own_name_is_rs_unshare() {
    require!(root);
    let run = |line: &str| {
        let line = format!("NS_HINTS=never; export NS_HINTS; {line}");
        Stage::new(User::Nsuser).run_sh(&ours("rs-unshare", env!("CARGO_BIN_EXE_rs-unshare")), &line)
    };
    let outcome = |status, stderr: &str| Outcome {
        status: Status::Exit(status),
        stdout: String::new(),
        stderr: stderr.to_owned(),
    };
    assert_eq!(run("rs-unshare -u true"), outcome(1, "rs-unshare: unshare failed: Operation not permitted\n"));
    assert_eq!(
        run("rs-unshare -f nosuch"),
        outcome(127, "rs-unshare: failed to execute nosuch: No such file or directory\n")
    );
    let usage = "/tmp/bin/rs-unshare: unrecognized option '--x'\nTry 'rs-unshare --help' for more information.\n";
    assert_eq!(run("/tmp/bin/rs-unshare --x"), outcome(1, usage));
    assert!(run("rs-unshare --version").stdout.starts_with("rs-unshare from "));
    assert!(run("rs-unshare --help").stdout.starts_with("\nUsage: rs-unshare [OPTIONS] "));
}

/// The options that the help must name, with what they take.
const OPTIONS: [&str; 43] = [
    "-m, --mount[=<FILE>]",
    "-u, --uts[=<FILE>]",
    "-i, --ipc[=<FILE>]",
    "-n, --net[=<FILE>]",
    "-p, --pid[=<FILE>]",
    "-U, --user[=<FILE>]",
    "-C, --cgroup[=<FILE>]",
    "-T, --time[=<FILE>]",
    "--mount-proc[=<",
    "--mount-binfmt[=<",
    "-l, --load-interp <",
    "--propagation <",
    "-R, --root <",
    "-w, --wd <",
    "--map-user <",
    "--map-group <",
    "-r, --map-root-user ",
    "-c, --map-current-user ",
    "--map-auto ",
    "--map-subids ",
    "--map-users <",
    "--map-groups <",
    "--owner <UID:GID>",
    "--setgroups <",
    "-S, --setuid <",
    "-G, --setgid <",
    "--keep-caps ",
    "--hostname <NAME>",
    "--loopback ",
    "-f, --fork ",
    "--init ",
    "--kill-child[=<",
    "--forward-signals[=<LIST>]",
    "--info-fd <FD>",
    "--pid-file <FILE>",
    "--monotonic <",
    "--boottime <",
    "--clear-env ",
    "--whitelist-env <",
    "--dry-run ",
    "-v, --verbose",
    "-h, --help ",
    "-V, --version ",
];

#[test]
fn help_names_every_option() {
    require!(root);
    let Outcome { status, stdout, stderr } = nsuser("unshare --help").outcome();
    assert_eq!((status, &*stderr), (Status::Exit(0), ""));
    let missing: Vec<_> = OPTIONS.iter().filter(|option| !stdout.contains(*option)).collect();
    assert!(missing.is_empty(), "{missing:?} is not in{stdout}");
}

#[test]
fn help_fits_on_a_terminal() {
    require!(root);
    let help = nsuser("unshare --help").outcome().stdout;
    assert!(help.starts_with("\nUsage: unshare "), "{help}");
    let too_long: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(too_long.is_empty(), "{too_long:?}");
}

#[test]
fn help_and_version_count_from_the_left() {
    require!(root);
    nsuser("same 'unshare --help' 'unshare -h --nosuch'; same 'unshare --version' 'unshare -V -S x true'")
        .prints("same\nsame\n");
    nsuser("unshare --help >/dev/full").fails(1, "unshare: write error: No space left on device");
    nsuser("unshare --help >&-; unshare --version >&-").prints("");
}

/// What is logged, without the PIDs before each line.
fn log(line: &str) -> Outcome {
    nsuser(format!("{{ {line}; }} 2>log; sed 's/^\\[[0-9]*] //' log >&2")).outcome()
}

const CALLS: &str = r#"unshare(CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNS)
sigprocmask(SIG_BLOCK, {INT,TERM})
fork()
prctl(PR_SET_PDEATHSIG, SIGTERM)
write("/proc/self/uid_map", "0 4242 1")
write("/proc/self/setgroups", "deny")
write("/proc/self/gid_map", "0 4242 1")
mount("/", MS_REC|MS_SLAVE)
mount("/proc", MS_REC|MS_PRIVATE)
mount("proc", "/proc", MS_NOSUID|MS_NODEV|MS_NOEXEC)
execvp("id")
"#;

#[test]
fn a_verbose_run_shows_its_system_calls() {
    require!(root);
    let options = "-r --pid --mount-proc --propagation=slave --kill-child=TERM";
    let expected = Outcome { status: Status::Exit(0), stdout: "0\n".into(), stderr: CALLS.into() };
    assert_eq!(log(&format!("unshare -v {options} id -u")), expected);
    assert_eq!(log(&format!("unshare --verbose {options} id -u")), expected);
    assert_eq!(log(&format!("NS_LOG=info unshare {options} id -u")), expected);
    assert_eq!(log(&format!("NS_LOG= unshare {options} id -u")).stderr, "");
    let more = log(&format!("unshare -vv {options} id -u"));
    assert_eq!(more.stdout, "0\n");
    assert!(more.stderr.lines().count() > CALLS.lines().count(), "{more}");
}

#[test]
fn a_verbose_run_shows_what_helpers_do() {
    require!(root, newuidmap);
    let stderr = log("unshare -v --map-auto true").stderr;
    assert!(stderr.contains("newuidmap") && stderr.contains("\"300000\" \"65536\""), "{stderr}");
    let stderr = root("unshare -v --uts=file --owner=4242:4242 -S 0 true").outcome().stderr;
    for call in ["setgroups(0)\n", "setgid(4242)\n", "setuid(4242)\n", "/ns/uts\", \"file\", MS_BIND)\n"] {
        assert!(stderr.contains(call), "{call}{stderr}");
    }
}
