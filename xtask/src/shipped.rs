//! The programs that are shipped, and the options that clap knows of each.

use clap::{Arg, ArgAction, CommandFactory as _};

/// A program of the workspace.
pub struct Program {
    /// Its name, which is its package's too.
    pub name: &'static str,
    /// What it is called in util-linux.
    pub classic: &'static str,
    /// The section of its manual page.
    pub section: &'static str,
    command: fn() -> clap::Command,
    /// Whether its operands are a program and that one's arguments.
    pub runs: bool,
}

/// All of them.
pub const PROGRAMS: [Program; 3] = [
    Program {
        name: "rs-unshare",
        classic: "unshare",
        section: "1",
        command: rs_unshare::options::Options::command,
        runs: true,
    },
    Program {
        name: "rs-nsenter",
        classic: "nsenter",
        section: "1",
        command: rs_nsenter::options::Options::command,
        runs: true,
    },
    Program {
        name: "rs-lsns",
        classic: "lsns",
        section: "8",
        command: rs_lsns::options::Options::command,
        runs: false,
    },
];

/// Options that the help shows together.
pub struct Group {
    /// What they are about, as the help's heading has it in front of its parenthesis.
    pub name: String,
    /// In the help's order.
    pub options: Vec<Opt>,
}

/// An option.
pub struct Opt {
    /// `mount`, without dashes.
    pub long: String,
    /// `m`.
    pub short: Option<char>,
    /// What it does, in a few words.
    pub help: String,
    /// What it takes.
    pub value: Value,
    /// Whether it may be given several times to some effect.
    pub repeats: bool,
}

/// The value of an option.
pub enum Value {
    /// It takes none.
    None,
    /// It takes one of this name, attached, or does without.
    Optional(String),
    /// It takes one of this name.
    Required(String),
}

impl Value {
    /// Its name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Value::None => None,
            Value::Optional(name) | Value::Required(name) => Some(name),
        }
    }
}

impl Program {
    /// What clap makes of its options.
    pub fn command(&self) -> clap::Command {
        (self.command)()
    }

    /// Its options, as the help groups them.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for argument in self.command().get_arguments() {
            let Some(option) = Opt::new(argument) else { continue };
            let heading = argument.get_help_heading().unwrap_or_default();
            let name = heading.split(" (").next().unwrap_or_default();
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.options.push(option),
                None => groups.push(Group { name: name.to_owned(), options: vec![option] }),
            }
        }
        groups
    }

    /// Its options, in one row.
    pub fn options(&self) -> Vec<Opt> {
        self.groups().into_iter().flat_map(|group| group.options).collect()
    }
}

impl Opt {
    /// None for an operand.
    fn new(argument: &Arg) -> Option<Opt> {
        let long = argument.get_long()?.to_owned();
        let name = argument.get_value_names().and_then(|names| names.first());
        let takes = argument.get_num_args().map(|range| (range.min_values(), range.max_values()));
        let takes = if argument.get_action().takes_values() { takes.unwrap_or((1, 1)) } else { (0, 0) };
        let value = match (takes, name) {
            ((_, 0), _) | (_, None) => Value::None,
            ((0, _), Some(name)) => Value::Optional(name.to_string()),
            (_, Some(name)) => Value::Required(name.to_string()),
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let repeats = matches!(argument.get_action(), ArgAction::Append | ArgAction::Count);
        Some(Opt { long, short: argument.get_short(), help, value, repeats })
    }
}
