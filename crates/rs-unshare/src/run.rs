//! Doing what the plan says, in the processes that it needs.
//!
//! Helpers stay in the old namespaces, waiting; the caller leaves them; where there is a child, it
//! waits until the namespaces are kept in their files. A function that forks comes back in both
//! processes, and what fails goes up to `main` in whichever of them it failed.

use nscore::child::{self, DeathSignal, Ending, Forked, Gate, Helper, Supervisor};
use nscore::idmap::{self, Setgroups, Side};
use nscore::process::{self, Process};
use nscore::{Error, Result, mounts};

use crate::plan::{OutsideMaps, Plan, Step, Supervision};

/// What is told of a step that failed and can be done without.
pub type Warn<'a> = &'a dyn Fn(&Error);

/// Carries out `plan`. Comes back only in a process that does not become the program.
///
/// # Errors
/// The first step that failed.
pub fn run(plan: &Plan, warn: Warn<'_>) -> Result<Ending> {
    if log::log_enabled!(log::Level::Debug) {
        log::debug!("{}", process::identity());
    }
    let (mut pinning, mut mapping) = (None, None);
    if !plan.pins.is_empty() {
        match Helper::fork()? {
            Forked::Child(errand) => return errand.run(|caller| mounts::pin_namespaces(caller, &plan.pins)),
            Forked::Parent(helper) => pinning = Some(helper),
        }
    }
    if let Some(maps) = &plan.outside_maps {
        match Helper::fork()? {
            Forked::Child(errand) => {
                if let Some(helper) = pinning {
                    helper.leave_to_parent();
                }
                return errand.run(|caller| write_maps(caller, maps));
            }
            Forked::Parent(helper) => mapping = Some(helper),
        }
    }
    take(&plan.leave)?;
    mapping.map_or(Ok(()), Helper::finish)?;
    take(&plan.prepare)?;
    match plan.supervision {
        Some(supervision) => become_parent(plan, supervision, pinning, warn),
        None => {
            pinning.map_or(Ok(()), Helper::finish)?;
            become_program(plan, None, warn)
        }
    }
}

fn take(steps: &[Step]) -> Result<()> {
    steps.iter().try_for_each(Step::take)
}

fn take_or_warn(steps: &[Step], warn: Warn<'_>) -> Result<()> {
    steps.iter().try_for_each(|step| match step.take() {
        Err(error) if step.is_dispensable() => {
            warn(&error);
            Ok(())
        }
        taken => taken,
    })
}

/// The mapping helper's work. Setgroups can be denied before there is a gid map, and not later.
pub(crate) fn write_maps(caller: &Process, maps: &OutsideMaps) -> Result<()> {
    if !maps.users.is_empty() {
        idmap::write_of(Side::Users, caller, &maps.users)?;
    }
    if maps.deny_setgroups {
        idmap::set_setgroups_of(caller, Setgroups::Deny)?;
    }
    if !maps.groups.is_empty() {
        idmap::write_of(Side::Groups, caller, &maps.groups)?;
    }
    Ok(())
}

/// Forks the child that will be the program; the parent waits for it and ends as it does.
fn become_parent(plan: &Plan, supervision: Supervision, pinning: Option<Helper>, warn: Warn<'_>) -> Result<Ending> {
    let supervisor = Supervisor::prepare(supervision.manner)?;
    let death_signal = supervision.kill_child.map(DeathSignal::from_this_process).transpose()?;
    // Only where there is something to wait for.
    let (gatekeeper, gate) = pinning.is_some().then(child::gate).transpose()?.unzip();
    match child::fork()? {
        Forked::Child(()) => {
            if let Some(helper) = pinning {
                helper.leave_to_parent();
            }
            drop(gatekeeper);
            supervisor.release_child()?;
            // At once, so that the parent's death ends the preparations too.
            death_signal.as_ref().map_or(Ok(()), DeathSignal::set)?;
            gate.map_or(Ok(()), Gate::wait)?;
            become_program(plan, death_signal.as_ref(), warn)
        }
        Forked::Parent(child) => {
            drop(gate);
            // A pid namespace can be kept only now that it has a process.
            if let Err(error) = pinning.map_or(Ok(()), Helper::finish) {
                drop(gatekeeper);
                child.wait()?;
                return Err(error);
            }
            if let Some(gatekeeper) = gatekeeper {
                gatekeeper.open();
            }
            supervisor.wait(child).map(Ending::from)
        }
    }
}

/// The last steps, in the process that becomes the program.
fn become_program(plan: &Plan, death_signal: Option<&DeathSignal>, warn: Warn<'_>) -> Result<Ending> {
    take_or_warn(&plan.enter, warn)?;
    if plan.enter.iter().any(Step::changes_credentials) {
        death_signal.map_or(Ok(()), DeathSignal::set)?;
    }
    plan.environment.adopt();
    match plan.program.execute()? {}
}
