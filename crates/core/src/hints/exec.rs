//! execve(2): a program that is there all the same, a loader or shell that is not, mounts on which nothing is executed.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, eaccess, geteuid};

use super::elf::Elf;
use super::system::{System, candidates, shown};
use super::unshare::security_module;
use super::{Case, Cause, CommandLine, NSENTER, UNSHARE, paths, quoted};
use crate::exec::SHELLS;

/// Why a program was not executed. Nothing is said of a name that is simply not there.
pub(super) fn explain(program: &OsStr, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let found = candidates(program).into_iter().find(|path| is_there(path, system));
    match (errno, found) {
        (Errno::ENOENT, Some(path)) => helper_missing(&path, system),
        (Errno::ENOENT, None) => nowhere(program, case),
        (Errno::EACCES, Some(path)) => forbidden(&path, case),
        (Errno::EACCES, None) => {
            candidates(program).iter().find_map(|path| paths::explain(path, Errno::EACCES, system))
        }
        (Errno::ELOOP, Some(path)) => scripts_nested(&path, system),
        (Errno::ELOOP, None) => candidates(program).iter().find_map(|path| link_loop(path, system)),
        (Errno::ENOEXEC, Some(path)) => no_program(&path, system),
        _ => None,
    }
}

/// How deep the kernel follows interpreters that are scripts themselves.
const DEPTH: usize = 5;

/// The kernel looks no further for the end of a `#!` line.
const LONGEST_LINE: usize = 256;

/// What executes a file, as its beginning says.
enum Format {
    /// A script with a `#!` line, for this interpreter.
    Script(PathBuf),
    Elf(Elf),
    /// Something that execvp(3) gives to /bin/sh.
    Other,
}

fn format(path: &Path, system: &System) -> Option<Format> {
    let start = system.part(path, 0, LONGEST_LINE)?;
    if let Some(elf) = Elf::parse(&start) {
        return Some(Format::Elf(elf));
    }
    let Some(line) = start.strip_prefix(b"#!") else { return Some(Format::Other) };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ' || *byte == b'\t');
    let interpreter = words.find(|word| !word.is_empty())?;
    Some(Format::Script(OsString::from_vec(interpreter.to_vec()).into()))
}

fn is_there(path: &Path, system: &System) -> bool {
    fs::metadata(system.place(path)).is_ok()
}

/// What a file needs in order to be executed, and is not there.
fn helper_missing(path: &Path, system: &System) -> Option<Cause> {
    let mut path = path.to_owned();
    for _ in 0..DEPTH {
        path = match format(&path, system)? {
            Format::Script(interpreter) if is_there(&interpreter, system) => interpreter,
            Format::Script(interpreter) => return Some(interpreter_missing(&path, &interpreter)),
            Format::Elf(elf) => return other_machine(&path, elf).or_else(|| loader_missing(&path, elf, system)),
            Format::Other => return shell_missing(&path, system),
        };
    }
    None
}

fn interpreter_missing(path: &Path, interpreter: &Path) -> Cause {
    let reason = format!("{} is a script for {}, which does not exist", shown(path), shown(interpreter));
    let cause = Cause::new("interpreter-missing", reason);
    if interpreter.as_os_str().as_bytes().ends_with(b"\r") {
        return cause.advice("its lines end in CR and LF, as on Windows: for a script it must be LF alone");
    }
    cause
}

fn loader_missing(path: &Path, elf: Elf, system: &System) -> Option<Cause> {
    let loader = elf.loader(path, system).filter(|loader| !is_there(loader, system))?;
    let reason = format!("{} needs the loader {}, which does not exist here", shown(path), shown(loader));
    Some(
        Cause::new("loader-missing", reason)
            .advice("the root directory needs the program's libraries, or one that is static"),
    )
}

fn other_machine(path: &Path, elf: Elf) -> Option<Cause> {
    let machine = elf.foreign_machine()?;
    let reason = format!("{} is a program for {machine}, and this is {}", shown(path), env::consts::ARCH);
    Some(Cause::new("other-machine", reason))
}

const SHELL: &str = "/bin/sh";

fn shell_missing(path: &Path, system: &System) -> Option<Cause> {
    let reason = format!("{} has no #! line, so {SHELL} is to run it, and that does not exist here", shown(path));
    (!is_there(Path::new(SHELL), system)).then(|| Cause::new("shell-missing", reason))
}

/// A name that is nowhere to be found: a shell that others stand in for, or a root directory that is another one.
fn nowhere(program: &OsStr, case: Case<'_>) -> Option<Cause> {
    let (system, command) = (case.system, case.command);
    let is_typed = command.place_of_program().is_some();
    let wants_shell = !is_typed || is_shell(program);
    if let Some(cause) = wants_shell.then(|| other_shell(program, is_typed, case)).flatten() {
        return Some(cause);
    }
    let has_slash = program.as_bytes().contains(&b'/');
    if let Some(cause) = (!has_slash).then(|| outside_of_path(program, case)).flatten() {
        return Some(cause);
    }
    if enters_other_root(command) {
        let name = shown(program);
        let reason = match has_slash {
            true => format!("{name} is looked for in the root directory that was entered, which does not have it"),
            false => format!(
                "{name} is looked for in the root directory that was entered: no directory of PATH there has it"
            ),
        };
        return Some(Cause::new("not-in-this-root", reason));
    }
    has_slash.then(|| paths::explain(Path::new(program), Errno::ENOENT, system)).flatten()
}

fn is_shell(program: &OsStr) -> bool {
    const SHELLS: [&str; 8] = ["sh", "bash", "dash", "ash", "zsh", "fish", "ksh", "tcsh"];
    Path::new(program).file_name().is_some_and(|name| SHELLS.iter().any(|shell| name == *shell))
}

/// A shell that is there in the place of one that is not.
fn other_shell(program: &OsStr, is_typed: bool, case: Case<'_>) -> Option<Cause> {
    let (system, command) = (case.system, case.command);
    let works =
        |shell: &&&str| is_executable(Path::new(shell), system) && helper_missing(Path::new(shell), system).is_none();
    let name = shown(program);
    match SHELLS.iter().find(works) {
        Some(shell) => {
            let cause = Cause::new("shell-not-here", format!("there is no {name} here, but {shell} is there"));
            Some(cause.command(if is_typed { command.with_program(shell) } else { command.followed_by(shell) }))
        }
        None if enters_other_root(command) => {
            let others: Vec<_> = SHELLS.iter().copied().filter(|shell| program != *shell).collect();
            let reason = format!("there is no shell in this root directory: no {name}, nor {}", others.join(", "));
            Some(Cause::new("no-shell", reason))
        }
        None => None,
    }
}

fn is_executable(path: &Path, system: &System) -> bool {
    let is_file = fs::metadata(system.place(path)).is_ok_and(|it| it.is_file());
    is_file && eaccess(&system.place(path), AccessFlags::X_OK).is_ok()
}

/// A program that is where programs usually are, but not where PATH has them looked for.
fn outside_of_path(program: &OsStr, case: Case<'_>) -> Option<Cause> {
    const USUAL: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let directory = USUAL.iter().find(|it| is_executable(&Path::new(it).join(program), case.system))?;
    let reason = format!("{} is in {directory}, which is not in PATH", shown(program));
    let path = Path::new(directory).join(program);
    let command = path.to_str().and_then(|path| case.command.with_program(path));
    Some(Cause::new("not-in-path", reason).command(command))
}

/// Whether an option may have changed the root directory.
fn enters_other_root(command: &CommandLine) -> bool {
    match command.tool.as_str() {
        UNSHARE => command.has_option(&["root"]),
        NSENTER => command.has_option(&["root", "mount", "all"]),
        _ => false,
    }
}

/// Whether a path means the same to the caller's shell: not from another root or working directory.
fn means_the_same_outside(path: &Path, command: &CommandLine) -> bool {
    let stays = path.is_absolute() || !command.has_option(&["wd", "wdns"]);
    stays && !enters_other_root(command)
}

/// Why a file that is there may not be executed.
fn forbidden(path: &Path, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let its = fs::metadata(system.place(path)).ok()?;
    let (name, mode) = (shown(path), its.permissions().mode() & 0o7777);
    if !its.is_file() {
        let what = if its.is_dir() { "a directory" } else { "no regular file" };
        return Some(Cause::new("no-program", format!("{name} is {what}")));
    }
    let place = quoted(path.as_os_str()).filter(|_| means_the_same_outside(path, case.command));
    if mode & 0o111 == 0 {
        let cause = Cause::new("not-executable", format!("{name} is not executable: its mode is {mode:o}"));
        let is_own = its.uid() == geteuid().as_raw();
        // What only happens to be called so is not made a program.
        let is_program = matches!(format(path, system), Some(Format::Script(_) | Format::Elf(_)));
        let command = place
            .filter(|_| is_own && is_program)
            .and_then(|place| case.command.behind(&format!("chmod +x {place} &&")));
        return Some(cause.command(command));
    }
    if let Some(point) = noexec(path, system) {
        let cause = Cause::new("mounted-noexec", format!("{} is mounted noexec, and {name} is there", shown(&point)));
        let point = place.and_then(|_| quoted(point.as_os_str()));
        return Some(match point {
            Some(point) => cause.command_of_root(format!("mount -o remount,bind,exec {point}")),
            None => cause,
        });
    }
    if eaccess(&system.place(path), AccessFlags::X_OK) == Err(Errno::EACCES) {
        let reason =
            format!("{name} is not executable for uid {}: it is uid {}'s, mode {mode:o}", geteuid(), its.uid());
        return Some(Cause::new("not-executable-for-you", reason));
    }
    match format(path, system) {
        Some(Format::Script(interpreter)) => interpreter_forbidden(path, &interpreter, system),
        _ => security_module(system),
    }
}

fn noexec(path: &Path, system: &System) -> Option<PathBuf> {
    let mount = system.mount_of(path).filter(|mount| mount.has_option("noexec"))?;
    Some(mount.target().into())
}

fn interpreter_forbidden(path: &Path, interpreter: &Path, system: &System) -> Option<Cause> {
    let is_noexec = noexec(interpreter, system).is_some();
    if is_executable(interpreter, system) && !is_noexec {
        return security_module(system);
    }
    let reason = format!("{} is a script for {}, which is not executable", shown(path), shown(interpreter));
    Some(Cause::new("interpreter-not-executable", reason))
}

/// A link that leads back to itself.
fn link_loop(path: &Path, system: &System) -> Option<Cause> {
    let is_loop = |path: &Path| {
        let error = fs::metadata(system.place(path)).err().map(|error| (error.kind(), error.raw_os_error()));
        error.is_some_and(|(kind, errno)| kind != ErrorKind::NotFound && errno == Some(libc::ELOOP))
    };
    let link = path.ancestors().filter(|step| is_loop(step)).last()?;
    let target = system.link(link)?;
    let reason = format!("{} is a link to {}, and from there on links lead in a circle", shown(link), shown(target));
    Some(Cause::new("link-loop", reason))
}

fn scripts_nested(path: &Path, system: &System) -> Option<Cause> {
    let mut last = path.to_owned();
    for _ in 0..DEPTH {
        let Format::Script(interpreter) = format(&last, system)? else { return None };
        last = interpreter;
    }
    let reason =
        format!("{} is a script for a script, and so on: the kernel follows no more than {DEPTH}", shown(path));
    Some(Cause::new("scripts-nested", reason))
}

/// A file that is executable in its mode, and not in what it has.
fn no_program(path: &Path, system: &System) -> Option<Cause> {
    let name = shown(path);
    match format(path, system)? {
        Format::Elf(elf) => other_machine(path, elf),
        Format::Other if system.part(path, 0, 1)?.is_empty() => Some(Cause::new("empty", format!("{name} is empty"))),
        Format::Other => Some(Cause::new("no-format", format!("{name} is neither a program nor begins with #!"))),
        Format::Script(_) => None,
    }
}
