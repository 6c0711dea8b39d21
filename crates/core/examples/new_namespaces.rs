//! A child in new UTS, PID and IPC namespaces, by clone(2) as textbooks show it. To be run by root.
//!
//! It prints what the child sees, and that the caller's host name stayed.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "an example says what it finds")]

use std::convert::Infallible;

use nscore::child::{self, Forked};
use nscore::exec::Program;
use nscore::{Kind, Kinds, Result, hostname};

fn main() -> Result<()> {
    let before = host_name();
    let kinds = Kinds::from_iter([Kind::Uts, Kind::Pid, Kind::Ipc]);
    match child::fork_into(kinds)? {
        Forked::Child(()) => match in_child()? {},
        Forked::Parent(child) => {
            let status = child.wait()?;
            println!("outside: the host name {}", if host_name() == before { "stayed" } else { "changed" });
            std::process::exit(status.code().unwrap_or(1));
        }
    }
}

/// Comes back only if the program could not be executed.
fn in_child() -> Result<Infallible> {
    hostname::set("inside".as_ref())?;
    let script = "echo inside: PID $$ on $(hostname), $(tail -n +2 /proc/sysvipc/msg | wc -l) message queues";
    Program::from_operands(&["sh".into(), "-c".into(), script.into()]).execute()
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default()
}
