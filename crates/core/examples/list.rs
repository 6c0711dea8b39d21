//! Lists all namespaces that processes are in: kind, inode, how many processes, and the first of them.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "an example says what it finds")]

use std::collections::BTreeMap;
use std::path::Path;

use nscore::proc::{Proc, Scratch};
use nscore::{Kind, Result};

fn main() -> Result<()> {
    let proc = Proc::open(Path::new("/proc"))?;
    let (mut scratch, all) = (Scratch::default(), Kind::all().collect());
    // By kind and inode: the processes in it.
    let mut found: BTreeMap<(Kind, u64), Vec<u32>> = BTreeMap::new();
    for pid in proc.pids(&mut scratch).unwrap_or_default() {
        // Who is gone by now, or may not be looked at, is left out.
        let Ok(namespaces) = proc.namespaces(pid, all, &mut scratch) else { continue };
        for (kind, inode) in namespaces.iter() {
            found.entry((kind, inode)).or_default().push(pid);
        }
    }
    for ((kind, inode), pids) in found {
        println!("{} {inode} {} {}", kind.link(), pids.len(), pids[0]);
    }
    Ok(())
}
