//! rs-nsenter seen from inside: the real program, real targets (tests/support/targets.rs), and a look at what came of it.
//!
//! Every line runs on a stage of its own, where the program is called `nsenter`. `NS_OURS=PATH` has the same asked of another program: util-linux's comes
//! to the same, but for what `mended`, `attackers` and `identity` hold, and what is said to be ours alone.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

mod support;

#[path = "nsenter/attackers.rs"]
mod attackers;
#[path = "nsenter/cgroups.rs"]
mod cgroups;
#[path = "nsenter/check.rs"]
mod check;
#[path = "nsenter/containers.rs"]
mod containers;
#[path = "nsenter/descriptors.rs"]
mod descriptors;
#[path = "nsenter/files.rs"]
mod files;
#[path = "nsenter/hints.rs"]
mod hints;
#[path = "nsenter/identity.rs"]
mod identity;
#[path = "nsenter/ids.rs"]
mod ids;
#[path = "nsenter/kinds.rs"]
mod kinds;
#[path = "nsenter/mended.rs"]
mod mended;
#[path = "nsenter/numbers.rs"]
mod numbers;
#[path = "nsenter/proc.rs"]
mod proc;
#[path = "nsenter/processes.rs"]
mod processes;
#[path = "nsenter/programs.rs"]
mod programs;

use support::{Line, Program, ours};

/// What root runs, beside the targets that it names.
fn root(line: impl Into<String>) -> Line {
    Line::of_root(nsenter(), FUNCTIONS, line).beside_targets()
}

/// An ordinary user, uid and gid 4242.
fn nsuser(line: impl Into<String>) -> Line {
    root(line).of_nsuser()
}

/// What a line may call.
///
/// * `start COMMAND` runs it beside the line, until `finish`, with all signals at their default; its first word goes into `$said`, its PID is `$!`;
/// * `finish` shows what else it and its heirs say, until none of them can say any more, and its status;
/// * `same A B` compares what two commands print.
const FUNCTIONS: &str = r#"
start() { mkfifo heard; env --default-signal "$@" >heard & exec 3<heard; read -r said <&3; }
finish() { cat <&3; wait $! 2>/dev/null; echo $?; }
same() { [ "$(eval "$1")" = "$(eval "$2")" ] && echo same; }
"#;

fn nsenter() -> Program {
    ours("nsenter", env!("CARGO_BIN_EXE_rs-nsenter"))
}
