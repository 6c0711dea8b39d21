//! The program at the end of the way: its environment, and how it or the login shell is executed.

use std::convert::Infallible;
use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nix::errno::Errno;
use nix::unistd;

use crate::accounts;
use crate::error::{Doing, Error, Result};
use crate::sys;

/// What is executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A program, found through PATH unless its name has a slash, and its arguments (without argv\[0\]).
    Command {
        /// As typed.
        name: OsString,
        /// What follows it.
        arguments: Vec<OsString>,
    },
    /// The caller's shell, as a login shell.
    LoginShell {
        /// Whether one of [`SHELLS`] takes its place where it does not exist: in another root directory.
        or_another: bool,
    },
}

/// Shells that most root directories have one of, and where debug images keep theirs.
pub const SHELLS: [&str; 3] = ["/bin/bash", "/bin/sh", "/busybox/sh"];

impl Program {
    /// Takes the operands of a command line; none means the login shell.
    pub fn from_operands(operands: &[OsString]) -> Self {
        match operands.split_first() {
            Some((name, arguments)) => Program::Command { name: name.clone(), arguments: arguments.to_vec() },
            None => Program::LoginShell { or_another: false },
        }
    }

    /// The same, for another root directory than the one that the caller's shell is in.
    pub fn in_another_root(self) -> Self {
        match self {
            Program::LoginShell { .. } => Program::LoginShell { or_another: true },
            command @ Program::Command { .. } => command,
        }
    }

    /// Replaces this process by the program; comes back only when that fails.
    ///
    /// # Errors
    /// [`Doing::Executing`], whose exit status is 127 or 126.
    pub fn execute(&self) -> Result<Infallible> {
        self.prepare(unistd::getuid().as_raw())?.execute()
    }

    /// Prepares everything, so that no memory has to be allocated when the program is executed, by the user `uid`.
    ///
    /// # Errors
    /// [`Doing::Executing`].
    pub fn prepare(&self, uid: u32) -> Result<Prepared> {
        match self {
            Program::Command { name, arguments } => Prepared::command(name, arguments),
            Program::LoginShell { or_another } => {
                let others: &[&str] = if *or_another { &SHELLS } else { &[] };
                Prepared::login_shell(&login_shell(uid), others)
            }
        }
    }

    /// Finds out whether it can be executed, by doing so in a child that is ended before the program's first instruction.
    /// False where that cannot be tried.
    ///
    /// # Errors
    /// [`Doing::Executing`].
    pub fn try_out(&self) -> Result<bool> {
        let uid = unistd::getuid().as_raw();
        let name = match self {
            Program::Command { name, .. } => name.clone(),
            Program::LoginShell { .. } => login_shell(uid),
        };
        let program = self.prepare(uid)?;
        let execute =
            || program.execute().map_or_else(|error| error.errno.unwrap_or(Errno::EINVAL), |never| match never {});
        sys::execute_in_child(execute).map_err(failed(&name))
    }
}

impl fmt::Display for Program {
    /// As it is called.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Program::Command { name, .. } => write!(f, "execvp({name:?})"),
            Program::LoginShell { .. } => write!(f, "execv({:?})", login_shell(unistd::getuid().as_raw())),
        }
    }
}

/// A program that is ready to be executed.
#[derive(Debug)]
pub struct Prepared {
    call: Call,
    /// What is executed where there is no such program.
    others: Vec<Call>,
}

/// One program, and how it is executed.
#[derive(Debug)]
struct Call {
    /// As it is called in messages.
    program: OsString,
    file: CString,
    arguments: sys::Arguments,
    is_searched: bool,
}

impl Prepared {
    fn command(name: &OsStr, arguments: &[OsString]) -> Result<Self> {
        let words = std::iter::once(name).chain(arguments.iter().map(OsString::as_os_str));
        let words = words.map(c_string).collect::<nix::Result<Vec<_>>>();
        let (file, words) = (c_string(name).map_err(failed(name))?, words.map_err(failed(name))?);
        let call = Call { program: name.into(), file, arguments: sys::Arguments::new(words), is_searched: true };
        Ok(Self { call, others: Vec::new() })
    }

    fn login_shell(shell: &OsStr, others: &[&str]) -> Result<Self> {
        let others = others.iter().map(|other| Call::login_shell(OsStr::new(other))).collect::<Result<_>>()?;
        Ok(Self { call: Call::login_shell(shell)?, others })
    }

    /// Replaces this process by the program; comes back only when that fails.
    ///
    /// # Errors
    /// [`Doing::Executing`], whose exit status is 127 or 126. It is about the first of several that do not exist.
    pub fn execute(&self) -> Result<Infallible> {
        let errno = self.call.execute();
        if errno == Errno::ENOENT {
            // Of the others, only one that is there has something to say.
            for other in &self.others {
                match other.execute() {
                    Errno::ENOENT => {}
                    errno => return Err(failed(&other.program)(errno)),
                }
            }
        }
        Err(failed(&self.call.program)(errno))
    }
}

impl Call {
    /// The shell is a path: it is neither searched for nor split into words.
    fn login_shell(shell: &OsStr) -> Result<Self> {
        let base = Path::new(shell).file_name().unwrap_or(shell);
        let argv0 = OsString::from_vec([b"-", base.as_bytes()].concat());
        let (file, argv0) = (c_string(shell).map_err(failed(shell))?, c_string(&argv0).map_err(failed(shell))?);
        Ok(Self { program: shell.into(), file, arguments: sys::Arguments::new(vec![argv0]), is_searched: false })
    }

    fn execute(&self) -> Errno {
        log::info!("{self}");
        // libc's own search: the default path without PATH, /bin/sh for scripts without "#!", EACCES remembered.
        match self.is_searched {
            true => self.arguments.execute(&self.file),
            false => self.arguments.execute_path(&self.file),
        }
    }
}

/// The call that executes it.
impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", if self.is_searched { "execvp" } else { "execv" }, self.program)
    }
}

fn failed(program: &OsStr) -> impl Fn(Errno) -> Error {
    |errno| Error { doing: Doing::Executing { program: program.into() }, errno: Some(errno) }
}

/// $SHELL, else the shell of the user, else /bin/sh.
fn login_shell(uid: u32) -> OsString {
    let given = env::var_os("SHELL").filter(|shell| !shell.is_empty());
    let of_user = || accounts::local_user_by_id(uid).map(|user| user.shell).filter(|shell| !shell.is_empty());
    given.or_else(of_user).unwrap_or_else(|| "/bin/sh".into())
}

fn c_string(text: &OsStr) -> nix::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| Errno::EINVAL)
}

/// What the program finds in its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Environment {
    /// Everything that the caller had.
    Inherited,
    /// Only these variables, where they exist; the last one named comes first.
    Only(Vec<OsString>),
    /// These instead, the last one first.
    Replaced(Vec<(OsString, OsString)>),
}

impl Environment {
    /// Makes it this process's environment, so that PATH and SHELL mean the new one from here on.
    pub fn adopt(&self) {
        match self {
            Environment::Inherited => {}
            Environment::Only(names) => {
                log::info!("{self}");
                let variables: Vec<_> = names.iter().rev().filter_map(variable).collect();
                sys::replace_environment(&variables);
            }
            Environment::Replaced(variables) => {
                log::info!("{self}");
                let reversed: Vec<_> = variables.iter().rev().cloned().collect();
                sys::replace_environment(&reversed);
            }
        }
    }

    /// Reads what proc_pid_environ(5) holds.
    ///
    /// # Errors
    /// [`Doing::SettingEnvironment`] with EINVAL when an entry is no `NAME=value`.
    pub fn parse(contents: &[u8]) -> Result<Self> {
        let text = contents.strip_suffix(b"\0").unwrap_or(contents);
        if text.is_empty() {
            return Ok(Environment::Replaced(Vec::new()));
        }
        let variables = text.split(|byte| *byte == 0).map(split_variable).collect::<Option<_>>();
        variables
            .map(Environment::Replaced)
            .ok_or(Error { doing: Doing::SettingEnvironment, errno: Some(Errno::EINVAL) })
    }

    /// Leaves out the variables with which a dynamic loader can be told to load something else, see ld.so(8).
    pub fn without_loader_variables(self) -> Self {
        match self {
            Environment::Replaced(mut variables) => {
                variables.retain(|(name, _)| !name.as_bytes().starts_with(b"LD_"));
                Environment::Replaced(variables)
            }
            other => other,
        }
    }
}

/// What [`Environment::adopt`] does, as the log shows it; nothing where it does nothing.
impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Environment::Inherited => Ok(()),
            Environment::Only(names) => write!(f, "keeping of the environment: {names:?}"),
            Environment::Replaced(variables) => write!(f, "taking an environment of {} variables", variables.len()),
        }
    }
}

fn split_variable(entry: &[u8]) -> Option<(OsString, OsString)> {
    let place = entry.iter().position(|byte| *byte == b'=').filter(|place| *place > 0)?;
    let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    Some((text(&entry[..place]), text(&entry[place + 1..])))
}

fn variable(name: &OsString) -> Option<(OsString, OsString)> {
    // Such names exist in no environment, and std would panic on setting them.
    let sensible = !name.is_empty() && !name.as_bytes().contains(&b'=');
    sensible.then(|| env::var_os(name)).flatten().map(|value| (name.clone(), value))
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// What is read is all that /proc/PID/environ says, and nothing of the loader's is left where that is wanted.
    pub fn of_environment(contents: &[u8]) {
        let Ok(environment) = Environment::parse(contents) else { return };
        let Environment::Replaced(variables) = &environment else { return };
        assert!(variables.iter().all(|(name, _)| !name.is_empty() && !name.as_bytes().contains(&b'=')));
        let entries = variables.iter().flat_map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes(), b"\0"]);
        let text: Vec<u8> = entries.flatten().copied().collect();
        let whole = contents.strip_suffix(b"\0").unwrap_or(contents);
        assert_eq!(text.strip_suffix(b"\0").unwrap_or_default(), whole);
        let Environment::Replaced(harmless) = environment.without_loader_variables() else { return };
        assert!(!harmless.iter().any(|(name, _)| name.as_bytes().starts_with(b"LD_")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::for_any;

    fn variables(contents: &[u8]) -> Vec<(OsString, OsString)> {
        match Environment::parse(contents).unwrap().without_loader_variables() {
            Environment::Replaced(variables) => variables,
            other => panic!("{other:?}"),
        }
    }

    /// Who starts us may have blocked the signal with which a program that is traced stops.
    #[test]
    fn a_program_that_is_tried_out_does_not_run() {
        use nix::sys::signal::{SigSet, Signal};
        let file = env::temp_dir().join(format!("nscore-tried-out-{}", std::process::id()));
        let command = Program::Command { name: "touch".into(), arguments: vec![file.clone().into()] };
        let trap = SigSet::from(Signal::SIGTRAP);
        trap.thread_block().unwrap();
        let tried = command.try_out();
        trap.thread_unblock().unwrap();
        assert!(tried.unwrap());
        assert!(!file.exists());
    }

    #[test]
    fn environments_of_other_processes() {
        assert_eq!(variables(b""), []);
        let all = [("A".into(), "1=2".into()), ("B".into(), "".into()), ("XLD_".into(), "3".into())];
        assert_eq!(variables(b"A=1=2\0LD_PRELOAD=/evil\0B=\0LD_=\0XLD_=3\0"), all);
        for contents in [&b"A\0"[..], b"=x\0", b"A=1\0\0B=2\0"] {
            assert_eq!(Environment::parse(contents).unwrap_err().errno, Some(Errno::EINVAL));
        }
    }

    #[test]
    fn any_environment_is_read_whole() {
        for_any(
            |random| random.changed(b"A=1=2\0LD_PRELOAD=/evil\0B=\0XLD_=3\0"),
            |contents| properties::of_environment(contents),
        );
    }
}
