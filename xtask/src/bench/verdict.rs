//! What the listing is wanted to reach, and whether it does.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;

/// What the runs on one population showed.
pub struct Outcome {
    pub processes: usize,
    pub ours: Figures,
    /// Ours of what util-linux does not see, too.
    pub all: Option<Figures>,
    /// None where it would have taken too long.
    pub util_linux: Option<Figures>,
    pub floor: Option<Figures>,
}

/// One program's.
#[derive(Clone, Copy)]
pub struct Figures {
    /// The median of its times, in seconds.
    pub time: f64,
    /// The most that it had, in KiB.
    pub memory: u64,
}

/// What is wanted on a population of about that size.
struct Wanted {
    processes: RangeInclusive<usize>,
    /// How many times as fast as util-linux, at least.
    faster: f64,
    /// What part of the floor's time, at most.
    of_floor: Option<f64>,
    /// The floor runs on one; where ours is to beat it, it needs more.
    processors: usize,
}

const WANTED: [Wanted; 4] = [
    Wanted { processes: 80..=100, faster: 1.2, of_floor: None, processors: 1 },
    Wanted { processes: 1_000..=1_000, faster: 5.0, of_floor: Some(1.2), processors: 1 },
    Wanted { processes: 10_000..=10_000, faster: 12.0, of_floor: Some(1.0), processors: 2 },
    Wanted { processes: 30_000..=30_000, faster: 100.0, of_floor: Some(1.0), processors: 2 },
];

/// On so many processes, what util-linux does not see may take as many times as long.
const ALL: (usize, f64) = (10_000, 2.5);

/// From the first size to the second, our time may grow by the third.
const GROWTH: (usize, usize, f64) = (5_000, 30_000, 7.5);

/// One thing that was wanted, and what came of it.
#[derive(Debug, PartialEq)]
pub struct Verdict {
    pub reached: Reached,
    pub about: String,
}

/// Whether it was reached.
#[derive(Debug, PartialEq)]
pub enum Reached {
    Yes,
    No,
    /// It could not be told, for that reason.
    Unknown(&'static str),
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reached {
            Reached::Yes => write!(f, "reached  {}", self.about),
            Reached::No => write!(f, "MISSED   {}", self.about),
            Reached::Unknown(why) => write!(f, "unknown  {} ({why})", self.about),
        }
    }
}

/// Judge all that was measured, on a machine of so many processors.
pub fn judge(outcomes: &[Outcome], processors: usize) -> Vec<Verdict> {
    let mut verdicts: Vec<_> = outcomes.iter().flat_map(|outcome| judge_one(outcome, processors)).collect();
    verdicts.extend(judge_growth(outcomes));
    verdicts
}

fn judge_one(outcome: &Outcome, processors: usize) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let wanted = WANTED.iter().find(|wanted| wanted.processes.contains(&outcome.processes));
    if let Some(wanted) = wanted {
        verdicts.push(judge_speed(outcome, wanted.faster));
        verdicts.extend(wanted.of_floor.map(|part| judge_floor(outcome, part, wanted.processors <= processors)));
    }
    verdicts.push(judge_memory(outcome));
    verdicts.extend(judge_all(outcome));
    verdicts
}

fn judge_all(outcome: &Outcome) -> Option<Verdict> {
    let (processes, wanted) = ALL;
    let times = outcome.all.filter(|_| outcome.processes == processes)?.time / outcome.ours.time;
    let about = format!("{processes} processes: with -A {times:.2} times the time, wanted at most {wanted}");
    Some(Verdict { reached: reached(times <= wanted), about })
}

fn judge_speed(outcome: &Outcome, wanted: f64) -> Verdict {
    let processes = outcome.processes;
    let Some(util_linux) = outcome.util_linux else {
        let about = format!("{processes} processes: {wanted} times as fast as util-linux");
        return Verdict { reached: Reached::Unknown("util-linux was left out"), about };
    };
    let faster = util_linux.time / outcome.ours.time;
    let about = format!("{processes} processes: {faster:.2} times as fast as util-linux, wanted {wanted}");
    Verdict { reached: reached(faster >= wanted), about }
}

fn judge_floor(outcome: &Outcome, wanted: f64, processors: bool) -> Verdict {
    let processes = outcome.processes;
    let Some(floor) = outcome.floor else {
        let about = format!("{processes} processes: at most {wanted} of the floor's time");
        return Verdict { reached: Reached::Unknown("there is no floor"), about };
    };
    let part = outcome.ours.time / floor.time;
    let about = format!("{processes} processes: {part:.2} of the floor's time, wanted at most {wanted}");
    let reached = match processors || part <= wanted {
        true => reached(part <= wanted),
        false => Reached::Unknown("that takes two processors"),
    };
    Verdict { reached, about }
}

fn judge_memory(outcome: &Outcome) -> Verdict {
    let Outcome { processes, ours, .. } = outcome;
    let Some(util_linux) = outcome.util_linux else {
        let about = format!("{processes} processes: less memory than util-linux");
        return Verdict { reached: Reached::Unknown("util-linux was left out"), about };
    };
    let about = format!("{processes} processes: {} KiB, wanted less than {}", ours.memory, util_linux.memory);
    Verdict { reached: reached(ours.memory < util_linux.memory), about }
}

fn judge_growth(outcomes: &[Outcome]) -> Option<Verdict> {
    let (from, to, wanted) = GROWTH;
    let time = |processes| Some(outcomes.iter().find(|outcome| outcome.processes == processes)?.ours.time);
    let growth = time(to)? / time(from)?;
    let about = format!("from {from} to {to} processes: {growth:.2} times the time, wanted at most {wanted}");
    Some(Verdict { reached: reached(growth <= wanted), about })
}

fn reached(is_so: bool) -> Reached {
    if is_so { Reached::Yes } else { Reached::No }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Outcome, Reached, judge};

    fn outcome(processes: usize, ours: f64, util_linux: f64, floor: f64) -> Outcome {
        Outcome {
            processes,
            ours: Figures { time: ours, memory: 2_000 },
            all: None,
            util_linux: Some(Figures { time: util_linux, memory: 3_000 }),
            floor: Some(Figures { time: floor, memory: 700 }),
        }
    }

    fn reached(outcomes: &[Outcome], processors: usize) -> Vec<Reached> {
        judge(outcomes, processors).into_iter().map(|verdict| verdict.reached).collect()
    }

    #[test]
    fn what_is_wanted_of_each_size() {
        use Reached::{No, Yes};
        assert_eq!(reached(&[outcome(100, 1.0, 1.2, 0.1)], 1), [Yes, Yes]);
        assert_eq!(reached(&[outcome(100, 1.0, 1.1, 0.1)], 1), [No, Yes]);
        assert_eq!(reached(&[outcome(1_000, 1.0, 5.0, 0.84)], 1), [Yes, Yes, Yes]);
        assert_eq!(reached(&[outcome(1_000, 1.0, 4.9, 0.8)], 1), [No, No, Yes]);
        assert_eq!(reached(&[outcome(10_000, 1.0, 11.0, 1.0)], 2), [No, Yes, Yes]);
        assert_eq!(reached(&[outcome(30_000, 1.0, 100.0, 0.9)], 2), [Yes, No, Yes]);
        // Nothing but the memory.
        assert_eq!(reached(&[outcome(5_000, 9.0, 1.0, 1.0)], 2), [Yes]);
    }

    #[test]
    fn all_may_take_longer_but_not_much() {
        let of_all = |processes, time| Outcome {
            all: Some(Figures { time, memory: 2_000 }),
            ..outcome(processes, 1.0, 20.0, 1.0)
        };
        assert_eq!(reached(&[of_all(10_000, 2.5)], 2).pop(), Some(Reached::Yes));
        assert_eq!(reached(&[of_all(10_000, 2.6)], 2).pop(), Some(Reached::No));
        assert_eq!(reached(&[of_all(5_000, 9.0)], 2).len(), 1);
    }

    #[test]
    fn memory_is_to_be_less() {
        let mut same = outcome(5_000, 1.0, 2.0, 1.0);
        same.ours.memory = 3_000;
        assert_eq!(reached(&[same], 1), [Reached::No]);
    }

    #[test]
    fn one_processor_cannot_be_asked_to_beat_the_floor() {
        let slow = [outcome(10_000, 1.1, 20.0, 1.0)];
        assert_eq!(reached(&slow, 2)[1], Reached::No);
        assert!(matches!(reached(&slow, 1)[1], Reached::Unknown(_)));
    }

    #[test]
    fn nothing_is_known_of_what_was_left_out() {
        let outcome = Outcome { util_linux: None, floor: None, ..outcome(1_000, 1.0, 9.0, 1.0) };
        assert!(reached(&[outcome], 2).iter().all(|reached| matches!(reached, Reached::Unknown(_))));
    }

    #[test]
    fn our_time_grows_with_the_processes() {
        let grown = |time| reached(&[outcome(5_000, 1.0, 9.0, 9.0), outcome(30_000, time, 999.0, 9.0)], 2).pop();
        assert_eq!(grown(7.5), Some(Reached::Yes));
        assert_eq!(grown(7.6), Some(Reached::No));
    }
}
