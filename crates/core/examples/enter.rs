//! Runs a program in the namespaces of a process: `enter PID PROGRAM [ARGUMENT...]`, as root.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "an example says what it finds")]

use std::ffi::OsString;

use nscore::child::{self, Forked};
use nscore::exec::Program;
use nscore::process::{self, Target};
use nscore::{Kind, Kinds, Result};

fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    // From here on it is this process, whoever gets its number later.
    let target = Target::parse(&words.next().unwrap_or_default())?;
    let program: Vec<OsString> = words.collect();
    // The kernel refuses to enter the user namespace that one is in already.
    let is_other =
        |kind: &Kind| target.namespace_identity(*kind).ok() != process::own_namespace_identity(*kind).ok().flatten();
    let kinds: Kinds = Kind::all().filter(is_other).collect();
    if kinds != Kinds::none() {
        target.enter(kinds)?;
    }
    // Only a child is in the pid namespace.
    match child::fork()? {
        Forked::Child(()) => match Program::from_operands(&program).execute()? {},
        Forked::Parent(child) => std::process::exit(child.wait()?.code().unwrap_or(1)),
    }
}
