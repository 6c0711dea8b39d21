//! Archives as the kernel unpacks them into its initramfs: cpio's format "newc".
//!
//! Linux's Documentation/driver-api/early-userspace/buffer-format.rst describes it.

use std::fmt::Write as _;

/// The file types of st_mode(7), see inode(7).
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

/// An archive in the making. Everything in it belongs to root.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    /// Add a directory; the one above it comes first.
    pub fn directory(&mut self, name: &str, mode: u32) {
        self.entry(name, DIRECTORY | mode, &[]);
    }

    /// Add a file.
    pub fn file(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entry(name, FILE | mode, content);
    }

    /// The archive with its end.
    pub fn finish(mut self) -> Vec<u8> {
        self.entries = 0;
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        let inode = self.entries;
        self.entries += 1;
        let links = 1;
        // The name's length counts the zero byte behind it.
        let (size, name_size) = (content.len(), name.len() + 1);
        let mut header = String::from("070701");
        // Inode, mode, uid, gid, links, mtime, size, device, device of a device file, name's length, checksum.
        for field in [inode, mode, 0, 0, links, 0, size as u32, 0, 0, 0, 0, name_size as u32, 0] {
            // Writing to a string does not fail.
            let _ = write!(header, "{field:08X}");
        }
        self.bytes.extend(header.bytes());
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    /// Headers and contents begin at multiples of four.
    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::Archive;

    #[test]
    fn an_archive_is_what_the_kernel_expects() {
        let mut archive = Archive::default();
        archive.directory("bin", 0o755);
        archive.file("bin/sh", 0o644, b"hello");
        let bytes = archive.finish();
        let expected = [
            "070701000000000000",
            "41ED0000000000000000000000010000000000000000",
            "0000000000000000000000000000000000000004",
            "00000000bin\0\0\0",
            "070701000000010000",
            "81A40000000000000000000000010000000000000005",
            "0000000000000000000000000000000000000007",
            "00000000bin/sh\0\0\0\0hello\0\0\0",
            "070701000000000000",
            "00000000000000000000000000010000000000000000",
            "000000000000000000000000000000000000000B",
            "00000000TRAILER!!!\0\0\0\0",
        ];
        assert_eq!(String::from_utf8(bytes).unwrap(), expected.concat());
    }
}
