//! rs-unshare seen from inside: the real program, real namespaces, and a look at what came of it.
//!
//! Every line runs on a stage of its own (`tests/support/stage.rs`), where the program is called `unshare`. `NS_OURS=PATH` has the same asked of another
//! program: util-linux's comes to the same, but for what `mended` and `reports` hold, what is said to be ours alone, and what is newer than it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

mod support;

#[path = "unshare/announcement.rs"]
mod announcement;
#[path = "unshare/check.rs"]
mod check;
#[path = "unshare/descriptors.rs"]
mod descriptors;
#[path = "unshare/dry_run.rs"]
mod dry_run;
#[path = "unshare/environment.rs"]
mod environment;
#[path = "unshare/ids.rs"]
mod ids;
#[path = "unshare/init.rs"]
mod init;
#[path = "unshare/kills.rs"]
mod kills;
#[path = "unshare/kinds.rs"]
mod kinds;
#[path = "unshare/mended.rs"]
mod mended;
#[path = "unshare/mounts.rs"]
mod mounts;
#[path = "unshare/nesting.rs"]
mod nesting;
#[path = "unshare/persistence.rs"]
mod persistence;
#[path = "unshare/processes.rs"]
mod processes;
#[path = "unshare/reports.rs"]
mod reports;
#[path = "unshare/setup.rs"]
mod setup;
#[path = "unshare/terminal.rs"]
mod terminal;

use support::{Line, Program, ours};

fn root(line: impl Into<String>) -> Line {
    Line::of_root(unshare(), FUNCTIONS, line).after(ANSWER)
}

/// An ordinary user, uid and gid 4242.
fn nsuser(line: impl Into<String>) -> Line {
    root(line).of_nsuser()
}

/// What a line may call.
///
/// * `start COMMAND` runs it beside the line, until `finish`, with all signals at their default; its first word goes into `$said`, its PID is `$!`;
/// * `finish` shows what else it and its heirs say, until none of them can say any more, and its status;
/// * `left` names the processes on the stage that are neither PID 1 nor the line's shell, nor dead, nor gone while one looks at them;
/// * `same A B` compares what two commands print.
const FUNCTIONS: &str = r#"
start() { mkfifo heard; env --default-signal "$@" >heard & exec 3<heard; read -r said <&3; }
finish() { cat <&3; wait $! 2>/dev/null; echo $?; }
left() {
    for process in /proc/[0-9]*; do
        case ${process#/proc/} in 1 | $$) continue ;; esac
        grep -qs '^State:.[^ZX]' $process/status && tr '\0' ' ' <$process/cmdline
    done 2>/dev/null
    return 0
}
same() { [ "$(eval "$1")" = "$(eval "$2")" ] && echo same; }
"#;

/// `answer` says its PID, then waits. TERM and INT it answers, and ends with their number; USR1 ends it with status 3.
///
/// It is busy meanwhile: a shell that is about to read something does not look for a signal once more, and sleeps on it.
const ANSWER: &str = r#"cat >/tmp/bin/answer <<'END'
#!/bin/sh
trap 'echo TERM; exit 15' TERM
trap 'echo INT; exit 2' INT
trap 'exit 3' USR1
echo $$
while :; do :; done
END
chmod 755 /tmp/bin/answer
"#;

fn unshare() -> Program {
    ours("unshare", env!("CARGO_BIN_EXE_rs-unshare"))
}
