//! From argv to a program's options: getopt's reading, clap's matching, and parsers of values that several programs take.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use nix::errno::Errno;

use crate::error::{Doing, Error, Result};
use crate::getopt::{self, Dialect, Respelt};
use crate::number::{self, NotANumber};
use crate::program::Refusal;

/// What a command line asks for.
#[derive(Debug)]
pub enum Request<Options> {
    /// The program's work.
    Run(Options),
    /// The help text.
    Help,
    /// The version.
    Version,
}

/// Reads argv for the program whose options are `Options`. What stands left wins: a wrong value before
/// a wrong option, help before both.
///
/// `check` may find more to refuse in what getopt has read, and cut it off there, before any value is looked at.
///
/// # Errors
/// [`Refusal`], for the first thing that is wrong.
pub fn read<Options: CommandFactory>(
    dialect: &Dialect,
    args: Vec<OsString>,
    check: impl FnOnce(&mut Respelt) -> Option<Error>,
) -> Result<Request<ArgMatches>, Refusal> {
    // Never freed: taking it apart would cost a tenth of the start-up. A fuzzer starts up too often for that.
    #[cfg(not(fuzzing))]
    let mut command = std::mem::ManuallyDrop::new(Options::command());
    #[cfg(fuzzing)]
    let mut command = Options::command();
    let mut respelt = getopt::respell(&mut command, dialect, args);
    let contradiction = check(&mut respelt);
    let matches = match command.try_get_matches_from_mut(respelt.args) {
        Ok(matches) => matches,
        Err(error) => return refusal_or_text(&error),
    };
    match (contradiction, respelt.error) {
        (Some(error), _) => Err(Refusal::Error(error)),
        (None, Some(usage)) => Err(Refusal::Usage(usage.message())),
        (None, None) => Ok(Request::Run(matches)),
    }
}

/// The same, as far as `Options` itself.
///
/// # Errors
/// [`Refusal`], for the first thing that is wrong.
pub fn read_options<Options: CommandFactory + FromArgMatches>(
    dialect: &Dialect,
    args: Vec<OsString>,
    check: impl FnOnce(&mut Respelt) -> Option<Error>,
) -> Result<Request<Box<Options>>, Refusal> {
    Ok(match read::<Options>(dialect, args, check)? {
        Request::Run(matches) => {
            let options = Options::from_arg_matches(&matches).map_err(|error| refusal(&error))?;
            Request::Run(Box::new(options))
        }
        Request::Help => Request::Help,
        Request::Version => Request::Version,
    })
}

/// clap's way out also for help and version.
fn refusal_or_text<T>(error: &clap::Error) -> Result<Request<T>, Refusal> {
    match error.kind() {
        ErrorKind::DisplayHelp => Ok(Request::Help),
        ErrorKind::DisplayVersion => Ok(Request::Version),
        _ => Err(refusal(error)),
    }
}

/// Why clap refused: an error of our value parsers.
pub fn refusal(error: &clap::Error) -> Refusal {
    let ours = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    match ours {
        Some(ours) => Refusal::Error(ours.clone()),
        // Everything that clap itself could refuse, getopt has refused before.
        None => Refusal::Usage(error.to_string().lines().next().unwrap_or_default().into()),
    }
}

/// How to say what would work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckFormat {
    /// A line for each step.
    Text,
    /// One object.
    Json,
}

/// What `--check` and `--json` ask for together; none without `--check`.
///
/// # Errors
/// [`Doing::CheckingAsJson`] for `--json` alone.
pub fn checking(check: bool, json: bool) -> Result<Option<CheckFormat>> {
    match (check, json) {
        (false, false) => Ok(None),
        (false, true) => Err(Error::new(Doing::CheckingAsJson)),
        (true, false) => Ok(Some(CheckFormat::Text)),
        (true, true) => Ok(Some(CheckFormat::Json)),
    }
}

/// The help text, for a program called `name`.
pub fn help<Options: CommandFactory>(name: &OsStr) -> String {
    // clap wants a name that lives as long as the program; it does.
    let name: &'static str = Box::leak(name.to_string_lossy().into_owned().into_boxed_str());
    format!("\n{}", Options::command().name(name).render_help())
}

/// The version line, for a program called `name`. Scripts look for the last word.
pub fn version(name: &OsStr) -> String {
    format!("{} from rs-namespaces {}, compatible with util-linux 2.43\n", name.display(), env!("CARGO_PKG_VERSION"))
}

/// A clap parser from a function of the raw text.
pub fn parsed<T: Clone + Send + Sync + 'static>(
    parse: impl Fn(&OsStr) -> Result<T> + Clone + Send + Sync + 'static,
) -> impl TypedValueParser<Value = T> {
    OsStringValueParser::new().try_map(move |text| parse(&text))
}

/// Any path, also an empty one: that is for the kernel to refuse.
///
/// # Errors
/// None; it has the form of the others.
pub fn path(text: &OsStr) -> Result<PathBuf> {
    Ok(text.into())
}

/// A numeric user id.
///
/// # Errors
/// [`Doing::ParsingUid`].
pub fn uid(text: &OsStr) -> Result<u32> {
    numeric(number::parse_id(text), || Doing::ParsingUid { text: text.into() })
}

/// A numeric group id.
///
/// # Errors
/// [`Doing::ParsingGid`].
pub fn gid(text: &OsStr) -> Result<u32> {
    numeric(number::parse_id(text), || Doing::ParsingGid { text: text.into() })
}

/// A number that was read, or `doing` with the reason why it was not, where libc would give one.
///
/// # Errors
/// `doing`, with ERANGE for a number that is too small or too large.
pub fn numeric<T>(number: Result<T, NotANumber>, doing: impl FnOnce() -> Doing) -> Result<T> {
    number
        .map_err(|reason| Error { doing: doing(), errno: (reason == NotANumber::OutOfRange).then_some(Errno::ERANGE) })
}
