//! Races that rs-nsenter must not lose: at each of its system calls, something happens to what it is about to enter.
//!
//! `tests/support/step.c` holds it there. That makes each outcome the same in each run, and tries all of them.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

#[path = "races/inside.rs"]
mod inside;
#[path = "races/mounts.rs"]
mod mounts;
#[path = "races/roots.rs"]
mod roots;
#[path = "races/targets.rs"]
mod targets;

use support::{Program, ours};

fn nsenter() -> Program {
    ours("nsenter", env!("CARGO_BIN_EXE_rs-nsenter"))
}
