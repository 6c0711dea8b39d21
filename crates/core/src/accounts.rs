//! Users and groups by name and number: /etc/passwd and /etc/group first, then getent(1) for those
//! who come from elsewhere, because a static program has no name service switch.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::number;
use crate::plainfile::read_plain;
use crate::sys;

/// A line of passwd(5), as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: OsString,
    /// The user id.
    pub uid: u32,
    /// The login shell; may be empty.
    pub shell: OsString,
}

/// A line of group(5), as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's name.
    pub name: OsString,
    /// The group id.
    pub gid: u32,
}

/// The user called `name`.
pub fn user_by_name(name: &OsStr) -> Option<User> {
    look_up("passwd", name, parse_user, |user| user.name == name)
}

/// The user whose number is `uid`.
pub fn user_by_id(uid: u32) -> Option<User> {
    look_up("passwd", OsStr::new(&uid.to_string()), parse_user, |user| user.uid == uid)
}

/// The user whose number is `uid`, if /etc/passwd knows: for a process in namespaces or a root where
/// starting getent would change something, or be somebody else's program.
pub fn local_user_by_id(uid: u32) -> Option<User> {
    read_plain(Path::new("/etc/passwd")).ok().and_then(|text| find(&text, parse_user, |user| user.uid == uid))
}

/// The group called `name`.
pub fn group_by_name(name: &OsStr) -> Option<Group> {
    look_up("group", name, parse_group, |group| group.name == name)
}

/// The login names of these users, by uid. Who has none is not in it.
///
/// getent is started at most once, and only where nsswitch.conf(5) names more than files.
pub fn names_of(uids: &BTreeSet<u32>) -> BTreeMap<u32, OsString> {
    let mut names = BTreeMap::new();
    let mut add = |text: &[u8]| {
        for user in text.split(|byte| *byte == b'\n').filter_map(parse_user).filter(|user| uids.contains(&user.uid)) {
            names.entry(user.uid).or_insert(user.name);
        }
        uids.iter().filter(|uid| !names.contains_key(uid)).map(|uid| OsString::from(uid.to_string())).collect()
    };
    log::debug!("looking for {uids:?} in /etc/passwd");
    let unknown: Vec<OsString> = add(&read_plain(Path::new("/etc/passwd")).unwrap_or_default());
    if !unknown.is_empty()
        && has_more_than_files(&read_plain(Path::new("/etc/nsswitch.conf")).unwrap_or_default(), "passwd")
        && let Some(text) = getent("passwd", &unknown)
    {
        add(&text);
    }
    names
}

/// Whether a file like nsswitch.conf(5) names a source of `database` other than files.
fn has_more_than_files(text: &[u8], database: &str) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().filter_map(|line| line.split('#').next()?.trim().split_once(':'));
    let sources = lines.find(|(name, _)| name.trim() == database).map_or("", |(_, sources)| sources);
    sources.split_whitespace().any(|source| source != "files")
}

/// The first line of the database that `matches`.
fn look_up<T>(database: &str, key: &OsStr, parse: fn(&[u8]) -> Option<T>, matches: impl Fn(&T) -> bool) -> Option<T> {
    let file = format!("/etc/{database}");
    log::debug!("looking for {key:?} in {file}");
    let local = read_plain(Path::new(&file)).ok().and_then(|text| find(&text, parse, &matches));
    local.or_else(|| find(&getent(database, &[key.to_owned()])?, parse, &matches))
}

fn find<T>(text: &[u8], parse: fn(&[u8]) -> Option<T>, matches: impl Fn(&T) -> bool) -> Option<T> {
    text.split(|byte| *byte == b'\n').filter_map(parse).find(matches)
}

/// Where getent(1) may be. Not where the caller's PATH says: what is found there would run as root, and may be a
/// container's.
const GETENT: [&str; 2] = ["/usr/bin/getent", "/bin/getent"];

/// How long name services may take to answer, all keys together.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// How much of an answer is read, in bytes: enough for thousands of users, or a group of ten thousand.
const ANSWER_ROOM: usize = 1024 * 1024;

/// What the system's name services know of these keys; none when there is no getent.
fn getent(database: &str, keys: &[OsString]) -> Option<Vec<u8>> {
    let odd = |key: &OsString| key.is_empty() || key.as_bytes().contains(&b':');
    // A fuzzer starts no programs.
    if cfg!(fuzzing) || keys.iter().any(odd) {
        return None;
    }
    log::debug!("asking getent {database} {keys:?}");
    let ask = |program: &&str| {
        let mut command = Command::new(program);
        command.args([database, "--"]).args(keys).env_clear();
        answer(command, ANSWER_TIME).ok()
    };
    // The status is a failure's when one of several is unknown; then there is nothing of that one.
    GETENT.iter().find_map(ask)
}

/// The lines that `command` prints within this time. It is ended then, or when it prints more than there is room for.
fn answer(mut command: Command, time: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + time;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let told_before = sys::pending_signals()? & 1 << (libc::SIGCHLD - 1) != 0;
    let mut child = command.spawn()?;
    let mut lines = child.stdout.take().map(|pipe| read_lines(pipe, deadline)).unwrap_or_default();
    // It has closed its output, or it is not to go on.
    child.kill()?;
    child.wait()?;
    if !told_before {
        // Where the caller has it blocked, the program would find it, and has no such child.
        sys::discard_signal(libc::SIGCHLD);
    }
    lines.truncate(lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    Ok(lines)
}

/// What comes out of `pipe` until its end, the `deadline`, or the end of the room for it.
fn read_lines(mut pipe: impl Read + AsFd, deadline: Instant) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut portion = [0; 4096];
    while lines.len() < ANSWER_ROOM && is_readable(&pipe, deadline) {
        match pipe.read(&mut portion) {
            Ok(0) => break,
            Ok(length) => lines.extend_from_slice(&portion[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    lines
}

/// Waits until there is something to read, or an end; says no at the `deadline`.
fn is_readable(pipe: impl AsFd, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)], timeout) {
            Err(Errno::EINTR) => {}
            ready => return ready.is_ok_and(|ready| ready > 0),
        }
    }
}

fn parse_user(line: &[u8]) -> Option<User> {
    let fields = fields(line)?;
    let [name, _password, uid, gid, _gecos, _home, shell, ..] = fields[..] else { return None };
    number::parse_id(text(gid)).ok()?;
    Some(User { name: text(name), uid: number::parse_id(text(uid)).ok()?, shell: text(shell) })
}

fn parse_group(line: &[u8]) -> Option<Group> {
    let fields = fields(line)?;
    let [name, _password, gid, _members, ..] = fields[..] else { return None };
    Some(Group { name: text(name), gid: number::parse_id(text(gid)).ok()? })
}

/// The fields of a line that is an account: no comment, and no entry for other name services.
fn fields(line: &[u8]) -> Option<Vec<&[u8]>> {
    let line = line.trim_ascii_start();
    let account = !matches!(line.first(), None | Some(b'#' | b'+' | b'-'));
    account.then(|| line.split(|byte| *byte == b':').collect())
}

fn text(field: &[u8]) -> OsString {
    OsString::from_vec(field.to_vec())
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// What is taken from a line of passwd(5) or group(5) stands in it, and has no separator in it.
    pub fn of_line(line: &[u8]) {
        let stands_there = |field: &OsStr| {
            let field = field.as_bytes();
            !field.contains(&b':') && (field.is_empty() || line.windows(field.len()).any(|part| part == field))
        };
        if let Some(user) = parse_user(line) {
            assert!(stands_there(&user.name) && stands_there(&user.shell), "{user:?}");
            let number = user.uid.to_string();
            assert!(line.windows(number.len()).any(|part| part == number.as_bytes()), "{user:?}");
        }
        if let Some(group) = parse_group(line) {
            assert!(stands_there(&group.name), "{group:?}");
        }
    }

    /// The line that is found for a user is one of that user.
    pub fn of_answer(text: &[u8]) {
        text.split(|byte| *byte == b'\n').for_each(of_line);
        assert!(find(text, parse_user, |user| user.uid == 4242).is_none_or(|user| user.uid == 4242));
        has_more_than_files(text, "passwd");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::for_any;

    #[test]
    fn sources_of_names() {
        for (text, more) in [
            ("", false),
            ("passwd: files\ngroup: files ldap", false),
            ("# passwd: ldap\n passwd :\tfiles systemd", true),
            ("passwd: files # ldap", false),
            ("passwd: sss files\npasswd: files", true),
            ("passwd:", false),
        ] {
            assert_eq!(has_more_than_files(text.as_bytes(), "passwd"), more, "{text:?}");
        }
    }

    #[test]
    fn names_of_those_who_have_one() {
        let names = names_of(&BTreeSet::from([0, 4_000_000_000]));
        assert_eq!(names.keys().collect::<Vec<_>>(), [&0]);
        assert_eq!(Some(&names[&0]), user_by_id(0).map(|user| user.name).as_ref());
        assert!(names_of(&BTreeSet::new()).is_empty());
    }

    fn answer_of(script: &str, time: Duration) -> Vec<u8> {
        let mut command = Command::new("/bin/sh");
        answer(
            {
                command.args(["-c", script]);
                command
            },
            time,
        )
        .unwrap()
    }

    #[test]
    fn name_services_that_do_not_answer_are_not_waited_for() {
        let started = Instant::now();
        // The first keeps its output open, the second does not end, the third is deaf.
        for script in [
            "echo known; exec sleep 100",
            "echo known; exec >&-; exec sleep 100",
            "trap '' TERM; echo known; printf cut; exec sleep 100",
        ] {
            // Long enough for a shell to start on a busy machine.
            assert_eq!(answer_of(script, Duration::from_secs(3)), b"known\n", "{script}");
        }
        assert!(started.elapsed() < Duration::from_secs(50));
    }

    #[test]
    fn an_answer_is_whole_lines() {
        let time = Duration::from_secs(60);
        assert_eq!(answer_of("printf 'one\\ntwo'", time), b"one\n");
        assert_eq!(answer_of("printf cut", time), b"");
        let endless = answer_of("while echo name; do :; done", time);
        assert!(endless.len() < ANSWER_ROOM + 4096 && endless.ends_with(b"name\n"), "{}", endless.len());
    }

    #[test]
    fn lines_of_passwd_and_group() {
        let user = parse_user(b"nsuser:x:4242:4242:Somebody,,,:/home/nsuser:/bin/sh").unwrap();
        assert_eq!(user, User { name: "nsuser".into(), uid: 4242, shell: "/bin/sh".into() });
        assert_eq!(parse_user(b" blank:x:7:7:::").unwrap().shell, "");
        assert_eq!(parse_group(b"adm:x:4:syslog,me"), Some(Group { name: "adm".into(), gid: 4 }));
        for line in [
            &b""[..],
            b"# comment",
            b"#root:x:0:0::/:/bin/false",
            b"+bad:x:0:0::/:/bin/false",
            b"-bad:x:0:0::/:/bin/false",
            b"name",
            b"name:x",
            b"name:x:",
            b"name:x:abc:",
            b"name:x:0",
            b"+::::::",
        ] {
            assert_eq!(parse_user(line), None, "{}", line.escape_ascii());
            assert_eq!(parse_group(line), None, "{}", line.escape_ascii());
        }
        assert_eq!(parse_user(b"name:x:0:nogid::/:/bin/sh"), None);
    }

    #[test]
    fn any_line_of_passwd_and_group() {
        for_any(
            |random| {
                let line = format!("nsuser:x:{}:4242:Somebody,,,:/home/nsuser:/bin/sh", random.edge());
                let line = random.one(&[line.as_bytes(), b"adm:x:4:syslog,me", b"passwd: files # x"]);
                random.changed(line)
            },
            |text| properties::of_answer(text),
        );
    }
}
