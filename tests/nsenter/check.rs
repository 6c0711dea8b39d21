//! `--check`: says what would work, and enters nothing.

use crate::support::{Line, Status, require};
use crate::{nsuser, root};

#[test]
fn a_line_for_each_step() {
    require!(root, unshare);
    root("nsenter --check -t 100 -a true").prints(
        "setns(CLONE_NEWCGROUP|CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWNET|CLONE_NEWPID|CLONE_NEWNS|CLONE_NEWTIME): ok\n\
         fork(): ok\n\
         execvp(\"true\"): ok\n",
    );
    nsuser("nsenter --check -t 200 -u true").comes_to(
        Status::Exit(1),
        "setns(CLONE_NEWUTS): reassociate to namespaces failed: Operation not permitted: a uts namespace needs \
         CAP_SYS_ADMIN, which you do not have; try: nsenter --user --preserve-credentials -t 200 -u true\n\
         execvp(\"true\"): not tried\n",
        "",
    );
    nsuser("nsenter --check --json -t 200 -U true").prints(concat!(
        r#"{"steps":[{"step":"setns(CLONE_NEWUSER)","works":true},"#,
        r#"{"step":"setgroups(0), setgid(gid), setuid(uid)","works":true},"#,
        r#"{"step":"execvp(\"true\")","works":true}],"works":true}"#,
        "\n"
    ));
    root("nsenter --check --json -t 4000 -u true").comes_to(
        Status::Exit(1),
        concat!(
            r#"{"steps":[{"cause":"no-such-process","errno":"ENOENT","error":"cannot open /proc/4000/ns/uts: No such file or directory","#,
            r#""reason":"there is no process 4000","step":"prepare","works":false}],"works":false}"#,
            "\n"
        ),
        "",
    );
    root("nsenter --json -t 100 -u true").fails(1, "nsenter: option --json is for --check");
    root("nsenter --check -t 4000 -u true")
        .fails(1, "nsenter: cannot open /proc/4000/ns/uts: No such file or directory");
}

#[test]
fn nothing_is_done() {
    require!(root, unshare);
    let line = "(nsenter --check -t 500 -a -r -S follow -G follow -w /bin/sh -c 'echo ran >/tmp/stage/file' >out) 2>&1 || cat out";
    root(format!("{line}; whose; id -u; pwd; cat file; ls /proc/500/root/tmp"))
        .prints("\n0\n/tmp/stage\nnever\nowners\n");
}

/// Whether it says what then happens. The program is `true`, so what fails is ours.
fn agrees(by: impl Fn(String) -> Line, words: &str) {
    let run = |check: &str| by(format!("nsenter {check}{words}")).outcome();
    let (checked, happened) = (run("--check "), run(""));
    let would = checked.status == Status::Exit(0);
    assert_eq!(would, happened.status == Status::Exit(0), "{words}\n  checked: {checked}\n  happened: {happened}");
    if !would {
        let complaint = happened.stderr.lines().next().unwrap_or_default().trim_start_matches("nsenter: ").to_owned();
        let said = format!("{}{}", checked.stdout, checked.stderr);
        assert!(said.contains(&complaint), "{words}: {complaint} is not in\n{checked}");
    }
}

#[test]
fn it_says_what_then_happens() {
    require!(root, unshare);
    for words in [
        "-t 100 -u true",
        "-t 100 -a true",
        "-t 200 -a true",
        "-t 200 -n true",
        "-t 200 -U true",
        "-t 200 -U -n true",
        "-t 200 -U --preserve-credentials true",
        "-t 300 -a true",
        "-t 300 -u true",
        "-t 300 -U true",
        "-t 350 -a true",
        "-t 400 -u true",
        "-t 500 -a -r /bin/busybox",
        "-t 500 -r -m true",
        "-t 500 -a --wdns=/tmp /bin/busybox",
        "-t 500 -m --wdns=/nosuch /bin/busybox",
        "-t 500 -a -S follow -G follow /bin/busybox",
        "-t 600 -U true",
        "-t 600 -n true",
        "-t 700 -U -S 5 true",
        "-t 700 -U -S 5000 true",
        "-t 700 -U --keep-caps true",
        "-nfile true",
        "-n/proc/self/ns/uts true",
        "-U/proc/self/ns/user true",
        "-t 100 -p nosuch",
        "-t 100 -u -F ./plain",
    ] {
        agrees(root, words);
        agrees(nsuser, words);
    }
}
