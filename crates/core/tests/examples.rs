//! The examples do what they say.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

#[path = "../../../tests/support/mod.rs"]
mod support;

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use support::require;

/// `cargo test` has put them beside the directory that this test is in.
fn example(name: &str) -> Command {
    let own = env::current_exe().unwrap();
    let place: PathBuf = own.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(place.exists(), "{} is not built", place.display());
    Command::new(place)
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn new_namespaces() {
    require!(root);
    let said = output(&mut example("new_namespaces"));
    assert_eq!(said, "inside: PID 1 on inside, 0 message queues\noutside: the host name stayed\n");
}

#[test]
fn enter() {
    require!(root);
    let mut target = Command::new("unshare");
    let script = "echo entered >/proc/sys/kernel/hostname; echo up; read -r line";
    let mut target =
        target.args(["-u", "sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It says so when it has its name.
    let mut up = [0; 3];
    std::io::Read::read_exact(target.stdout.as_mut().unwrap(), &mut up).unwrap();
    let said = output(example("enter").args([&target.id().to_string(), "cat", "/proc/sys/kernel/hostname"]));
    drop(target.stdin.take());
    target.wait().unwrap();
    assert_eq!(said, "entered\n");
}

#[test]
fn keep() {
    require!(root);
    assert_eq!(output(&mut example("keep")), "kept by a descriptor: by-descriptor\nkept by a mount: by-mount\n");
}

#[test]
fn list() {
    let own = std::fs::read_link("/proc/self/ns/uts").unwrap();
    let number = own.to_str().unwrap().trim_start_matches("uts:[").trim_end_matches(']').to_owned();
    let said = output(&mut example("list"));
    assert!(said.lines().any(|line| line.starts_with(&format!("uts {number} "))), "{said}");
}

#[test]
fn translate() {
    let own = std::process::id().to_string();
    let said = output(example("translate").arg(&own));
    assert_eq!(said.split_whitespace().next(), Some(&*own), "{said}");
    assert_eq!(output(example("translate").arg("4194304000")), output(example("translate").arg("4194304000")));
}
