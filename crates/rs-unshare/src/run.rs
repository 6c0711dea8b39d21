//! Doing what the plan says, in the processes that it needs.
//!
//! Helpers stay in the old namespaces, waiting; the caller leaves them; where there is a child, it
//! waits until the namespaces are kept in their files. A function that forks comes back in both
//! processes, and what fails goes up to `main` in whichever of them it failed.

use nix::unistd::getuid;

use nscore::child::{self, DeathSignal, Ending, Forked, Gate, Helper, Supervisor};
use nscore::idmap::{self, Setgroups, Side};
use nscore::init::Init;
use nscore::process::{self, Process};
use nscore::signals::Signal;
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

/// Forks the child that will be the program, or its init; the parent waits for it and ends as it does.
fn become_parent(plan: &Plan, supervision: Supervision, pinning: Option<Helper>, warn: Warn<'_>) -> Result<Ending> {
    let supervisor = Supervisor::prepare(supervision.manner)?;
    let death_signal = DeathSignal::wanted(supervision.kill_child)?;
    // Only where there is something to wait for.
    let (gatekeeper, gate) = pinning.is_some().then(child::gate).transpose()?.unzip();
    match child::fork()? {
        Forked::Child(()) => {
            if let Some(helper) = pinning {
                helper.leave_to_parent();
            }
            drop(gatekeeper);
            // At once, so that the parent's death ends the preparations too.
            set(death_signal.as_ref())?;
            become_child(plan, supervision, supervisor, death_signal.as_ref(), gate, warn)
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

fn become_child(
    plan: &Plan,
    supervision: Supervision,
    supervisor: Supervisor,
    death_signal: Option<&DeathSignal>,
    gate: Option<Gate>,
    warn: Warn<'_>,
) -> Result<Ending> {
    match supervisor.in_child()? {
        Some(init) => {
            gate.map_or(Ok(()), Gate::wait)?;
            become_init(plan, init, supervision.kill_child, warn)
        }
        None => {
            gate.map_or(Ok(()), Gate::wait)?;
            become_program(plan, death_signal, warn)
        }
    }
}

/// Does all that concerns the namespaces, then forks the program and looks after it.
fn become_init(plan: &Plan, init: Init, kill_child: Option<Signal>, warn: Warn<'_>) -> Result<Ending> {
    let personal = plan.enter.iter().position(Step::is_personal).unwrap_or(plan.enter.len());
    let (common, personal) = plan.enter.split_at(personal);
    take_or_warn(common, warn)?;
    plan.environment.adopt();
    // From the fork to the exec nothing is allocated.
    let program = plan.program.prepare(plan.uid().unwrap_or_else(|| getuid().as_raw()))?;
    let death_signal = DeathSignal::wanted(kill_child)?;
    match child::fork()? {
        Forked::Parent(child) => init.look_after(&child),
        Forked::Child(()) => {
            set(death_signal.as_ref())?;
            init.release_program()?;
            take(personal)?;
            if personal.iter().any(Step::changes_credentials) {
                set(death_signal.as_ref())?;
            }
            match program.execute()? {}
        }
    }
}

/// The last steps, in the process that becomes the program.
fn become_program(plan: &Plan, death_signal: Option<&DeathSignal>, warn: Warn<'_>) -> Result<Ending> {
    take_or_warn(&plan.enter, warn)?;
    if plan.enter.iter().any(Step::changes_credentials) {
        set(death_signal)?;
    }
    plan.environment.adopt();
    match plan.program.execute()? {}
}

fn set(death_signal: Option<&DeathSignal>) -> Result<()> {
    death_signal.map_or(Ok(()), DeathSignal::set)
}
