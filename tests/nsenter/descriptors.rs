//! Descriptors: the program has those that the caller left it, and none of ours.

use crate::support::require;
use crate::{nsuser, root};

#[test]
fn the_program_has_no_descriptor_of_ours() {
    require!(root, unshare, setpriv, hostname);
    let line = |options| format!("same 'ls /proc/self/fd' 'nsenter {options} ls /proc/self/fd'");
    for options in [
        "-t 100 -u",
        "-t 100 -a",
        "-t 100 -a -r -w -e",
        "-t 100 -m -W/tmp/stage/dir",
        "-t 100 -u -r/ -w/tmp",
        "-t 100 -p -F",
        "-t 200 -a",
        "-t 200 -U --preserve-credentials -p -S follow -G follow",
        "-t 600 -n --user-parent --preserve-credentials",
        "-u/proc/100/ns/uts -n/proc/500/ns/net -p/proc/100/ns/pid",
    ] {
        root(line(options)).prints("same\n");
    }
    nsuser(line("-t 200 -U -u -p -m --preserve-credentials -e -w")).prints("same\n");
}

#[test]
fn the_program_has_the_descriptors_of_the_caller() {
    require!(root, unshare, hostname);
    for options in ["-u", "-a", "-a -r -w -e"] {
        root(format!("exec 7<other 8>new 9<>new; nsenter -t 100 {options} sh -c 'cat <&7; echo to 8 >&8; cat <&9'"))
            .after("echo from 7 >other")
            .prints("from 7\nto 8\n");
    }
}

#[test]
fn closed_standard_descriptors_stay_closed() {
    require!(root, unshare, hostname);
    let closed = "sh -c 'for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] || closed=\"$closed $fd\"; done; echo $closed >/tmp/stage/file'";
    for options in ["-t 100 -u", "-t 100 -u -r -w -e", "-u/proc/100/ns/uts"] {
        for (redirections, expected) in [("<&-", "0"), (">&-", "1"), ("<&- 2>&-", "0 2"), ("<&- >&- 2>&-", "0 1 2")] {
            root(format!("nsenter {options} {closed} {redirections}; cat file")).prints(&format!("{expected}\n"));
        }
    }
}
