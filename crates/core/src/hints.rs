//! Why something failed: one cause that was checked, or none; and what works instead.
//!
//! Nothing here runs before something has failed. [`explain`] goes from what was being done to the family of causes
//! that it can have; each is looked for in /proc, /sys and /etc, or by a call that changes nothing. What cannot be
//! checked is not said.

mod cgroup;
mod elf;
mod exec;
#[cfg(test)]
mod faked;
mod fork;
mod idmap;
mod limits;
mod mapper;
mod mount;
mod paths;
mod pinning;
mod setns;
pub mod system;
mod target;
mod timens;
mod typed;
mod unshare;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::error::{Doing, Error};
use crate::report::ProgramName;

#[cfg(fuzzing)]
pub(crate) use elf::properties::of_file as elf_file;
pub use system::System;

/// Why something failed, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What scripts know it by, such as `needs-cap-sys-admin`. Never changes.
    pub name: &'static str,
    /// What decides: a sentence without a capital and a full stop, like all messages.
    pub reason: String,
    /// What else stands in the way: why what usually helps does not, either.
    pub obstacle: Option<String>,
    /// What can be done about it.
    pub remedy: Option<Remedy>,
}

/// What can be done about a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// This command works, typed as it stands.
    Command(String),
    /// This command mends it, typed as it stands by root.
    CommandOfRoot(String),
    /// In words.
    Advice(String),
}

impl Cause {
    /// A cause without a remedy.
    fn new(name: &'static str, reason: impl Into<String>) -> Self {
        Self { name, reason: reason.into(), obstacle: None, remedy: None }
    }

    fn remedy(self, remedy: Remedy) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    fn command(self, command: Option<String>) -> Self {
        Self { remedy: command.map(Remedy::Command), ..self }
    }

    fn command_of_root(self, command: impl Into<String>) -> Self {
        self.remedy(Remedy::CommandOfRoot(command.into()))
    }

    fn advice(self, advice: impl Into<String>) -> Self {
        self.remedy(Remedy::Advice(advice.into()))
    }

    /// The lines of the hint, at most three, without the program's name. No control characters are left in them.
    pub fn lines(&self) -> Vec<String> {
        let remedy = self.remedy.as_ref().map(|remedy| match remedy {
            Remedy::Command(command) => format!("try: {command}"),
            Remedy::CommandOfRoot(command) => format!("try, as root: {command}"),
            Remedy::Advice(advice) => advice.clone(),
        });
        std::iter::once(self.reason.clone())
            .chain(self.obstacle.clone())
            .chain(remedy)
            .map(|line| printable(&line))
            .collect()
    }
}

/// The text with those characters escaped that do something to a line.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_plain_text(c) { c.to_string() } else { c.escape_default().to_string() }).collect()
}

/// Whether a terminal shows a character as one among others: it is no control character, ends no line, and does not
/// turn the direction of what stands around it.
fn is_plain_text(c: char) -> bool {
    let is_format =
        matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    !c.is_control() && !is_format && c != '\u{feff}'
}

/// The command line that failed.
#[derive(Debug, Clone)]
pub struct CommandLine {
    /// What it begins with.
    pub program: ProgramName,
    /// What the program is called at home, such as `rs-nsenter`.
    pub tool: String,
    /// The rest, as typed.
    pub arguments: Vec<OsString>,
    /// Its options by their full names, `--name` or `--name=value`.
    options: Vec<OsString>,
    /// How many of the last arguments are no options.
    operands: usize,
}

/// The variable that turns hints off, if it is [`NEVER`].
pub const VARIABLE: &str = "NS_HINTS";

/// The value that does.
pub const NEVER: &str = "never";

/// What a [`CommandLine`]'s tool can be.
const UNSHARE: &str = "rs-unshare";
const NSENTER: &str = "rs-nsenter";

/// A command that is longer than this helps nobody.
const LONGEST_COMMAND: usize = 1000;

impl CommandLine {
    /// The whole argv of `tool`, which was started as `program`, and the same as getopt has read it.
    pub fn new(program: ProgramName, tool: &str, args: &[OsString], respelt: &[OsString]) -> Self {
        let arguments = args.get(1..).unwrap_or_default().to_vec();
        let mut read = respelt.get(1..).unwrap_or_default().splitn(2, |word| word == "--");
        let options = read.next().unwrap_or_default().to_vec();
        Self { program, tool: tool.into(), arguments, options, operands: read.next().unwrap_or_default().len() }
    }

    /// The same command without the options that have it checked instead of carried out.
    pub fn without_check(&self) -> Self {
        let mut command = self.clone();
        let program = self.place_of_program().unwrap_or(self.arguments.len());
        let (mut place, is_checking) = (0, |word: &OsString| word == "--check" || word == "--json");
        command.arguments.retain(|word| {
            place += 1;
            place > program || !is_checking(word)
        });
        command.options.retain(|word| !is_checking(word));
        command
    }

    /// The same command with `options` before all others, as a shell reads it; none if it cannot be shown on a line.
    pub fn with(&self, options: &[&str]) -> Option<String> {
        self.shell_command(options.iter().map(OsStr::new).chain(self.words()))
    }

    /// The same command behind `words` of a shell.
    fn behind(&self, words: &str) -> Option<String> {
        self.with(&[]).map(|command| format!("{words} {command}")).filter(|command| command.len() <= LONGEST_COMMAND)
    }

    /// The same command with another word at its end.
    fn followed_by(&self, word: &str) -> Option<String> {
        self.shell_command(self.words().chain([OsStr::new(word)]))
    }

    /// Whether one of these options was given, by whatever spelling.
    fn has_option(&self, names: &[&str]) -> bool {
        let name = |word: &OsString| {
            let long = word.as_bytes().strip_prefix(b"--").unwrap_or_default();
            long.split(|byte| *byte == b'=').next().unwrap_or_default().to_vec()
        };
        self.options.iter().map(name).any(|given| names.iter().any(|name| name.as_bytes() == given))
    }

    /// Whether an option asks unshare for a child.
    fn asks_for_child(&self) -> bool {
        self.has_option(&["fork", "kill-child", "forward-signals", "init"])
    }

    /// Where the program stands among the arguments; none for the shell that nobody typed.
    fn place_of_program(&self) -> Option<usize> {
        (self.operands > 0).then(|| self.arguments.len().saturating_sub(self.operands))
    }

    /// The same command with `word` in the place of the program.
    fn with_program(&self, word: &str) -> Option<String> {
        let place = self.place_of_program()?;
        let (before, after) = (self.words().take(place), self.words().skip(place + 1));
        self.shell_command(before.chain([OsStr::new(word)]).chain(after))
    }

    /// The same command with `options` before all others, if it is found to work: it is checked, by the same program.
    ///
    /// To be asked as long as this process is as its caller has made it.
    fn working_with(&self, options: &[&str], system: &System) -> Option<String> {
        // What was given already does not help.
        if options.iter().all(|option| self.has_option(&[option.trim_start_matches('-')])) {
            return None;
        }
        self.working(options.iter().map(OsStr::new).chain(self.words()).collect(), system)
    }

    /// The program with these `arguments` instead, if that is found to work.
    fn working(&self, arguments: Vec<&OsStr>, system: &System) -> Option<String> {
        let works = || {
            let mut check = Command::new("/proc/self/exe");
            // Nobody wants to know what it finds, so it does not look for causes, and checks nothing in its turn.
            check.arg0(&self.program.invoked).arg("--check").args(&arguments).env(VARIABLE, NEVER);
            check.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            check.status().is_ok_and(|status| status.success())
        };
        let command = self.shell_command(arguments.iter().copied())?;
        (!system.is_real() || works()).then_some(command)
    }

    /// The same command with `words` in the place of the first argument that is `typed`, if it is found to work.
    fn instead_of(&self, typed: &OsStr, words: &[&str], system: &System) -> Option<String> {
        let place = self.words().position(|word| word == typed)?;
        let (before, after) = (self.words().take(place), self.words().skip(place + 1));
        self.working(before.chain(words.iter().map(OsStr::new)).chain(after).collect(), system)
    }

    /// The same command with `word` in the place of the argument at `place` and the one before it, if it is found to work.
    fn joined(&self, place: usize, word: &OsStr, system: &System) -> Option<String> {
        let (before, after) = (self.words().take(place.checked_sub(1)?), self.words().skip(place + 1));
        self.working(before.chain([word]).chain(after).collect(), system)
    }

    /// The last option by its full name, `--name` or `--name=value`.
    fn last_option(&self) -> Option<&OsStr> {
        self.options.last().map(OsString::as_os_str)
    }

    fn words(&self) -> impl Iterator<Item = &OsStr> {
        self.arguments.iter().map(OsString::as_os_str)
    }

    fn shell_command<'a>(&'a self, arguments: impl Iterator<Item = &'a OsStr>) -> Option<String> {
        let words = std::iter::once(self.program.invoked.as_os_str()).chain(arguments).map(quoted);
        let words: Vec<String> = words.collect::<Option<_>>()?;
        Some(words.join(" ")).filter(|command| command.len() <= LONGEST_COMMAND)
    }
}

/// A word as a shell reads it; none where it has bytes that a terminal would not show.
fn quoted(word: &OsStr) -> Option<String> {
    let text = str::from_utf8(word.as_bytes()).ok().filter(|text| text.chars().all(is_plain_text))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    Some(match text {
        text if !text.is_empty() && text.chars().all(is_plain) => text.to_owned(),
        text => format!("'{}'", text.replace('\'', r"'\''")),
    })
}

/// What is known when something has failed.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Where.
    pub system: &'a System,
    /// What was typed.
    pub command: &'a CommandLine,
    /// Whether anybody wants to know.
    pub is_wanted: bool,
}

/// Why `error` happened; none where no cause could be found for certain.
pub fn explain(error: &Error, case: Case<'_>) -> Option<Cause> {
    if !case.is_wanted {
        return None;
    }
    let errno = error.errno;
    match &error.doing {
        Doing::Unsharing { kinds } => unshare::explain(errno?, *kinds, case),
        Doing::Forking => fork::explain(errno?, case),
        Doing::Entering { .. }
        | Doing::EnteringTarget { .. }
        | Doing::CopyingDescriptor { .. }
        | Doing::AskingSocket { .. }
        | Doing::CheckingPid { .. }
        | Doing::OpeningOwner
        | Doing::OpeningById { .. } => setns::explain(error, case),
        Doing::Opening { path } | Doing::Writing { path } if cgroup::is_procs(path) => {
            cgroup::explain(path, errno?, case.system)
        }
        Doing::Opening { path } | Doing::Comparing { path } => {
            let explained = typed::explain(path, case).or_else(|| setns::explain(error, case));
            let explained = explained.or_else(|| idmap::opening(path, errno?, case));
            explained.or_else(|| mount::opening(path, errno?, case))
        }
        Doing::ParsingFilter { rule, .. } => rule.map(typed::refused_filter),
        Doing::FindingTarget => Some(typed::explain_missing_target(case)),
        Doing::FindingNamespaces => Some(typed::explain_missing_namespaces(case)),
        Doing::ParsingPid { .. }
        | Doing::FindingProcessIn { .. }
        | Doing::FindingContainer { .. }
        | Doing::OpeningByInode { .. } => target::explain(&error.doing),
        Doing::OpeningNamespaceFile { path } => idmap::opening(path, errno?, case),
        Doing::WritingOffsets { offset, .. } => timens::explain(*offset, errno?, case),
        Doing::WritingOwnMap { .. }
        | Doing::WritingMap { .. }
        | Doing::FittingMap { .. }
        | Doing::Writing { .. }
        | Doing::SettingUid { .. }
        | Doing::SettingGid { .. }
        | Doing::DroppingGroups => idmap::explain(&error.doing, errno, case),
        Doing::AskingMapper { .. }
        | Doing::FindingSubordinateIds { .. }
        | Doing::FindingUser { .. }
        | Doing::OpeningIdRanges { .. } => mapper::explain(&error.doing, errno, case),
        Doing::Mounting { .. }
        | Doing::SettingPropagation { .. }
        | Doing::ChangingRoot { .. }
        | Doing::ChangingRootByDescriptor
        | Doing::ChangingDirectory { .. }
        | Doing::OpeningWorkingDirectory { .. } => mount::explain(&error.doing, errno?, case),
        Doing::Pinning { source, target } => pinning::explain(source, target, errno?, case),
        Doing::Executing { program } if mapper::is_mapper(program) => mapper::not_executed(program, errno?, case),
        Doing::Executing { program } => {
            typed::explain_program(program, case).or_else(|| exec::explain(program, errno?, case))
        }
        _ => None,
    }
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// What a shell makes of a command's words.
    fn unquoted(text: &str) -> String {
        let (mut word, mut is_quoted, mut characters) = (String::new(), false, text.chars());
        while let Some(c) = characters.next() {
            match c {
                '\'' => is_quoted = !is_quoted,
                '\\' if !is_quoted => word.extend(characters.next()),
                _ => {
                    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
                    assert!(is_quoted || is_plain(c), "{text:?}");
                    word.push(c);
                }
            }
        }
        assert!(!is_quoted, "{text:?}");
        word
    }

    /// A word is read by a shell as it was, and a text is a line that a terminal only shows.
    pub fn of_text(text: &[u8]) {
        if let Some(quoted) = quoted(OsStr::from_bytes(text)) {
            assert_eq!(unquoted(&quoted).as_bytes(), text);
            assert!(!quoted.is_empty() && quoted.chars().all(is_plain_text));
        }
        let line = printable(&String::from_utf8_lossy(text));
        assert!(line.chars().all(is_plain_text) && printable(&line) == line, "{line:?}");
    }

    /// Whatever stands in the files of `system`, a hint is lines that a terminal only shows.
    pub fn of_hint(doing: Doing, errno: nix::errno::Errno, system: &System) {
        let args: Vec<OsString> = ["unshare", "--fork", "x y"].map(OsString::from).into();
        let respelt: Vec<OsString> = ["unshare", "--fork", "--", "x y"].map(OsString::from).into();
        let command = CommandLine::new(ProgramName::from_args(&args, ""), UNSHARE, &args, &respelt);
        let case = Case { system, command: &command, is_wanted: true };
        let lines = explain(&Error { doing, errno: Some(errno) }, case).map(|cause| cause.lines()).unwrap_or_default();
        assert!(lines.len() <= 3 && lines.iter().all(|line| line.chars().all(is_plain_text)), "{lines:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use nix::errno::Errno;

    use super::*;

    fn place(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
    }

    /// The texts of all Rust files in a directory, and that of the file beside it.
    fn sources(directory: &str) -> String {
        let entries = fs::read_dir(place(directory)).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.extension().is_some_and(|it| it == "rs"));
        files.map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// What stands between quotes behind `Cause::new(`.
    fn causes() -> BTreeSet<String> {
        let text = sources("crates/core/src/hints");
        let named = text.split("Cause::new(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        named.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
    }

    /// The check of such a command fails as before, looks for the cause, and would have the same checked again.
    #[test]
    fn what_was_given_already_is_not_advised() {
        let advised = |line: &str| {
            let args: Vec<_> = line.split(' ').map(Into::into).collect();
            let command = CommandLine::new(ProgramName::from_args(&args, ""), NSENTER, &args, &args);
            command.working_with(&["--user", "--preserve-credentials"], &System::below(Path::new("/nowhere")))
        };
        let command = "nsenter --user --preserve-credentials --uts";
        assert_eq!(advised("nsenter --uts").as_deref(), Some(command));
        assert_eq!(advised(command), None);
    }

    #[test]
    fn a_line_stays_a_line() {
        let (hostile, escaped) = ("a\u{202e}b\n\u{2028}\u{1b}[1mé", r"a\u{202e}b\n\u{2028}\u{1b}[1mé");
        assert_eq!(super::printable(hostile), escaped);
        assert_eq!(super::quoted("a\u{202e}b".as_ref()), None);
        assert_eq!(super::quoted("é b".as_ref()).as_deref(), Some("'é b'"));
    }

    #[test]
    fn any_word_is_read_by_a_shell_as_it_was() {
        crate::cases::for_any(
            |random| random.changed("a'b \\'$(x) é\u{202e}\n".as_bytes()),
            |text| properties::of_text(text),
        );
    }

    const STATUS: &str = "Name:\tsh\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nThreads:\t1\n\
        NSpid:\t42\nCapEff:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t2\n";

    #[test]
    fn any_files_of_proc_are_read_to_their_end() {
        let mounts =
            "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n22 21 0:4 / /proc ro - proc proc rw,hidepid=2\n";
        crate::cases::for_any(
            |random| (random.changed(mounts.as_bytes()), random.changed(STATUS.as_bytes())),
            |(mounts, status)| {
                system::properties::of_mounts(mounts);
                system::properties::of_status(status);
            },
        );
    }

    #[test]
    fn any_program_gives_a_hint_that_is_lines() {
        let faked = faked::Faked::new();
        let (system, place) = (faked.system(), faked.system().place("/program"));
        crate::cases::for_any(
            |random| {
                let beginning: &[u8] =
                    random.one(&[b"#!/bin/s\x1bh -e\r\n", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x08"]);
                random.changed(beginning)
            },
            |program| {
                fs::write(&place, program).unwrap();
                for errno in [Errno::ENOENT, Errno::EACCES, Errno::ENOEXEC, Errno::ELOOP] {
                    properties::of_hint(Doing::Executing { program: "/program".into() }, errno, &system);
                }
            },
        );
    }

    #[test]
    fn what_is_checked_is_the_command_without_the_check() {
        let words = |text: &str| text.split(' ').map(Into::into).collect::<Vec<std::ffi::OsString>>();
        let program = crate::report::ProgramName::from_args(&words("unshare"), "");
        let (args, respelt) =
            (words("unshare --check -u --json x --check"), words("unshare --check --uts --json -- x --check"));
        let command = super::CommandLine::new(program, super::UNSHARE, &args, &respelt).without_check();
        assert_eq!(command.arguments, words("-u x --check"));
        assert!(command.has_option(&["uts"]) && !command.has_option(&["check", "json"]));
    }

    #[test]
    fn every_cause_is_described_and_no_other() {
        let page = fs::read_to_string(place("docs/hints.md")).unwrap();
        let cells = page.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
        let described: BTreeSet<_> =
            cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
        assert!(causes().len() > 90, "{:?}", causes());
        assert_eq!(described, causes());
    }

    #[test]
    fn every_cause_has_a_test_by_its_name() {
        let tests = sources("crates/core/src/hints")
            + &sources("tests/hints")
            + &sources("tests/nsenter")
            + &sources("tests/lsns");
        let missing: Vec<_> =
            causes().into_iter().filter(|name| !tests.contains(&format!("fn {}()", name.replace('-', "_")))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
