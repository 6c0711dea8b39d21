//! rs-lsns: what it reads and what it leaves alone, what becomes of a list while the world changes, what hostile names can do, and what is said to be ours alone.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

mod support;

#[path = "lsns/all.rs"]
mod all;
#[path = "lsns/calls.rs"]
mod calls;
#[path = "lsns/churn.rs"]
mod churn;
#[path = "lsns/hostile.rs"]
mod hostile;
#[path = "lsns/many_hosts.rs"]
mod many_hosts;
#[path = "lsns/mended.rs"]
mod mended;
#[path = "lsns/ours.rs"]
mod ours_alone;

use support::{Line, Program, ours};

fn root(line: impl Into<String>) -> Line {
    Line::of_root(lsns(), FUNCTIONS, line)
}

/// What a line may call.
///
/// * `inode FILE` is the number of a namespace;
/// * `start COMMAND` runs it beside the line, until the line's end; it must print a word when it is ready; its PID is `$!`;
/// * `$stay` is what a shell does to be ready and stay;
/// * `calls PATTERN` shows how many lines of the file `trace` match.
const FUNCTIONS: &str = r#"
inode() { stat -L -c %i "$1"; }
start() { rm -f ready; mkfifo ready; "$@" >ready 2>&- & read -r said <ready; }
stay='echo up; exec >&-; read -r line <>/tmp/stage/never'
calls() { grep -c "$1" trace || true; }
"#;

fn lsns() -> Program {
    ours("lsns", env!("CARGO_BIN_EXE_rs-lsns"))
}
