//! What was typed means something else than it looks, or lacks something: quirks that are util-linux's, and kept.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::system::shown;
use super::{Case, Cause, NSENTER, UNSHARE};
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

/// Namespaces are to be entered, and nothing says whose: because a file was not attached to its option, or because a PID
/// stands in the place of the program.
pub(super) fn explain_missing_target(case: Case<'_>) -> Cause {
    let words = &case.command.arguments;
    let program = case.command.place_of_program().and_then(|place| words.get(place));
    let detached = program.and_then(|program| explain_program(program, case));
    let as_target = || {
        let pid = program.filter(|word| word.as_bytes().iter().all(u8::is_ascii_digit))?;
        case.command.instead_of(pid, &["--target", pid.to_str()?], case.system)
    };
    let reason = "namespaces that are not given by a file are those of --target, which is missing";
    detached.unwrap_or_else(|| Cause::new("target-missing", reason).command(as_target()))
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

/// What was to be executed, and was meant for the option before it, whose argument must be attached: a directory behind
/// `-W`, a file for a namespace behind `--net`.
pub(super) fn explain_program(program: &OsStr, case: Case<'_>) -> Option<Cause> {
    const TAKE_DIRECTORIES: [&str; 5] = ["--wdns", "--wd", "--root", "--mount-proc", "--mount-binfmt"];
    let place = case.command.place_of_program()?;
    let option = case.command.arguments.get(place.checked_sub(1)?)?;
    let is_cluster = option == "--" || option.len() != 2 && !option.as_bytes().starts_with(b"--");
    let long = case.command.last_option()?.to_str().filter(|_| !is_cluster)?;
    let path = case.system.place(Path::new(program));
    let is_of_kind = Kind::all().any(|kind| long.strip_prefix("--") == Some(kind.word()));
    let is_meant = TAKE_DIRECTORIES.contains(&long) && path.is_dir() || is_of_kind && is_for_namespace(&path);
    let takes = match case.command.tool == UNSHARE && option.len() == 2 {
        true => "takes no argument",
        false => "takes an attached argument only",
    };
    let reason = format!("{} {takes}, so {} is the program", shown(option), shown(program));
    let attached = [long.as_bytes(), b"=", program.as_bytes()].concat();
    let command = || case.command.joined(place, OsStr::from_bytes(&attached), case.system);
    is_meant.then(|| Cause::new("argument-taken-for-program", reason).command(command()))
}

/// Whether it is a namespace, or a file to keep one in: empty, and no program.
fn is_for_namespace(path: &Path) -> bool {
    let is_empty = |its: fs::Metadata| its.is_file() && its.len() == 0 && its.permissions().mode() & 0o111 == 0;
    fs::metadata(path).is_ok_and(is_empty) || Handle::open(path).is_ok_and(|it| it.kind().is_ok())
}
