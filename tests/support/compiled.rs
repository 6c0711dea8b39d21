//! Programs in C that the tests bring along.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{env, fs, process};

/// The program `tests/support/NAME.c`, static, so that it runs in any root directory; compiled once.
pub fn compiled(name: &'static str) -> PathBuf {
    static ALL: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.entry(name).or_insert_with(|| compile(name)).clone()
}

fn compile(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support").join(name).with_extension("c");
    // Under a name of its own first, since another test program may be doing the same.
    let path = dir.join(format!("{name}.{}", process::id()));
    let status = Command::new("cc").args(["-O1", "-static", "-pthread", "-o"]).arg(&path).arg(source).status();
    assert!(status.expect("cc").success(), "{name}.c can be compiled");
    let place = dir.join(name);
    fs::rename(path, &place).expect("a file");
    place
}
