//! What of a plan would work: its steps are taken, in processes that end with them. The program is only looked for.

use std::path::Path;

use nscore::check::{self, Report, Stopped, Trial};
use nscore::child::{self, Forked};
use nscore::hints::Case;
use nscore::process;
use nscore::{Kinds, Result, credentials, mounts, plainfile};

use crate::plan::{Credentials, Plan, WorkingDirectory};
use crate::run::{Groups, Ids, change_directories};

/// Finds out whether each step of `plan` would work, for the command line of `case`.
///
/// # Errors
/// Those of [`check::examine`].
pub fn check(plan: Plan, case: Case<'_>) -> Result<Report> {
    check::examine(case, steps(&plan), |trial| attempt(plan, trial))
}

const FORK: &str = "fork()";
const JOIN_CGROUP: &str = "write(\"cgroup.procs\", \"0\")";
const TAKE_CONTEXT: &str = "write(\"/proc/self/attr/exec\")";
const KEEP_CAPABILITIES: &str = "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE)";

/// What is tried, in its order.
fn steps(plan: &Plan) -> Vec<String> {
    let some = |wanted: bool, step: &str| wanted.then(|| step.to_owned());
    let list = [
        some(plan.join.kinds() != Kinds::none(), &words_of_join(plan.join.kinds())),
        words_of_directories(plan).map(str::to_owned),
        some(plan.supervision.is_some(), FORK),
        plan.mount_proc.as_deref().map(words_of_proc),
        some(plan.cgroup.is_some(), JOIN_CGROUP),
        some(plan.context.is_some(), TAKE_CONTEXT),
        words_of_ids(plan.credentials).map(str::to_owned),
        some(plan.credentials.keep_capabilities, KEEP_CAPABILITIES),
        Some(plan.program.to_string()),
    ];
    list.into_iter().flatten().collect()
}

fn words_of_join(kinds: Kinds) -> String {
    format!("setns({kinds})")
}

fn words_of_directories(plan: &Plan) -> Option<&'static str> {
    match (&plan.root, &plan.working_directory) {
        (None, WorkingDirectory::Kept) => None,
        (None, _) => Some("chdir(working directory)"),
        (Some(_), WorkingDirectory::Kept) => Some("chroot(root)"),
        (Some(_), _) => Some("chroot(root), chdir(working directory)"),
    }
}

fn words_of_proc(directory: &Path) -> String {
    format!("unshare(CLONE_NEWNS), mount(\"proc\", {directory:?})")
}

fn words_of_ids(credentials: Credentials) -> Option<&'static str> {
    match (credentials.gid, credentials.uid) {
        (None, None) => None,
        (Some(_), None) => Some("setgroups(0), setgid(gid)"),
        (None, Some(_)) => Some("setuid(uid)"),
        (Some(_), Some(_)) => Some("setgroups(0), setgid(gid), setuid(uid)"),
    }
}

/// Takes the steps. What nobody asked for by an option is told only where it fails.
fn attempt(plan: Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    let (directories, ids_in_words) = (words_of_directories(&plan), words_of_ids(plan.credentials));
    unspoken(trial, "prctl(PR_SET_DUMPABLE, 0)", process::hide())?;
    let groups = unspoken(trial, "setgroups(0)", Groups::drop_early(plan.credentials))?;
    if plan.confined {
        unspoken(trial, "open(\"/proc\", O_PATH)", plainfile::hold_proc())?;
    }
    let kinds = plan.join.kinds();
    if kinds != Kinds::none() {
        trial.step(words_of_join(kinds), || plan.join.enter())?;
    }
    unspoken(trial, "stat(target)", plan.stay.check())?;
    let ids = unspoken(trial, "fstat(target)", Ids::resolve(plan.credentials, plan.target.as_deref()))?;
    if let Some(words) = directories {
        let change = || change_directories(plan.root.as_deref(), &plan.working_directory, plan.confined);
        trial.step(words, change)?;
    }
    plan.environment.adopt();
    if plan.supervision.is_some() {
        match child::fork() {
            Err(error) => return trial.step(FORK, || Err(error)),
            Ok(Forked::Child(())) => trial.step(FORK, || Ok(()))?,
            Ok(Forked::Parent(child)) => {
                let succeeded = child.wait().is_ok_and(|status| status.success());
                return succeeded.then_some(()).ok_or(Stopped);
            }
        }
    }
    if let Some(directory) = &plan.mount_proc {
        trial.step(words_of_proc(directory), || mounts::mount_proc_apart(directory))?;
    }
    if let Some(cgroup) = plan.cgroup {
        trial.step(JOIN_CGROUP, || cgroup.join())?;
    }
    if let Some(context) = plan.context {
        trial.step(TAKE_CONTEXT, || context.take())?;
    }
    if let Some(words) = ids_in_words {
        trial.step(words, || ids.take(groups))?;
    }
    if plan.credentials.keep_capabilities {
        trial.step(KEEP_CAPABILITIES, credentials::keep_capabilities)?;
    }
    trial.program(&plan.program)
}

fn unspoken<T>(trial: &Trial<'_>, step: &str, taken: Result<T>) -> Result<T, Stopped> {
    taken.map_err(|error| trial.step(step, || Err(error)).err().unwrap_or(Stopped))
}
