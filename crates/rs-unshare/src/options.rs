//! What was typed: the options of unshare(1), read by getopt_long's rules and checked one by one.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Args, FromArgMatches, Parser};
use nix::errno::Errno;
use nix::unistd::geteuid;

use nscore::arguments::{self, Request, gid, numeric, parsed, path, refusal, uid};
use nscore::getopt::Dialect;
use nscore::idmap::{Block, Mapping, Setgroups, Side};
use nscore::info::InfoFd;
use nscore::mounts::Propagation;
use nscore::number::{self, NotANumber};
use nscore::program::Refusal;
use nscore::signals::{Forwarding, Signal};
use nscore::timens::Clock;
use nscore::{Doing, Error, Result, accounts, hostname};

/// The options of unshare(1).
#[derive(Debug, Parser)]
#[command(args_override_self = true, disable_help_flag = true, disable_version_flag = true, version)]
#[command(help_template = TEMPLATE)]
#[group(skip)]
pub struct Options {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kinds: KindOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ids: IdOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub mounts: MountOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub setup: SetupOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub process: ProcessOptions,
    /// Only show the steps, on stdout
    #[arg(long, help_heading = "Other")]
    pub dry_run: bool,
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
    /// The `--map` options in the order typed, which clap's fields do not keep.
    #[arg(skip)]
    pub maps: TypedMaps,
}

/// Which namespaces, and the files that keep them.
///
/// A field is `None` when the option was not given; else it has the files given, of which the last counts.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Namespaces (FILE: bind it there, so that it outlives the program)")]
pub struct KindOptions {
    /// Mount points
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(path))]
    pub mount: Option<Vec<PathBuf>>,
    /// Host name and NIS domain
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(path))]
    pub uts: Option<Vec<PathBuf>>,
    /// System V IPC, POSIX message queues
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(path))]
    pub ipc: Option<Vec<PathBuf>>,
    /// Network devices, addresses, ports
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(path))]
    pub net: Option<Vec<PathBuf>>,
    /// Process ids, for the children: add --fork
    #[arg(short, long, value_name = "FILE", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(path))]
    pub pid: Option<Vec<PathBuf>>,
    /// User and group ids, capabilities
    #[arg(short = 'U', long, value_name = "FILE", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(path))]
    pub user: Option<Vec<PathBuf>>,
    /// The root of the cgroup tree
    #[arg(short = 'C', long, value_name = "FILE", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(path))]
    pub cgroup: Option<Vec<PathBuf>>,
    /// Boot and monotonic clocks
    #[arg(short = 'T', long, value_name = "FILE", num_args = 0..=1, require_equals = true, action = ArgAction::Append, value_parser = parsed(path))]
    pub time: Option<Vec<PathBuf>>,
}

/// Who one is inside.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Ids (all --map options imply --user)")]
pub struct IdOptions {
    /// Become root: your uid and gid appear as 0
    #[arg(short = 'r', long)]
    map_root_user: bool,
    /// Stay who you are
    #[arg(short = 'c', long)]
    map_current_user: bool,
    /// Your uid appears as this one
    #[arg(long, value_name = "UID|NAME", value_parser = parsed(map_uid))]
    map_user: Option<u32>,
    /// Your gid appears as this one
    #[arg(long, value_name = "GID|NAME", value_parser = parsed(map_gid))]
    map_group: Option<u32>,
    /// Your ids of /etc/subuid and subgid, from 0
    #[arg(long, num_args = 0, default_missing_value = "auto", value_parser = parsed(both_sides), action = ArgAction::Append)]
    map_auto: Vec<BothSides>,
    /// The same ids, under their own numbers
    #[arg(long, num_args = 0, default_missing_value = "subids", value_parser = parsed(both_sides), action = ArgAction::Append)]
    map_subids: Vec<BothSides>,
    /// In:out:count, auto, subids or all (repeatable)
    #[arg(long, value_name = "RANGE", value_parser = parsed(user_blocks), action = ArgAction::Append)]
    map_users: Vec<Blocks>,
    /// The same for groups
    #[arg(long, value_name = "RANGE", value_parser = parsed(group_blocks), action = ArgAction::Append)]
    map_groups: Vec<Blocks>,
    /// Let this user own the namespace (implies --user)
    #[arg(long, value_name = "UID:GID", value_parser = parsed(Owner::parse))]
    pub owner: Option<Owner>,
    /// Whether setgroups(2) may be called: allow, deny
    #[arg(long, value_name = "POLICY", value_parser = parsed(Setgroups::parse))]
    pub setgroups: Option<Setgroups>,
    /// Set the uid inside
    #[arg(short = 'S', long, value_name = "UID", value_parser = parsed(uid))]
    pub setuid: Option<u32>,
    /// Set the gid inside, drop the groups
    #[arg(short = 'G', long, value_name = "GID", value_parser = parsed(gid))]
    pub setgid: Option<u32>,
    /// Keep the capabilities when the program starts
    #[arg(long)]
    pub keep_caps: bool,
}

/// What the program finds in the file system.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Mounts")]
pub struct MountOptions {
    /// Mount a /proc of the new pids (implies --mount)
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, value_parser = parsed(path))]
    pub mount_proc: Option<Option<PathBuf>>,
    /// Mount binfmt_misc (implies --user, --mount)
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, value_parser = parsed(path))]
    pub mount_binfmt: Option<Option<PathBuf>>,
    /// Register a format (implies --mount-binfmt)
    #[arg(short, long, value_name = "FORMAT")]
    pub load_interp: Option<OsString>,
    /// private, slave, shared, unbindable, unchanged
    #[arg(long, value_name = "MODE", value_parser = parsed(Propagation::parse))]
    pub propagation: Option<Propagation>,
    /// Change the root directory
    #[arg(short = 'R', long, value_name = "DIR", value_parser = parsed(path))]
    pub root: Option<PathBuf>,
    /// Change the working directory (below --root)
    #[arg(short, long, value_name = "DIR", value_parser = parsed(path))]
    pub wd: Option<PathBuf>,
}

/// What has to be set in new namespaces before they are of use.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Set-up")]
pub struct SetupOptions {
    /// Set the host name (implies --uts)
    #[arg(long, value_name = "NAME", value_parser = parsed(hostname::parse))]
    pub hostname: Option<OsString>,
    /// Bring up the loopback device (implies --net)
    #[arg(long)]
    pub loopback: bool,
}

/// How the program is started.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Process (--init, --kill-child, --forward-signals imply --fork)")]
pub struct ProcessOptions {
    /// Run it as a child (PID 1, with --pid)
    #[arg(short, long)]
    pub fork: bool,
    /// Run it below a small init, which Ctrl-C ends
    #[arg(long)]
    pub init: bool,
    /// When unshare dies, send it SIG (KILL)
    #[arg(long, value_name = "SIG", num_args = 0..=1, require_equals = true, value_parser = parsed(Signal::parse))]
    pub kill_child: Option<Option<Signal>>,
    /// Pass TERM, INT on to it; or all; or A,B
    #[arg(long, value_name = "LIST", num_args = 0..=1, require_equals = true, value_parser = parsed(Forwarding::parse))]
    pub forward_signals: Option<Option<Forwarding>>,
    /// Write the child's PID and namespaces there
    #[arg(long, value_name = "FD", value_parser = parsed(InfoFd::parse))]
    pub info_fd: Option<InfoFd>,
    /// Write the child's PID to this file
    #[arg(long, value_name = "FILE", value_parser = parsed(path))]
    pub pid_file: Option<PathBuf>,
    /// Shift the monotonic clock (with --time)
    #[arg(long, value_name = "SECONDS", value_parser = parsed(|text| offset(Clock::Monotonic, text)))]
    pub monotonic: Option<i64>,
    /// Shift the boot-time clock (with --time)
    #[arg(long, value_name = "SECONDS", value_parser = parsed(|text| offset(Clock::Boottime, text)))]
    pub boottime: Option<i64>,
    /// Start with an empty environment
    #[arg(long)]
    pub clear_env: bool,
    /// Start with only these: A,B (repeatable)
    #[arg(long, value_name = "NAMES", action = ArgAction::Append)]
    pub whitelist_env: Vec<OsString>,
}

const TEMPLATE: &str = "\
Usage: {name} [OPTIONS] [PROGRAM [ARGUMENT...]]

Run a program, or your login shell, in new namespaces:
  {name} --map-root-user --fork --pid --mount-proc ps aux

{all-args}

See rs-unshare(1) for more.
";

/// The `--map` options in the order typed.
#[derive(Debug, Default)]
pub struct TypedMaps {
    /// Those of one id.
    pub singles: Vec<SingleMap>,
    /// Those of ranges, for users; none when there is no such option.
    pub users: Option<Vec<Block>>,
    /// Those of ranges, for groups.
    pub groups: Option<Vec<Block>>,
}

/// What one range option stands for, looked up when the option is read: what is missing in
/// /etc/subuid counts as a wrong value.
type Blocks = Vec<Block>;

/// What an option for both sides stands for.
#[derive(Debug, Clone)]
pub struct BothSides {
    users: Blocks,
    groups: Blocks,
}

/// The options that take effect on one id, of which the last one of a side counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SingleMap {
    /// `--map-user`
    User(u32),
    /// `--map-group`
    Group(u32),
    /// `--map-root-user`
    Root,
    /// `--map-current-user`
    Current,
}

/// The user and group that `--owner` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Numeric user id.
    pub uid: u32,
    /// Numeric group id.
    pub gid: u32,
}

impl Owner {
    fn parse(text: &OsStr) -> Result<Self> {
        let ids = text.as_bytes().split(|byte| *byte == b':').map(|part| number::parse_id(OsStr::from_bytes(part)));
        match ids.collect::<Result<Vec<_>, _>>().as_deref() {
            Ok(&[uid, gid]) if uid != u32::MAX && gid != u32::MAX => Ok(Self { uid, gid }),
            _ => Err(Error::new(Doing::ParsingOwner)),
        }
    }
}

/// util-linux's long options, in the order in which it lists candidates for an abbreviation.
const LONG_OPTIONS: &[&str] = &[
    "help",
    "version",
    "mount",
    "uts",
    "ipc",
    "net",
    "pid",
    "user",
    "cgroup",
    "time",
    "fork",
    "kill-child",
    "forward-signals",
    "mount-proc",
    "mount-binfmt",
    "map-user",
    "map-users",
    "map-group",
    "map-groups",
    "map-root-user",
    "map-current-user",
    "map-auto",
    "map-subids",
    "owner",
    "propagation",
    "setgroups",
    "keep-caps",
    "setuid",
    "setgid",
    "root",
    "wd",
    "monotonic",
    "boottime",
    "load-interp",
    "clear-env",
    "whitelist-env",
];

/// How they are read.
pub static DIALECT: Dialect = Dialect { long_options: LONG_OPTIONS, short_optional_arguments: false, permute: false };

/// Reads argv.
///
/// # Errors
/// [`Refusal`], for the first thing that is wrong.
pub fn read(args: Vec<OsString>) -> Result<Request<Box<Options>>, Refusal> {
    Ok(match arguments::read::<Options>(&DIALECT, args, |_| None)? {
        Request::Run(matches) => Request::Run(Box::new(from_matches(&matches)?)),
        Request::Help => Request::Help,
        Request::Version => Request::Version,
    })
}

fn from_matches(matches: &ArgMatches) -> Result<Options, Refusal> {
    let mut options = Options::from_arg_matches(matches).map_err(|error| refusal(&error))?;
    options.maps = TypedMaps {
        singles: single_maps(matches, &options.ids),
        users: blocks(matches, "map_users", |both| &both.users),
        groups: blocks(matches, "map_groups", |both| &both.groups),
    };
    Ok(options)
}

fn single_maps(matches: &ArgMatches, ids: &IdOptions) -> Vec<SingleMap> {
    let mut maps = [
        ("map_user", ids.map_user.map(SingleMap::User)),
        ("map_group", ids.map_group.map(SingleMap::Group)),
        ("map_root_user", ids.map_root_user.then_some(SingleMap::Root)),
        ("map_current_user", ids.map_current_user.then_some(SingleMap::Current)),
    ];
    maps.sort_by_key(|(id, _)| matches.index_of(id));
    maps.into_iter().filter_map(|(_, map)| map).collect()
}

/// What one side's option and those for both sides stand for, by their places on the command line.
fn blocks(matches: &ArgMatches, option: &str, side: fn(&BothSides) -> &Blocks) -> Option<Vec<Block>> {
    let both = ["map_auto", "map_subids"].into_iter().flat_map(|id| places_and_values(matches, id));
    let both = both.map(|(place, both)| (place, side(both)));
    let mut blocks: Vec<_> = places_and_values(matches, option).chain(both).collect();
    blocks.sort_by_key(|(place, _)| *place);
    (!blocks.is_empty()).then(|| blocks.into_iter().flat_map(|(_, blocks)| blocks.clone()).collect())
}

fn places_and_values<'a, T: Clone + Send + Sync + 'static>(
    matches: &'a ArgMatches,
    id: &str,
) -> impl Iterator<Item = (usize, &'a T)> {
    matches.indices_of(id).into_iter().flatten().zip(matches.get_many(id).into_iter().flatten())
}

fn user_blocks(text: &OsStr) -> Result<Blocks> {
    Mapping::parse(text)?.resolve(Side::Users, geteuid().as_raw())
}

fn group_blocks(text: &OsStr) -> Result<Blocks> {
    // Both sides go by the user.
    Mapping::parse(text)?.resolve(Side::Groups, geteuid().as_raw())
}

fn both_sides(text: &OsStr) -> Result<BothSides> {
    Ok(BothSides { users: user_blocks(text)?, groups: group_blocks(text)? })
}

fn map_uid(text: &OsStr) -> Result<u32> {
    let user = || accounts::user_by_name(text).map(|user| user.uid);
    id_or_name(text, user)
        .map_err(|errno| Error { doing: Doing::ResolvingUid { text: text.into() }, errno: Some(errno) })
}

fn map_gid(text: &OsStr) -> Result<u32> {
    let group = || accounts::group_by_name(text).map(|group| group.gid);
    id_or_name(text, group)
        .map_err(|errno| Error { doing: Doing::ResolvingGid { text: text.into() }, errno: Some(errno) })
}

/// A number is a number, even where somebody is called so.
fn id_or_name(text: &OsStr, by_name: impl FnOnce() -> Option<u32>) -> Result<u32, Errno> {
    match number::parse_id(text) {
        // The last number of 32 bits means "no id" to the kernel.
        Ok(u32::MAX) => Err(Errno::EINVAL),
        Ok(id) => Ok(id),
        Err(NotANumber::OutOfRange) => Err(Errno::ERANGE),
        Err(NotANumber::Malformed) => by_name().ok_or(Errno::EINVAL),
    }
}

fn offset(clock: Clock, text: &OsStr) -> Result<i64> {
    numeric(number::parse(text, i64::MIN, i64::MAX), || Doing::ParsingOffset { clock: clock.word(), text: text.into() })
}

/// The names in the lists given to `--whitelist-env`, in order; empty ones left out.
pub fn names(lists: &[OsString]) -> Vec<OsString> {
    let names = lists.iter().flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    names.filter(|name| !name.is_empty()).map(|name| OsString::from_vec(name.to_vec())).collect()
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
        let help = arguments::help::<Options>(OsStr::new("rs-unshare"));
        assert!(help.starts_with("\nUsage: rs-unshare "), "{help}");
        let wide: Vec<_> = help.lines().filter(|line| line.len() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }

    #[test]
    fn lists_of_names() {
        let lists = ["A,B,,C".into(), ",".into(), "".into(), "D, E".into()];
        assert_eq!(names(&lists), ["A", "B", "C", "D", " E"]);
    }
}
