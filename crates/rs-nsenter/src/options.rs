//! What was typed: the options of nsenter(1), read by getopt_long's rules and checked one by one.
//!
//! A process or file that an option names is opened as soon as the option is reached, so it is held from then
//! on, and what is wrong with it is said in the order typed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgAction, Args, Parser};

use nscore::arguments::{self, Request, gid, numeric, parsed, path, uid};
use nscore::find::{self, Named};
use nscore::getopt::{Dialect, Respelt};
use nscore::handle::{self, Handle};
use nscore::program::Refusal;
use nscore::signals::{Forwarding, Signal};
use nscore::{Doing, Error, Kind, Result, number};

/// The options of nsenter(1).
#[derive(Debug, Parser)]
#[command(args_override_self = true, disable_help_flag = true, disable_version_flag = true, version)]
#[command(help_template = TEMPLATE)]
#[group(skip)]
pub struct Options {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: TargetOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kinds: KindOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ids: IdOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub directories: DirectoryOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub process: ProcessOptions,
    /// Only say what of this would work, and what not
    #[arg(long, help_heading = "Other")]
    pub check: bool,
    /// Say it as JSON (with --check)
    #[arg(long, help_heading = "Other")]
    pub json: bool,
    /// Show each step and its system call on stderr
    #[arg(short, long, action = ArgAction::Count, help_heading = "Other")]
    pub verbose: u8,
    /// Show this help
    #[arg(short, long, action = ArgAction::Help, help_heading = "Other")]
    help: Option<bool>,
    /// Show the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = "Other")]
    version: Option<bool>,
    /// The program and its arguments; the login shell when there are none.
    #[arg(trailing_var_arg = true, hide = true)]
    pub operands: Vec<OsString>,
}

/// Whose namespaces.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Target (PID[:INODE], @INODE, container:ID, machine:NAME, unit:NAME, netns:NAME)")]
pub struct TargetOptions {
    /// What is entered: a process, or the first one there
    #[arg(short, long, value_name = "TARGET", value_parser = parsed(find::named))]
    pub target: Option<Named>,
    /// Enter all of its namespaces
    #[arg(short, long)]
    pub all: bool,
}

/// Which namespaces, and where they are found if not at the target.
///
/// A field is `None` when the option was not given; else it has those given as a file or id, of which the last counts.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Namespaces (NS: a file, :ID or @INODE; attached, as in -n/run/netns/x)")]
pub struct KindOptions {
    /// Mount points
    #[arg(short, long, value_name = "NS", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(namespace))]
    pub mount: Option<Vec<Handle>>,
    /// Host name and NIS domain
    #[arg(short, long, value_name = "NS", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(namespace))]
    pub uts: Option<Vec<Handle>>,
    /// System V IPC, POSIX message queues
    #[arg(short, long, value_name = "NS", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(namespace))]
    pub ipc: Option<Vec<Handle>>,
    /// Network devices, addresses, ports
    #[arg(short, long, value_name = "NS", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(namespace))]
    pub net: Option<Vec<Handle>>,
    /// The network that a socket of the target is in
    #[arg(short = 'N', long, value_name = "FD", value_parser = parsed(descriptor))]
    pub net_socket: Option<i32>,
    /// Process ids; the program becomes a child
    #[arg(short, long, value_name = "NS", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(namespace))]
    pub pid: Option<Vec<Handle>>,
    /// The pid and time of the target's children
    #[arg(long)]
    pub pid_for_children: bool,
    /// User and group ids, capabilities
    #[arg(short = 'U', long, value_name = "NS", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(namespace))]
    pub user: Option<Vec<Handle>>,
    /// The user namespace that owns it
    #[arg(long)]
    pub user_parent: bool,
    /// The root of the cgroup tree
    #[arg(short = 'C', long, value_name = "NS", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(namespace))]
    pub cgroup: Option<Vec<Handle>>,
    /// Boot and monotonic clocks
    #[arg(short = 'T', long, value_name = "NS", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(namespace))]
    pub time: Option<Vec<Handle>>,
}

impl KindOptions {
    /// What was given for `kind`.
    pub fn given(&self, kind: Kind) -> Option<&Vec<Handle>> {
        match kind {
            Kind::User => self.user.as_ref(),
            Kind::Cgroup => self.cgroup.as_ref(),
            Kind::Ipc => self.ipc.as_ref(),
            Kind::Uts => self.uts.as_ref(),
            Kind::Net => self.net.as_ref(),
            Kind::Pid => self.pid.as_ref(),
            Kind::Mount => self.mount.as_ref(),
            Kind::Time => self.time.as_ref(),
        }
    }
}

/// Who one is inside.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Ids (0 and 0 when a user namespace is entered)")]
pub struct IdOptions {
    /// Set the uid inside, or the target's
    #[arg(short = 'S', long, value_name = "UID|follow", action = ArgAction::Append, value_parser = parsed(|text| IdChoice::parse(text, uid)))]
    pub setuid: Vec<IdChoice>,
    /// Set the gid, drop the groups
    #[arg(short = 'G', long, value_name = "GID|follow", action = ArgAction::Append, value_parser = parsed(|text| IdChoice::parse(text, gid)))]
    pub setgid: Vec<IdChoice>,
    /// Stay who you are
    #[arg(long)]
    pub preserve_credentials: bool,
    /// Keep the capabilities when the program starts
    #[arg(long)]
    pub keep_caps: bool,
}

/// Where in the file system the program starts.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Directories (DIR: attached; without one, the target's)")]
pub struct DirectoryOptions {
    /// Change the root directory
    #[arg(short, long, value_name = "DIR", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(root))]
    pub root: Option<Vec<Arc<File>>>,
    /// Change the working directory, seen from here
    #[arg(short, long, value_name = "DIR", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(working_directory))]
    pub wd: Option<Vec<Arc<File>>>,
    /// The same, seen from inside
    #[arg(short = 'W', long, value_name = "DIR", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(|text| path(without_equals(text))))]
    pub wdns: Option<Vec<PathBuf>>,
    /// Mount /proc (on DIR) for this program alone
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, value_parser = parsed(path))]
    pub mount_proc: Option<Option<PathBuf>>,
}

/// How the program is started.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Process")]
pub struct ProcessOptions {
    /// Take the target's environment
    #[arg(short, long)]
    pub env: bool,
    /// With --pid: no child, only its children enter
    #[arg(short = 'F', long)]
    pub no_fork: bool,
    /// When nsenter dies, send the child SIG (KILL)
    #[arg(long, value_name = "SIG", num_args = 0..=1, require_equals = true, value_parser = parsed(Signal::parse))]
    pub kill_child: Option<Option<Signal>>,
    /// Pass TERM, INT on to it; or all; or A,B
    #[arg(long, value_name = "LIST", num_args = 0..=1, require_equals = true, value_parser = parsed(Forwarding::parse))]
    pub forward_signals: Option<Option<Forwarding>>,
    /// Join the target's cgroup (version 2)
    #[arg(short = 'c', long)]
    pub join_cgroup: bool,
    /// Take the target's SELinux context
    #[arg(short = 'Z', long)]
    pub follow_context: bool,
}

const TEMPLATE: &str = "\
Usage: {name} [OPTIONS] [PROGRAM [ARGUMENT...]]

Run a program, or your login shell, in the namespaces of another process:
  {name} --target PID --all

{all-args}

See rs-nsenter(1) for more.
";

/// An id to take on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdChoice {
    /// The target's.
    Follow,
    /// This one.
    Id(u32),
}

impl IdChoice {
    /// The one that counts: the last, unless the target was to be followed once, as util-linux has it.
    pub fn counting(choices: &[IdChoice]) -> Option<Self> {
        let follow = choices.contains(&IdChoice::Follow).then_some(IdChoice::Follow);
        follow.or_else(|| choices.last().copied())
    }

    fn parse(text: &OsStr, id: fn(&OsStr) -> Result<u32>) -> Result<Self> {
        if text == "follow" {
            return Ok(IdChoice::Follow);
        }
        id(text).map(IdChoice::Id)
    }
}

fn namespace(text: &OsStr) -> Result<Handle> {
    find::namespace(without_equals(text))
}

/// util-linux takes `-m=FILE` for `-mFILE`, though not so with `-r`.
fn without_equals(text: &OsStr) -> &OsStr {
    OsStr::from_bytes(text.as_bytes().strip_prefix(b"=").unwrap_or(text.as_bytes()))
}

fn root(text: &OsStr) -> Result<Arc<File>> {
    handle::open_directory(Path::new(text)).map(Arc::new)
}

fn working_directory(text: &OsStr) -> Result<Arc<File>> {
    handle::open_directory(Path::new(without_equals(text))).map(Arc::new)
}

fn descriptor(text: &OsStr) -> Result<i32> {
    let number = number::parse(text, i64::from(i32::MIN), i64::from(i32::MAX));
    // Within these bounds the conversion does not fail.
    numeric(number.map(|number| i32::try_from(number).unwrap_or(-1)), || Doing::ParsingDescriptor { text: text.into() })
}

/// util-linux's long options, in the order in which it lists candidates for an abbreviation.
const LONG_OPTIONS: &[&str] = &[
    "all",
    "help",
    "version",
    "target",
    "mount",
    "uts",
    "ipc",
    "net",
    "net-socket",
    "pid",
    "user",
    "cgroup",
    "time",
    "setuid",
    "setgid",
    "root",
    "wd",
    "wdns",
    "env",
    "no-fork",
    "join-cgroup",
    "preserve-credentials",
    "keep-caps",
    "user-parent",
    "follow-context",
];

/// How they are read.
pub static DIALECT: Dialect = Dialect { long_options: LONG_OPTIONS, short_optional_arguments: true, permute: false };

/// Reads argv.
///
/// # Errors
/// [`Refusal`], for the first thing that is wrong.
pub fn read(args: Vec<OsString>) -> Result<Request<Box<Options>>, Refusal> {
    arguments::read_options(&DIALECT, args, refuse_contradictions)
}

/// A second --target, or --wd beside --wdns, ends the reading where it stands.
pub(crate) fn refuse_contradictions(respelt: &mut Respelt) -> Option<Error> {
    let mut before = Vec::new();
    for (place, word) in respelt.args.iter().enumerate().skip(1).take_while(|(_, word)| *word != "--") {
        let name = word.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
        let seen = |name: &[u8]| before.contains(&name);
        let doing = match name {
            b"--target" if seen(b"--target") => Doing::RepeatingTarget,
            b"--wdns" if seen(b"--wd") => Doing::CombiningOptions { first: "wd", second: "wdns" },
            b"--wd" if seen(b"--wdns") => Doing::CombiningOptions { first: "wdns", second: "wd" },
            _ => {
                before.push(name);
                continue;
            }
        };
        respelt.args.truncate(place);
        return Some(Error::new(doing));
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    fn long_options() -> BTreeSet<String> {
        let command = Options::command();
        command.get_arguments().filter_map(|option| option.get_long()).map(str::to_owned).collect()
    }

    fn refused(line: &str) -> String {
        match read(["nsenter"].into_iter().chain(line.split(' ')).map(Into::into).collect()) {
            Err(Refusal::Error(error)) => error.to_string(),
            Err(Refusal::Usage(text)) => text.to_string_lossy().into_owned(),
            Ok(_) => "nothing".into(),
        }
    }

    #[test]
    fn clap_finds_no_fault() {
        Options::command().debug_assert();
    }

    #[test]
    fn every_option_of_util_linux_is_there() {
        let missing: Vec<_> = LONG_OPTIONS.iter().filter(|name| !long_options().contains(**name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_help_fits_into_80_columns() {
        let help = arguments::help::<Options>(OsStr::new("rs-nsenter"));
        assert!(help.starts_with("\nUsage: rs-nsenter "), "{help}");
        let wide: Vec<_> = help.lines().filter(|line| line.len() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }

    #[test]
    fn what_stands_left_is_refused_first() {
        for (line, wanted) in [
            ("-t1 -t2 -Sx", "option --target may be given only once"),
            ("-tx -t2", "failed to parse PID argument 'x': Invalid argument"),
            ("-t0 -t2", "failed to parse PID argument '0': Numerical result out of range"),
            ("-W -w/ -Sx", "options --wdns and --wd cannot be combined"),
            ("-w -W --foo", "options --wd and --wdns cannot be combined"),
            ("-u/nope --foo", "cannot open /nope: No such file or directory"),
            ("--foo -u/nope", "unrecognized option '--foo'"),
            ("-r=/ -S=5", "cannot open =/: No such file or directory"),
            ("-w=/ -S=5", "failed to parse uid: '=5'"),
            ("-n=:1x", "failed to parse nsid: 1x"),
            ("-t container:web -Sx", "failed to parse PID argument 'container:web': Invalid argument"),
            // Abbreviations mean util-linux's options, ours only where there is none.
            ("--p", "option '--p' is ambiguous; possibilities: '--pid' '--preserve-credentials'"),
            ("--pi=/nope", "cannot open /nope: No such file or directory"),
            ("--mo=/nope", "cannot open /nope: No such file or directory"),
            ("--pid-=/nope", "option '--pid-for-children' doesn't allow an argument"),
            ("-N x", "failed to parse file descriptor: 'x'"),
            ("echo -t1 -t2", "nothing"),
        ] {
            assert_eq!(refused(line), wanted, "{line}");
        }
    }
}
