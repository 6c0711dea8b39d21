//! Programs that run in turn, and what their runs took.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Doing as _, Result};
use crate::program;

/// The names in a table of those that the others are compared with.
pub const UTIL_LINUX: &str = "util-linux";
pub const FLOOR: &str = "floor";

/// A command that is measured again and again.
pub struct Contender {
    pub name: &'static str,
    pub command: Command,
    pub times: Times,
    /// It takes part in no more rounds than that.
    pub most: usize,
    /// What it had at its peak, in KiB, if that was asked.
    pub memory: Option<u64>,
    /// Its system calls, if they were counted.
    pub calls: Option<u64>,
}

impl Contender {
    /// Everything is fixed here that would cost time in the run or make runs differ:
    /// no search in PATH, a small environment, /dev/null opened once. With these
    /// alone the standard library takes posix_spawn, which copies no memory.
    pub fn new(name: &'static str, program: &Path, arguments: &[&str], locale: &str) -> Result<Contender> {
        let null = || {
            File::options()
                .read(true)
                .write(true)
                .open("/dev/null")
                .map(Stdio::from)
                .doing(|| "opening /dev/null".into())
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", locale)
            .stdin(null()?)
            .stdout(null()?);
        Ok(Contender { name, command, times: Times::default(), most: usize::MAX, memory: None, calls: None })
    }

    /// The same command, as the arguments of another program.
    pub fn under(&self, program: &Path, arguments: &[&OsStr]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).arg(self.command.get_program()).args(self.command.get_args());
        command.env_clear().envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    /// Run once and return the time from before it was spawned until it was waited for.
    fn run(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        let status = self.command.status();
        let time = begin.elapsed();
        let status = status.doing(|| format!("running {}", self.name))?;
        program::check(&self.command, status)?;
        Ok(time)
    }
}

/// Run each contender once in every round, so that whatever else the machine does meets all alike.
pub fn race(contenders: &mut [Contender], rounds: usize) -> Result<()> {
    for _ in 0..rounds {
        for contender in &mut *contenders {
            if contender.times.0.len() < contender.most {
                let time = contender.run()?;
                contender.times.0.push(time);
            }
        }
        // Nobody always runs after the same one.
        contenders.reverse();
    }
    if rounds % 2 == 1 {
        contenders.reverse();
    }
    contenders.iter_mut().for_each(|contender| contender.times.0.sort_unstable());
    Ok(())
}

/// The contender called `name`, if it is among them.
pub fn called<'a>(contenders: &'a [Contender], name: &str) -> Option<&'a Contender> {
    contenders.iter().find(|contender| contender.name == name)
}

/// What the runs of a contender took, sorted.
#[derive(Default)]
pub struct Times(pub Vec<Duration>);

/// One contender's times as parts of another's.
#[derive(Clone, Copy)]
pub struct Ratio {
    pub min: f64,
    pub median: f64,
}

impl Times {
    /// In milliseconds.
    pub fn min(&self) -> f64 {
        self.0.first().map_or(0.0, milliseconds)
    }

    /// In milliseconds.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        let upper = self.0.get(middle).map_or(0.0, milliseconds);
        match self.0.len() % 2 {
            1 => upper,
            _ => (self.0.get(middle.wrapping_sub(1)).map_or(0.0, milliseconds) + upper) / 2.0,
        }
    }

    pub fn compared_to(&self, other: &Times) -> Ratio {
        Ratio { min: self.min() / other.min(), median: self.median() / other.median() }
    }
}

fn milliseconds(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// What stands above the rows of a table.
pub const HEADER: &str = "contender        min ms   median ms   /util-linux: min  median   /floor: min  median";

/// A contender's times, and their ratios to util-linux's and to the floor's.
pub fn row(contender: &Contender, contenders: &[Contender]) -> String {
    let Contender { name, times, .. } = contender;
    let mut row = format!("{name:<12} {:>10.3}  {:>10.3}", times.min(), times.median());
    for (name, width) in [(UTIL_LINUX, 19), (FLOOR, 14)] {
        row += &match called(contenders, name) {
            Some(other) => {
                let ratio = times.compared_to(&other.times);
                format!("{:>width$.2}  {:>6.2}", ratio.min, ratio.median)
            }
            None => format!("{:>width$}  {:>6}", "-", "-"),
        };
    }
    row
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Contender, Duration, FLOOR, HEADER, Times, UTIL_LINUX, race, row};

    fn times(milliseconds: &[u64]) -> Times {
        Times(milliseconds.iter().map(|ms| Duration::from_millis(*ms)).collect())
    }

    fn contender(name: &'static str, milliseconds: &[u64]) -> Contender {
        let contender = Contender::new(name, Path::new("/bin/true"), &[], "C").unwrap();
        Contender { times: times(milliseconds), ..contender }
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(times(&[1, 2, 9]).median(), 2.0);
        assert_eq!(times(&[1, 2, 4, 9]).median(), 3.0);
        assert_eq!(times(&[7]).median(), 7.0);
    }

    #[test]
    fn ratios_are_of_ours_to_theirs() {
        let ratio = times(&[1, 2, 9]).compared_to(&times(&[4, 4, 4]));
        assert_eq!((ratio.min, ratio.median), (0.25, 0.5));
    }

    #[test]
    fn a_row_stands_below_its_header() {
        let contenders =
            [contender("ours", &[2, 3, 9]), contender(UTIL_LINUX, &[4, 12, 13]), contender(FLOOR, &[1, 1, 1])];
        let wanted = "ours              2.000       3.000               0.50    0.25          2.00    3.00";
        assert_eq!(row(&contenders[0], &contenders), wanted);
        assert_eq!(wanted.len(), HEADER.len());
        let alone = "ours              2.000       3.000                  -       -             -       -";
        assert_eq!(row(&contenders[0], &contenders[..1]), alone);
    }

    #[test]
    fn a_contender_runs_no_more_than_it_may() {
        let mut contenders = [contender("often", &[]), contender("once", &[])];
        contenders[1].most = 1;
        race(&mut contenders, 3).unwrap();
        assert_eq!(contenders.map(|contender| (contender.name, contender.times.0.len())), [("often", 3), ("once", 1)]);
    }
}
