//! Users and groups by name and number: /etc/passwd and /etc/group first, then getent(1) for those
//! who come from elsewhere, because a static program has no name service switch.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::{Command, Stdio};

use crate::number;

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
    fs::read("/etc/passwd").ok().and_then(|text| find(&text, parse_user, |user| user.uid == uid))
}

/// The group called `name`.
pub fn group_by_name(name: &OsStr) -> Option<Group> {
    look_up("group", name, parse_group, |group| group.name == name)
}

/// The first line of the database that `matches`.
fn look_up<T>(database: &str, key: &OsStr, parse: fn(&[u8]) -> Option<T>, matches: impl Fn(&T) -> bool) -> Option<T> {
    let file = format!("/etc/{database}");
    log::debug!("looking for {key:?} in {file}");
    let local = fs::read(file).ok().and_then(|text| find(&text, parse, &matches));
    local.or_else(|| find(&getent(database, key)?, parse, &matches))
}

fn find<T>(text: &[u8], parse: fn(&[u8]) -> Option<T>, matches: impl Fn(&T) -> bool) -> Option<T> {
    text.split(|byte| *byte == b'\n').filter_map(parse).find(matches)
}

/// What the system's name services know of `key`; none when there is no getent, or it knows nothing.
fn getent(database: &str, key: &OsStr) -> Option<Vec<u8>> {
    if key.is_empty() || key.as_bytes().contains(&b':') {
        return None;
    }
    log::debug!("asking getent {database} {key:?}");
    let output = Command::new("getent")
        .args([OsStr::new(database), OsStr::new("--"), key])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
