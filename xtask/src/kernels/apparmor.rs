//! An AppArmor policy for the guests, compiled here: they have the kernel's part of AppArmor, but no parser.

use std::path::Path;
use std::process::Command;

use super::guest;
use crate::debian::Beside;
use crate::error::Result;
use crate::{files, program};

/// A parser that knows user namespaces: Debian 12's does not.
const PARSER: Beside = Beside {
    name: "apparmor",
    suite: "trixie",
    package: "apparmor",
    programs: &["usr/sbin/apparmor_parser"],
    data: &["etc/apparmor.d/abi/3.0", "etc/apparmor.d/abi/4.0"],
};

/// What the policy is compiled for: kernels of the first take no policy of the second, which has user namespaces.
const ABIS: [&str; 2] = ["3.0", "4.0"];

/// A compiled policy, to be written to AppArmor's `.replace`.
pub struct Policy {
    /// The ABI and the policy for it.
    pub binaries: Vec<(&'static str, Vec<u8>)>,
}

impl Policy {
    /// Compile tests/kernels/policy with a parser that is fetched into `directory` if it is not there.
    pub fn fetch(directory: &Path) -> Result<Policy> {
        PARSER.fetch(directory, |bin| program::output(parser(bin).arg("--version")))?;
        let place = directory.join(PARSER.name);
        let mut binaries = Vec::new();
        for abi in ABIS {
            binaries.push((abi, compile_for(abi, &place)?));
        }
        Ok(Policy { binaries })
    }
}

fn compile_for(abi: &str, place: &Path) -> Result<Vec<u8>> {
    let binary = place.join(format!("policy-{abi}"));
    // Neither into a kernel nor from a cache; for this ABI, whatever this machine's kernel has.
    program::output(
        parser(&place.join("bin"))
            .args(["--skip-kernel-load", "--skip-cache", "--features-file"])
            .arg(place.join("share").join(abi))
            .arg("--ofile")
            .arg(&binary)
            .arg(guest::suite().join("policy")),
    )?;
    files::read(&binary)
}

fn parser(bin: &Path) -> Command {
    Command::new(bin.join("apparmor_parser"))
}
