//! What of a plan would work: its steps are taken, in processes that end with them.
//!
//! Nothing that others could see is done: mounts are private before the first one, files are bound in a copy of the
//! mount namespace, and the program is only looked for.

use std::fmt;

use nscore::check::{self, Report, Stopped, Trial};
use nscore::child::{self, Forked, Helper};
use nscore::hints::Case;
use nscore::idmap::{IdRange, Side};
use nscore::mounts::{self, Pin};
use nscore::process::Process;
use nscore::{Kind, Result};

use crate::plan::{OutsideMaps, Plan, Step};
use crate::run::write_maps;

/// Finds out whether each step of `plan` would work, for the command line of `case`.
///
/// # Errors
/// Those of [`check::examine`].
pub fn check(plan: &Plan, case: Case<'_>) -> Result<Report> {
    check::examine(case, steps(plan), |trial| attempt(plan, trial))
}

/// What is tried, in its order.
fn steps(plan: &Plan) -> Vec<String> {
    let words = |steps: &[Step]| steps.iter().map(Step::to_string).collect::<Vec<_>>();
    let mut list = words(&plan.leave);
    list.extend(plan.outside_maps.as_ref().map(OutsideMaps::to_string));
    list.extend(words(&plan.prepare));
    list.extend(plan.pins.iter().map(words_of_pin));
    list.extend(plan.supervision.map(|_| FORK.to_owned()));
    list.extend(words(&plan.enter));
    list.push(plan.program.to_string());
    list
}

const FORK: &str = "fork()";

fn words_of_pin(pin: &Pin) -> String {
    format!("mount(\"/proc/self/ns/{}\", {:?}, MS_BIND)", pin.kind.children_link(), pin.file)
}

fn attempt(plan: &Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    let pinning = match (!plan.pins.is_empty()).then(|| attempt_outside(trial, |_| attempt_pins(plan, trial))) {
        Some(outside) => match outside? {
            Forked::Child(()) => return Ok(()),
            Forked::Parent(helper) => Some(helper),
        },
        None => None,
    };
    let mapping =
        match plan.outside_maps.as_ref().map(|maps| attempt_outside(trial, |caller| attempt_maps(maps, caller, trial)))
        {
            Some(outside) => match outside? {
                Forked::Child(()) => {
                    if let Some(helper) = pinning {
                        helper.leave_to_parent();
                    }
                    return Ok(());
                }
                Forked::Parent(helper) => Some(helper),
            },
            None => None,
        };
    attempt_steps(&plan.leave, trial)?;
    finish(mapping)?;
    attempt_steps(&plan.prepare, trial)?;
    finish(pinning)?;
    match plan.supervision {
        Some(_) => attempt_in_child(plan, trial),
        None => attempt_entering(plan, trial),
    }
}

fn attempt_steps(steps: &[Step], trial: &Trial<'_>) -> Result<(), Stopped> {
    steps.iter().try_for_each(|step| match trial.step(step, || step.take()) {
        Err(Stopped) if step.is_dispensable() => Ok(()),
        outcome => outcome,
    })
}

/// Forks a helper that stays in the old namespaces, and does `work` when it is told to.
fn attempt_outside(
    trial: &Trial<'_>,
    work: impl FnOnce(&Process) -> Result<(), Stopped>,
) -> Result<Forked<Helper, ()>, Stopped> {
    match Helper::fork() {
        Err(error) => trial.step(FORK, || Err(error)).and(Err(Stopped)),
        Ok(Forked::Parent(helper)) => Ok(Forked::Parent(helper)),
        Ok(Forked::Child(errand)) => {
            // Where it is turned away, another step has failed, and has been told.
            let mut outcome = Err(Stopped);
            let ran = errand.run(|caller| {
                outcome = work(caller);
                Ok(())
            });
            ran.map_err(|_| Stopped).and(outcome).map(Forked::Child)
        }
    }
}

/// Tells a helper to do its work; what goes wrong there, it tells itself.
fn finish(helper: Option<Helper>) -> Result<(), Stopped> {
    helper.map_or(Ok(()), Helper::finish).map_err(|_| Stopped)
}

fn attempt_pins(plan: &Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    let has_child = plan.supervision.is_some();
    plan.pins.iter().try_for_each(|pin| trial.step(words_of_pin(pin), || mounts::try_to_pin(pin, has_child)))
}

fn attempt_maps(maps: &OutsideMaps, caller: &Process, trial: &Trial<'_>) -> Result<(), Stopped> {
    trial.step(maps, || write_maps(caller, maps))
}

fn attempt_in_child(plan: &Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    match child::fork() {
        Err(error) => trial.step(FORK, || Err(error)),
        Ok(Forked::Child(())) => {
            // Told on this side, so that it comes before the other steps.
            trial.step(FORK, || Ok(()))?;
            attempt_entering(plan, trial)
        }
        Ok(Forked::Parent(child)) => match child.wait() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(Stopped),
        },
    }
}

fn attempt_entering(plan: &Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    let has_own_mounts =
        plan.leave.iter().any(|step| matches!(step, Step::Unshare(kinds) if kinds.contains(Kind::Mount)));
    // What is shared after this is shared among the mounts of this process only.
    let is_contained = has_own_mounts && mounts::make_private_here().is_ok();
    let harmless = plan.enter.iter().position(|step| step.is_mount() && !is_contained).unwrap_or(plan.enter.len());
    attempt_steps(&plan.enter[..harmless], trial)?;
    if harmless < plan.enter.len() {
        return Ok(());
    }
    plan.environment.adopt();
    trial.step(&plan.program, || plan.program.look_for())
}

impl fmt::Display for OutsideMaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = |ranges: &[IdRange]| ranges.iter().map(IdRange::to_string).collect::<Vec<_>>().join("\\n");
        let maps = [(Side::Users, &self.users), (Side::Groups, &self.groups)];
        let mut separator = "";
        for (side, ranges) in maps.into_iter().filter(|(_, ranges)| !ranges.is_empty()) {
            write!(f, "{separator}write(\"/proc/self/{}\", \"{}\")", side.map_file(), lines(ranges))?;
            separator = ", ";
        }
        Ok(())
    }
}
