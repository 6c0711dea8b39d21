//! What a program must be before it is handed out.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};
use crate::program;

/// Fails unless `path` is static, may be loaded anywhere, has nothing in memory that can be both written and executed,
/// not even its stack, cannot have its relocated data overwritten, and looks nowhere for libraries.
pub fn check(path: &Path) -> Result<()> {
    match faults(&seen(path)?).as_slice() {
        [] => Ok(()),
        faults => Err(Error::Missing(format!("{}: {}", path.display(), faults.join(", ")))),
    }
}

fn seen(path: &Path) -> Result<String> {
    program::output(Command::new("readelf").args(["-hldW"]).arg(path))
}

/// What is wrong with a program, by what readelf says of it.
fn faults(seen: &str) -> Vec<&'static str> {
    let lines = || seen.lines().map(str::trim_start);
    let stack = lines().find(|line| line.starts_with("GNU_STACK"));
    let has = |text: &str| lines().any(|line| line.contains(text));
    let wrong = [
        (!lines().any(|line| line.starts_with("Type:") && line.contains("DYN")), "it is not position-independent"),
        (lines().any(|line| line.starts_with("INTERP") || line.contains("(NEEDED)")), "it is not static"),
        (stack.is_none_or(|line| flags(line).contains('E')), "its stack can be executed"),
        (!lines().any(|line| line.starts_with("GNU_RELRO")), "it has no RELRO"),
        (!lines().any(|line| line.contains("(FLAGS") && line.contains("NOW")), "its RELRO is not full"),
        (lines().any(is_written_and_executed), "it can write what it executes"),
        (has("(TEXTREL)"), "what it executes is relocated"),
        (has("(RPATH)") || has("(RUNPATH)"), "it says where libraries are"),
    ];
    wrong.into_iter().filter_map(|(is, what)| is.then_some(what)).collect()
}

fn is_written_and_executed(line: &str) -> bool {
    line.starts_with("LOAD") && flags(line).contains('W') && flags(line).contains('E')
}

/// The flags of a segment: what stands between its sizes and its alignment, `R E` or `RW`.
fn flags(line: &str) -> String {
    line.split_whitespace().skip(1).filter(|word| word.bytes().all(|byte| b"RWE".contains(&byte))).collect()
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

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
        assert_eq!(faults(&GOOD.replace("RW  0x10", "R E 0x10")), ["its stack can be executed"]);
        assert_eq!(faults(&GOOD.replace("GNU_RELRO", "NOTE")), ["it has no RELRO"]);
        assert_eq!(faults(&GOOD.replace("NOW ", "")), ["its RELRO is not full"]);
        for both in ["RWE", " WE"] {
            assert_eq!(faults(&format!("{GOOD}  LOAD 0x0 {both} 0x1\n")), ["it can write what it executes"]);
        }
        assert_eq!(faults(&format!("{GOOD} 0x16 (TEXTREL) 0x0\n")), ["what it executes is relocated"]);
        assert_eq!(faults(&format!("{GOOD} 0x1d (RUNPATH) x\n")), ["it says where libraries are"]);
    }

    /// A program that the linker makes bad on purpose, for each fault that it can make.
    #[test]
    fn bad_programs_are_refused() {
        const HARD: [&str; 6] = ["-static-pie", "-z", "relro", "-z", "now", "-fPIE"];
        let directory = env::temp_dir().join(format!("xtask-binary-{}", process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (source, built) = (directory.join("main.c"), directory.join("main"));
        fs::write(&source, "int main(void) { return 0; }").unwrap();
        let faults_with = |arguments: &[&str]| {
            let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
            let mut command = Command::new(compiler);
            program::output(command.args(arguments).arg("-o").args([&built, &source])).unwrap();
            faults(&seen(&built).unwrap())
        };
        let with = |more: &[&str]| faults_with(&[&HARD[..], more].concat());
        assert_eq!(with(&[]), [""; 0]);
        assert_eq!(with(&["-z", "execstack"]), ["its stack can be executed"]);
        assert_eq!(with(&["-z", "norelro"]), ["it has no RELRO"]);
        assert_eq!(with(&["-z", "lazy"]), ["its RELRO is not full"]);
        assert_eq!(with(&["-Wl,-rpath,/tmp"]), ["it says where libraries are"]);
        let both = directory.join("both.c");
        fs::write(&both, "__asm__(\".section .both,\\\"awx\\\",%progbits\\n.long 0\\n.text\");").unwrap();
        assert_eq!(with(&[both.to_str().unwrap()]), ["it can write what it executes"]);
        assert!(faults_with(&["-static", "-no-pie"]).contains(&"it is not position-independent"));
        assert!(faults_with(&["-pie", "-fPIE"]).contains(&"it is not static"));
        fs::remove_dir_all(directory).unwrap();
    }
}
