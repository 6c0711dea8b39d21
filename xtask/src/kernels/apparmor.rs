//! AppArmor policies for the guests, compiled here: they have the kernel's part of AppArmor, but no parser.

use std::path::Path;
use std::process::Command;

use crate::debian::Beside;
use crate::error::Result;
use crate::{cargo, files, program};

/// A parser that knows user namespaces: Debian 12's does not.
const PARSER: Beside = Beside {
    name: "apparmor",
    suite: "trixie",
    package: "apparmor",
    programs: &["usr/sbin/apparmor_parser"],
    data: &["etc/apparmor.d/abi", "etc/apparmor.d/tunables"],
};

/// What the policy is compiled for: kernels of the first take no policy of the second, which has user namespaces.
const ABIS: [&str; 2] = ["3.0", "4.0"];

/// What is compiled, and what it is called in the guests: what confines in the tests, and what is shipped.
const POLICIES: [(&str, &str); 2] = [("policy", "tests/kernels/policy"), ("shipped", "packaging/apparmor/rs-unshare")];

/// Compiled policies, to be written to AppArmor's `.replace`.
pub struct Policy {
    /// The name with the ABI behind it, and the policy.
    pub binaries: Vec<(String, Vec<u8>)>,
}

impl Policy {
    /// Compile each policy for each ABI, with a parser that is fetched into `directory` if it is not there.
    pub fn fetch(directory: &Path) -> Result<Policy> {
        let place = directory.join(PARSER.name);
        PARSER.fetch(directory, |bin| {
            files::entries(&place.join("share/tunables"))?;
            program::output(parser(bin).arg("--version"))
        })?;
        let mut binaries = Vec::new();
        for (name, source) in POLICIES {
            for abi in ABIS {
                let name = format!("{name}-{abi}");
                let binary = compile(&cargo::workspace_directory().join(source), abi, &place, &place.join(&name))?;
                binaries.push((name, binary));
            }
        }
        Ok(Policy { binaries })
    }
}

fn compile(source: &Path, abi: &str, place: &Path, binary: &Path) -> Result<Vec<u8>> {
    let share = place.join("share");
    // Neither into a kernel nor from a cache; for this ABI, whatever this machine's kernel has.
    program::output(
        parser(&place.join("bin"))
            .args(["--skip-kernel-load", "--skip-cache", "--base"])
            .arg(&share)
            .arg("--features-file")
            .arg(share.join("abi").join(abi))
            .arg("--ofile")
            .arg(binary)
            .arg(source),
    )?;
    files::read(binary)
}

fn parser(bin: &Path) -> Command {
    Command::new(bin.join("apparmor_parser"))
}
