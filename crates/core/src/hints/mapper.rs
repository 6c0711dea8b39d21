//! newuidmap(1) and newgidmap(1), which write maps for ordinary users, and the ranges that /etc/subuid and /etc/subgid
//! give them.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::errno::Errno;

use super::elf::Elf;
use super::idmap::{ids, unmapped, words};
use super::system::{System, shown};
use super::{Case, Cause, quoted};
use crate::error::Doing;
use crate::idmap::{IdRange, Side};
use crate::sys;

/// Why ids could not be given to the caller.
pub(super) fn explain(doing: &Doing, errno: Option<Errno>, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match doing {
        Doing::AskingMapper { side, ranges, .. } => refused(*side, ranges, system),
        Doing::FindingSubordinateIds { user, file } => Some(nothing_granted(user, file, system)),
        Doing::OpeningIdRanges { path } => file_missing(path, errno?, system),
        Doing::FindingUser { uid } => {
            let reason = format!("no line of /etc/passwd has uid {uid}, and /etc/subuid goes by the user's name");
            user_of(*uid, system).is_none().then(|| Cause::new("user-unknown", reason))
        }
        _ => None,
    }
}

const SIDES: [Side; 2] = [Side::Users, Side::Groups];

/// Whether `program` is one of the two.
pub(super) fn is_mapper(program: &OsStr) -> bool {
    SIDES.iter().any(|side| program == side.mapper())
}

/// Why a mapper did not even start.
pub(super) fn not_executed(program: &OsStr, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let name = program.to_str()?;
    if errno != Errno::ENOENT || system.find_command(name).is_some() {
        return None;
    }
    let reason = format!("only {name} may map several ids for an ordinary user, and it is nowhere in PATH");
    let cause = Cause::new("mapper-missing", reason);
    /// Who installs packages, and how: the names of the package differ.
    const INSTALLERS: [(&str, &str); 5] = [
        ("apt-get", "apt-get install uidmap"),
        ("dnf", "dnf install shadow-utils"),
        ("apk", "apk add shadow-uidmap"),
        ("zypper", "zypper install shadow"),
        ("pacman", "pacman -S shadow"),
    ];
    let installer = INSTALLERS.iter().find(|(installer, _)| system.find_command(installer).is_some());
    Some(match installer {
        Some((_, command)) => cause.command_of_root(*command),
        None => cause.advice("it is in the package uidmap, or shadow"),
    })
}

/// Why a mapper said no. It looks at the ranges first, and then the kernel at what it may do.
fn refused(side: Side, ranges: &[IdRange], system: &System) -> Option<Cause> {
    let status = system.status()?;
    let granted = Granted::to(status.uid, side, system)?;
    let own = match side {
        Side::Users => status.uid,
        Side::Groups => status.effective_gid,
    };
    let is_own = |range: &IdRange| range.outer == own && range.count == 1;
    if let Some(range) = ranges.iter().find(|range| !is_own(range) && !granted.includes(range)) {
        return Some(granted.without(*range, system));
    }
    powerless(side, system).or_else(|| unmapped(side, ranges, system))
}

/// What keeps a mapper from having root's rights when it runs.
fn powerless(side: Side, system: &System) -> Option<Cause> {
    let name = side.mapper();
    if system.status()?.no_new_privileges {
        let reason = format!("programs started here gain no rights (NoNewPrivs in /proc/self/status), {name} neither");
        return Some(Cause::new("no-new-privileges", reason));
    }
    let path = system.find_command(name)?;
    // A script in its place is somebody's own, and never runs with another's rights.
    Elf::parse(&system.part(&path, 0, 64)?)?;
    let mount = system.mount_of(&path)?;
    let file = shown(&path);
    if mount.has_option("nosuid") {
        let point = shown(mount.target());
        let cause = Cause::new("mapper-nosuid", format!("{file} has no rights of root: {point} is mounted nosuid"));
        let point = quoted(mount.target().as_os_str());
        return Some(match point {
            Some(point) => cause.command_of_root(format!("mount -o remount,bind,suid {point}")),
            None => cause,
        });
    }
    let owned = std::fs::metadata(system.place(&path)).ok()?;
    if owned.permissions().mode() & 0o4000 == 0 && !has_capabilities(&path, system) {
        let reason = format!("{file} runs without root's rights: it has neither the set-user-ID bit nor capabilities");
        let cause = Cause::new("mapper-without-rights", reason);
        let word = quoted(path.as_os_str());
        return Some(match word {
            Some(word) => cause.command_of_root(format!("chown root {word} && chmod u+s {word}")),
            None => cause,
        });
    }
    None
}

fn has_capabilities(path: &Path, system: &System) -> bool {
    let path = CString::new(system.place(path).into_os_string().into_vec());
    path.is_ok_and(|path| sys::has_attribute(&path, c"security.capability"))
}

/// Whether `--map-auto` would give the maker of this process's user namespace the id `id` inside.
///
/// It is the owner of the one id that is mapped now.
pub(super) fn maps_further(side: Side, id: u32, system: &System) -> bool {
    let own = system.id_map(Side::Users).unwrap_or_default();
    let [IdRange { outer, count: 1, .. }] = own.as_slice() else { return false };
    let granted = |side| Granted::to(*outer, side, system);
    let is_ready = |side: Side| powerless(side, system).is_none() && system.find_command(side.mapper()).is_some();
    let has_ranges = SIDES.iter().all(|side| granted(*side).is_some_and(|it| !it.ranges.is_empty()) && is_ready(*side));
    // The first range is the one that is used.
    let reaches = |granted: Granted| granted.ranges.first().is_some_and(|(_, count)| u64::from(id) < *count);
    has_ranges && granted(side).is_some_and(reaches)
}

/// What a file gives to one user.
struct Granted {
    side: Side,
    user: OsString,
    /// First id and count of each line that is this user's.
    ranges: Vec<(u64, u64)>,
    /// The same of everybody's.
    all: Vec<(u64, u64)>,
}

impl Granted {
    fn to(uid: u32, side: Side, system: &System) -> Option<Self> {
        let user = user_of(uid, system)?;
        let lines = lines(side.subordinate_file(), system);
        let is_own = |owner: &[u8]| owner == user.as_bytes() || owner == uid.to_string().as_bytes();
        let ranges = lines.iter().filter(|(owner, _)| is_own(owner)).map(|(_, range)| *range).collect();
        let all = lines.iter().map(|(_, range)| *range).collect();
        Some(Self { side, user, ranges, all })
    }

    fn includes(&self, range: &IdRange) -> bool {
        let (first, end) = span(range);
        self.ranges.iter().any(|(own, count)| *own <= first && end <= own + count)
    }

    /// The cause that this range is not among them.
    fn without(&self, range: IdRange, system: &System) -> Cause {
        let (file, user) = (self.side.subordinate_file(), shown(&self.user));
        let word = words(self.side);
        let given = match self.ranges.as_slice() {
            [] => "nothing".into(),
            [(first, count), ..] => format!("{first} to {}", (first + count).saturating_sub(1)),
        };
        let wanted = ids(range.outer, range.count);
        let reason = format!("{} gives user {user} {given}, and not the {word} {wanted}", shown(file));
        let cause = Cause::new("range-not-granted", reason);
        let (first, end) = span(&range);
        let is_free = first >= LOWEST && self.all.iter().all(|(other, count)| end <= *other || other + count <= first);
        match add_line(&self.user, &[file], first, end - first, system) {
            Some(command) if is_free => cause.command_of_root(command),
            _ => cause,
        }
    }
}

fn span(range: &IdRange) -> (u64, u64) {
    (range.outer.into(), u64::from(range.outer) + u64::from(range.count))
}

/// Where ranges begin that useradd(8) gives, and how long they are, see SUB_UID_MIN in login.defs(5).
const LOWEST: u64 = 100_000;
const USUAL: u64 = 65_536;

/// The lines of a file that subuid(5) describes: owner, first id, count.
fn lines(file: &Path, system: &System) -> Vec<(Vec<u8>, (u64, u64))> {
    let text = system.read(file).unwrap_or_default();
    let line = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b':');
        let owner = fields.next()?.to_vec();
        let mut number = || str::from_utf8(fields.next()?.trim_ascii()).ok()?.parse::<u32>().ok().map(u64::from);
        Some((owner, (number()?, number()?)))
    };
    text.split(|byte| *byte == b'\n').filter_map(line).collect()
}

/// The name in /etc/passwd.
fn user_of(uid: u32, system: &System) -> Option<OsString> {
    let text = system.read("/etc/passwd")?;
    let name = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        let is_it = fields.nth(1)? == uid.to_string().as_bytes();
        is_it.then(|| OsStr::from_bytes(name).to_owned())
    };
    text.split(|byte| *byte == b'\n').find_map(name)
}

/// No line of `file` is the user's.
fn nothing_granted(user: &OsStr, file: &Path, system: &System) -> Cause {
    let reason = format!("besides your own id you may map only what {} gives to {}", shown(file), shown(user));
    grant(reason, user, file, system)
}

/// The cause with the command that gives `user` ids which nobody has; in the other file as well, if he has none there.
fn grant(reason: String, user: &OsStr, file: &Path, system: &System) -> Cause {
    let files = SIDES.map(Side::subordinate_file);
    let has_line = |file: &Path| lines(file, system).iter().any(|(owner, _)| owner == user.as_bytes());
    let lacking: Vec<&Path> = files.into_iter().filter(|other| *other == file || !has_line(other)).collect();
    let taken = files.into_iter().flat_map(|file| lines(file, system)).map(|(_, (first, count))| first + count);
    let first = taken.max().unwrap_or_default().max(LOWEST);
    let fits = first + USUAL < u32::MAX.into();
    let cause = Cause::new("no-subordinate-ids", reason);
    match add_line(user, &lacking, first, USUAL, system).filter(|_| fits) {
        Some(command) => cause.command_of_root(command),
        None => cause,
    }
}

/// The command that adds a line to files; none where the name has strange characters.
fn add_line(user: &OsStr, files: &[&Path], first: u64, count: u64, system: &System) -> Option<String> {
    let is_ended = |file: &&Path| system.read(file).is_none_or(|text| text.is_empty() || text.ends_with(b"\n"));
    let line = quoted(OsStr::from_bytes(&[user.as_bytes(), format!(":{first}:{count}").as_bytes()].concat()))?;
    let print = if files.iter().all(is_ended) { "echo" } else { r"printf '\n%s\n'" };
    let paths: Vec<String> = files.iter().map(shown).collect();
    Some(match paths.as_slice() {
        [path] => format!("{print} {line} >>{path}"),
        _ => format!("{print} {line} | tee -a {}", paths.join(" ")),
    })
}

/// A file of ranges that cannot be read.
fn file_missing(path: &Path, errno: Errno, system: &System) -> Option<Cause> {
    if errno != Errno::ENOENT || system.has(path) {
        return None;
    }
    if path.starts_with("/proc") {
        return super::idmap::proc_missing(system);
    }
    let user = user_of(system.status()?.uid, system)?;
    let reason = format!("{} lists which ids a user may map; it does not exist", shown(path));
    Some(grant(reason, &user, path, system))
}

#[cfg(test)]
mod tests {
    use super::super::faked::Faked;
    use super::*;

    /// What is at the end of a file that does not end; a file that is not there; a name with strange characters.
    #[test]
    fn no_subordinate_ids() {
        let remedy = |faked: &Faked, user: &str| {
            let doing = Doing::FindingSubordinateIds { user: user.into(), file: "/etc/subuid".into() };
            faked.explain("unshare --map-auto", doing, None).and_then(|cause| cause.lines().pop())
        };
        let faked = Faked::new();
        let echo = "try, as root: echo 'o'\\''x:165536:65536' | tee -a /etc/subuid /etc/subgid";
        assert_eq!(remedy(&faked, "o'x").as_deref(), Some(echo));
        assert_eq!(
            remedy(&faked, "o\nx").as_deref(),
            Some("besides your own id you may map only what /etc/subuid gives to o\\nx")
        );
        let faked = faked.without("/etc/subuid").file("/etc/subgid", "user:1:4294960000\nroot:x:y\n:::\n");
        assert_eq!(remedy(&faked, "root").map(|line| line.starts_with("try")), Some(false));
        let doing = Doing::OpeningIdRanges { path: "/etc/subuid".into() };
        assert_eq!(faked.cause("unshare --map-auto", doing.clone(), Errno::ENOENT), "no-subordinate-ids");
        assert_eq!(Faked::new().cause("unshare --map-auto", doing, Errno::ENOENT), "");
    }
}
