//! As much of an ELF file as tells which machine and which loader it is for, see elf(5).
//!
//! Whoever made the file may be hostile: every number in it is checked, and little is read.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::system::System;

/// The header of an ELF file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Elf {
    is_64: bool,
    is_little: bool,
    machine: u16,
}

/// The longest header: that of 64 bits.
const HEADER: usize = 64;

/// How much of the table of segments is read: more than any program has.
const LONGEST_TABLE: usize = 16 << 10;

/// PT_INTERP
const INTERPRETER: u64 = 3;

/// The longest path that the kernel takes.
const LONGEST_PATH: usize = libc::PATH_MAX as usize;

impl Elf {
    /// Reads the beginning of a file; none where it is no ELF file.
    pub(super) fn parse(start: &[u8]) -> Option<Self> {
        let rest = start.strip_prefix(b"\x7fELF")?;
        let is_64 = match rest.first()? {
            1 => false,
            2 => true,
            _ => return None,
        };
        let is_little = match rest.get(1)? {
            1 => true,
            2 => false,
            _ => return None,
        };
        let elf = Self { is_64, is_little, machine: 0 };
        Some(Self { machine: elf.number(start, 18, 2)?.try_into().ok()?, ..elf })
    }

    /// The number of `length` bytes at `place`.
    fn number(self, bytes: &[u8], place: usize, length: usize) -> Option<u64> {
        let field = bytes.get(place..place.checked_add(length)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.is_little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) })
    }

    /// The machine, where it is one that programs here are not for.
    pub(super) fn foreign_machine(self) -> Option<&'static str> {
        // The newer of a family run the older ones' programs.
        let own: &[&str] = match std::env::consts::ARCH {
            "x86_64" => &["x86_64", "i386"],
            "aarch64" => &["aarch64", "arm"],
            "powerpc64" => &["ppc64", "ppc"],
            "riscv64" => &["riscv"],
            other => &[other],
        };
        let (_, name) = MACHINES.into_iter().find(|(number, _)| *number == self.machine)?;
        (!own.contains(&name)).then_some(name)
    }

    /// The path of its loader, which `path`, the file itself, names; none for a static program.
    pub(super) fn loader(self, path: &Path, system: &System) -> Option<PathBuf> {
        let start = system.part(path, 0, HEADER)?;
        // e_phoff, e_phentsize, e_phnum
        let (offset, size, count) = match self.is_64 {
            true => (self.number(&start, 32, 8)?, self.number(&start, 54, 2)?, self.number(&start, 56, 2)?),
            false => (self.number(&start, 28, 4)?, self.number(&start, 42, 2)?, self.number(&start, 44, 2)?),
        };
        let (size, count) = (usize::try_from(size).ok()?, usize::try_from(count).ok()?);
        let table = system.part(path, offset, size.checked_mul(count)?.min(LONGEST_TABLE))?;
        let is_loader = |segment: &&[u8]| self.number(segment, 0, 4) == Some(INTERPRETER);
        let segment = table.chunks_exact(size.max(1)).find(is_loader)?;
        // p_offset, p_filesz
        let (offset, length) = match self.is_64 {
            true => (self.number(segment, 8, 8)?, self.number(segment, 32, 8)?),
            false => (self.number(segment, 4, 4)?, self.number(segment, 16, 4)?),
        };
        let name = system.part(path, offset, usize::try_from(length).ok()?.min(LONGEST_PATH))?;
        let name = name.split(|byte| *byte == 0).next().filter(|name| !name.is_empty())?;
        Some(OsString::from_vec(name.to_vec()).into())
    }
}

/// e_machine of `elf.h`, and what uname(1) calls it.
const MACHINES: [(u16, &str); 11] = [
    (2, "sparc"),
    (3, "i386"),
    (8, "mips"),
    (20, "ppc"),
    (21, "ppc64"),
    (22, "s390x"),
    (40, "arm"),
    (62, "x86_64"),
    (183, "aarch64"),
    (243, "riscv"),
    (258, "loongarch64"),
];

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// A file, which stands at `/program` in `system`, is read to its end; a loader is named in it.
    pub fn of_file(file: &[u8], system: &System) {
        let Some(elf) = Elf::parse(file) else { return };
        elf.foreign_machine();
        if let Some(loader) = elf.loader(Path::new("/program"), system) {
            let name = loader.as_os_str().as_encoded_bytes();
            assert!(name.len() <= LONGEST_PATH && file.windows(name.len()).any(|part| part == name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::faked::Faked;
    use super::*;
    use crate::cases::{Random, for_any};

    /// A program of 64 bits with one segment, which names its loader.
    fn program() -> Vec<u8> {
        let mut file = vec![0; 64 + 56];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[18] = 62;
        file[32] = 64;
        file[54] = 56;
        file[56] = 1;
        file[64] = 3;
        file[72] = 120;
        file[96] = 8;
        file.extend(b"/lib/ld\0");
        file
    }

    /// The loader of each of these files.
    fn loaders(files: impl IntoIterator<Item = Vec<u8>>) -> Vec<Option<PathBuf>> {
        let faked = Faked::new();
        let place = faked.system().place("/program");
        let loader = |file: Vec<u8>| {
            std::fs::write(&place, &file).unwrap();
            Elf::parse(&file)?.loader(Path::new("/program"), &faked.system())
        };
        files.into_iter().map(loader).collect()
    }

    #[test]
    fn machines_and_loaders() {
        assert_eq!(loaders([program()]), [Some("/lib/ld".into())]);
        assert_eq!(Elf::parse(b"\x7fELF\x02\x01"), None);
        assert_eq!(Elf::parse(b"#!/bin/sh"), None);
        let of = |machine: u8| {
            let mut file = program();
            file[18] = machine;
            Elf::parse(&file).unwrap().foreign_machine()
        };
        let own = MACHINES.iter().find(|(_, name)| *name == std::env::consts::ARCH).unwrap().0;
        assert_eq!(of(own.try_into().unwrap()), None);
        assert_eq!(of(22), Some("s390x"));
        assert_eq!(of(1), None);
    }

    /// Whatever stands in the file, it is read to an end.
    #[test]
    fn hostile_files() {
        let whole = program();
        let cut = (0..whole.len()).map(|length| whole[..length].to_vec());
        let changed = (4..whole.len()).flat_map(|place| [0, 1, 2, 0x7f, 0xff].map(|byte| (place, byte)));
        let changed = changed.map(|(place, byte)| {
            let mut file = whole.clone();
            file[place..(place + 8).min(whole.len())].fill(byte);
            file
        });
        let found = loaders(cut.chain(changed));
        assert!(found.iter().flatten().all(|loader| loader.as_os_str().len() < LONGEST_PATH));
    }

    #[test]
    fn any_file_is_read_to_its_end() {
        let faked = Faked::new();
        let (system, place) = (faked.system(), faked.system().place("/program"));
        let make = |random: &mut Random| {
            let mut file = program();
            if random.once_in(2) {
                // A field of any number.
                let (place, length) =
                    random.one(&[(32, 8), (54, 2), (56, 2), (64, 4), (72, 8), (96, 8), (4, 1), (5, 1)]);
                file[place..place + length].copy_from_slice(&random.edge().to_le_bytes()[..length]);
            }
            random.changed(&file)
        };
        for_any(make, |file| {
            if Elf::parse(file).is_some() {
                std::fs::write(&place, file).unwrap();
            }
            properties::of_file(file, &system);
        });
    }
}
