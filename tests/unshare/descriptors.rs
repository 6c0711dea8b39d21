//! Descriptors: the program has those that the caller left it, and none of ours.

use crate::support::require;
use crate::{nsuser, root};

/// Options that need everything that can be open: pipes to helpers, directories, pidfds, map files.
const EVERYTHING: &str = "-CimnTf --pid=file --kill-child --forward-signals --mount-proc --map-auto -r --setgroups=allow --boottime=1 --wd=/";

#[test]
fn the_program_has_no_descriptor_of_ours() {
    require!(root);
    // The tests themselves may have been started with more than three.
    let line = |options| format!("same 'ls /proc/self/fd' 'unshare {options} ls /proc/self/fd'");
    for options in [
        "",
        "-f",
        "-r",
        "-pf --mount-proc",
        "--uts=file",
        "--uts=file -f",
        "--owner=0:0 -r",
        "--map-auto -f --kill-child",
        "--init --kill-child",
        EVERYTHING,
    ] {
        root(line(options)).prints("same\n");
    }
    for options in ["-rf", "--map-auto -f", "-rTpf --mount-proc --kill-child", "--map-auto -r --forward-signals"] {
        nsuser(line(options)).prints("same\n");
    }
}

#[test]
fn a_mapper_has_no_descriptor_of_ours() {
    require!(root);
    nsuser("PATH=/tmp/stage/dir:$PATH; same newuidmap 'unshare --uts=file --map-auto -f true'")
        .after("printf '#!/bin/sh\\nls /proc/self/fd; exit 1\\n' >dir/newuidmap; chmod 755 dir/newuidmap")
        .prints("same\n");
}

#[test]
fn the_program_has_the_descriptors_of_the_caller() {
    require!(root);
    for options in ["", "-f --kill-child", "--map-auto -f", EVERYTHING] {
        root(format!("exec 7<other 8>new 9<>new; unshare {options} sh -c 'cat <&7; echo to 8 >&8; cat <&9'"))
            .after("echo from 7 >other")
            .prints("from 7\nto 8\n");
    }
}

/// Writes down which of the standard descriptors are closed, without a file in place of one.
const CLOSED: &str =
    "sh -c 'for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] || closed=\"$closed $fd\"; done; echo $closed >/tmp/stage/file'";

#[test]
fn closed_standard_descriptors_stay_closed() {
    require!(root);
    let closings = [("<&-", "0"), (">&-", "1"), ("2>&-", "2"), ("<&- 2>&-", "0 2"), ("<&- >&- 2>&-", "0 1 2")];
    for options in ["", "-f", "-r", "--init -r", "--map-auto", "-r -f --kill-child", "-U --uts=other -f"] {
        for (redirections, closed) in closings {
            root(format!("unshare {options} {CLOSED} {redirections}; cat file")).prints(&format!("{closed}\n"));
        }
    }
}

/// A file that took the place of stderr would get the log: a map, or the pipe that tells a helper to go on.
#[test]
fn a_log_without_stderr_goes_nowhere() {
    require!(root, newuidmap);
    for redirections in ["2>&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        let line = |options: &str| format!("unshare {options} sh -c 'maps >file' {redirections}; cat file");
        nsuser(line("-vvr")).prints("uid 0:4242:1\ngid 0:4242:1\ndeny\n");
        for options in ["-vv --map-auto", "-vvf --map-auto --kill-child", "-vv --map-auto --init --kill-child"] {
            nsuser(line(options)).prints("uid 0:300000:65536\ngid 0:400000:65536\nallow\n");
        }
    }
}

#[test]
fn a_complaint_without_stderr_goes_nowhere() {
    require!(root);
    root("exec 2>&-; for options in -r -f '--uts=other --map-auto -f'; do unshare $options nosuch; echo $?; done; stat -c %s file")
        .prints("1\n1\n1\n0\n");
    root("unshare --uts=nosuch true 2>&-; echo $?").prints("1\n");
}
