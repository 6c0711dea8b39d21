//! What was to be entered, and is not there: what there is instead.

use std::ffi::OsStr;

use nix::unistd::geteuid;

use super::Cause;
use super::system::shown;
use crate::error::Doing;
use crate::find;

/// Why nothing was found.
pub(super) fn explain(doing: &Doing) -> Option<Cause> {
    match doing {
        Doing::ParsingPid { text } => typed_by_name(text),
        Doing::FindingProcessIn { inode } => Some(without_process(*inode)),
        Doing::OpeningByInode { inode } => Some(not_found(*inode)),
        Doing::FindingContainer { others, .. } => Some(others_than(others)),
        _ => None,
    }
}

/// Engines have names for containers, which no cgroup tells.
fn typed_by_name(text: &OsStr) -> Option<Cause> {
    let (engine, name) = text.to_str()?.split_once(':')?;
    if name.is_empty() || !find::is_by_id(engine.as_bytes()) {
        return None;
    }
    let reason = "a container is found by the beginning of its id, which has digits and the letters a to f";
    let cause = Cause::new("container-by-name", reason);
    Some(match engine {
        "docker" | "podman" => cause.advice(format!("{engine} ps knows the id of {}", shown(OsStr::new(name)))),
        _ => cause,
    })
}

fn without_process(inode: u64) -> Cause {
    let found = find::namespace_by_inode(inode).ok().and_then(|namespace| namespace.kind().ok().flatten());
    let Some(kind) = found else { return not_found(inode) };
    let reason = format!("no process is in this {} namespace: something else keeps it", kind.word());
    Cause::new("namespace-without-process", reason)
        .advice(format!("enter it alone: --{}=@{inode}, in the place of --target", kind.word()))
}

fn not_found(inode: u64) -> Cause {
    let reason = format!(
        "no process, mount, descriptor or socket that you may look at shows a namespace with the number {inode}"
    );
    Cause::new("inode-not-found", reason).advice(ended_or_hidden())
}

/// What may have become of a namespace that is not found.
pub(super) fn ended_or_hidden() -> &'static str {
    match geteuid().is_root() {
        true => "it has ended, or it is hidden from you",
        false => "it has ended, or it is hidden from you: ask as root",
    }
}

/// So many are told.
const MOST: usize = 8;

fn others_than(others: &[String]) -> Cause {
    if others.is_empty() {
        return Cause::new("none-of-these", "no process that /proc shows is in a cgroup with a name of that kind");
    }
    let mut names: Vec<_> = others.iter().take(MOST).cloned().collect();
    if others.len() > MOST {
        names.push(format!("{} more", others.len() - MOST));
    }
    Cause::new("others-than-this", format!("there are: {}", names.join(", ")))
}
