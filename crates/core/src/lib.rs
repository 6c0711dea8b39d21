//! Linux namespaces for programs: make them, map ids into them, keep them alive, run something in them.
//!
//! The library knows the kernel; the programs `rs-unshare`, `rs-nsenter` and `rs-lsns` know their
//! users. Nothing here prints or ends the process: what fails comes back as an [`Error`] that says
//! what was being done, on what, and with which errno.
//!
//! A child in namespaces of its own, told what it is called there:
//!
//! ```no_run
//! use nscore::child::{self, Forked};
//! use nscore::{Kind, Kinds, hostname};
//!
//! match child::fork_into(Kinds::from_iter([Kind::Uts, Kind::Pid]))? {
//!     Forked::Child(()) => hostname::set("inside".as_ref())?,
//!     Forked::Parent(child) => println!("{:?}", child.wait()?),
//! }
//! # Ok::<(), nscore::Error>(())
//! ```
//!
//! `examples/` has whole programs: a child in new namespaces, entering those of a process, keeping one alive, listing
//! all, and the numbers of a process. The functions that fork are for programs with one thread.

#![deny(missing_docs)]

pub mod accounts;
pub mod arguments;
pub mod cgroup;
pub mod check;
pub mod child;
pub mod container;
pub mod credentials;
pub mod error;
pub mod exec;
pub mod find;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod getopt;
pub mod handle;
pub mod hints;
pub mod hostname;
pub mod idmap;
pub mod info;
pub mod init;
pub mod kind;
pub mod locale;
pub mod logging;
pub mod loopback;
pub mod mounts;
pub mod netnsid;
pub mod number;
pub mod pidfile;
pub mod plainfile;
pub mod proc;
pub mod process;
pub mod procfile;
pub mod program;
pub mod regex;
mod reins;
pub mod report;
pub mod selinux;
pub mod shortage;
pub mod signals;
pub mod sys;
pub mod terminal;
pub mod timens;
pub mod visit;

/// What the tests of properties share.
#[cfg(test)]
#[allow(dead_code)]
#[path = "../../../tests/support/cases.rs"]
mod cases;

pub use error::{Doing, Error, Result};
pub use kind::{Kind, Kinds};
