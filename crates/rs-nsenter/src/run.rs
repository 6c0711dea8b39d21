//! Doing what the plan says.
//!
//! The caller enters the namespaces and changes the directories; the process that becomes the program, which is
//! a child where a pid namespace is entered, does the rest. A function that forks comes back in both processes.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;

use nscore::child::{self, DeathSignal, Ending, Forked, Supervisor};
use nscore::handle;
use nscore::process::{self, Target};
use nscore::{Doing, Error, Result, credentials, mounts, plainfile};

use crate::options::IdChoice;
use crate::plan::{Credentials, Plan, WorkingDirectory};

/// Carries out `plan`. Comes back only in a process that does not become the program, which ignores its children if
/// the caller did, unless it is a child: as with util-linux.
///
/// # Errors
/// The first step that failed.
pub fn run(plan: Plan, children_were_ignored: bool) -> Result<Ending> {
    if log::log_enabled!(log::Level::Debug) {
        log::debug!("{}", process::identity());
    }
    // From here on, what is inside may see this process.
    process::hide()?;
    let groups = Groups::drop_early(plan.credentials)?;
    if plan.confined {
        plainfile::hold_proc()?;
    }
    plan.join.enter()?;
    plan.stay.check()?;
    let ids = Ids::resolve(plan.credentials, plan.target.as_deref())?;
    change_directories(plan.root.as_deref(), &plan.working_directory, plan.confined)?;
    plan.environment.adopt();
    let mut death_signal = None;
    if let Some(supervision) = plan.supervision {
        let supervisor = Supervisor::prepare(supervision.manner)?;
        death_signal = DeathSignal::wanted(supervision.kill_child)?;
        if let Forked::Parent(child) = child::fork()? {
            return supervisor.wait(child).map(Ending::from);
        }
        supervisor.in_child()?;
        // At once, so that the parent's death ends the preparations too.
        death_signal.as_ref().map_or(Ok(()), DeathSignal::set)?;
    }
    if let Some(directory) = &plan.mount_proc {
        mounts::mount_proc_apart(directory)?;
    }
    if let Some(cgroup) = plan.cgroup {
        cgroup.join()?;
    }
    if let Some(context) = plan.context {
        context.take()?;
    }
    let changes_credentials = ids.gid.or(ids.uid).is_some();
    ids.take(groups)?;
    if changes_credentials {
        // The kernel has forgotten it.
        death_signal.as_ref().map_or(Ok(()), DeathSignal::set)?;
    }
    if plan.credentials.keep_capabilities {
        log::info!("capset(inheritable = permitted), prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE)");
        credentials::keep_capabilities()?;
    }
    if children_were_ignored && plan.supervision.is_none() {
        child::ignore_children()?;
    }
    match plan.program.execute()? {}
}

/// What has become of the supplementary groups.
#[derive(Clone, Copy)]
pub(crate) struct Groups {
    /// Whether they must not stay: they could not be dropped outside, and they mean something.
    must_go: bool,
    /// Whether they could not be dropped outside, and may still be there.
    remain: bool,
}

impl Groups {
    /// Drops them, if somebody is to become somebody else. Inside, a user namespace may deny it.
    pub(crate) fn drop_early(credentials: Credentials) -> Result<Self> {
        if !credentials.drop_groups_early {
            return Ok(Self { must_go: false, remain: false });
        }
        let some = credentials::has_further_groups()?;
        log::info!("setgroups(0)");
        let dropped = credentials::drop_groups();
        if let Err(error) = &dropped {
            log::info!("{error}; again after the user namespace");
        }
        Ok(Self { must_go: dropped.is_err() && some, remain: dropped.is_err() })
    }
}

/// The ids to be taken on, in the numbers of the user namespace that was entered.
pub(crate) struct Ids {
    gid: Option<u32>,
    uid: Option<u32>,
}

impl Ids {
    pub(crate) fn resolve(credentials: Credentials, target: Option<&Target>) -> Result<Self> {
        let follows = [credentials.gid, credentials.uid].contains(&Some(IdChoice::Follow));
        let (uid, gid) = match target.filter(|_| follows) {
            Some(target) => target.ids()?,
            None => Default::default(),
        };
        let resolve = |choice: Option<IdChoice>, followed| {
            choice.map(|choice| match choice {
                IdChoice::Follow => followed,
                IdChoice::Id(id) => id,
            })
        };
        Ok(Self { gid: resolve(credentials.gid, gid), uid: resolve(credentials.uid, uid) })
    }

    pub(crate) fn take(self, groups: Groups) -> Result<()> {
        if let Some(gid) = self.gid {
            log::info!("setgroups(0)");
            let dropped = credentials::drop_groups();
            match &dropped {
                Err(error) if groups.must_go => return Err(error.clone()),
                Err(error) => log::info!("{error}: none that matters so far"),
                Ok(()) => {}
            }
            log::info!("setgid({gid})");
            credentials::set_gid(gid)?;
            // What was the process's own group is a further one, if it has another now.
            if let Err(error) = dropped
                && groups.remain
                && credentials::has_further_groups()?
            {
                return Err(error);
            }
        }
        if let Some(uid) = self.uid {
            log::info!("setuid({uid})");
            credentials::set_uid(uid)?;
        }
        Ok(())
    }
}

pub(crate) fn change_directories(
    root: Option<&File>,
    working_directory: &WorkingDirectory,
    confined: bool,
) -> Result<()> {
    match working_directory {
        WorkingDirectory::Kept => match root {
            Some(root) => change_root_and_stay(root),
            None => Ok(()),
        },
        WorkingDirectory::Root => {
            log::info!("chdir(\"/\")");
            mounts::change_directory(Path::new("/"))?;
            root.map_or(Ok(()), change_root_and_stay)
        }
        WorkingDirectory::Outside(directory) => {
            root.map_or(Ok(()), mounts::change_root_to)?;
            mounts::change_directory_to(directory)
        }
        WorkingDirectory::Targets(directory) => {
            root.map_or(Ok(()), mounts::change_root_to)?;
            change_directory_inside(directory, confined)
        }
        WorkingDirectory::Inside(path) => {
            root.map_or(Ok(()), mounts::change_root_to)?;
            let doing = || Doing::OpeningWorkingDirectory { directory: path.clone() };
            let directory = handle::open_directory(path).map_err(|error| Error { doing: doing(), ..error })?;
            change_directory_inside(&directory, confined)
        }
    }
}

/// Goes back to the working directory after the change of root, but not to one outside of it.
fn change_root_and_stay(root: &File) -> Result<()> {
    let before = handle::open_directory(Path::new("."));
    mounts::change_root_to(root)?;
    if let Ok(before) = before {
        mounts::change_directory_to(&before)?;
        if !mounts::working_directory_is_below_root() {
            log::info!("chdir(\"/\"): the working directory is outside the new root");
            return mounts::change_directory(Path::new("/"));
        }
    }
    Ok(())
}

/// Goes to a directory that somebody else may have chosen; never outside a root that was entered.
fn change_directory_inside(directory: &File, confined: bool) -> Result<()> {
    mounts::change_directory_to(directory)?;
    if !confined || mounts::working_directory_is_below_root() {
        return Ok(());
    }
    let doing = Doing::ChangingDirectoryByDescriptor { which: "working directory" };
    Err(Error { doing, errno: Some(Errno::ENOENT) })
}
