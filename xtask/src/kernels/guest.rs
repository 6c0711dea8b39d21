//! What a guest finds when it starts: busybox, our programs, and the tests.

use std::path::{Path, PathBuf};

use super::apparmor::Policy;
use super::cpio::Archive;
use crate::error::{Error, Result};
use crate::shipped::PROGRAMS;
use crate::{cargo, files, program};

/// Directories that the tests want; /tmp and /run stand open to everybody.
const DIRECTORIES: [(&str, u32); 10] = [
    ("bin", 0o755),
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("proc", 0o755),
    ("root", 0o700),
    ("run", 0o1777),
    ("suite", 0o755),
    ("sys", 0o755),
    ("tmp", 0o1777),
];

/// The files that go into an initramfs.
pub struct Guest {
    programs: Vec<(&'static str, PathBuf)>,
    policy: Option<Policy>,
}

impl Guest {
    /// Put together what this machine has, and build our programs.
    pub fn build(busybox: &Path, ask: &Path, policy: Option<Policy>) -> Result<Guest> {
        let mut programs = vec![("busybox", busybox.to_owned()), ("ask", ask.to_owned())];
        for program in &PROGRAMS {
            programs.push((program.name, cargo::build_release(program.name)?));
        }
        Ok(Guest { programs, policy })
    }

    /// The initramfs.
    pub fn archive(&self) -> Result<Vec<u8>> {
        let mut archive = Archive::default();
        for (name, mode) in DIRECTORIES {
            archive.directory(name, mode);
        }
        for (name, path) in &self.programs {
            archive.file(&format!("bin/{name}"), 0o755, &files::read(path)?);
        }
        for path in files::entries(&suite())? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match name.as_ref() {
                "init" => archive.file("init", 0o755, &files::read(&path)?),
                _ if name.ends_with(".sh") => archive.file(&format!("suite/{name}"), 0o644, &files::read(&path)?),
                _ => {}
            }
        }
        for (name, binary) in self.policy.iter().flat_map(|policy| &policy.binaries) {
            archive.file(&format!("suite/{name}"), 0o644, binary);
        }
        Ok(archive.finish())
    }
}

/// Compile what the tests ask the kernel with, in `directory`.
pub fn compile_ask(directory: &Path) -> Result<PathBuf> {
    let ask = directory.join("ask");
    program::compile(&suite().join("ask.c"), &ask)?;
    Ok(ask)
}

/// A busybox that runs without any library, as the guest has none.
pub fn busybox() -> Result<PathBuf> {
    for candidate in program::all_called("busybox") {
        if is_static(&files::read(&candidate)?) {
            return Ok(candidate);
        }
    }
    Err(Error::Missing("there is no static busybox (package busybox-static)".into()))
}

/// Whether an ELF program names no loader, which it would do near its beginning.
fn is_static(program: &[u8]) -> bool {
    let loader = b"/ld-linux-x86-64.so";
    !program.windows(loader.len()).take(4096).any(|window| window == loader)
}

/// Where the tests are.
pub fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/kernels")
}

#[cfg(test)]
mod tests {
    use super::is_static;

    #[test]
    fn a_program_with_a_loader_is_not_static() {
        assert!(is_static(b"\x7fELF and code"));
        assert!(!is_static(b"\x7fELF\0\0/lib64/ld-linux-x86-64.so.2\0"));
    }
}
