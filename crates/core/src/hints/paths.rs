//! What on the way along a path keeps it from being reached.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::{fs, io};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, eaccess};

use super::Cause;
use super::system::{System, shown};

/// Why following `path` has ended with `errno`; none where the path itself, as it was typed, is what is missing: its name
/// stands in the message.
pub(super) fn explain(path: &Path, errno: Errno, system: &System) -> Option<Cause> {
    match errno {
        Errno::ENOENT => missing(path, system),
        Errno::ENOTDIR => no_directory(path, system),
        Errno::EACCES => closed(path, system),
        _ => None,
    }
}

/// The same of a path that does not stand in the message.
pub(super) fn explain_unnamed(path: &Path, errno: Errno, system: &System) -> Option<Cause> {
    let is_missing = || Cause::new("directory-missing", format!("there is no {}", shown(path)));
    explain(path, errno, system).or_else(|| (errno == Errno::ENOENT).then(is_missing))
}

/// The path and what is above it, from the top.
fn steps(path: &Path) -> Vec<&Path> {
    let mut steps: Vec<&Path> = path.ancestors().filter(|step| *step != Path::new("")).collect();
    steps.reverse();
    steps
}

fn look(path: &Path, system: &System) -> io::Result<fs::Metadata> {
    fs::metadata(system.place(path))
}

fn missing(path: &Path, system: &System) -> Option<Cause> {
    let is_missing = |step: &&Path| look(step, system).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let first = steps(path).into_iter().find(is_missing)?;
    if let Some(target) = system.link(first) {
        let reason = format!("{} is a link to {}, which does not exist", shown(first), shown(target));
        return Some(Cause::new("dangling-link", reason));
    }
    (first != path).then(|| Cause::new("parent-missing", format!("there is no {}", shown(first))))
}

fn no_directory(path: &Path, system: &System) -> Option<Cause> {
    let is_file = |step: &&Path| look(step, system).is_ok_and(|it| !it.is_dir());
    let first = steps(path).into_iter().find(is_file)?;
    (first != path).then(|| Cause::new("parent-no-directory", format!("{} is no directory", shown(first))))
}

/// The first directory on the way that this process may not go through.
fn closed(path: &Path, system: &System) -> Option<Cause> {
    let is_closed = |step: &&Path| {
        let is_directory = look(step, system).is_ok_and(|it| it.is_dir());
        is_directory && eaccess(&system.place(step), AccessFlags::X_OK) == Err(Errno::EACCES)
    };
    let first = steps(path).into_iter().find(is_closed)?;
    let its = look(first, system).ok()?;
    let status = system.status()?;
    let reason = format!(
        "{} may not be entered by uid {}: it is uid {}'s and has mode {:o}",
        shown(first),
        status.effective_uid,
        its.uid(),
        its.permissions().mode() & 0o7777
    );
    Some(Cause::new("directory-closed", reason))
}
