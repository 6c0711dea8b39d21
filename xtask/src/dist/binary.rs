//! What a program must be before it is handed out.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};
use crate::program;

/// Fails unless `path` is static, may be loaded anywhere, has no stack that can be executed, and cannot have its
/// relocated data overwritten.
pub fn check(path: &Path) -> Result<()> {
    let seen = program::output(Command::new("readelf").args(["-hldW"]).arg(path))?;
    match faults(&seen).as_slice() {
        [] => Ok(()),
        faults => Err(Error::Missing(format!("{}: {}", path.display(), faults.join(", ")))),
    }
}

/// What is wrong with a program, by what readelf says of it.
fn faults(seen: &str) -> Vec<&'static str> {
    let lines = || seen.lines().map(str::trim_start);
    let stack = lines().find(|line| line.starts_with("GNU_STACK"));
    let flags = |line: &str, flag: &str| line.split_whitespace().any(|word| word == flag);
    let wrong = [
        (!lines().any(|line| line.starts_with("Type:") && line.contains("DYN")), "it is not position-independent"),
        (lines().any(|line| line.starts_with("INTERP") || line.contains("(NEEDED)")), "it is not static"),
        (stack.is_none_or(|line| flags(line, "RWE")), "its stack can be executed"),
        (!lines().any(|line| line.starts_with("GNU_RELRO")), "it has no RELRO"),
        (!lines().any(|line| line.contains("(FLAGS") && (line.contains("NOW"))), "its RELRO is not full"),
        (lines().any(|line| line.starts_with("LOAD") && flags(line, "RWE")), "it can write what it executes"),
    ];
    wrong.into_iter().filter_map(|(is, what)| is.then_some(what)).collect()
}

#[cfg(test)]
mod tests {
    use super::faults;

    const GOOD: &str = "  Type:                              DYN (Position-Independent Executable file)
  LOAD           0x000000 0x0000000000000000 0x0000000000000000 0x0a7e4c 0x0a7e4c R E 0x1000
  GNU_STACK      0x000000 0x0000000000000000 0x0000000000000000 0x000000 0x000000 RW  0x10
  GNU_RELRO      0x0b2a30 0x00000000000b3a30 0x00000000000b3a30 0x0065d0 0x0065d0 R   0x1
 0x000000006ffffffb (FLAGS_1)            Flags: NOW PIE\n";

    #[test]
    fn each_fault_is_found() {
        assert_eq!(faults(GOOD), [""; 0]);
        assert_eq!(faults(&GOOD.replace("DYN", "EXEC")), ["it is not position-independent"]);
        assert_eq!(faults(&format!("{GOOD}  INTERP 0x1\n")), ["it is not static"]);
        assert_eq!(faults(&GOOD.replace("RW  0x10", "RWE 0x10")), ["its stack can be executed"]);
        assert_eq!(faults(&GOOD.replace("GNU_RELRO", "NOTE")), ["it has no RELRO"]);
        assert_eq!(faults(&GOOD.replace("NOW ", "")), ["its RELRO is not full"]);
        assert_eq!(faults(&format!("{GOOD}  LOAD 0x0 RWE 0x1\n")), ["it can write what it executes"]);
    }
}
