//! The number by which the network subsystem of this namespace knows another network namespace, see "ip netns list-id".

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};

use crate::shortage::noted;
use crate::sys::while_interrupted;

/// A conversation with the kernel by rtnetlink(7).
#[derive(Debug)]
pub struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

/// From `linux/rtnetlink.h` and `linux/net_namespace.h`, which libc does not have for all targets.
const RTM_NEWNSID: u16 = 88;
const RTM_GETNSID: u16 = 90;
const NETNSA_NSID: u16 = 1;
const NETNSA_FD: u16 = 3;

/// The length of `struct nlmsghdr`, see netlink(7).
const HEADER: usize = 16;
/// The length of `struct rtgenmsg`, padded.
const FAMILY: usize = 4;
/// The length of `struct rtattr`, see rtnetlink(7).
const ATTRIBUTE: usize = 4;

impl Netlink {
    /// Opens the conversation, with the network namespace that this process is in.
    ///
    /// # Errors
    /// socket(2)'s.
    pub fn open() -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = noted(socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// The number of the network namespace that is open as `namespace`; none where none was assigned.
    ///
    /// # Errors
    /// The kernel's answer; EBADMSG for one that is none.
    pub fn id_of(&mut self, namespace: impl AsFd) -> nix::Result<Option<u32>> {
        self.sequence = self.sequence.wrapping_add(1);
        let request = request(self.sequence, namespace.as_fd().as_raw_fd());
        noted(while_interrupted(|| send(self.socket.as_raw_fd(), &request, MsgFlags::empty())))?;
        let mut answer = [0; 256];
        let length = noted(while_interrupted(|| recv(self.socket.as_raw_fd(), &mut answer, MsgFlags::empty())))?;
        read_answer(answer.get(..length).unwrap_or_default(), self.sequence)
    }
}

/// RTM_GETNSID with the descriptor of the namespace.
fn request(sequence: u32, descriptor: i32) -> Vec<u8> {
    const LENGTH: usize = HEADER + FAMILY + ATTRIBUTE + 4;
    const ATTRIBUTE_LENGTH: u16 = 8;
    let flags = u16::try_from(libc::NLM_F_REQUEST).unwrap_or_default();
    let mut message = Vec::with_capacity(LENGTH);
    message.extend(u32::try_from(LENGTH).unwrap_or_default().to_ne_bytes());
    message.extend(RTM_GETNSID.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend(sequence.to_ne_bytes());
    // The kernel's port, and AF_UNSPEC with its padding.
    message.extend([0; 4 + FAMILY]);
    message.extend(ATTRIBUTE_LENGTH.to_ne_bytes());
    message.extend(NETNSA_FD.to_ne_bytes());
    message.extend(descriptor.to_ne_bytes());
    message
}

/// The number in the kernel's answer to the request of this `sequence`.
fn read_answer(message: &[u8], sequence: u32) -> nix::Result<Option<u32>> {
    let length = u32_at(message, 0).and_then(|length| usize::try_from(length).ok()).ok_or(Errno::EBADMSG)?;
    let message = message.get(..length).ok_or(Errno::EBADMSG)?;
    if u32_at(message, 8) != Some(sequence) {
        return Err(Errno::EBADMSG);
    }
    match u16_at(message, 4) {
        Some(RTM_NEWNSID) => number_in(message.get(HEADER + FAMILY..).unwrap_or_default()).ok_or(Errno::EBADMSG),
        Some(kind) if i32::from(kind) == libc::NLMSG_ERROR => Err(error_in(message)),
        _ => Err(Errno::EBADMSG),
    }
}

/// The errno in `struct nlmsgerr`, where it stands negative.
fn error_in(message: &[u8]) -> Errno {
    let errno = u32_at(message, HEADER).map(|errno| errno.cast_signed()).and_then(i32::checked_neg);
    errno.filter(|errno| *errno > 0).map_or(Errno::EBADMSG, Errno::from_raw)
}

/// The attribute NETNSA_NSID: -1 for a namespace without a number.
fn number_in(mut attributes: &[u8]) -> Option<Option<u32>> {
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        if length < ATTRIBUTE {
            return None;
        }
        if u16_at(attributes, 2)? == NETNSA_NSID {
            let number = u32_at(attributes.get(..length)?, ATTRIBUTE)?.cast_signed();
            return Some(u32::try_from(number).ok());
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

fn u16_at(bytes: &[u8], place: usize) -> Option<u16> {
    let end = place.checked_add(2)?;
    bytes.get(place..end)?.try_into().ok().map(u16::from_ne_bytes)
}

fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    let end = place.checked_add(4)?;
    bytes.get(place..end)?.try_into().ok().map(u32::from_ne_bytes)
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// A number that is taken from an answer to request 7 stands in it.
    pub fn of_answer(message: &[u8]) {
        if let Ok(Some(number)) = read_answer(message, 7) {
            assert!(message.windows(4).any(|bytes| bytes == number.to_ne_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Random, for_any};
    use std::fs::File;

    /// An answer of this type, with these bytes behind the header.
    fn answer(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + body.len()).unwrap();
        [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 2], &7u32.to_ne_bytes(), &[0; 4], body].concat()
    }

    fn numbered(attributes: &[&[u8]]) -> Vec<u8> {
        answer(RTM_NEWNSID, &[&[0; FAMILY], &attributes.concat()[..]].concat())
    }

    fn attribute(kind: u16, value: i32) -> Vec<u8> {
        [&8u16.to_ne_bytes()[..], &kind.to_ne_bytes(), &value.to_ne_bytes()].concat()
    }

    #[test]
    fn answers_are_read() {
        let (number, other) = (attribute(NETNSA_NSID, 5), attribute(9, 6));
        assert_eq!(read_answer(&numbered(&[&number]), 7), Ok(Some(5)));
        assert_eq!(read_answer(&numbered(&[&other, &number]), 7), Ok(Some(5)));
        assert_eq!(read_answer(&numbered(&[&attribute(NETNSA_NSID, -1)]), 7), Ok(None));
        assert_eq!(read_answer(&answer(2, &(-22i32).to_ne_bytes()), 7), Err(Errno::EINVAL));
        for odd in [numbered(&[]), numbered(&[&other]), answer(3, &[0; 8]), answer(2, &[]), answer(2, &[0; 4])] {
            assert_eq!(read_answer(&odd, 7), Err(Errno::EBADMSG), "{odd:?}");
        }
        assert_eq!(read_answer(&numbered(&[&number]), 8), Err(Errno::EBADMSG));
    }

    #[test]
    fn what_is_cut_off_is_no_answer() {
        let whole = numbered(&[&attribute(NETNSA_NSID, 5)]);
        for end in 0..whole.len() {
            assert_eq!(read_answer(&whole[..end], 7), Err(Errno::EBADMSG), "{end}");
        }
    }

    #[test]
    fn the_own_namespace_is_no_peer_of_itself() {
        let own = File::open("/proc/self/ns/net").unwrap();
        let mut netlink = Netlink::open().unwrap();
        for _ in 0..2 {
            // None was assigned, unless somebody did so.
            assert!(netlink.id_of(&own).is_ok());
        }
        assert!(netlink.id_of(File::open("/proc/self/ns/uts").unwrap()).is_err());
    }

    #[test]
    fn any_answer_is_read_to_its_end() {
        let make = |random: &mut Random| {
            let [number, other] = [attribute(NETNSA_NSID, 5), attribute(9, 6)];
            let mut message = if random.once_in(3) {
                answer(2, &(-22i32).to_ne_bytes())
            } else {
                numbered(&[&other, &other[..], &number][random.place(3)..])
            };
            if random.once_in(2) {
                // A length that lies: the message's or an attribute's.
                let place = random.one(&[0, 20, 28]).min(message.len() - 2);
                message[place..place + 2].copy_from_slice(&random.edge().to_le_bytes()[..2]);
            }
            random.changed(&message)
        };
        for_any(make, |message| properties::of_answer(message));
    }
}
