//! Groups, gid, uid, and the capabilities that survive an exec.

use caps::{CapSet, CapsHashSet};
use nix::errno::Errno;
use nix::unistd::{self, Gid, Uid};

use crate::error::{Doing, Error, Result, While};

/// Gives up all supplementary groups.
///
/// # Errors
/// [`Doing::DroppingGroups`]: EPERM without CAP_SETGID, or where a user namespace denies setgroups(2).
pub fn drop_groups() -> Result<()> {
    unistd::setgroups(&[]).doing(|| Doing::DroppingGroups)
}

/// Whether this process has supplementary groups that give it more than its own group does.
///
/// # Errors
/// [`Doing::DroppingGroups`].
pub fn has_further_groups() -> Result<bool> {
    let own = unistd::getegid();
    let groups = unistd::getgroups().doing(|| Doing::DroppingGroups)?;
    Ok(groups.into_iter().any(|group| group != own))
}

/// Takes on `gid` as real, effective and saved group id, in the current user namespace's numbers.
///
/// # Errors
/// [`Doing::SettingGid`]: EINVAL for one that is not mapped, EPERM without CAP_SETGID.
pub fn set_gid(gid: u32) -> Result<()> {
    unistd::setgid(Gid::from_raw(gid)).doing(|| Doing::SettingGid { gid })
}

/// Takes on `uid` as real, effective and saved user id, in the current user namespace's numbers.
///
/// # Errors
/// [`Doing::SettingUid`]: EINVAL for one that is not mapped, EPERM without CAP_SETUID.
pub fn set_uid(uid: u32) -> Result<()> {
    unistd::setuid(Uid::from_raw(uid)).doing(|| Doing::SettingUid { uid })
}

/// Makes every permitted capability inheritable and ambient, so that the next program keeps it
/// whatever its uid, see "ambient" in capabilities(7).
///
/// # Errors
/// [`Doing::SettingCapabilities`] or [`Doing::RaisingAmbientCapabilities`].
pub fn keep_capabilities() -> Result<()> {
    let permitted: CapsHashSet = caps::read(None, CapSet::Permitted).map_err(|_| last(Doing::SettingCapabilities))?;
    caps::set(None, CapSet::Inheritable, &permitted).map_err(|_| last(Doing::SettingCapabilities))?;
    for capability in permitted {
        caps::raise(None, CapSet::Ambient, capability).map_err(|_| last(Doing::RaisingAmbientCapabilities))?;
    }
    Ok(())
}

/// The errno of a call that caps has just made; its own error is only a text.
fn last(doing: Doing) -> Error {
    Error { doing, errno: Some(Errno::last()) }
}
