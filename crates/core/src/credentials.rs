//! Groups, gid, uid, and the capabilities that survive an exec.

use nix::unistd::{self, Gid, Uid};

use crate::error::{Doing, Result, While};
use crate::sys;

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
    let permitted = sys::inherit_permitted_capabilities().doing(|| Doing::SettingCapabilities)?;
    for capability in (0..64).filter(|capability| permitted & 1 << capability != 0) {
        sys::raise_ambient_capability(capability).doing(|| Doing::RaisingAmbientCapabilities)?;
    }
    Ok(())
}
