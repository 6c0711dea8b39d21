//! docs/tour.md is true: each of its blocks is run, on a stage of its own, and prints what stands there.
//!
//! `NS_UPDATE_TOUR=1` writes what was printed into the page, where that is something else; run it with `--test-threads=1`.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

#[path = "tour/page.rs"]
mod page;
#[path = "tour/wanted.rs"]
mod wanted;

use std::env;
use std::path::Path;

use nix::sched::CloneFlags;
use page::{Block, Page};
use support::{Outcome, Program, Stage, Status, ours, require, skip, test_name};
use wanted::difference;

/// The kinds of namespace in which a block could leave something behind, or run into what others left.
const APART: CloneFlags = CloneFlags::CLONE_NEWNET
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWCGROUP);

/// Blocks begin in an empty directory, which everybody may write to, and their processes are from 4711 on.
const SETUP: &str = "mkdir -m 777 /tmp/tour; echo 4710 >/proc/sys/kernel/ns_last_pid";

/// A test for each section: its name, its heading, and what it takes.
macro_rules! sections {
    ($($name:ident: $heading:literal, $($thing:ident),+;)+) => {
        const SECTIONS: &[&str] = &[$($heading),+];
        $(#[test]
        fn $name() {
            require!($($thing),+);
            run_section(test_name!(), $heading);
        })+
    };
}

sections! {
    first_look: "A first look", root, user_namespaces;
    host_name: "Host name (UTS)", root, user_namespaces, hostname;
    message_queues: "Message queues (IPC)", root, user_namespaces, ipcmk;
    process_ids: "Process ids (PID)", root, user_namespaces, ps;
    network: "Network", root, user_namespaces, ip, bridge, busybox;
    mounts: "Mounts", root, user_namespaces, findmnt;
    user_ids: "User and group ids (user)", root, user_namespaces, hostname, newuidmap;
    cgroups: "The root of the cgroups (cgroup)", root;
    clocks: "Clocks (time)", root, user_namespaces;
    what_keeps_one: "What keeps a namespace", root;
    how_many: "How many there can be", root, user_namespaces;
    several_pids: "One process, several PIDs", root, user_namespaces;
    seeing_them: "Seeing them all", root, user_namespaces;
    entering: "Entering", root, user_namespaces, ps;
    why_it_failed: "Why it failed", root, user_namespaces;
    in_a_script: "In a script", root, user_namespaces, ps;
}

/// No section is forgotten, and each fence is one of a block that is run.
#[test]
fn everything_is_run() {
    let page = Page::read();
    let untested: Vec<_> =
        page.blocks.iter().map(|block| &*block.section).filter(|it| !SECTIONS.contains(it)).collect();
    assert!(untested.is_empty(), "sections without a test: {untested:?}");
    let without: Vec<_> = SECTIONS.iter().filter(|it| page.blocks.iter().all(|block| block.section != **it)).collect();
    assert!(without.is_empty(), "sections without a block: {without:?}");
    assert!(page.others.is_empty(), "blocks that are not run, at lines {:?} of docs/tour.md", page.others);
}

/// Runs the blocks of a section, and fails with all that came out differently.
fn run_section(test: &str, heading: &str) {
    let programs = match programs() {
        Ok(programs) => programs,
        Err(missing) => return skip(test, &missing),
    };
    let page = Page::read();
    let blocks: Vec<&Block> = page.blocks.iter().filter(|block| block.section == heading).collect();
    let outputs: Vec<Vec<String>> = blocks.iter().map(|block| outputs(block, &programs)).collect();
    if env::var_os("NS_UPDATE_TOUR").is_some() {
        return page.rewrite(&blocks, &outputs);
    }
    let complaints: String = blocks.iter().zip(&outputs).map(|(block, outputs)| complaint(block, outputs)).collect();
    assert!(complaints.is_empty(), "{complaints}NS_UPDATE_TOUR=1 writes it into the page.");
}

/// All three, each under its own name. cargo builds those of other packages into the same directory.
fn programs() -> Result<Vec<Program>, String> {
    let built = Path::new(env!("CARGO_BIN_EXE_rs-unshare"));
    let program = |name| ours(name, built.with_file_name(name).to_str().expect("UTF-8"));
    let programs = ["rs-unshare", "rs-nsenter", "rs-lsns"].map(program);
    match programs.iter().find(|program| !program.path.exists()) {
        Some(missing) => Err(format!("no {}: cargo build --workspace --bins", missing.name)),
        None => Ok(programs.into()),
    }
}

/// What each command of the block prints, on stdout and stderr together.
fn outputs(block: &Block, programs: &[Program]) -> Vec<String> {
    // A line with a control character ends what a command prints; `$?` stays.
    let mut script = "cd /tmp/tour; exec 2>&1; export LC_ALL=C.UTF-8\n\
                      printed() { set -- $?; printf '\\036\\n'; return $1; }\n"
        .to_owned();
    for command in &block.commands {
        script.push_str(&format!("{}\nprinted\n", command.text));
    }
    let stage = Stage { setup: SETUP, apart: APART, ..Stage::new(block.user) };
    let Outcome { status, stdout, .. } = stage.run_sh_with(programs, &script);
    let mut outputs: Vec<String> = stdout.split("\u{1e}\n").map(str::to_owned).collect();
    let behind_the_last = outputs.pop();
    assert!(
        status != Status::Timeout && outputs.len() == block.commands.len() && behind_the_last.as_deref() == Some(""),
        "docs/tour.md:{}: {}: {status:?} after\n{stdout}",
        block.line,
        block.section
    );
    outputs
}

/// What is wrong with what the commands of the block printed; nothing, if nothing is.
fn complaint(block: &Block, outputs: &[String]) -> String {
    let wrong = block.wrong(outputs).into_iter();
    wrong
        .map(|(command, output)| {
            let place = format!("docs/tour.md:{}: {}: {}", command.line, block.section, command.text);
            format!("{place}\n{}\n", difference(&command.wanted, output))
        })
        .collect()
}
