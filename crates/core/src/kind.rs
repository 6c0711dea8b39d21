//! The eight kinds of namespace: names, files, clone flags and order of entry, in one table.

use std::ffi::CStr;
use std::fmt;

use nix::sched::CloneFlags;

/// A kind of namespace, see namespaces(7).
///
/// The order is the one in which namespaces are entered and kept: the user namespace first,
/// because it is what gives the right to the others; the mount namespace after those whose files
/// are looked up in the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // namespaces(7) explains each
pub enum Kind {
    User,
    Cgroup,
    Ipc,
    Uts,
    Net,
    Pid,
    Mount,
    Time,
}

/// What the kernel and the tools call one kind.
struct Row {
    kind: Kind,
    /// The link below `/proc/PID/ns`.
    link: &'static CStr,
    /// The link for the namespace that the process's *next* children get, where it may differ.
    children_link: Option<&'static CStr>,
    /// The option's and the field's word.
    word: &'static str,
    flag: libc::c_int,
    flag_name: &'static str,
}

const TABLE: [Row; 8] = [
    row(Kind::User, c"user", None, "user", libc::CLONE_NEWUSER, "CLONE_NEWUSER"),
    row(Kind::Cgroup, c"cgroup", None, "cgroup", libc::CLONE_NEWCGROUP, "CLONE_NEWCGROUP"),
    row(Kind::Ipc, c"ipc", None, "ipc", libc::CLONE_NEWIPC, "CLONE_NEWIPC"),
    row(Kind::Uts, c"uts", None, "uts", libc::CLONE_NEWUTS, "CLONE_NEWUTS"),
    row(Kind::Net, c"net", None, "net", libc::CLONE_NEWNET, "CLONE_NEWNET"),
    row(Kind::Pid, c"pid", Some(c"pid_for_children"), "pid", libc::CLONE_NEWPID, "CLONE_NEWPID"),
    row(Kind::Mount, c"mnt", None, "mount", libc::CLONE_NEWNS, "CLONE_NEWNS"),
    row(Kind::Time, c"time", Some(c"time_for_children"), "time", CLONE_NEWTIME, "CLONE_NEWTIME"),
];

/// From `linux/sched.h`; neither nix nor its flag type knows it.
const CLONE_NEWTIME: libc::c_int = 0x80;

const fn row(
    kind: Kind,
    link: &'static CStr,
    children_link: Option<&'static CStr>,
    word: &'static str,
    flag: libc::c_int,
    flag_name: &'static str,
) -> Row {
    Row { kind, link, children_link, word, flag, flag_name }
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = TABLE.len();

    /// All kinds, in the order of entry.
    pub fn all() -> impl Iterator<Item = Kind> {
        TABLE.iter().map(|row| row.kind)
    }

    fn row(self) -> &'static Row {
        // The table stands in the order of the enum (a test holds it to that).
        &TABLE[self as usize]
    }

    /// The name of the link in `/proc/PID/ns`, such as `mnt`; also what lsns calls the type.
    pub fn link(self) -> &'static str {
        // ASCII all of them (a test holds them to that).
        self.row().link.to_str().unwrap_or_default()
    }

    /// The same for calls that want it NUL-terminated.
    pub fn link_c(self) -> &'static CStr {
        self.row().link
    }

    /// The link to the namespace that children of the process will live in.
    ///
    /// It differs from [`Kind::link`] for the two kinds that a process does not enter itself by
    /// unshare(2): pid and time.
    pub fn children_link(self) -> &'static str {
        // ASCII, too.
        self.row().children_link.and_then(|link| link.to_str().ok()).unwrap_or(self.link())
    }

    /// The kinds that have such a link of its own, and that.
    pub fn with_children_link() -> impl Iterator<Item = (Kind, &'static CStr)> {
        TABLE.iter().filter_map(|row| Some((row.kind, row.children_link?)))
    }

    /// The word in the tools' options and messages, such as `mount`.
    pub fn word(self) -> &'static str {
        self.row().word
    }

    /// The flag of clone(2), unshare(2) and setns(2).
    pub fn flag(self) -> CloneFlags {
        CloneFlags::from_bits_retain(self.row().flag)
    }
}

/// A set of kinds, such as one call of unshare(2) takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds `kind`.
    pub fn insert(&mut self, kind: Kind) {
        self.0 |= 1 << kind as u8;
    }

    /// Takes `kind` out.
    pub fn remove(&mut self, kind: Kind) {
        self.0 &= !(1 << kind as u8);
    }

    /// The kinds that are not in `others`.
    pub fn without(self, others: Kinds) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether `kind` is in the set.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// The kinds in the set, in the order of entry.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::all().filter(move |&kind| self.contains(kind))
    }

    /// The flags for unshare(2).
    pub fn flags(self) -> CloneFlags {
        self.iter().fold(CloneFlags::empty(), |flags, kind| flags | kind.flag())
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        let mut set = Self::none();
        kinds.into_iter().for_each(|kind| set.insert(kind));
        set
    }
}

/// The flags as C spells them: `CLONE_NEWNS|CLONE_NEWPID`, `0` for none.
impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(|kind| kind.row().flag_name).collect();
        f.write_str(if names.is_empty() { "0" } else { "" })?;
        f.write_str(&names.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.kind as usize, place, "{}", row.word);
        }
    }

    #[test]
    fn this_kernel_has_every_link() {
        for kind in Kind::all() {
            for link in [kind.link(), kind.children_link()] {
                assert!(std::fs::symlink_metadata(format!("/proc/self/ns/{link}")).is_ok(), "{link}");
            }
        }
    }

    #[test]
    fn flags_are_spelt_as_c_does() {
        let kinds: Kinds = [Kind::Pid, Kind::Mount, Kind::Time].into_iter().collect();
        assert_eq!(kinds.to_string(), "CLONE_NEWPID|CLONE_NEWNS|CLONE_NEWTIME");
        assert_eq!(kinds.flags().bits(), 0x2002_0080);
        assert_eq!(Kinds::none().to_string(), "0");
    }
}
