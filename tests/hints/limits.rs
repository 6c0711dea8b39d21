//! "No space left on device" and "Resource temporarily unavailable": limits, and how deep namespaces nest.

use crate::support::require;
use crate::{Line, nsuser, program, remedies, root};

const FULL: &str = "unshare failed: No space left on device";

/// Lines of shell, by root of a user namespace of its own, in which ids 0 and 4242 are mapped. The last one fails.
fn inside(line: &str) -> Line {
    let maps = "--map-users=0:0:5000 --map-groups=0:0:5000";
    root(format!("cat >script <<'END'\n{}{line}\nEND\nunshare {maps} -m sh script", crate::FUNCTIONS))
}

/// Fails so; after the commands that are advised, which root runs, the same works.
fn is_mended(setup: &str, command: &str, hints: &[&str]) {
    let failing = inside(&format!("{setup}{command}"));
    failing.is_explained(FULL, hints);
    let commands = remedies(&failing, "try, as root: ").join("\n");
    assert!(!commands.is_empty(), "{command}");
    inside(&format!("{setup}{commands}\n{command}")).prints("");
}

#[test]
fn limit_zero() {
    require!(root, newuidmap);
    for (kind, options) in [("user", "-U"), ("uts", "-u"), ("pid", "-pf"), ("mnt", "-m"), ("net", "-Uimn")] {
        let file = format!("/proc/sys/user/max_{kind}_namespaces");
        let word = if kind == "mnt" { "mount" } else { kind };
        let reason = format!("{file} is 0: {word} namespaces are switched off here");
        let remedy = format!("try, as root: echo 10000 >{file}");
        let setup = format!("echo 0 >{file}\n");
        is_mended(&setup, &format!("unshare {options} true"), &[&reason, &remedy]);
    }
}

#[test]
fn needs_cap_sys_admin_and_limit_zero() {
    require!(root);
    let file = "/proc/sys/user/max_user_namespaces";
    inside(&format!("echo 0 >{file}\nunprivileged unshare -p true")).is_explained(
        "unshare failed: Operation not permitted",
        &[
            "a new pid namespace needs CAP_SYS_ADMIN, which you do not have",
            &format!("nor may you make a user namespace: {file} is 0: user namespaces are switched off here"),
            &format!("try, as root: echo 10000 >{file}"),
        ],
    );
}

#[test]
fn limit_reached() {
    require!(root);
    let file = "/proc/sys/user/max_uts_namespaces";
    let reason = format!("{file} is 1: as many uts namespaces are in use as one user may have");
    let remedy = format!("try, as root: echo 10000 >{file}");
    // sh keeps the first namespace while the second one is asked for.
    let setup = format!("echo 1 >{file}\n[ $1 ] || exec unshare -u sh script again\n");
    is_mended(&setup, "unshare -u true", &[&reason, &remedy]);
}

#[test]
fn limit_above() {
    require!(root);
    let more = "look at /proc/sys/user/max_*_namespaces outside";
    let above = "a user namespace above this one has reached its limit";
    inside("echo 0 >/proc/sys/user/max_net_namespaces\nunshare -r unshare -n true").is_explained(FULL, &[above, more]);
    let nested = format!("either user namespaces are nested 32 levels deep already, or {above}");
    inside("echo 1 >/proc/sys/user/max_user_namespaces\nunshare -r unshare -U true")
        .is_explained(FULL, &[&nested, more]);
}

const DEEPER: &str = "printf '#!/bin/sh\\nexec unshare $OPTIONS deeper\\n' >/tmp/bin/deeper; chmod 755 /tmp/bin/deeper";

#[test]
fn nested_too_deep() {
    require!(root);
    let nested =
        |kind: &str, rest: &str| format!("either {kind} namespaces are nested 32 levels deep already, or {rest}");
    let more = "look at /proc/sys/user/max_*_namespaces outside";
    // A stage is a pid namespace itself, so that what is above it is not seen.
    let pid = nested("pid", "/proc/sys/user/max_pid_namespaces is reached");
    root("OPTIONS=-pf; export OPTIONS; deeper").after(DEEPER).is_explained(FULL, &[&pid, more]);
    let user = nested("user", "a user namespace above this one has reached its limit");
    nsuser("OPTIONS=-r; export OPTIONS; deeper").after(DEEPER).is_explained(FULL, &[&user, more]);
}

const NO_FORK: &str = "fork failed: Resource temporarily unavailable";

#[test]
fn process_limit() {
    require!(root, prlimit);
    let line = nsuser("prlimit --nproc=1 unshare -f true").outcome();
    let (first, hint) = line.stderr.split_once('\n').unwrap();
    assert_eq!(first, format!("unshare: {NO_FORK}"));
    assert!(hint.starts_with("unshare: hint: you may have 1 processes (ulimit -u), and have "), "{hint}");
    nsuser("prlimit --nproc=1000 unshare -f true").prints("");
}

#[test]
fn cgroup_pids() {
    require!(root, pids_cgroup);
    let cgroup = format!("/sys/fs/cgroup/pids/ns-test-{}", std::process::id());
    let reason = format!("{cgroup}/pids.max is 2, and as many processes are there");
    let enter = format!("(echo 0 >{cgroup}/cgroup.procs; echo 2 >{cgroup}/pids.max");
    // A shell that waits is one process; the one that is to fork is the other.
    root(format!("{enter}; unshare -f true; exit $?)"))
        .after(&format!("mkdir -p {cgroup}"))
        .is_explained(NO_FORK, &[&reason]);
    root(format!("{enter}; echo 3 >{cgroup}/pids.max; unshare -f true; exit $?)")).prints("");
    std::fs::remove_dir(cgroup).expect("nobody is left in the cgroup");
}

#[test]
fn system_pids() {
    require!(root);
    let fill = "echo 340 >/proc/sys/kernel/pid_max || exit 9; (while sleep 1000 & do :; done) 2>/dev/null 1>&2";
    let reason = "/proc/sys/kernel/pid_max is 340, and as many processes and threads are there";
    let outcome = Line::of_root(program(), "", format!("{fill}; exec unshare -f true")).outcome();
    assert!(outcome.stderr.ends_with(&format!("unshare: {NO_FORK}\nunshare: hint: {reason}\n")), "{outcome}");
}
