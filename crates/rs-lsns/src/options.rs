//! What was typed: the options of lsns(8), read by getopt_long's rules and checked one by one.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::{ArgAction, Args, Parser};

use nscore::arguments::{self, Request, numeric, parsed};
use nscore::getopt::{Dialect, Respelt};
use nscore::program::Refusal;
use nscore::{Doing, Error, Kind, Result, number};

use crate::filter::{Filter, ParseError};
use crate::tree::Relation;

/// The options of lsns(8).
#[derive(Debug, Parser)]
#[command(args_override_self = true, disable_help_flag = true, disable_version_flag = true, version)]
#[command(help_template = TEMPLATE)]
#[group(skip)]
pub struct Options {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub selection: SelectionOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub columns: ColumnOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub layout: LayoutOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub other: OtherOptions,
    /// Show on stderr what is read
    #[arg(short, long, action = ArgAction::Count, help_heading = "Other")]
    pub verbose: u8,
    /// Show this help
    #[arg(short, long, action = ArgAction::Help, help_heading = "Other")]
    help: Option<bool>,
    /// Show the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = "Other")]
    version: Option<bool>,
    /// A namespace, whose processes are listed; the first counts.
    #[arg(hide = true)]
    pub operands: Vec<OsString>,
}

/// Which namespaces are listed.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Which namespaces")]
pub struct SelectionOptions {
    /// Only of kind mnt, net, ipc, user, pid, uts, cgroup, time
    #[arg(short = 't', long = "type", value_name = "KIND", action = ArgAction::Append, value_parser = parsed(kind))]
    pub kinds: Vec<Kind>,
    /// Only those that process PID is in
    #[arg(short = 'p', long, value_name = "PID", value_parser = parsed(task))]
    pub task: Option<u32>,
    /// Only those without a process, which something else keeps
    #[arg(short = 'P', long)]
    pub persistent: bool,
    /// Also those that only threads, other mounts and such keep
    #[arg(short = 'A', long)]
    pub all: bool,
    /// Only those for which this is true, such as 'NPROCS > 1'
    #[arg(short = 'Q', long, value_name = "EXPR", value_parser = parsed(filter))]
    pub filter: Option<OsString>,
}

/// What is shown of each.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Columns")]
pub struct ColumnOptions {
    /// These columns, between commas; after a +, in addition
    #[arg(short, long, value_name = "LIST", value_parser = parsed(|text| Ok(text.to_owned())))]
    pub output: Option<OsString>,
    /// All columns
    #[arg(long)]
    pub output_all: bool,
    /// Explain the columns
    #[arg(short = 'H', long)]
    pub list_columns: bool,
    /// Leave out the headings
    #[arg(short, long)]
    pub noheadings: bool,
    /// Do not cut off what the terminal has no room for
    #[arg(short = 'u', long)]
    pub notruncate: bool,
    /// Put several mount points on one line
    #[arg(short = 'W', long)]
    pub nowrap: bool,
}

/// How it is laid out.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Layout (without -l or -T, a tree of processes)")]
pub struct LayoutOptions {
    /// No tree
    #[arg(short, long)]
    pub list: bool,
    /// A tree by owner, parent or process, as in -Tparent
    #[arg(short = 'T', long, value_name = "RELATION", num_args = 0..=1, require_equals = true, default_missing_value = "owner", value_parser = parsed(relation))]
    pub tree: Option<Relation>,
    /// JSON
    #[arg(short = 'J', long)]
    pub json: bool,
    /// For scripts: one blank between cells
    #[arg(short, long)]
    pub raw: bool,
    /// Colour a tree: auto (on a terminal), always, never
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "auto", value_parser = parsed(colouring))]
    pub color: Option<Colouring>,
}

/// What is shown instead.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "Instead of the list")]
pub struct OtherOptions {
    /// How many there may be, and how many there are
    #[arg(long)]
    pub limits: bool,
    /// The numbers of PID in the pid namespaces down to its own
    #[arg(long, value_name = "PID", value_parser = parsed(task))]
    pub pid_map: Option<u32>,
    /// Which owns which, as a graph for dot(1)
    #[arg(long)]
    pub dot: bool,
}

impl OtherOptions {
    /// The option that was given, of which there is at most one.
    pub fn name(&self) -> Option<&'static str> {
        let given = [("limits", self.limits), ("pid-map", self.pid_map.is_some()), ("dot", self.dot)];
        given.iter().find(|(_, is_given)| *is_given).map(|(name, _)| *name)
    }
}

/// When a tree has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colouring {
    /// On a terminal, unless NO_COLOR says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

fn colouring(text: &OsStr) -> Result<Colouring> {
    match text.as_bytes() {
        b"auto" => Ok(Colouring::Auto),
        b"always" => Ok(Colouring::Always),
        b"never" => Ok(Colouring::Never),
        _ => Err(Error::new(Doing::ParsingColouring { text: text.into() })),
    }
}

const TEMPLATE: &str = "\
Usage: {name} [OPTIONS] [NAMESPACE]

List namespaces, or the processes in NAMESPACE, by the number in column NS:
  {name} --type net --output +PATH

{all-args}

See rs-lsns(8) for more.
";

fn kind(text: &OsStr) -> Result<Kind> {
    let found = Kind::all().find(|kind| text == kind.link());
    found.ok_or_else(|| Error::new(Doing::ParsingKind { text: text.into() }))
}

fn task(text: &OsStr) -> Result<u32> {
    let number = number::parse(text, 1, i64::from(i32::MAX));
    // Within these bounds the conversion does not fail.
    numeric(number.map(|number| u32::try_from(number).unwrap_or(0)), || Doing::ParsingTask { text: text.into() })
}

fn relation(text: &OsStr) -> Result<Relation> {
    // util-linux takes `-T=owner` for `-Towner`.
    let text = text.as_bytes().strip_prefix(b"=").map_or(text, OsStr::from_bytes);
    Relation::named(text).ok_or_else(|| Error::new(Doing::ParsingRelation { text: text.into() }))
}

/// What is wrong with a filter is said where it stands, so it is read here; and again for the plan, because clap keeps
/// nothing that cannot be cloned, as a compiled pattern cannot.
fn filter(text: &OsStr) -> Result<OsString> {
    read_filter(text).map(|_| text.to_owned())
}

/// Reads a filter; an empty text is none.
///
/// # Errors
/// [`Doing::ParsingFilter`].
pub fn read_filter(text: &OsStr) -> Result<Option<Filter>> {
    let refused = |error: ParseError| {
        let reason = error.to_string().into();
        let rule = if let ParseError::Refused(rule) = error { Some(rule) } else { None };
        Error::new(Doing::ParsingFilter { text: text.into(), reason, rule })
    };
    Filter::parse(text.as_bytes()).map_err(refused)
}

/// util-linux's long options, in the order in which it lists candidates for an abbreviation.
const LONG_OPTIONS: &[&str] = &[
    "json",
    "task",
    "help",
    "output",
    "output-all",
    "persistent",
    "filter",
    "notruncate",
    "version",
    "noheadings",
    "nowrap",
    "list",
    "raw",
    "type",
    "tree",
    "list-columns",
];

/// How they are read.
pub static DIALECT: Dialect = Dialect { long_options: LONG_OPTIONS, short_optional_arguments: true, permute: true };

/// Reads argv.
///
/// # Errors
/// [`Refusal`], for the first thing that is wrong.
pub fn read(args: Vec<OsString>) -> Result<Request<Box<Options>>, Refusal> {
    arguments::read_options(&DIALECT, args, refuse_contradictions)
}

/// Options of which only one may be given.
const EXCLUSIVE: [[&str; 2]; 7] = [
    ["json", "raw"],
    ["persistent", "task"],
    ["limits", "pid-map"],
    ["limits", "dot"],
    ["dot", "pid-map"],
    ["dot", "json"],
    ["dot", "raw"],
];

/// The second of two options that exclude each other ends the reading where it stands.
fn refuse_contradictions(respelt: &mut Respelt) -> Option<Error> {
    let mut seen = [None; EXCLUSIVE.len()];
    for (place, word) in respelt.args.iter().enumerate().skip(1).take_while(|(_, word)| *word != "--") {
        let name = word.as_bytes().strip_prefix(b"--").and_then(|word| word.split(|byte| *byte == b'=').next());
        for (pair, first) in EXCLUSIVE.iter().zip(&mut seen) {
            let Some(option) = pair.iter().find(|option| name == Some(option.as_bytes())) else { continue };
            match *first {
                Some(first) if first != *option => {
                    respelt.args.truncate(place);
                    return Some(Error::new(Doing::CombiningOptions { first, second: option }));
                }
                _ => *first = Some(*option),
            }
        }
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
        match read(["lsns"].into_iter().chain(line.split(' ')).map(Into::into).collect()) {
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
    fn the_help_fits_a_screen() {
        let help = arguments::help::<Options>(OsStr::new("rs-lsns"));
        assert!(help.starts_with("\nUsage: rs-lsns "), "{help}");
        let wide: Vec<_> = help.lines().filter(|line| line.len() > 80).collect();
        assert!(wide.is_empty() && help.lines().count() <= 40, "{help}");
    }

    #[test]
    fn no_option_of_ours_is_meant_by_what_was_one_before() {
        for (typed, wanted) in [
            ("--a", "nothing"),
            ("--p -p 1", "options --persistent and --task cannot be combined"),
            ("--l", "option '--l' is ambiguous; possibilities: '--list' '--list-columns'"),
            ("--li", "option '--li' is ambiguous; possibilities: '--list' '--list-columns'"),
            ("--lim", "nothing"),
            ("--pe", "nothing"),
            ("--pi 1", "nothing"),
            ("--d", "nothing"),
            ("--c", "nothing"),
        ] {
            assert_eq!(refused(typed), wanted, "{typed}");
        }
    }

    #[test]
    fn what_stands_left_is_refused_first() {
        for (line, wanted) in [
            ("-J -r", "options --json and --raw cannot be combined"),
            ("-Jr", "options --json and --raw cannot be combined"),
            ("-r -J -J", "options --raw and --json cannot be combined"),
            ("-J -J", "nothing"),
            ("-p 1 -P --foo", "options --task and --persistent cannot be combined"),
            ("-P -p x", "options --persistent and --task cannot be combined"),
            ("-p x -P", "invalid PID argument: 'x'"),
            ("-p 0", "invalid PID argument: '0': Numerical result out of range"),
            ("-t mount", "unknown namespace type: mount"),
            ("-T -Tx -Ty", "unknown tree type: x"),
            ("--tree=", "unknown tree type: "),
            ("--tree --color=x", "unsupported color mode: x"),
            ("--dot -J", "options --dot and --json cannot be combined"),
            ("--pid-map 1 --limits", "options --pid-map and --limits cannot be combined"),
            ("--pid-map 0", "invalid PID argument: '0': Numerical result out of range"),
            ("--foo -J -r", "unrecognized option '--foo'"),
            ("1 -J 2 -r", "options --json and --raw cannot be combined"),
            ("-J -- -r", "nothing"),
        ] {
            assert_eq!(refused(line), wanted, "{line}");
        }
    }
}
