//! Completions for the shells, made from the options that clap knows and from what the programs say of their values.

mod bash;
mod fish;
mod zsh;

use std::ffi::OsStr;
use std::process::ExitCode;

use nix::sys::signal::Signal;
use nscore::Kind;
use nscore::signals::Forwarding;
use rs_lsns::columns::Column;

use crate::cargo;
use crate::error::Result;
use crate::generated::{self, Generated};
use crate::shipped::{Opt, PROGRAMS, Program};

/// A way to write completions, and what their files are called.
struct Shell {
    name: &'static str,
    file: fn(&str) -> String,
    script: fn(&Program) -> String,
}

const SHELLS: [Shell; 3] = [
    Shell { name: "bash", file: |program| program.into(), script: bash::script },
    Shell { name: "zsh", file: |program| format!("_{program}"), script: zsh::script },
    Shell { name: "fish", file: |program| format!("{program}.fish"), script: fish::script },
];

/// `cargo xtask completions`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let root = cargo::workspace_directory().join("completions");
    let scripts = SHELLS.iter().flat_map(|shell| {
        let root = &root;
        PROGRAMS.iter().map(move |program| Generated {
            path: root.join(shell.name).join((shell.file)(program.name)),
            content: (shell.script)(program),
        })
    });
    generated::command("completions", arguments, &scripts.collect::<Vec<_>>())
}

/// What may be offered for an option's value.
enum Offer {
    /// Nobody knows.
    Nothing,
    File,
    Directory,
    /// The number of a process.
    Pid,
    /// A user's number, or one of these words.
    Uid(&'static [&'static str]),
    /// A group's.
    Gid(&'static [&'static str]),
    /// A user's name.
    User,
    /// A group's.
    Group,
    /// Names of variables, with commas between them.
    Variables,
    /// One of these, each with what it means.
    Word(Vec<(String, String)>),
    /// Several of these, with commas between them.
    Words(Vec<(String, String)>),
}

impl Offer {
    /// By the name that the value has in the help. One that is not known here is offered nothing.
    fn of(option: &Opt) -> Offer {
        match (option.value.name().unwrap_or_default(), option.long.as_str()) {
            ("FILE" | "NS", _) => Offer::File,
            ("DIR", _) => Offer::Directory,
            ("PID" | "TARGET", _) => Offer::Pid,
            ("UID", _) => Offer::Uid(&[]),
            ("GID", _) => Offer::Gid(&[]),
            ("UID|follow", _) => Offer::Uid(&["follow"]),
            ("GID|follow", _) => Offer::Gid(&["follow"]),
            ("UID|NAME", _) => Offer::User,
            ("GID|NAME", _) => Offer::Group,
            ("NAMES", _) => Offer::Variables,
            ("SIG", _) => Offer::Word(signals()),
            ("LIST", "forward-signals") => Offer::Words(forwardable()),
            ("LIST", "output") => Offer::Words(columns()),
            ("KIND", _) => Offer::Word(Kind::all().map(|kind| (kind.link().into(), String::new())).collect()),
            ("MODE", _) => Offer::Word(words(&["private", "slave", "shared", "unbindable", "unchanged"])),
            ("POLICY", _) => Offer::Word(words(&["allow", "deny"])),
            ("RANGE", _) => Offer::Word(words(&["auto", "subids", "all"])),
            ("RELATION", _) => Offer::Word(words(&["owner", "parent", "process"])),
            ("WHEN", _) => Offer::Word(words(&["auto", "always", "never"])),
            _ => Offer::Nothing,
        }
    }
}

fn words(words: &[&str]) -> Vec<(String, String)> {
    words.iter().map(|word| ((*word).into(), String::new())).collect()
}

fn columns() -> Vec<(String, String)> {
    Column::all(true).map(|column| (column.name().into(), column.help().into())).collect()
}

fn signals() -> Vec<(String, String)> {
    let names = Signal::iterator().map(|signal| signal.as_str().trim_start_matches("SIG"));
    words(&names.chain(["RTMIN", "RTMAX"]).collect::<Vec<_>>())
}

/// KILL and some others cannot be forwarded.
fn forwardable() -> Vec<(String, String)> {
    let signals = signals().into_iter().filter(|(name, _)| Forwarding::parse(OsStr::new(name)).is_ok());
    words(&["all"]).into_iter().chain(signals).collect()
}

/// The words alone, with blanks between them.
fn list(words: &[(String, String)]) -> String {
    words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ")
}

/// How rs-lsns lists the namespaces that its operand may be, each with its kind.
const NUMBERS: &str = "--noheadings --raw --list --output NS,TYPE";

/// A name that a function of a shell may have.
fn identifier(program: &str) -> String {
    program.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::Value;

    #[test]
    fn every_word_that_is_offered_is_taken() {
        for program in &PROGRAMS {
            for option in program.options() {
                let (Offer::Word(words) | Offer::Words(words)) = Offer::of(&option) else { continue };
                // They depend on the system.
                for (word, _) in words.iter().filter(|_| option.value.name() != Some("RANGE")) {
                    let typed = [program.name.to_owned(), format!("--{}={word}", option.long)];
                    let result = program.command().try_get_matches_from(typed);
                    // Which columns there are is looked at later.
                    assert!(result.is_ok(), "{} --{}={word}", program.name, option.long);
                }
            }
        }
    }

    #[test]
    fn every_value_has_been_thought_of() {
        const UNKNOWABLE: [&str; 6] = ["FORMAT", "NAME", "FD", "SECONDS", "EXPR", "UID:GID"];
        for option in PROGRAMS.iter().flat_map(Program::options) {
            let name = option.value.name().unwrap_or("FD");
            let offered = !matches!(Offer::of(&option), Offer::Nothing);
            assert!(offered || UNKNOWABLE.contains(&name), "--{} {name}: see Offer::of", option.long);
            assert!(!(offered && matches!(option.value, Value::None)), "--{}", option.long);
        }
    }
}
