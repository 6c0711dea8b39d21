//! What scripts want to know of the program when it starts: its PID, its namespaces.

use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};

use crate::error::{Doing, Error, Result, While};
use crate::handle::Handle;
use crate::kind::{Kind, Kinds};
use crate::number;
use crate::signals::Signals;
use crate::sys;

/// A descriptor that the caller has left open, for a line of JSON when the program is about to start.
#[derive(Debug, Clone)]
pub struct InfoFd {
    /// As the caller calls it.
    number: i32,
    /// A copy that the program does not inherit; none when it is closed.
    file: Arc<Mutex<Option<OwnedFd>>>,
}

/// Standard descriptors are the program's, whoever else writes to them.
const STANDARD: i32 = 2;

impl InfoFd {
    /// Takes over the descriptor with this number; from now on the program does not inherit it.
    ///
    /// # Errors
    /// [`Doing::ParsingDescriptor`]; [`Doing::WritingInfo`] with EBADF for one that is not open for writing.
    pub fn parse(text: &OsStr) -> Result<Self> {
        let parsed = number::parse(text, 0, i64::from(i32::MAX)).ok().and_then(|number| i32::try_from(number).ok());
        let number = parsed.ok_or_else(|| Error::new(Doing::ParsingDescriptor { text: text.into() }))?;
        Self::take(number).doing(|| Doing::WritingInfo { number })
    }

    fn take(number: i32) -> nix::Result<Self> {
        let theirs = sys::open_descriptor(number)?;
        let flags = OFlag::from_bits_retain(fcntl(theirs, FcntlArg::F_GETFL)?);
        if flags.contains(OFlag::O_PATH) || flags & OFlag::O_ACCMODE == OFlag::O_RDONLY {
            return Err(Errno::EBADF);
        }
        let file = fcntl(theirs, FcntlArg::F_DUPFD_CLOEXEC(STANDARD + 1)).and_then(sys::adopt)?;
        if number > STANDARD {
            fcntl(theirs, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        Ok(Self { number, file: Arc::new(Mutex::new(Some(file))) })
    }

    /// Lets go of it, in a process that does not become the program: so its end is the end of the line.
    pub fn close(&self) {
        // There is one thread, so nobody has left the lock in disorder.
        let copy = self.file.lock().ok().and_then(|mut file| file.take());
        if copy.is_some() && self.number > STANDARD {
            // From the caller to us alone; nothing else here knows it.
            drop(sys::adopt(self.number));
        }
    }

    /// As the caller calls it.
    pub fn number(&self) -> i32 {
        self.number
    }

    /// What [`InfoFd::write`] does, as the log shows it.
    pub fn words(&self, line: &Line) -> String {
        format!("write({}, {})", self.number, line.0.trim_end())
    }

    /// Writes the line, which nothing has to be allocated for. A reader who has left is an error, and no signal.
    ///
    /// # Errors
    /// [`Doing::WritingInfo`].
    pub fn write(&self, line: &Line) -> Result<()> {
        log::info!("{}", self.words(line));
        let what = || Doing::WritingInfo { number: self.number };
        // What is pending then ends with this process.
        let mask = Signals::of(&[libc::SIGPIPE]).block_silently()?;
        let file = self.file.lock().map_err(|_| Errno::EBADF).doing(what)?;
        let number = file.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        sys::write_all(number, line.0.as_bytes()).doing(what)?;
        mask.put_back()
    }
}

/// The line: `{"child-pid": 4711, "namespaces": {"pid": {"inode": 4026532281, "id": 4312}}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// About a child called `pid`, and those namespaces of `kinds` that this process is in; that its children will be
    /// in, if it is not itself the child.
    ///
    /// `id` is null where the kernel has no NS_GET_ID. A namespace is null where it cannot be seen: without /proc, or as
    /// long as a pid namespace has no process.
    pub fn about(pid: i32, kinds: Kinds, is_child: bool) -> Self {
        let namespace = |kind: Kind| namespace(if is_child { kind.link() } else { kind.children_link() });
        Self::of(&pid.to_string(), kinds, namespace)
    }

    /// What it looks like where nothing is known yet.
    pub fn to_come(kinds: Kinds) -> Self {
        Self::of("PID", kinds, |_| "{\"inode\": INODE, \"id\": ID}".into())
    }

    fn of(pid: &str, kinds: Kinds, namespace: impl Fn(Kind) -> String) -> Self {
        let namespaces = kinds.iter().map(|kind| format!("\"{}\": {}", kind.link(), namespace(kind)));
        let namespaces = namespaces.collect::<Vec<_>>().join(", ");
        Self(format!("{{\"child-pid\": {pid}, \"namespaces\": {{{namespaces}}}}}\n"))
    }
}

fn namespace(link: &str) -> String {
    let Ok(handle) = Handle::open(&Path::new("/proc/self/ns").join(link)) else { return "null".into() };
    let Ok(inode) = handle.inode() else { return "null".into() };
    let id = handle.id().map_or("null".into(), |id| id.to_string());
    format!("{{\"inode\": {inode}, \"id\": {id}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_about_this_process() {
        let inode = Handle::open(Path::new("/proc/self/ns/uts")).unwrap().inode().unwrap();
        let Line(line) = Line::about(7, [Kind::Uts].into_iter().collect(), true);
        let start = format!("{{\"child-pid\": 7, \"namespaces\": {{\"uts\": {{\"inode\": {inode}, \"id\": ");
        assert!(line.starts_with(&start) && line.ends_with("}}}\n"), "{line}");
        assert_eq!(Line::about(7, Kinds::none(), true).0, "{\"child-pid\": 7, \"namespaces\": {}}\n");
    }

    #[test]
    fn only_what_can_be_written_to() {
        let file = std::fs::File::open("/dev/null").unwrap();
        let number = file.as_raw_fd().to_string();
        for text in [number.as_str(), "1000000"] {
            assert_eq!(InfoFd::parse(text.as_ref()).unwrap_err().errno, Some(Errno::EBADF), "{text}");
        }
        for text in ["", "x", "-1", "99999999999"] {
            assert!(matches!(InfoFd::parse(text.as_ref()).unwrap_err().doing, Doing::ParsingDescriptor { .. }));
        }
    }
}
