//! RLIMIT_NOFILE, RLIMIT_NPROC, pids.max, memory, RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_STACK, RLIMIT_CORE.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::support::{LIMIT, require};
use crate::{Case, Record, line, of_program, program, try_all};

/// Each with what sets it, behind one that sets nothing.
fn under(what: &str, values: &[&str], before: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let values = values.iter().map(|value| (format!("{what} {value}"), before(value)));
    [(format!("{what} free"), "env".to_owned())].into_iter().chain(values).collect()
}

fn nothing_else(_: &Case, _: &Record) -> bool {
    false
}

/// newuidmap is dynamic, and says in its own words that it cannot load its libraries.
fn is_mappers(case: &Case, record: &Record) -> bool {
    let told = record.err.iter().any(|line| line.contains("newuidmap"));
    case.options.contains("--map-auto") && told && record.status != 0 && record.out.is_empty() && record.left.is_empty()
}

#[test]
fn few_descriptors() {
    require!(root, newuidmap, prlimit, setpriv, timeout);
    let values = ["3", "4", "5", "6", "7", "8", "9", "12"];
    let under = under("RLIMIT_NOFILE", &values, |value| format!("prlimit --nofile={value}:{value}"));
    try_all("few descriptors", "", &under, true, is_mappers);
}

#[test]
fn few_processes_of_a_user() {
    require!(root, newuidmap, prlimit, setpriv, timeout);
    // 4242 is the user whose processes are counted, root's are not.
    let under = under("RLIMIT_NPROC", &["0", "1", "2"], |value| format!("{{}} prlimit --nproc={value}:{value}"));
    // A thread can be done without, and only root's lsns visits mount namespaces.
    try_all("few processes", "", &under, program().name != "lsns", is_mappers);
}

/// A cgroup of version 1, empty and gone at the end.
struct Cgroup(PathBuf);

impl Cgroup {
    fn new(controller: &str, test: &str) -> Option<Self> {
        let path = Path::new("/sys/fs/cgroup").join(controller);
        let name = format!("ns-limits-{}-{test}-{}", program().name, std::process::id());
        let made = path.join("cgroup.procs").exists() && fs::create_dir(path.join(&name)).is_ok();
        made.then(|| Self(path.join(name)))
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Whoever was killed may take a moment to go.
        let begun = Instant::now();
        let mut gone = fs::remove_dir(&self.0).is_ok();
        while !gone && begun.elapsed() < LIMIT {
            std::thread::yield_now();
            gone = fs::remove_dir(&self.0).is_ok();
        }
        assert!(gone || std::thread::panicking(), "somebody is left in {}", self.path());
    }
}

#[test]
fn few_processes_in_a_cgroup() {
    require!(root, newuidmap, setpriv, timeout, pids_cgroup);
    let cgroup = Cgroup::new("pids", "pids").expect("a cgroup");
    let functions = format!(
        "cat >/tmp/bin/few <<'END'\n#!/bin/sh\necho $1 >{0}/pids.max; shift; echo 0 >{0}/cgroup.procs; exec \"$@\"\nEND
        chmod 755 /tmp/bin/few",
        cgroup.path()
    );
    let under = under("pids.max", &["1", "2", "3"], |value| format!("few {value} {{}}"));
    try_all("few processes in a cgroup", &functions, &under, true, is_mappers);
}

#[test]
fn little_memory_in_a_cgroup() {
    require!(root, newuidmap, setpriv, timeout);
    let Some(cgroup) = Cgroup::new("memory", "memory") else {
        return crate::support::skip(crate::support::test_name!(), "no memory controller of cgroup version 1");
    };
    // What those before have left in memory may be more than the limit.
    let functions = format!(
        "cat >/tmp/bin/little <<'END'\n#!/bin/sh\nuntil echo $1 >{0}/memory.limit_in_bytes; do echo 0 >{0}/memory.force_empty; done 2>/tmp/log/full; shift; echo 0 >{0}/cgroup.procs; exec \"$@\"\nEND
        chmod 755 /tmp/bin/little",
        cgroup.path()
    );
    let under = under("memory.limit", &["256k", "512k", "1m", "2m"], |value| format!("little {value} {{}}"));
    // Whom the kernel kills has no say: but the rest goes too. Pins are made or not, which is the helper's affair. A parent
    // may be killed when the program has run already.
    try_all("little memory", &functions, &under, true, |_, record| {
        let is_pin = |line: &String| line.contains(" nsfs ") || line.contains("/dir/") || line.contains("/stage/new ");
        let is_killed = record.status == 137 || record.out.is_empty();
        record.status != 0 && is_killed && !record.hangs() && record.left.iter().all(is_pin)
    });
}

/// An allocation that fails ends a Rust program by SIGABRT, and what it says has several lines.
#[test]
fn few_addresses() {
    require!(root, newuidmap, prlimit, setpriv, timeout);
    let values = ["1", "4", "6", "8", "12", "24"];
    let under = under("RLIMIT_AS", &values, |value| format!("prlimit --as={value}048576:{value}048576"));
    try_all("few addresses", "", &under, true, |_, record| {
        record.status != 0 && record.out.is_empty() && record.left.is_empty()
    });
}

#[test]
fn a_small_stack_and_no_core() {
    require!(root, newuidmap, prlimit, setpriv, timeout);
    let small = under("RLIMIT_STACK", &["524288"], |value| format!("prlimit --core=0:0 --stack={value}:{value}"));
    try_all("a small stack", "", &small, false, nothing_else);
}

/// `limited OPTION COMMAND...` and what it says, behind its status; `-i` ignores SIGXFSZ.
const LIMITED: &str = "limited() {
        [ $1 = -i ] && ignore=XFSZ || ignore=; shift
        { { ([ ! \"$ignore\" ] || trap '' $ignore; ulimit -f 0; exec \"$@\"); echo $? >/tmp/log/status; } 2>&1 | cat; } </dev/null
        cat /tmp/log/status
    }
    ";

#[test]
fn no_file_may_grow() {
    require!(root);
    let (program, name) = (program(), program().name);
    let prints = |text: &str, expected: &str| {
        line(&program, "", &format!("{LIMITED}begin; {text}; left")).prints(expected);
    };
    for output in of_program(&["--help", "--version", "--dry-run -u true"][..], &["--help"], &["", "-J", "--help"]) {
        prints(&format!("limited -- sh -c 'exec {name} {output} >file'"), "File size limit exceeded\n153\n");
        let told = format!("{name}: write error: File too large\n1\n");
        prints(&format!("limited -i sh -c 'exec {name} {output} >file'"), &told);
    }
    if name == "unshare" {
        for fork in ["", "-f"] {
            let run = |how: &str| format!("limited {how} unshare {fork} -u --pid-file new busybox echo ran");
            prints(
                &format!("{}; ls new", run("-i")).replace("ls new", "[ -e new ] || echo gone"),
                "unshare: write failed new: File too large\n1\ngone\n",
            );
            prints(&run("--"), "File size limit exceeded\n153\n");
        }
    }
}
