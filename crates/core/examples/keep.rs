//! Keeps UTS namespaces alive after their only process: one by an open descriptor, one by a bind mount. As root.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "an example says what it finds")]

use nscore::child::{self, Child, Forked};
use nscore::handle::Handle;
use nscore::mounts::{self, Pin};
use nscore::process::{Process, Target};
use nscore::{Kind, Kinds, Result, hostname};

fn main() -> Result<()> {
    // By a descriptor: it is opened while the process is there, which waits for that.
    let (gatekeeper, gate) = child::gate()?;
    let child = in_new_namespace("by-descriptor", || gate.wait().map(drop))?;
    let handle = Target::open(child.pid().as_raw().cast_unsigned())?.namespace(Kind::Uts)?;
    gatekeeper.open()?;
    child.wait()?;
    println!("kept by a descriptor: {}", name_in(&handle)?);

    // By a mount: the process binds its own namespace to a file.
    let file = std::env::temp_dir().join(format!("nscore-keep-{}", std::process::id()));
    std::fs::write(&file, "").unwrap_or_default();
    let pin = Pin { kind: Kind::Uts, file: file.clone() };
    in_new_namespace("by-mount", || mounts::pin_namespaces(&Process::this()?, &[pin]))?.wait()?;
    println!("kept by a mount: {}", name_in(&Handle::open(&file)?)?);
    nix::mount::umount2(&file, nix::mount::MntFlags::MNT_DETACH).unwrap_or_default();
    std::fs::remove_file(&file).unwrap_or_default();
    Ok(())
}

/// A child in a new UTS namespace with this host name, that does `work` and ends.
fn in_new_namespace(name: &str, work: impl FnOnce() -> Result<()>) -> Result<Child> {
    match child::fork_into(Kinds::from_iter([Kind::Uts]))? {
        Forked::Parent(child) => Ok(child),
        Forked::Child(()) => {
            let done = hostname::set(name.as_ref()).and_then(|()| work());
            std::process::exit(i32::from(done.is_err()));
        }
    }
}

/// The host name in a namespace, looked up by a child that enters it.
fn name_in(namespace: &Handle) -> Result<String> {
    let (sender, receiver) = nix::unistd::pipe().expect("a pipe");
    match child::fork()? {
        Forked::Child(()) => {
            let entered = namespace.enter(Kind::Uts);
            let name = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
            let written = nix::unistd::write(receiver, &name);
            std::process::exit(i32::from(entered.is_err() || written.is_err()));
        }
        Forked::Parent(child) => {
            drop(receiver);
            child.wait()?;
            let mut name = String::new();
            let read = std::io::Read::read_to_string(&mut std::fs::File::from(sender), &mut name);
            read.expect("a host name");
            Ok(name.trim_end().to_owned())
        }
    }
}
