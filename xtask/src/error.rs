//! What stopped a command, and what it was doing then.

use std::fmt;
use std::io;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Error {
    /// The command line makes no sense; the exit status is 2.
    Usage(String),
    /// The system refused something.
    Io {
        /// What was being done, on what.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another program ran and did not succeed.
    Program {
        /// The command, as one would type it.
        command: String,
        /// Its last words, or its exit status.
        reason: String,
    },
    /// Something that is needed is not there.
    Missing(String),
}

/// What a command and its steps return.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(message) | Error::Missing(message) => f.write_str(message),
            Error::Io { doing, source } => write!(f, "{doing}: {source}"),
            Error::Program { command, reason } => write!(f, "{command}: {reason}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Says what was being done when an I/O error came up.
pub trait Doing<T> {
    /// Turn an `io::Error` into an [`Error`] that names the step.
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io { doing: what(), source })
    }
}
