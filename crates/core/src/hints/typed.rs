//! What was typed means something else than it looks, or lacks something: quirks that are util-linux's, and kept.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::system::shown;
use super::{Case, Cause, NSENTER};
use crate::handle::Handle;
use crate::kind::Kind;

/// nsenter's short options that take an attached file.
const TAKE_FILES: &[u8] = b"muinpUCT";

/// A file that is not there, of a name that looks like further options: `-muin` is `-m` with the file `uin`.
pub(super) fn explain(path: &Path, case: Case<'_>) -> Option<Cause> {
    let file = path.as_os_str().as_bytes();
    let is_cluster =
        case.command.tool == NSENTER && !file.is_empty() && file.iter().all(|letter| TAKE_FILES.contains(letter));
    if !is_cluster || case.system.has(path) {
        return None;
    }
    let typed = case.command.arguments.iter().take_while(|word| *word != "--").find(|word| {
        let letters = word.as_bytes().strip_prefix(b"-").and_then(|letters| letters.split_first());
        letters.is_some_and(|(option, rest)| TAKE_FILES.contains(option) && rest == file)
    })?;
    let letters = typed.as_bytes().get(1..)?;
    let apart: Vec<String> = letters.iter().map(|letter| format!("-{}", char::from(*letter))).collect();
    let reason = format!("{} means -{} with the file {}", shown(typed), char::from(*letters.first()?), shown(path));
    let apart: Vec<&str> = apart.iter().map(String::as_str).collect();
    Some(Cause::new("options-taken-for-file", reason).command(case.command.instead_of(typed, &apart, case.system)))
}

/// Namespaces are to be entered, and nothing says whose: mostly because a file was not attached to its option.
pub(super) fn explain_missing_target(case: Case<'_>) -> Cause {
    detached_file(case).unwrap_or_else(target_missing)
}

/// A namespace's file in the place of the program, behind an option whose argument must be attached: `-n FILE`.
fn detached_file(case: Case<'_>) -> Option<Cause> {
    let words = &case.command.arguments;
    let place = case.command.place_of_program()?;
    let (option, file) = (words.get(place.checked_sub(1)?)?, words.get(place)?);
    let kind =
        Kind::all().find(|kind| case.command.last_option() == Some(OsStr::new(&format!("--{}", kind.word()))))?;
    // Not behind a cluster, which has others as well.
    if option == "--" || option.len() != 2 && !option.as_bytes().starts_with(b"--") {
        return None;
    }
    Handle::open(&case.system.place(Path::new(file))).ok()?.kind().ok()?;
    let attached = [b"--", kind.word().as_bytes(), b"=", file.as_bytes()].concat();
    let command = case.command.joined(place, OsStr::from_bytes(&attached), case.system);
    Some(taken_for_program(option, file).command(command))
}

/// What is not given is taken of a target, and there is none.
pub(super) fn target_missing() -> Cause {
    Cause::new("target-missing", "namespaces that are not given by a file are those of --target, which is missing")
}

/// Nothing says what is to be entered.
pub(super) fn explain_missing_namespaces(case: Case<'_>) -> Cause {
    let command = case.command.has_option(&["target"]).then(|| case.command.working_with(&["--all"], case.system));
    Cause::new("nothing-to-enter", "no option says which namespaces: --all is all, --net and its like are one each")
        .command(command.flatten())
}

/// The message names no reason, because util-linux's does not.
pub(super) fn refused_filter(rule: &'static str) -> Cause {
    Cause::new("filter-refused", rule)
}

fn taken_for_program(option: &OsStr, word: &OsStr) -> Cause {
    let reason = format!("{} takes an attached argument only, so {} is the program", shown(option), shown(word));
    Cause::new("argument-taken-for-program", reason)
}

/// A directory that was to be executed, behind an option whose argument must be attached: `-W DIR`.
pub(super) fn explain_program(program: &OsStr, case: Case<'_>) -> Option<Cause> {
    let words = &case.command.arguments;
    if case.command.tool != NSENTER {
        return None;
    }
    let place = case.command.place_of_program()?;
    let option = words.get(place.checked_sub(1)?)?;
    let long = match option.as_bytes() {
        b"-W" | b"--wdns" => "--wdns",
        b"-w" | b"--wd" => "--wd",
        b"-r" | b"--root" => "--root",
        _ => return None,
    };
    let is_directory = std::fs::metadata(case.system.place(Path::new(program))).is_ok_and(|it| it.is_dir());
    let attached = [long.as_bytes(), b"=", program.as_bytes()].concat();
    let command = || case.command.joined(place, OsStr::from_bytes(&attached), case.system);
    is_directory.then(|| taken_for_program(option, program).command(command()))
}
