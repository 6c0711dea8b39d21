//! What was typed means something else than it looks: quirks that are util-linux's, and kept.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::system::shown;
use super::{Case, Cause, NSENTER};

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
    let reason = format!("{} takes an attached argument only, so {} is the program", shown(option), shown(program));
    let attached = [long.as_bytes(), b"=", program.as_bytes()].concat();
    let command = case.command.joined(place, OsStr::from_bytes(&attached));
    is_directory.then(|| Cause::new("argument-taken-for-program", reason).command(command))
}
