//! Ours beside util-linux's.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

mod support;
#[path = "support/twins.rs"]
mod twins;

use support::{Comparison, Program, Scenario, args, oracle, ours, require, shell};

fn this() -> Program {
    ours("lsns", env!("CARGO_BIN_EXE_rs-lsns"))
}

const A: &[Scenario] = &[args(""), args("-J"), shell("lsns -t net | cat"), args("-T").columns(50)];

#[test]
fn first() {
    require!(root, util_linux, unshare, setpriv, hostname, cc);
    Comparison::new(this(), oracle("lsns").unwrap()).together("", A).finish();
}
