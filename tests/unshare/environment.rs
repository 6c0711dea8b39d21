//! What the program is and inherits: environment, login shell, signal dispositions, the way it is found.

use crate::support::{Status, require};
use crate::{nsuser, root};

#[test]
fn the_environment_is_the_callers() {
    require!(root);
    nsuser("ONE=1; export ONE; same env 'unshare -rf env'").prints("same\n");
}

#[test]
fn a_clear_environment() {
    require!(root);
    nsuser("unshare --clear-env env").prints("");
    nsuser("unshare --clear-env sh -c 'echo ${HOME-no home}'").prints("no home\n");
    // The default PATH, which lacks the stage's programs, finds the program.
    nsuser("unshare --clear-env maps").fails(127, "unshare: failed to execute maps: No such file or directory");
}

#[test]
fn only_chosen_variables_in_reverse_order() {
    require!(root);
    let env = |options: &str| nsuser(format!("A=1 B=2 C=3 unshare {options} /usr/bin/env"));
    env("--whitelist-env=A,B").prints("B=2\nA=1\n");
    env("--whitelist-env=B,A").prints("A=1\nB=2\n");
    env("--whitelist-env=C --whitelist-env=,A,,B,").prints("B=2\nA=1\nC=3\n");
    env("--whitelist-env=A,NOSUCH").prints("A=1\n");
    env("--clear-env --whitelist-env=C").prints("C=3\n");
    env("--whitelist-env=C --clear-env -rf").prints("C=3\n");
    env("--whitelist-env=' A'").prints("");
}

#[test]
fn the_path_that_is_left_finds_the_program() {
    require!(root);
    nsuser("PATH=/tmp/stage/dir:$PATH; unshare --whitelist-env=PATH here; unshare --clear-env here")
        .after("printf '#!/bin/sh\necho found\n' >dir/here; chmod 755 dir/here")
        .comes_to(Status::Exit(127), "found\n", "unshare: failed to execute here: No such file or directory\n");
}

#[test]
fn without_a_program_the_login_shell() {
    require!(root);
    let name = "echo 'echo $0' |";
    nsuser(format!("{name} unshare")).prints("-sh\n");
    nsuser(format!("{name} unshare -rf")).prints("-sh\n");
    nsuser(format!("{name} SHELL=/bin/bash unshare")).prints("-bash\n");
}

#[test]
fn without_a_shell_that_of_the_passwd_file() {
    require!(root);
    for no_shell in ["unset SHELL; echo 'echo $0' | unshare", "echo 'echo $0' | SHELL= unshare"] {
        root(no_shell).prints("-rootshell\n");
        // This one has none there either.
        nsuser(no_shell).prints("-sh\n");
    }
    // Whoever one is then: the shell is of the user inside.
    nsuser("unset SHELL; echo 'echo $0' | unshare -r").prints("-rootshell\n");
}

#[test]
fn the_shell_that_is_left() {
    require!(root);
    let name = "echo 'echo $0' | SHELL=/bin/bash unshare";
    root(format!("{name} --whitelist-env=SHELL")).prints("-bash\n");
    root(format!("{name} --whitelist-env=HOME")).prints("-rootshell\n");
    root(format!("{name} --clear-env")).prints("-rootshell\n");
    nsuser(format!("{name} --clear-env")).prints("-sh\n");
}

#[test]
fn a_shell_is_a_path() {
    require!(root);
    nsuser("SHELL=sh unshare").fails(127, "unshare: failed to execute sh: No such file or directory");
    nsuser("SHELL='/bin/sh -x' unshare").fails(127, "unshare: failed to execute /bin/sh -x: No such file or directory");
    nsuser("SHELL=./plain unshare").fails(126, "unshare: failed to execute ./plain: Permission denied");
}

/// Sets dispositions and a mask as no shell can, whatever the shell behind the tests ignores.
const CALLER: &str = "env --default-signal --ignore-signal=PIPE,USR2,HUP --block-signal=USR1,QUIT";

#[test]
fn signal_dispositions_and_mask_are_the_callers() {
    require!(root);
    for options in ["", "-f", "-r", "--map-auto -f --kill-child", "--forward-signals", "--init", "--init -rp"] {
        let signals = "grep ^Sig[BIC] /proc/self/status";
        nsuser(format!("same '{CALLER} {signals}' '{CALLER} unshare {options} {signals}'")).prints("same\n");
    }
    nsuser("yes | unshare -f head -n 1; unshare -f yes | head -n 1").prints("y\ny\n");
}

#[test]
fn a_caller_that_ignores_sigchld_is_no_obstacle() {
    require!(root);
    for options in ["-f", "--map-auto -f", "--forward-signals", "-r", "--init -rp"] {
        nsuser(format!("exec env --ignore-signal=CHLD unshare {options} sh -c 'exit 5'")).comes_to(
            Status::Exit(5),
            "",
            "",
        );
    }
    root("exec env --ignore-signal=CHLD unshare --uts=file -f sh -c 'exit 5'").comes_to(Status::Exit(5), "", "");
}

#[test]
fn how_a_program_is_found_and_not_found() {
    require!(root);
    nsuser("unshare -r ./noshebang a b").prints("no shebang: a b\n");
    nsuser("unshare -f nosuch").fails(127, "unshare: failed to execute nosuch: No such file or directory");
    nsuser("unshare -f ''").fails(127, "unshare: failed to execute : No such file or directory");
    nsuser("unshare ./nointerp").fails(127, "unshare: failed to execute ./nointerp: No such file or directory");
    nsuser("unshare ./plain").fails(126, "unshare: failed to execute ./plain: Permission denied");
    nsuser("unshare ./file/below").fails(126, "unshare: failed to execute ./file/below: Not a directory");
}
