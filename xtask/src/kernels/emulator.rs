//! Booting a kernel under qemu, in software.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::image::Image;
use super::results;
use crate::error::{Doing as _, Error, Result};
use crate::{files, program, say};

const QEMU: &str = "qemu-system-x86_64";

/// A guest boots in seconds and runs for some more, on a busy machine for a minute.
const LIMIT: Duration = Duration::from_secs(300);

/// Under QEMU 7.2 a quarter of the boots of Linux 6.12 end in a panic, whatever is run: eight in a row are not luck.
const TRIES: usize = 8;

/// The emulator of this machine.
pub struct Emulator {
    qemu: PathBuf,
}

impl Emulator {
    /// Find it, in PATH or where a distribution puts it.
    pub fn find() -> Result<Emulator> {
        let missing = || Error::Missing(format!("there is no {QEMU} (package qemu-system-x86)"));
        Ok(Emulator { qemu: program::all_called(QEMU).next().ok_or_else(missing)? })
    }

    /// Boot `image` and return what the tests in `initramfs` wrote to the second serial line.
    ///
    /// What the kernel says goes to `console` in the image's directory. A guest whose kernel panics is
    /// booted again, and an error after the last time.
    pub fn boot(&self, image: &Image, initramfs: &Path) -> Result<String> {
        let console = image.directory.join("console");
        for attempt in 1..=TRIES {
            let results = self.boot_once(image, initramfs, &console)?;
            let said = String::from_utf8_lossy(&files::read(&console)?).into_owned();
            match verdict(&results, &said) {
                Verdict::Complete => return Ok(results),
                Verdict::Panic => say(format_args!("{}: the kernel panicked, try {attempt}", image.version))?,
                Verdict::Incomplete => return Err(incomplete(image, &console, "ended before its tests did")),
            }
        }
        Err(incomplete(image, &console, "panicked every time"))
    }

    fn boot_once(&self, image: &Image, initramfs: &Path, console: &Path) -> Result<String> {
        let results = image.directory.join("results");
        for file in [console, &results] {
            // Of an earlier run.
            files::write(file, "")?;
        }
        let mut qemu = Command::new(&self.qemu);
        qemu.args(["-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "512"])
            .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
            .arg("-serial")
            .arg(format!("file:{}", console.display()))
            .arg("-serial")
            .arg(format!("file:{}", results.display()))
            .arg("-kernel")
            .arg(image.path())
            .arg("-initrd")
            .arg(initramfs)
            .args(["-append", "console=ttyS0 quiet panic=-1"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let child = qemu.spawn().doing(|| format!("running {QEMU}"))?;
        wait(child, &image.version)?;
        // The line ends of a serial line are those of a terminal.
        let text = fs::read(&results).doing(|| format!("reading {}", results.display()))?;
        Ok(String::from_utf8_lossy(&text).replace('\r', ""))
    }
}

/// Wait until the emulator ends, and end it if it takes too long.
fn wait(mut qemu: Child, version: &str) -> Result<()> {
    let (sender, ended) = mpsc::channel();
    let errors = qemu.stderr.take();
    // Its standard error is closed when it ends, and not before.
    let reader = thread::spawn(move || {
        let mut text = String::new();
        let read = errors.map(|mut errors| errors.read_to_string(&mut text));
        // Nobody receives it after the time limit.
        let _ = sender.send(());
        read.map(|_| text)
    });
    let late = ended.recv_timeout(LIMIT).is_err();
    if late {
        qemu.kill().doing(|| format!("ending {QEMU}"))?;
    }
    let status = qemu.wait().doing(|| format!("waiting for {QEMU}"))?;
    let errors = reader.join().ok().flatten().unwrap_or_default();
    if late {
        return Err(Error::Missing(format!("{version}: the guest did not end within {} s", LIMIT.as_secs())));
    }
    if !status.success() {
        let reason = errors.lines().next_back().map_or_else(|| status.to_string(), str::to_owned);
        return Err(Error::Program { command: QEMU.into(), reason });
    }
    Ok(())
}

/// How a guest ended.
#[derive(Debug, PartialEq)]
enum Verdict {
    Complete,
    Panic,
    Incomplete,
}

fn verdict(results: &str, console: &str) -> Verdict {
    if results::is_complete(results) {
        return Verdict::Complete;
    }
    match ["Kernel panic", "Oops:", "BUG:"].iter().any(|sign| console.contains(sign)) {
        true => Verdict::Panic,
        false => Verdict::Incomplete,
    }
}

fn incomplete(image: &Image, console: &Path, what: &str) -> Error {
    Error::Missing(format!("{}: the guest {what}; its kernel's words are in {}", image.version, console.display()))
}

#[cfg(test)]
mod tests {
    use super::{Verdict, verdict};

    #[test]
    fn a_panic_counts_only_before_the_tests_are_done() {
        assert_eq!(verdict("ok a\nend 1\n", "Kernel panic - not syncing"), Verdict::Complete);
        assert_eq!(verdict("ok a\n", "[ 1.0] Oops: 0000 [#1]\nKernel panic"), Verdict::Panic);
        assert_eq!(verdict("ok a\n", "reboot: Power down"), Verdict::Incomplete);
    }
}
