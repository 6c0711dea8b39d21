//! Reads argv as glibc's getopt_long(3) does and respells it so that clap understands the same.
//!
//! clap alone cannot stop at the first operand, let an abbreviation mean util-linux's option first,
//! or complain in getopt's words. The [`Command`] is asked which options there are and what
//! arguments they take, so that this is written down only once.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::slice::from_ref;

use clap::{Arg, Command};

/// What of getopt_long's behaviour differs from tool to tool.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// util-linux's own long options, in the order in which its messages list candidates. A prefix
    /// means one of these if it can; the `Command`'s other options have the prefixes that are left.
    pub long_options: &'static [&'static str],
    /// Whether a short option's optional argument may be attached (`-m/file`, `-m=/file`): nsenter
    /// and lsns yes, unshare no. The `=` then belongs to the argument.
    pub short_optional_arguments: bool,
    /// Whether options may follow operands (lsns), unless POSIXLY_CORRECT is set.
    pub permute: bool,
}

/// argv respelt for clap: `PROGRAM --long[=value] ... [-- operand ...]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Respelt {
    /// What clap is to parse. With an `error`, the options to the left of it and no operands: tools
    /// act on an option (`--help`, a bad value) when getopt reaches it, on operands at the end.
    pub args: Vec<OsString>,
    /// What getopt_long would have complained about at the place where `args` ends.
    pub error: Option<UsageError>,
}

/// An error that getopt_long itself finds in argv. Long options are named without their dashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageError {
    /// No long option has this name or prefix; as typed, with `=value`.
    Unrecognized(OsString),
    /// Several long options have this prefix: as typed, with `=value`, and their full names.
    Ambiguous(OsString, Vec<String>),
    /// The long option with this full name needs an argument, and argv is at its end.
    NeedsArgument(String),
    /// The long option with this full name takes no argument, but one was attached.
    NoArgument(String),
    /// No short option has this letter: a byte, because getopt does not know of UTF-8.
    InvalidShort(u8),
    /// The short option with this letter needs an argument, and argv is at its end.
    ShortNeedsArgument(u8),
}

impl UsageError {
    /// glibc's text without `PROGRAM: ` in front, byte for byte: what was typed need not be UTF-8.
    pub fn message(&self) -> OsString {
        let (before, it, after) = match self {
            Self::Unrecognized(it) => ("unrecognized option '--", it.as_bytes(), "'"),
            Self::Ambiguous(it, _) => ("option '--", it.as_bytes(), "' is ambiguous"),
            Self::NeedsArgument(it) => ("option '--", it.as_bytes(), "' requires an argument"),
            Self::NoArgument(it) => ("option '--", it.as_bytes(), "' doesn't allow an argument"),
            Self::InvalidShort(it) => ("invalid option -- '", from_ref(it), "'"),
            Self::ShortNeedsArgument(it) => ("option requires an argument -- '", from_ref(it), "'"),
        };
        let mut text = [before.as_bytes(), it, after.as_bytes()].concat();
        if let Self::Ambiguous(_, names) = self {
            let names: String = names.iter().map(|name| format!(" '--{name}'")).collect();
            text.extend_from_slice(format!("; possibilities:{names}").as_bytes());
        }
        OsString::from_vec(text)
    }
}

impl fmt::Display for UsageError {
    /// The [message](UsageError::message), with what is not UTF-8 replaced.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message().to_string_lossy())
    }
}

impl std::error::Error for UsageError {}

/// Reads `args`, the program's name first, by getopt_long's rules and respells it for `command`.
///
/// An option's arity is clap's: no value, one, or `num_args = 0..=1` with `require_equals`. Aliases
/// count, visible or hidden. An attached empty value stays one (`--mount=`): give such an option a
/// value parser that takes it, as `OsString`'s does and `PathBuf`'s does not.
pub fn respell(command: &mut Command, dialect: &Dialect, args: impl IntoIterator<Item = OsString>) -> Respelt {
    // Only a built command knows its arities, its --help and its --version.
    command.build();
    let mut reader = Reader {
        command,
        dialect,
        permute: dialect.permute && std::env::var_os("POSIXLY_CORRECT").is_none(),
        rest: args.into_iter().fuse(),
        respelt: Vec::new(),
    };
    let error = reader.read().err();
    let args = reader.respelt;
    Respelt { args, error }
}

/// One pass over argv: what is still to be read, and what was respelt.
struct Reader<'a, I> {
    command: &'a Command,
    dialect: &'a Dialect,
    permute: bool,
    rest: I,
    respelt: Vec<OsString>,
}

impl<'a, I: Iterator<Item = OsString>> Reader<'a, I> {
    fn read(&mut self) -> Result<(), UsageError> {
        self.respelt.extend(self.rest.next());
        let mut operands = Vec::new();
        while let Some(word) = self.rest.next() {
            match word.as_bytes() {
                b"--" => operands.extend(&mut self.rest),
                [b'-', b'-', typed @ ..] => self.read_long(typed)?,
                [b'-', letters @ ..] if !letters.is_empty() => self.read_shorts(letters)?,
                _ if self.permute => operands.push(word),
                _ => operands.extend([word].into_iter().chain(&mut self.rest)),
            }
        }
        if !operands.is_empty() {
            self.respelt.push("--".into());
            self.respelt.append(&mut operands);
        }
        Ok(())
    }

    /// Respells `name`, `name=value` or `name value`.
    fn read_long(&mut self, typed: &[u8]) -> Result<(), UsageError> {
        let mut parts = typed.splitn(2, |byte| *byte == b'=');
        let candidates = self.candidates(parts.next().unwrap_or_default());
        let attached = parts.next().map(OsStr::from_bytes);
        let typed = OsStr::from_bytes(typed);
        let (name, option) = match candidates[..] {
            [one] => one,
            [] => return Err(UsageError::Unrecognized(typed.into())),
            _ => {
                let names = candidates.iter().map(|(name, _)| name.to_string());
                return Err(UsageError::Ambiguous(typed.into(), names.collect()));
            }
        };
        let value = match (arity(option), attached) {
            (Arity::Flag, Some(_)) => return Err(UsageError::NoArgument(name.to_owned())),
            (Arity::Required, None) => {
                let missing = || UsageError::NeedsArgument(name.to_owned());
                Some(self.rest.next().ok_or_else(missing)?)
            }
            (_, attached) => attached.map(OsStr::to_owned),
        };
        self.respelt.push(spell(option, value));
        Ok(())
    }

    /// The long options that `name` may stand for: itself, or those of which it is a prefix.
    fn candidates(&self, name: &[u8]) -> Vec<(&'a str, &'a Arg)> {
        let mut found: Vec<_> =
            long_options(self.command).filter(|(long, _)| long.as_bytes().starts_with(name)).collect();
        if let Some(exact) = found.iter().find(|(long, _)| long.len() == name.len()) {
            return vec![*exact];
        }
        let native = self.dialect.long_options;
        let rank = |long: &str| native.iter().position(|name| *name == long);
        if found.iter().any(|(long, _)| rank(long).is_some()) {
            found.retain(|(long, _)| rank(long).is_some());
        }
        found.sort_by_key(|(long, _)| rank(long));
        // glibc neither counts nor lists other names of the first one's option.
        if let Some((first, option)) = found.first().copied() {
            found.retain(|(long, other)| *long == first || other.get_id() != option.get_id());
        }
        found
    }

    /// Respells a cluster such as `fS0`: flags, then perhaps an option with its argument.
    fn read_shorts(&mut self, mut letters: &[u8]) -> Result<(), UsageError> {
        while let Some((&letter, rest)) = letters.split_first() {
            let option = self.short(letter).ok_or(UsageError::InvalidShort(letter))?;
            let attached = (!rest.is_empty()).then(|| OsStr::from_bytes(rest).to_owned());
            let value = match arity(option) {
                Arity::Required => {
                    let value = attached.or_else(|| self.rest.next());
                    Some(value.ok_or(UsageError::ShortNeedsArgument(letter))?)
                }
                Arity::Optional if self.dialect.short_optional_arguments => attached,
                Arity::Optional | Arity::Flag => None,
            };
            letters = if value.is_some() { &[] } else { rest };
            self.respelt.push(spell(option, value));
        }
        Ok(())
    }

    fn short(&self, letter: u8) -> Option<&'a Arg> {
        let letter = Some(char::from(letter)).filter(char::is_ascii)?;
        self.command.get_arguments().find(|option| {
            let aliases = option.get_all_short_aliases().unwrap_or_default();
            option.get_short() == Some(letter) || aliases.contains(&letter)
        })
    }
}

/// Every name of every long option.
fn long_options(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    command.get_arguments().flat_map(|option| {
        let aliases = option.get_all_aliases().unwrap_or_default();
        let names = option.get_long().into_iter().chain(aliases);
        names.map(move |name| (name, option))
    })
}

enum Arity {
    Flag,
    Required,
    /// Only ever attached.
    Optional,
}

fn arity(option: &Arg) -> Arity {
    let values = option.get_num_args().unwrap_or_default();
    match (values.min_values(), values.max_values()) {
        (_, 0) => Arity::Flag,
        (0, _) => Arity::Optional,
        _ => Arity::Required,
    }
}

/// The option in the one spelling that clap cannot misread: its main name, the value behind a `=`,
/// even for a short one, where clap would drop a `=` at the value's start.
fn spell(option: &Arg, value: Option<OsString>) -> OsString {
    let long = option.get_long().map(|name| format!("--{name}"));
    let name = long.or_else(|| option.get_short().map(|letter| format!("-{letter}")));
    let mut word = OsString::from(name.unwrap_or_default());
    if let Some(value) = value {
        word.push("=");
        word.push(value);
    }
    word
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// Respelling what was respelt changes nothing.
    pub fn of_words(command: &mut Command, dialect: &Dialect, words: &[OsString]) -> Respelt {
        let once = respell(command, dialect, words.to_vec());
        let twice = respell(command, dialect, once.args.clone());
        assert_eq!(twice, Respelt { error: None, ..once.clone() });
        once
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Random, for_any};
    use clap::error::ErrorKind::{self, DisplayHelp, DisplayVersion, ValueValidation};
    use clap::{ArgAction, ArgMatches, value_parser};

    // The tables are of what util-linux 2.42.4's programs do and print, but for the options that
    // these do not have. They expect that POSIXLY_CORRECT is not set.

    fn unshare() -> (Command, Dialect) {
        let (command, dialect) = tool(
            "help version mount?m uts?u ipc?i net?n pid?p user?U cgroup?C time?T fork!f kill-child? \
             forward-signals! mount-proc? mount-binfmt? map-user: map-users: map-group: map-groups: \
             map-root-user!r map-current-user!c map-auto! map-subids! owner: propagation: setgroups: \
             keep-caps! setuid:S setgid:G root:R wd:w monotonic: boottime: load-interp:l",
        );
        let added = "moustache! init! info-fd:".split(' ').flat_map(option);
        let command = command
            .args(added)
            .mut_arg("init", |arg| arg.visible_alias("initial").visible_short_alias('I'))
            .mut_arg("info-fd", |arg| arg.alias("information-fd").short_alias('F'))
            .arg(Arg::new("verbose").short('v').action(ArgAction::Count))
            .arg(Arg::new("extra").short('x').value_parser(value_parser!(OsString)));
        (command, dialect)
    }

    fn lsns() -> (Command, Dialect) {
        let (command, dialect) = tool(
            "json!J task:p help output:o output-all! persistent!P filter:Q notruncate!u version \
             noheadings!n nowrap!W list!l raw!r type:t tree?T list-columns!H",
        );
        (command, Dialect { short_optional_arguments: true, permute: true, ..dialect })
    }

    fn tool(options: &'static str) -> (Command, Dialect) {
        let operands = Arg::new("operands").num_args(0..).trailing_var_arg(true);
        let command = Command::new("p")
            .version("1")
            .args_override_self(true)
            .args(options.split(' ').flat_map(option))
            .arg(operands.value_parser(value_parser!(OsString)));
        let names = options.split(' ').map(|spec| spec.split(['!', ':', '?']).next().unwrap());
        let long_options = names.collect::<Vec<_>>().leak();
        (command, Dialect { long_options, short_optional_arguments: false, permute: false })
    }

    /// A name, the arity (`!` none, `:` required, `?` optional) and the short name.
    fn option(spec: &'static str) -> Option<Arg> {
        let (name, rest) = spec.split_at(spec.find(['!', ':', '?'])?);
        let arg = Arg::new(name).long(name).short(rest.chars().nth(1));
        Some(match &rest[..1] {
            "!" => arg.action(ArgAction::SetTrue),
            ":" => arg.value_parser(value_parser!(OsString)),
            _ => arg.value_parser(value_parser!(OsString)).num_args(0..=1).require_equals(true),
        })
    }

    fn words(line: &[u8]) -> Vec<OsString> {
        let words = line.split(|byte| *byte == b' ');
        words.map(|word| OsStr::from_bytes(word).into()).collect()
    }

    /// `p LINE` respelt, as one line without the `p`; the error stands behind a `!`.
    fn respelt((command, dialect): &(Command, Dialect), line: &[u8]) -> Vec<u8> {
        let respelt = respell(&mut command.clone(), dialect, words(&[b"p ", line].concat()));
        let mut words = respelt.args[1..].to_vec();
        if let Some(error) = respelt.error {
            words.extend(["!".into(), error.message()]);
        }
        words.join(OsStr::new(" ")).into_vec()
    }

    #[track_caller]
    fn check(tool: &(Command, Dialect), table: &[(&str, &str)]) {
        for (line, expected) in table {
            let respelt = respelt(tool, line.as_bytes());
            assert_eq!(String::from_utf8_lossy(&respelt), *expected, "{line}");
        }
    }

    fn parse((command, dialect): &(Command, Dialect), line: &str) -> Result<ArgMatches, ErrorKind> {
        let args = respell(&mut command.clone(), dialect, words(line.as_bytes())).args;
        command.clone().try_get_matches_from(args).map_err(|error| error.kind())
    }

    #[test]
    #[rustfmt::skip]
    fn long_options() {
        check(&unshare(), &[
            ("--fork --fork", "--fork --fork"),
            ("--fork=", "! option '--fork' doesn't allow an argument"),
            ("--forw=3", "! option '--forward-signals' doesn't allow an argument"),
            ("--help=x", "! option '--help' doesn't allow an argument"),
            ("--ver", "--version"),
            ("--h", "--help"),
            ("--mount", "--mount"),
            ("--mount=", "--mount="),
            ("--mount==x=y", "--mount==x=y"),
            ("--mount /x", "--mount -- /x"),
            ("--mount-p=x", "--mount-proc=x"),
            ("--map-user=0", "--map-user=0"),
            ("--owner=0:0", "--owner=0:0"),
            ("--owner=", "--owner="),
            ("--owner  -f", "--owner= --fork"),
            ("--own --fork -f", "--owner=--fork --fork"),
            ("--wd -- -f", "--wd=-- --fork"),
            ("-f --wd", "--fork ! option '--wd' requires an argument"),
            ("--own", "! option '--owner' requires an argument"),
            ("--foo", "! unrecognized option '--foo'"),
            ("--foo=", "! unrecognized option '--foo='"),
            ("--foo=bar=baz", "! unrecognized option '--foo=bar=baz'"),
            ("--Fork", "! unrecognized option '--Fork'"),
            ("--forks", "! unrecognized option '--forks'"),
            ("---", "! unrecognized option '---'"),
            ("---fork", "! unrecognized option '---fork'"),
            ("--operands", "! unrecognized option '--operands'"),
        ]);
    }

    #[test]
    #[rustfmt::skip]
    fn ambiguous_prefixes() {
        check(&unshare(), &[
            ("--mou", "! option '--mou' is ambiguous; possibilities: '--mount' '--mount-proc' '--mount-binfmt'"),
            ("--mou=x", "! option '--mou=x' is ambiguous; possibilities: '--mount' '--mount-proc' '--mount-binfmt'"),
            ("--mount-", "! option '--mount-' is ambiguous; possibilities: '--mount-proc' '--mount-binfmt'"),
            ("--map-u=", "! option '--map-u=' is ambiguous; possibilities: '--map-user' '--map-users'"),
            ("--for", "! option '--for' is ambiguous; possibilities: '--fork' '--forward-signals'"),
            ("--set", "! option '--set' is ambiguous; possibilities: '--setgroups' '--setuid' '--setgid'"),
            ("--k=", "! option '--k=' is ambiguous; possibilities: '--kill-child' '--keep-caps'"),
            ("--p", "! option '--p' is ambiguous; possibilities: '--pid' '--propagation'"),
        ]);
        check(&lsns(), &[
            ("--n", "! option '--n' is ambiguous; possibilities: '--notruncate' '--noheadings' '--nowrap'"),
            ("--t=net", "! option '--t=net' is ambiguous; possibilities: '--task' '--type' '--tree'"),
            ("--=x", "! option '--=x' is ambiguous; possibilities: '--json' '--task' '--help' '--output' \
                      '--output-all' '--persistent' '--filter' '--notruncate' '--version' '--noheadings' \
                      '--nowrap' '--list' '--raw' '--type' '--tree' '--list-columns'"),
        ]);
    }

    #[test]
    #[rustfmt::skip]
    fn options_that_util_linux_lacks() {
        check(&unshare(), &[
            ("--moustache", "--moustache"),
            ("--mous", "--moustache"),
            ("--init", "--init"),
            ("--initial", "--init"),
            ("--initi=x", "! option '--initial' doesn't allow an argument"),
            ("--ini", "--init"),
            ("--i", "--ipc"),
            ("--in", "! option '--in' is ambiguous; possibilities: '--init' '--info-fd' '--information-fd'"),
            ("--info-fd 3", "--info-fd=3"),
            ("--info=3", "--info-fd=3"),
            ("--info", "! option '--info-fd' requires an argument"),
            ("--informa", "! option '--information-fd' requires an argument"),
            ("-I", "--init"),
            ("-F3", "--info-fd=3"),
            ("-F", "! option requires an argument -- 'F'"),
            ("-vvx -v -x=y -x  -x", "-v -v -x=-v -x==y -x= ! option requires an argument -- 'x'"),
        ]);
    }

    /// As `date --rfc` does, of GNU coreutils: glibc compares every candidate with the first one.
    #[test]
    #[rustfmt::skip]
    fn names_of_one_option_are_not_rivals() {
        let (command, dialect) = tool("rfc-email! rfc-822 rfc-3339:");
        let command = command.mut_arg("rfc-email", |arg| arg.alias("rfc-822"));
        check(&(command, dialect), &[
            ("--rfc", "! option '--rfc' is ambiguous; possibilities: '--rfc-email' '--rfc-3339'"),
            ("--rfc-8=x", "! option '--rfc-822' doesn't allow an argument"),
            ("--rfc-822", "--rfc-email"),
        ]);
    }

    #[test]
    #[rustfmt::skip]
    fn short_options() {
        check(&unshare(), &[
            ("-fum", "--fork --uts --mount"),
            ("-S0 -S 0 -fS0", "--setuid=0 --setuid=0 --fork --setuid=0"),
            ("-S=0", "--setuid==0"),
            ("-S -f", "--setuid=-f"),
            ("-S -- -f", "--setuid=-- --fork"),
            ("-S  -f", "--setuid= --fork"),
            ("-fS", "--fork ! option requires an argument -- 'S'"),
            ("-fz --help", "--fork ! invalid option -- 'z'"),
            ("-hz", "--help ! invalid option -- 'z'"),
            ("-m/file", "--mount ! invalid option -- '/'"),
            ("-m=/file", "--mount ! invalid option -- '='"),
            ("-un=x", "--uts --net ! invalid option -- '='"),
            ("-f-", "--fork ! invalid option -- '-'"),
            ("-:", "! invalid option -- ':'"),
            ("-;", "! invalid option -- ';'"),
            ("-?", "! invalid option -- '?'"),
            ("-W foo", "! invalid option -- 'W'"),
        ]);
        check(&lsns(), &[
            ("-T -n", "--tree --noheadings"),
            ("-Towner", "--tree=owner"),
            ("-T=owner", "--tree==owner"),
            ("-nT=", "--noheadings --tree=="),
            ("-T owner", "--tree -- owner"),
        ]);
    }

    #[test]
    #[rustfmt::skip]
    fn operands() {
        check(&unshare(), &[
            ("-f ls -f --foo", "--fork -- ls -f --foo"),
            ("-f -- --foo", "--fork -- --foo"),
            ("ls -- -f", "-- ls -- -f"),
            ("- -f", "-- - -f"),
            (" -f", "--  -f"),
            ("-f --", "--fork"),
        ]);
        let (command, dialect) = lsns();
        check(&(command.clone(), dialect), &[
            ("4 -n - --tree=x 5", "--noheadings --tree=x -- 4 - 5"),
            ("4 -n -- -J", "--noheadings -- 4 -J"),
            ("4 -t -- -n", "--type=-- --noheadings -- 4"),
            ("4 -n --foo", "--noheadings ! unrecognized option '--foo'"),
            ("4 -p", "! option requires an argument -- 'p'"),
        ]);
        check(&(command, Dialect { permute: false, ..dialect }), &[
            ("-n 4 --foo", "--noheadings -- 4 --foo"),
        ]);
    }

    #[test]
    fn bytes_that_are_not_utf8() {
        let table: [(&[u8], &[u8]); 7] = [
            ("-fé".as_bytes(), b"--fork ! invalid option -- '\xc3'"),
            (b"-\xff", b"! invalid option -- '\xff'"),
            (b"--f\xff=\xfe", b"! unrecognized option '--f\xff=\xfe'"),
            (b"--k=\xff", b"! option '--k=\xff' is ambiguous; possibilities: '--kill-child' '--keep-caps'"),
            (b"--mount=\xff", b"--mount=\xff"),
            (b"-w\xff -w \xff", b"--wd=\xff --wd=\xff"),
            (b"\xff=\xfe", b"-- \xff=\xfe"),
        ];
        for (line, expected) in table {
            assert_eq!(respelt(&unshare(), line), expected);
        }
        assert_eq!(UsageError::InvalidShort(0xff).to_string(), "invalid option -- '\u{fffd}'");
    }

    #[test]
    fn argv_without_a_program_name() {
        let (mut command, dialect) = unshare();
        let respelt = respell(&mut command, &dialect, []);
        assert_eq!((respelt.args.len(), respelt.error), (0, None));
        assert!(command.try_get_matches_from(respelt.args).is_ok());
    }

    #[test]
    #[rustfmt::skip]
    fn clap_reads_what_was_meant() {
        let table = [
            ("p --mount", "mount", vec![]),
            ("p --mount -- x", "mount", vec![]),
            ("p --mount=", "mount", vec![""]),
            ("p --mount==a=b -f", "mount", vec!["=a=b"]),
            ("p --mount=a --mount", "mount", vec![]),
            ("p --mount --mount=a", "mount", vec!["a"]),
            ("p -S=5", "setuid", vec!["=5"]),
            ("p -S1 -S 2", "setuid", vec!["2"]),
            ("p -S --fork", "setuid", vec!["--fork"]),
            ("p --owner=", "owner", vec![""]),
            ("p -x=y", "extra", vec!["=y"]),
            ("p -x  -f", "extra", vec![""]),
            ("p -f --foo -x", "operands", vec![]),
            ("p -f -- --foo -- --fork --help", "operands", vec!["--foo", "--", "--fork", "--help"]),
            ("p -m ls -f", "operands", vec!["ls", "-f"]),
            ("p - -m", "operands", vec!["-", "-m"]),
        ];
        for (line, id, expected) in table {
            let matches = parse(&unshare(), line).unwrap();
            let values = matches.get_many::<OsString>(id).into_iter().flatten();
            assert!(values.eq(expected.iter()), "{line}: {matches:?}");
        }
        let matches = parse(&unshare(), "p -vfvf --fork -m").unwrap();
        assert!(matches.get_count("verbose") == 2 && matches.get_flag("fork"));
        assert!(matches.contains_id("mount") && !matches.contains_id("uts"));
    }

    #[test]
    fn clap_acts_on_what_is_left_of_an_error() {
        let (command, dialect) = unshare();
        let command = command.mut_arg("setuid", |arg| arg.value_parser(value_parser!(u32)));
        let unshare = (command, dialect);
        assert_eq!(parse(&unshare, "p -fhS x --foo").err(), Some(DisplayHelp));
        assert_eq!(parse(&unshare, "p --ver -Sx --foo").err(), Some(DisplayVersion));
        assert_eq!(parse(&unshare, "p -S x --help --foo").err(), Some(ValueValidation));
        assert_eq!(parse(&unshare, "p --foo -S x --help").err(), None);
        assert_eq!(parse(&lsns(), "p 4 --help").err(), Some(DisplayHelp));
    }

    /// Words as somebody might type them, near to options of the tool.
    fn near_words(random: &mut Random) -> Vec<OsString> {
        const WORDS: [&str; 16] = [
            "--mount",
            "--mount=",
            "--map-user=0",
            "--owner",
            "--own=",
            "--init",
            "--info-f",
            "-fum",
            "-S0",
            "-S",
            "-m/x",
            "--",
            "-",
            "ls",
            "--tree=x",
            "-T=owner",
        ];
        let word = |random: &mut Random| {
            let word = random.one(&WORDS).as_bytes();
            let word = if random.once_in(3) { word.to_vec() } else { random.changed(word) };
            OsString::from_vec(word)
        };
        let mut words = vec!["p".into()];
        words.extend((0..random.below(6)).map(|_| word(random)));
        // It has no long name, and what is respelt for clap is not getopt's spelling then.
        words.retain(|word: &OsString| word.as_bytes().first() != Some(&b'-') || !word.as_bytes().contains(&b'x'));
        words
    }

    #[test]
    fn respelling_what_was_respelt_changes_nothing() {
        for (command, dialect) in [unshare(), lsns()] {
            let command = std::cell::RefCell::new(command);
            for_any(near_words, |words: &Vec<OsString>| {
                properties::of_words(&mut command.borrow_mut(), &dialect, words);
            });
        }
    }

    #[test]
    fn operands_survive() {
        let make = |random: &mut Random| {
            const OPTIONS: [&str; 8] = ["-n", "--noh", "-T", "--tree=--", "-tnet", "-t\0--", "--filter\0-x", "-nJ"];
            let option = |random: &mut Random| random.one(&OPTIONS).split('\0').map(OsString::from).collect::<Vec<_>>();
            let (mut argv, mut operands) = (vec!["p".into()], Vec::new());
            for _ in 0..random.below(5) {
                argv.extend(option(random));
                let operand = OsString::from_vec(random.bytes(8));
                if operand.as_bytes().first() != Some(&b'-') || operand == "-" {
                    argv.push(operand.clone());
                    operands.push(operand);
                }
            }
            if random.once_in(2) {
                argv.push("--".into());
                let rest: Vec<_> = (0..random.below(3)).map(|_| OsString::from_vec(random.bytes(8))).collect();
                argv.extend(rest.clone());
                operands.extend(rest);
            }
            (argv, operands)
        };
        let (command, dialect) = lsns();
        let command = std::cell::RefCell::new(command);
        for_any(make, |(argv, operands): &(Vec<OsString>, Vec<OsString>)| {
            let respelt = respell(&mut command.borrow_mut(), &dialect, argv.clone());
            assert_eq!(respelt.error, None);
            let found = respelt.args.iter().skip_while(|word| *word != "--").skip(1);
            assert!(found.eq(operands), "{:?}", respelt.args);
        });
    }
}
