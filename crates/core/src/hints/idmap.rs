//! Id maps: who may write which lines, when setgroups(2) is allowed, and which ids there are afterwards.
//!
//! The kernel's rules are in "User and group ID mappings" of user_namespaces(7).

use std::ffi::OsStr;
use std::path::Path;

use caps::Capability;
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::prctl;

use super::system::{self, System, shown};
use super::unshare::{APPARMOR_SWITCH, apparmor_profile, apparmor_restriction, security_module};
use super::{Case, Cause, NSENTER, UNSHARE, mapper};
use crate::error::Doing;
use crate::idmap::{IdRange, Side};
use crate::sys;

/// Why a map could not be written, or an id not be taken on.
pub(super) fn explain(doing: &Doing, errno: Option<Errno>, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match (doing, errno) {
        (Doing::WritingOwnMap { side, range }, Some(Errno::EPERM)) => own_map_denied(*side, *range, system),
        (Doing::WritingMap { path, side, ranges }, Some(Errno::EPERM)) => map_denied(path, *side, ranges, system),
        (Doing::WritingMap { ranges, .. }, Some(Errno::EINVAL)) => unfit(ranges, system),
        (Doing::FittingMap { .. }, _) => {
            let reason = "the kernel takes all lines of a map in one write, which must be shorter than 4096 bytes";
            Some(Cause::new("map-too-long", reason).advice("fewer ranges fit: neighbouring ones can be one line"))
        }
        (Doing::Writing { path }, Some(Errno::EPERM)) if is_file(path, "setgroups") => setgroups_denied(path, case),
        (Doing::SettingUid { uid }, Some(errno)) => id_refused(Side::Users, *uid, errno, case),
        (Doing::SettingGid { gid }, Some(errno)) => id_refused(Side::Groups, *gid, errno, case),
        (Doing::DroppingGroups, Some(Errno::EPERM)) => groups_kept(case),
        _ => None,
    }
}

/// Why a file of a process in /proc could not be opened for writing.
pub(super) fn opening(path: &Path, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let name = path.file_name()?.to_str()?;
    let is_own = path.starts_with("/proc/self");
    if !path.starts_with("/proc") || !["uid_map", "gid_map", "setgroups", "timens_offsets"].contains(&name) {
        return None;
    }
    match errno {
        Errno::EROFS => proc_read_only(system),
        Errno::ENOENT if is_own => proc_missing(system),
        Errno::EACCES if is_own && prctl::get_dumpable() == Ok(false) => {
            let reason = "after a change of its ids this process is not dumpable, so its files in /proc are root's";
            Some(Cause::new("not-dumpable", reason))
        }
        // Opening setgroups for writing takes CAP_SYS_ADMIN in the user namespace.
        Errno::EACCES if is_own && name == "setgroups" && system.may(Capability::CAP_SYS_ADMIN) == Some(false) => {
            let reason = "to deny setgroups here needs CAP_SYS_ADMIN, which you do not have";
            let command = case.command.working_with(&["--user"], system);
            Some(Cause::new("needs-cap-sys-admin", reason).command(command))
        }
        Errno::EACCES if is_own && name == "setgroups" => restricted(system),
        _ => None,
    }
}

fn is_file(path: &Path, name: &str) -> bool {
    path.starts_with("/proc") && path.file_name() == Some(OsStr::new(name))
}

fn proc_read_only(system: &System) -> Option<Cause> {
    let proc = system.mount_of(Path::new("/proc"))?;
    let reason = "/proc is mounted read-only, and the maps of a user namespace are written there";
    let cause = Cause::new("proc-read-only", reason);
    if proc.has_super_option("ro") {
        return Some(cause.command_of_root("mount -o remount,rw /proc"));
    }
    proc.has_option("ro").then(|| cause.command_of_root("mount -o remount,bind,rw /proc"))
}

/// No /proc, or none that has this process.
pub(super) fn proc_missing(system: &System) -> Option<Cause> {
    let cause = match (system.has_proc(), system.status().is_some()) {
        (true, true) => return None,
        (true, false) => Cause::new("foreign-proc", "this /proc is another pid namespace's: this process is not in it"),
        (false, _) => Cause::new("proc-missing", "there is no /proc here"),
    };
    Some(cause.command_of_root("mount -t proc proc /proc"))
}

/// Ubuntu's restriction, or another profile of AppArmor, or SELinux.
pub(super) fn restricted(system: &System) -> Option<Cause> {
    let profile = apparmor_profile(system);
    let is_restriction = profile.as_ref().is_none_or(|profile| profile.contains("unprivileged_userns"));
    if is_restriction && system.number(APPARMOR_SWITCH) == Some(1) {
        return Some(apparmor_restriction());
    }
    security_module(system)
}

/// The map of one's own id, in a user namespace that was made with success. What is not asked here cannot be: this
/// process is no longer who it was.
fn own_map_denied(side: Side, range: IdRange, system: &System) -> Option<Cause> {
    let file = Path::new("/proc/self").join(side.map_file());
    let first = written_already(&file, system).or_else(|| groups_not_denied(side, Path::new("/proc/self"), system));
    // Root of outside is not restricted.
    first.or_else(|| if range.outer == 0 { None } else { restricted(system) }).or_else(|| {
        let is_root = side == Side::Users && range.outer == 0 && range.count == 1;
        is_root.then(|| needs_setfcap("when it was made, its maker did not have that"))
    })
}

fn written_already(file: &Path, system: &System) -> Option<Cause> {
    let text = system.text(file)?;
    let reason = format!("{} has been written already: a map is written once", shown(file));
    (!text.is_empty()).then(|| Cause::new("map-written", reason))
}

fn groups_not_denied(side: Side, process: &Path, system: &System) -> Option<Cause> {
    let file = process.join("setgroups");
    let allowed = side == Side::Groups && system.text(&file).as_deref() == Some("allow");
    allowed.then(|| {
        let reason = format!("{} is allow: without CAP_SETGID it must be deny before a group is mapped", shown(&file));
        Cause::new("setgroups-not-denied", reason).advice("add --setgroups=deny")
    })
}

/// See "Defining user and group ID mappings", since Linux 5.12.
fn needs_setfcap(who: &str) -> Cause {
    let reason = format!("to map uid 0 of outside, a user namespace needs CAP_SETFCAP there: {who}");
    Cause::new("needs-cap-setfcap", reason)
}

/// A whole map, written by a helper outside of the user namespace, with what the helper may do.
fn map_denied(path: &Path, side: Side, ranges: &[IdRange], system: &System) -> Option<Cause> {
    let status = system.status()?;
    if let Some(cause) = written_already(path, system) {
        return Some(cause);
    }
    if side == Side::Users && ranges.iter().any(|range| range.outer == 0) && !status.has(Capability::CAP_SETFCAP) {
        return Some(needs_setfcap("you do not have that"));
    }
    let (capability, own) = match side {
        Side::Users => (Capability::CAP_SETUID, status.effective_uid),
        Side::Groups => (Capability::CAP_SETGID, status.effective_gid),
    };
    let is_own = matches!(ranges, [range] if range.outer == own && range.count == 1);
    if !status.has(capability) && is_own {
        return groups_not_denied(side, path.parent()?, system).or_else(|| restricted(system));
    }
    if !status.has(capability) {
        let reason = format!("to map other ids than one's own needs {capability}, which you do not have");
        return Some(Cause::new("needs-capability", reason));
    }
    unmapped(side, ranges, system).or_else(|| security_module(system))
}

/// Ids that do not exist in the user namespace of this process, so nothing can be mapped to them.
pub(super) fn unmapped(side: Side, ranges: &[IdRange], system: &System) -> Option<Cause> {
    let own = system.id_map(side)?;
    let missing = ranges.iter().find(|range| !own.iter().any(|line| includes(line, range)))?;
    let file = side.map_file();
    let reason = format!(
        "not all of the {} {} exist in this user namespace: /proc/self/{file} has {}",
        words(side),
        ids(missing.outer, missing.count),
        inner_ids(&own)
    );
    Some(Cause::new("ids-outside", reason))
}

/// Whether the ids to which `range` maps are all on one line: the kernel wants no less.
fn includes(line: &IdRange, range: &IdRange) -> bool {
    let end = |first: u32, count: u32| u64::from(first) + u64::from(count);
    line.inner <= range.outer && end(range.outer, range.count) <= end(line.inner, line.count)
}

pub(super) fn words(side: Side) -> &'static str {
    match side {
        Side::Users => "uids",
        Side::Groups => "gids",
    }
}

pub(super) fn ids(first: u32, count: u32) -> String {
    match count {
        0 | 1 => first.to_string(),
        _ => format!("{first} to {}", u64::from(first) + u64::from(count) - 1),
    }
}

/// The ids inside that a map has.
fn inner_ids(ranges: &[IdRange]) -> String {
    const MOST: usize = 4;
    let mut all: Vec<String> = ranges.iter().take(MOST).map(|range| ids(range.inner, range.count)).collect();
    if ranges.len() > MOST {
        all.push("more".into());
    }
    if all.is_empty() { "none".into() } else { all.join(", ") }
}

/// How many lines a map may have, since Linux 4.15.
const MOST_LINES: usize = 340;

/// How many it might have before.
const MOST_LINES_ONCE: usize = 5;

/// What is wrong with the lines of a map.
fn unfit(ranges: &[IdRange], system: &System) -> Option<Cause> {
    let most = if system.is_older_than((4, 15)) { MOST_LINES_ONCE } else { MOST_LINES };
    if ranges.len() > most {
        let reason = format!("these are {} lines, and a map takes {most}", ranges.len());
        return Some(Cause::new("too-many-lines", reason).advice("neighbouring ranges can be one line"));
    }
    if let Some(empty) = ranges.iter().find(|range| range.count == 0) {
        return Some(Cause::new("empty-range", format!("the line \"{empty}\" maps no id: its count is 0")));
    }
    overlap(ranges, "inside", |range| range.inner).or_else(|| overlap(ranges, "outside", |range| range.outer))
}

/// Two lines that have an id in common, on the side whose first id `first` tells.
fn overlap(ranges: &[IdRange], word: &str, first: impl Fn(&IdRange) -> u32) -> Option<Cause> {
    let mut sorted: Vec<&IdRange> = ranges.iter().collect();
    sorted.sort_by_key(|range| first(range));
    let meets = |one: &IdRange, other: &IdRange| {
        let end = u64::from(first(one)) + u64::from(one.count);
        u64::from(first(other)) < end
    };
    let (one, other) = sorted.iter().zip(sorted.iter().skip(1)).find(|(one, other)| meets(one, other))?;
    let id = first(other);
    let reason = format!("the lines \"{one}\" and \"{other}\" both have id {id} {word}");
    Some(Cause::new("ranges-overlap", reason))
}

/// Why the setgroups file does not take what was written.
fn setgroups_denied(path: &Path, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let file = shown(path);
    let (policy, groups) = (system.text(path)?, system.text(path.with_file_name("gid_map"))?);
    match policy.as_str() {
        "deny" => {
            let reason = format!("{file} is deny for good: a user namespace above has it so");
            Some(Cause::new("setgroups-denied-above", reason))
        }
        _ if !groups.is_empty() => {
            let reason = format!("{} has been written already: only before that it can be denied", groups_file(path));
            let is_own = path.starts_with("/proc/self");
            let command = is_own.then(|| case.command.working_with(&["--user"], system)).flatten();
            Some(Cause::new("gid-map-written", reason).command(command))
        }
        _ => restricted(system),
    }
}

fn groups_file(setgroups: &Path) -> String {
    shown(setgroups.with_file_name("gid_map"))
}

/// setuid(2) or setgid(2) refused.
fn id_refused(side: Side, id: u32, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let map = case.system.id_map(side)?;
    let (word, capability, option) = match side {
        Side::Users => ("uid", Capability::CAP_SETUID, "--map-user"),
        Side::Groups => ("gid", Capability::CAP_SETGID, "--map-group"),
    };
    match errno {
        Errno::EINVAL if !system::maps(&map, id) => {
            let reason = format!(
                "{word} {id} is not mapped in this user namespace: /proc/self/{} has {}",
                side.map_file(),
                inner_ids(&map)
            );
            let cause = Cause::new("id-not-mapped", reason);
            Some(match case.command.tool.as_str() {
                NSENTER if id == 0 && !asks_for_ids(case) => {
                    cause.command(case.command.with(&["--preserve-credentials"]))
                }
                UNSHARE if map.is_empty() => cause.command(case.command.with(&[&format!("{option}={id}")])),
                UNSHARE if mapper::maps_further(side, id, case.system) => {
                    cause.command(case.command.with(&["--map-auto"]))
                }
                _ => cause,
            })
        }
        Errno::EPERM if case.system.may(capability) == Some(false) => {
            let reason = format!("to become {word} {id} needs {capability}, which you do not have");
            let cause = Cause::new("needs-capability", reason);
            let own_namespace = || sys::in_child(|| nix::sched::unshare(CloneFlags::CLONE_NEWUSER)).is_ok();
            Some(match case.command.tool == UNSHARE && own_namespace() {
                true => cause.command(case.command.with(&[&format!("{option}={id}")])),
                false => cause,
            })
        }
        _ => None,
    }
}

/// Whether an option says who nsenter becomes: that one stays who one is does not replace it.
fn asks_for_ids(case: Case<'_>) -> bool {
    case.command.has_option(&["setuid", "setgid", "preserve-credentials"])
}

/// setgroups(2) refused.
fn groups_kept(case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    if !system.may(Capability::CAP_SETGID)? {
        let reason = "to give up groups needs CAP_SETGID, which you do not have";
        return Some(Cause::new("needs-capability", reason));
    }
    let cause = match (system.text("/proc/self/gid_map")?.as_str(), system.text("/proc/self/setgroups")?.as_str()) {
        ("", _) => Cause::new("gid-map-empty", "/proc/self/gid_map is empty: without a map no groups can be set"),
        (_, "deny") => {
            Cause::new("setgroups-denied", "/proc/self/setgroups is deny: groups cannot be changed in this namespace")
        }
        _ => return security_module(system),
    };
    Some(match case.command.tool.as_str() {
        NSENTER if !asks_for_ids(case) => cause.command(case.command.with(&["--preserve-credentials"])),
        UNSHARE if mapper::maps_further(Side::Groups, 0, system) => cause.command(case.command.with(&["--map-auto"])),
        UNSHARE => cause.advice("--map-auto maps groups without that, where /etc/subgid has a range for you"),
        _ => cause,
    })
}

#[cfg(test)]
mod tests {
    use super::super::faked::Faked;
    use super::*;

    const LINE: &str = "unshare -r true";

    fn own_map(faked: &Faked, side: Side, outer: u32) -> &'static str {
        let doing = Doing::WritingOwnMap { side, range: IdRange::single(0, outer) };
        faked.cause(LINE, doing, Errno::EPERM)
    }

    /// EPERM: AppArmor's restriction lets the user namespace be made and takes its rights.
    #[test]
    fn apparmor_userns() {
        let faked = Faked::new().in_new_user_namespace();
        assert_eq!(own_map(&faked, Side::Users, 1000), "");
        let faked = faked.file(APPARMOR_SWITCH, "1\n");
        assert_eq!(own_map(&faked, Side::Users, 1000), "apparmor-userns");
        let label = "/proc/self/attr/current";
        let faked = faked.file(label, "unprivileged_userns (enforce)\n");
        assert_eq!(own_map(&faked, Side::Users, 1000), "apparmor-userns");
        let opening = || Doing::Opening { path: "/proc/self/setgroups".into() };
        assert_eq!(faked.cause(LINE, opening(), Errno::EACCES), "apparmor-userns");
        let faked = faked.file(label, "jail (enforce)\n");
        assert_eq!(own_map(&faked, Side::Users, 1000), "apparmor-profile");
        assert_eq!(own_map(&faked, Side::Users, 0), "needs-cap-setfcap");
    }

    /// EPERM: the second write.
    #[test]
    fn map_written() {
        let faked = Faked::new().in_new_user_namespace();
        assert_eq!(own_map(&faked, Side::Groups, 1000), "setgroups-not-denied");
        let faked = faked.file("/proc/self/setgroups", "deny\n");
        assert_eq!(own_map(&faked, Side::Groups, 1000), "");
        assert_eq!(own_map(&faked.file("/proc/self/gid_map", "0 1000 1\n"), Side::Groups, 1000), "map-written");
        let doing = Doing::WritingMap { path: "/proc/7/uid_map".into(), side: Side::Users, ranges: vec![] };
        let faked = Faked::new().status(0, u64::MAX).file("/proc/7/uid_map", "0 0 1\n");
        assert_eq!(faked.cause(LINE, doing, Errno::EPERM), "map-written");
    }

    /// EROFS, where it is not /proc.
    #[test]
    fn proc_read_only() {
        let opening = || Doing::Opening { path: "/proc/self/uid_map".into() };
        assert_eq!(Faked::new().cause(LINE, opening(), Errno::EROFS), "");
        let faked = Faked::new().file("/proc/self/mountinfo", "22 21 0:4 / /proc ro,relatime - proc proc rw\n");
        assert_eq!(faked.cause(LINE, opening(), Errno::EROFS), "proc-read-only");
    }

    /// EPERM of setgroups, after the gid map.
    #[test]
    fn gid_map_written() {
        let cause = |faked: Faked| {
            let doing = Doing::Writing { path: "/proc/7/setgroups".into() };
            faked.cause(LINE, doing, Errno::EPERM)
        };
        let faked = |groups: &str| Faked::new().file("/proc/7/setgroups", "allow\n").file("/proc/7/gid_map", groups);
        assert_eq!(cause(faked("0 0 1\n")), "gid-map-written");
        assert_eq!(cause(faked("")), "");
        assert_eq!(cause(faked("").file("/proc/7/setgroups", "deny\n")), "setgroups-denied-above");
    }

    fn map(ranges: Vec<IdRange>) -> Doing {
        Doing::WritingMap { path: "/proc/7/uid_map".into(), side: Side::Users, ranges }
    }

    /// EINVAL: more than five lines before Linux 4.15.
    #[test]
    fn too_many_lines() {
        let lines = |count: u32| map((0..count).map(|id| IdRange::single(id, id)).collect());
        let many = "too-many-lines";
        let releases = [("4.14.2-old", 5, ""), ("4.14.2-old", 6, many), ("4.15.0", 340, ""), ("6.18-fc", 341, many)];
        for (release, count, name) in releases {
            let faked = Faked::new().file("/proc/sys/kernel/osrelease", release);
            assert_eq!(faked.cause(LINE, lines(count), Errno::EINVAL), name, "{release}");
        }
    }

    /// EINVAL: a line without ids.
    #[test]
    fn empty_range() {
        let empty = map(vec![IdRange { inner: 0, outer: 0, count: 0 }]);
        assert_eq!(Faked::new().cause(LINE, empty, Errno::EINVAL), "empty-range");
    }
}
