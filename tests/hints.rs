//! Why rs-unshare failed: each cause, brought about for real, is named; without it, it is not.
//!
//! What this kernel cannot be brought to is shown to the library instead, on faked files: `crates/core/src/hints`. Causes that concern the entering of
//! namespaces are in `tests/nsenter/hints.rs`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

mod support;

#[path = "hints/exec.rs"]
mod exec;
#[path = "hints/idmap.rs"]
mod idmap;
#[path = "hints/limits.rs"]
mod limits;
#[path = "hints/mapper.rs"]
mod mapper;
#[path = "hints/mount.rs"]
mod mount;
#[path = "hints/pinning.rs"]
mod pinning;
#[path = "hints/timens.rs"]
mod timens;
#[path = "hints/unshare.rs"]
mod unshare;

use support::{Line, Program, ours};

fn root(line: impl Into<String>) -> Line {
    Line::of_root(program(), FUNCTIONS, line)
}

/// An ordinary user, uid and gid 4242.
fn nsuser(line: impl Into<String>) -> Line {
    root(line).of_nsuser()
}

fn program() -> Program {
    ours("unshare", env!("CARGO_BIN_EXE_rs-unshare"))
}

/// What a line may call.
///
/// * `filtered NUMBER COMMAND` runs a command for which a seccomp filter refuses a system call with EPERM;
/// * `unprivileged COMMAND` runs a command as uid and gid 4242.
const FUNCTIONS: &str = r#"
filtered() {
    perl -e '
        my ($call, @command) = @ARGV;
        my $filter = pack("(SCCL)4", 0x20, 0, 0, 0, 0x15, 0, 1, $call, 0x06, 0, 0, 0x00050001, 0x06, 0, 0, 0x7fff0000);
        my $program = pack("S x6 P", 4, $filter);
        syscall(157, 38, 1, 0, 0, 0) == 0 && syscall(157, 22, 2, $program) == 0 or die "no filter: $!";
        exec @command or die' "$@"
}
unprivileged() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
"#;

/// What the hints of a failed line advise, behind this `beginning`.
fn remedies(line: &Line, beginning: &str) -> Vec<String> {
    let stderr = line.outcome().stderr;
    let hints = stderr.lines().filter_map(|line| line.split_once(": hint: "));
    hints.filter_map(|(_, hint)| hint.strip_prefix(beginning)).map(str::to_owned).collect()
}

/// The commands that an ordinary user is advised to try, of which there is at least one.
fn commands(line: &Line) -> Vec<String> {
    let commands = remedies(line, "try: ");
    assert!(!commands.is_empty(), "{}", line.line);
    commands
}

/// Runs as root what a failed line has advised root to do, and then the line again: it must print this.
fn is_mended(line: &Line, stdout: &str) {
    let commands = remedies(line, "try, as root: ");
    assert_eq!(commands.len(), 1, "{}", line.line);
    commands.iter().for_each(|command| line.clone().after(command).prints(stdout));
}
