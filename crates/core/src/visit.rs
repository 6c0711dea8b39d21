//! A look into other mount namespaces, for the namespaces that are mounted there: by a child that joins one after the
//! other, sends back what it finds, and ends.
//!
//! What is in there may be hostile. Nothing is executed, read or written there; what is opened is only looked up, and
//! opened as what it is when it has turned out to be a namespace. /proc is the one of outside, by a descriptor. Who lets
//! the child wait, as a file system in user space can, is left.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair,
};
use nix::unistd::Pid;

use crate::child::DeathSignal;
use crate::handle::Handle;
use crate::kind::Kind;
use crate::proc::Proc;
use crate::shortage::{self, noted};
use crate::signals::Signal;
use crate::sys::{self, Fork, while_interrupted};

/// A namespace that is mounted in another mount namespace.
#[derive(Debug)]
pub struct Sight {
    /// In which of those that were to be visited.
    pub seen_in: usize,
    /// Its kind.
    pub kind: Kind,
    /// Its inode.
    pub inode: u64,
    /// Where it is mounted there: what the mount table says.
    pub place: Vec<u8>,
    /// Itself, where it could be opened; another mount may cover it.
    pub handle: Option<Handle>,
}

/// How long a mount namespace may keep us waiting. A busy machine can stall the child for seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long each of them may do so whatever the others did, and without any being the worse for it.
const MOMENT: Duration = Duration::from_millis(20);

/// Visits the mount `namespaces`, and shows `each` namespace that is mounted there and not among those `known` to be
/// mounted: once, and once more if it was covered the first time. Gives those that could not be visited.
///
/// It takes CAP_SYS_ADMIN here and in the owner of each, and CAP_SYS_CHROOT here, see setns(2). To be called while there
/// is one thread.
pub fn visit(proc: &Proc, namespaces: &[Handle], known: &HashSet<u64>, mut each: impl FnMut(Sight)) -> Vec<usize> {
    let (mut closed, mut known) = (Vec::new(), known.clone());
    let (mut next, mut patience) = (0, PATIENCE);
    while next < namespaces.len() {
        let seen = RefCell::new(Vec::new());
        let take = |message: &[u8], file| match Answer::read(message, file)? {
            Answer::Sight(sight) => {
                seen.borrow_mut().push(sight.inode);
                each(sight);
                None
            }
            Answer::Done(place) => Some(place),
            Answer::Lacking(place) => {
                let _ = noted::<()>(Err(Errno::EMFILE));
                Some(place)
            }
            Answer::Closed(place) => {
                closed.push(place);
                Some(place)
            }
        };
        let end = send_child(next, &mut patience, take, |sender| {
            Visitor { proc, sender, known: &mut known, covered: HashSet::new() }.visit_all(namespaces, next);
        });
        known.extend(seen.into_inner());
        // No child, so nothing of all that was looked at.
        let end = end.inspect_err(|errno| shortage::note(*errno));
        let answered = end.map_or(next, |(answered, _)| answered);
        if answered < namespaces.len() {
            closed.push(answered);
        }
        next = answered + 1;
    }
    closed
}

/// Forks a child for `work`, and lets `take` have what it sends, which says which namespace that was the last answer
/// for. Each may be waited for as long as there is `patience`, however much it sends meanwhile. That is less afterwards, so
/// all of them together, slow as they may be, make us wait for twice that time and a [`MOMENT`] for each. Gives the first from `first` on that the child has not answered for, and whether it was in time.
fn send_child(
    first: usize,
    patience: &mut Duration,
    mut take: impl FnMut(&[u8], Option<OwnedFd>) -> Option<usize>,
    work: impl FnOnce(OwnedFd),
) -> nix::Result<(usize, bool)> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let (receiver, sender) = noted(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags))?;
    let death = DeathSignal::from_this_process(Signal::KILL).map_err(|error| error.errno.unwrap_or(Errno::EIO));
    let death = noted(death)?;
    // A program that is started later has no such child.
    let child = match noted(sys::fork_silently())? {
        Fork::Parent(child) => child,
        Fork::Child => {
            drop(receiver);
            if death.set().is_ok() {
                work(sender);
            }
            sys::end(0)
        }
    };
    drop(sender);
    let (mut next, mut waited) = (first, Duration::ZERO);
    let end = loop {
        let begin = Instant::now();
        let received = receive(&receiver, patience.saturating_sub(waited));
        waited += begin.elapsed();
        let Ok(Some((message, file))) = received else { break received };
        if let Some(answered) = take(&message, file) {
            next = answered + 1;
            *patience = patience.saturating_sub(std::mem::take(&mut waited).saturating_sub(MOMENT)).max(MOMENT);
        }
    };
    let end = end.map(drop);
    let in_time = end != Err(Errno::ETIMEDOUT);
    if let Err(errno) = end
        && in_time
    {
        shortage::note(errno);
    }
    if !in_time {
        *patience = (*patience / 2).max(MOMENT);
    }
    finish(child, in_time);
    Ok((next, in_time))
}

/// Sees to it that the child is no more. One that hangs in the kernel may take its time to die; nobody waits for that.
fn finish(child: Pid, in_time: bool) {
    let _ = sys::kill(child, libc::SIGKILL);
    let _ = sys::wait(child, if in_time { 0 } else { libc::WNOHANG });
}

/// In the child.
struct Visitor<'a> {
    proc: &'a Proc,
    sender: OwnedFd,
    known: &'a mut HashSet<u64>,
    /// Those that were told already, though they could not be opened.
    covered: HashSet<u64>,
}

impl Visitor<'_> {
    /// Visits all from the namespace `first` on, unless nobody listens any more.
    fn visit_all(&mut self, namespaces: &[Handle], first: usize) {
        for (place, namespace) in namespaces.iter().enumerate().skip(first) {
            let entered = noted(namespace.enter(Kind::Mount).map_err(|error| error.errno.unwrap_or(Errno::EIO)));
            let visited = entered.and_then(|()| noted(self.proc.mounts_of_caller())).ok();
            let told = match visited {
                Some(mounts) => {
                    let mut sights = mounts.iter().filter_map(|mount| Some((mount.namespace()?, &*mount.target)));
                    let told = sights.try_for_each(|((kind, inode), target)| self.tell(place, kind, inode, target));
                    told.and_then(|()| self.answer(DONE, place))
                }
                None => self.answer(CLOSED, place),
            };
            if told.is_err() {
                return;
            }
        }
    }

    /// Says what came of a mount namespace, or that something was missed there for want of descriptors.
    fn answer(&self, tag: u8, place: usize) -> nix::Result<()> {
        let tag = if shortage::errno().is_some() { LACKING } else { tag };
        self.send(&Message::answer(tag, place), None)
    }

    fn tell(&mut self, seen_in: usize, kind: Kind, inode: u64, target: &Path) -> nix::Result<()> {
        if self.known.contains(&inode) {
            return Ok(());
        }
        let handle = self.open(inode, target).ok();
        let is_new = if handle.is_some() { self.known.insert(inode) } else { self.covered.insert(inode) };
        if !is_new {
            return Ok(());
        }
        self.send(&Message::sight(seen_in, kind, inode, target), handle.as_ref())
    }

    /// Opens the namespace that is mounted there. Nothing else is opened.
    fn open(&self, inode: u64, target: &Path) -> nix::Result<Handle> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        // A mount point's path has no links in it.
        let resolve = ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        // Not noted: who serves a file system on the way can answer any errno. The namespace is told of all the same.
        let how = || OpenHow::new().flags(flags).resolve(resolve);
        let looked_at = while_interrupted(|| openat2(AT_FDCWD, target, how()))?;
        let handle = self.proc.namespace_behind(&looked_at)?;
        if handle.inode()? == inode { Ok(handle) } else { Err(Errno::ENOENT) }
    }

    fn send(&self, message: &Message, handle: Option<&Handle>) -> nix::Result<()> {
        let files = handle.map(|handle| [handle.as_fd().as_raw_fd()]);
        let rights = files.as_ref().map(|files| [ControlMessage::ScmRights(files)]);
        let rights = rights.as_ref().map_or(&[][..], |rights| &rights[..]);
        let text = [IoSlice::new(&message.0)];
        while_interrupted(|| sendmsg::<()>(self.sender.as_raw_fd(), &text, rights, MsgFlags::MSG_NOSIGNAL, None))?;
        Ok(())
    }
}

/// What the child sends: a tag, the number of the mount namespace; of a sight also kind, inode and place.
struct Message(Vec<u8>);

const SIGHT: u8 = b's';
const DONE: u8 = b'd';
const CLOSED: u8 = b'c';
const LACKING: u8 = b'l';

/// Longer than any path, see PATH_MAX in `linux/limits.h`.
const ROOM: usize = 8192;

impl Message {
    fn answer(tag: u8, place: usize) -> Self {
        let mut message = vec![tag];
        message.extend(place.to_ne_bytes());
        Self(message)
    }

    fn sight(seen_in: usize, kind: Kind, inode: u64, target: &Path) -> Self {
        let Self(mut message) = Self::answer(SIGHT, seen_in);
        message.push(kind as u8);
        message.extend(inode.to_ne_bytes());
        message.extend(target.as_os_str().as_bytes());
        // Directories can be nested more deeply than a path may be long; such a place is told as far as it goes.
        message.truncate(ROOM);
        Self(message)
    }
}

/// The next message; none where the child has closed its end.
fn receive(receiver: &OwnedFd, patience: Duration) -> nix::Result<Option<(Vec<u8>, Option<OwnedFd>)>> {
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    let ready = noted(while_interrupted(|| poll(&mut [PollFd::new(receiver.as_fd(), PollFlags::POLLIN)], timeout)))?;
    if ready == 0 {
        return Err(Errno::ETIMEDOUT);
    }
    let mut message = vec![0; ROOM];
    let mut space = nix::cmsg_space!([std::os::fd::RawFd; 1]);
    let (length, files) = {
        let mut room = [IoSliceMut::new(&mut message)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let received = loop {
            match recvmsg::<()>(receiver.as_raw_fd(), &mut room, Some(&mut space), flags) {
                Err(Errno::EINTR) => {}
                received => break noted(received)?,
            }
        };
        if received.flags.contains(MsgFlags::MSG_CTRUNC) {
            let _ = noted::<()>(Err(Errno::EMFILE));
        }
        let files = received.cmsgs()?.flat_map(|rights| match rights {
            ControlMessageOwned::ScmRights(files) => files,
            _ => Vec::new(),
        });
        (received.bytes, files.map(sys::adopt).collect::<Vec<_>>())
    };
    message.truncate(length);
    let file = files.into_iter().flatten().next();
    Ok((length > 0).then_some((message, file)))
}

/// What a message says.
enum Answer {
    Sight(Sight),
    Done(usize),
    Closed(usize),
    /// Something there was missed for want of descriptors.
    Lacking(usize),
}

impl Answer {
    fn read(message: &[u8], file: Option<OwnedFd>) -> Option<Self> {
        let (tag, rest) = message.split_first()?;
        let (place, rest) = rest.split_first_chunk()?;
        let place = usize::from_ne_bytes(*place);
        match *tag {
            SIGHT => {
                let (kind, rest) = rest.split_first()?;
                let (inode, target) = rest.split_first_chunk()?;
                Some(Self::Sight(Sight {
                    seen_in: place,
                    kind: Kind::all().find(|known| *known as u8 == *kind)?,
                    inode: u64::from_ne_bytes(*inode),
                    place: target.to_vec(),
                    handle: file.and_then(|file| Handle::from_descriptor(file).ok()),
                }))
            }
            DONE => Some(Self::Done(place)),
            CLOSED => Some(Self::Closed(place)),
            LACKING => Some(Self::Lacking(place)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sender: &OwnedFd, message: &Message) {
        sendmsg::<()>(sender.as_raw_fd(), &[IoSlice::new(&message.0)], &[], MsgFlags::MSG_NOSIGNAL, None).unwrap();
    }

    /// What a child's messages say, as text, and what came of the child.
    fn heard(first: usize, mut patience: Duration, work: impl FnOnce(OwnedFd)) -> (Vec<String>, (usize, bool)) {
        let mut answers = Vec::new();
        let take = |text: &[u8], file| match Answer::read(text, file)? {
            Answer::Sight(Sight { seen_in, kind, inode, place, handle }) => {
                let place = String::from_utf8(place).unwrap();
                answers.push(format!("{seen_in} {} {inode} {place} {}", kind.link(), handle.is_some()));
                None
            }
            Answer::Done(place) => Some(place),
            Answer::Closed(place) => {
                answers.push(format!("{place} closed"));
                Some(place)
            }
            Answer::Lacking(place) => {
                answers.push(format!("{place} lacking"));
                Some(place)
            }
        };
        let end = send_child(first, &mut patience, take, work).unwrap();
        (answers, end)
    }

    #[test]
    fn what_a_child_sends_is_heard() {
        let (answers, end) = heard(5, PATIENCE, |sender| {
            message(&sender, &Message::sight(5, Kind::Net, 77, Path::new("/run/a b")));
            message(&sender, &Message::answer(DONE, 5));
            message(&sender, &Message::answer(CLOSED, 6));
            message(&sender, &Message::sight(7, Kind::Uts, 78, Path::new("/b")));
        });
        assert_eq!(answers, ["5 net 77 /run/a b false", "6 closed", "7 uts 78 /b false"]);
        assert_eq!(end, (7, true));
    }

    #[test]
    fn nobody_waits_for_a_child_that_says_nothing() {
        // Long enough for the child to say something on a busy machine.
        let (_, end) = heard(0, Duration::from_secs(3), |sender| {
            message(&sender, &Message::answer(DONE, 0));
            nix::unistd::pause();
        });
        assert_eq!(end, (1, false));
    }

    /// More messages than there is patience for, even where this process stands still and finds many at once.
    const MANY: usize = 500;

    /// Sends one message after the other as long as somebody listens.
    fn drip(sender: &OwnedFd, next: impl Fn(usize) -> Message) {
        let send = |message: Message| {
            sendmsg::<()>(sender.as_raw_fd(), &[IoSlice::new(&message.0)], &[], MsgFlags::MSG_NOSIGNAL, None)
        };
        for number in 0..MANY {
            if send(next(number)).is_err() {
                break;
            }
            std::thread::sleep(2 * MOMENT);
        }
    }

    #[test]
    fn nobody_waits_for_a_child_that_always_has_one_more_thing_to_say() {
        let (answers, end) = heard(0, 10 * MOMENT, |sender| {
            drip(&sender, |_| Message::sight(0, Kind::Net, 77, Path::new("/slow")));
        });
        assert!(answers.len() < MANY);
        assert_eq!(end, (0, false));
    }

    #[test]
    fn those_that_are_slow_spend_the_patience_for_all() {
        let (_, (answered, in_time)) =
            heard(0, 10 * MOMENT, |sender| drip(&sender, |place| Message::answer(DONE, place)));
        assert!(answered < MANY && !in_time, "{answered}");
    }

    #[test]
    fn what_makes_no_sense_says_nothing() {
        for message in [&b""[..], b"s", b"s1234567", b"s12345678", b"s12345678\x09abcdefgh/x", b"d123", b"x12345678"] {
            assert!(Answer::read(message, None).is_none());
        }
    }
}
