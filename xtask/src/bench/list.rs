//! The time of a listing: how it grows with the processes, and with whatever else there is to look at.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bench::crowd::{Place, Population, no_room};
use crate::bench::options::Options;
use crate::bench::plot::{self, Line};
use crate::bench::programs::{self, SYSTEM, Tool};
use crate::bench::race::{self, Contender, FLOOR, HEADER, UTIL_LINUX, called, race};
use crate::bench::verdict::{Figures, Outcome, Reached, judge};
use crate::error::{Doing as _, Error, Result};
use crate::{program, say};

/// How many processes there are, and how many with `--quick`.
const SIZES: [usize; 5] = [100, 1_000, 5_000, 10_000, 30_000];
const QUICK_SIZES: [usize; 3] = [100, 1_000, 5_000];

/// Where many processes are not what makes it hard; measured when that size is.
const SCENARIO_SIZE: usize = 1_000;

/// What else there may be to look at.
struct Scenario {
    about: &'static str,
    population: Population,
    command_lines: &'static [&'static [&'static str]],
}

const PLAIN: &[&str] = &[];

const IDLE: Population = Population { processes: SCENARIO_SIZE, descriptors: 0, sockets: 0, networks: 0, mounts: 0 };

const SCENARIOS: [Scenario; 4] = [
    Scenario {
        about: "20000 bind mounts of four namespaces' files",
        population: Population { mounts: 20_000, ..IDLE },
        command_lines: &[PLAIN],
    },
    Scenario {
        about: "100 more descriptors in each",
        population: Population { descriptors: 100, ..IDLE },
        command_lines: &[PLAIN],
    },
    Scenario {
        about: "a socket of its own in each",
        population: Population { sockets: 1, ..IDLE },
        command_lines: &[PLAIN],
    },
    // Last, since the kernel is busy for a while after these have ended.
    Scenario {
        about: "2000 network namespaces that bind mounts keep",
        population: Population { networks: 2_000, ..IDLE },
        command_lines: &[PLAIN, &["-t", "net"]],
    },
];

const LOCALE: &str = "C.UTF-8";

/// Ours where it lists what util-linux cannot see, too.
const OURS_OF_ALL: &str = "rs-lsns -A";

/// How long the rounds on one population may take together, as long as there are so many at least and at most.
const BUDGET: Duration = Duration::from_secs(15);
const QUICK_BUDGET: Duration = Duration::from_secs(4);
const ROUNDS: (usize, usize) = (3, 100);

/// Whoever takes longer runs once, and is not traced.
const LONG: Duration = Duration::from_secs(20);

/// Whoever would take longer is left out.
const UNBEARABLE: Duration = Duration::from_secs(120);

/// Under strace a call takes many times as long; what one process costs shows in a population of this size.
const TRACED_AT_MOST: usize = 5_000;

/// `cargo xtask bench list`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let options = Options::parse(arguments, &["--quick", "--sizes", "--check", "--plot", "--ours"])?;
    let default: &[usize] = if options.quick { &QUICK_SIZES } else { &SIZES };
    let sizes = options.sizes.clone().unwrap_or_else(|| default.to_vec());
    let mut bench = Bench::prepare(&options)?;
    say(machine()?)?;
    let mut outcomes = Vec::new();
    for processes in &sizes {
        outcomes.extend(bench.measure_size(*processes)?);
    }
    if sizes.contains(&SCENARIO_SIZE) {
        SCENARIOS.iter().try_for_each(|scenario| bench.measure_scenario(scenario))?;
    }
    if let Some(file) = &options.plot {
        fs::write(file, draw(&outcomes)?).doing(|| format!("writing {}", file.display()))?;
        say(format_args!("\nplot: {}", file.display()))?;
    }
    let verdicts = judge(&outcomes, processors());
    say("")?;
    verdicts.iter().try_for_each(say)?;
    let missed = verdicts.iter().any(|verdict| verdict.reached == Reached::No);
    Ok(if options.check && missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// The first two numbers of the kernel's version.
fn kernel() -> Result<String> {
    let release = read("/proc/sys/kernel/osrelease")?;
    Ok(release.trim().split(['.', '-']).take(2).collect::<Vec<_>>().join("."))
}

/// What the results depend on. Other load costs a program with threads more than one without.
fn machine() -> Result<String> {
    let load = read("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!("{} processors, Linux {}, load {load} at the start", processors(), kernel()?))
}

fn read(file: &str) -> Result<String> {
    fs::read_to_string(file).doing(|| format!("reading {file}"))
}

/// Everything that the measurements have in common.
struct Bench {
    tool: Tool,
    place: Place,
    /// Runs a program, and prints its peak memory.
    peak: PathBuf,
    strace: Option<PathBuf>,
    budget: Duration,
    /// The least that each took on the sizes so far.
    history: BTreeMap<&'static str, Vec<(usize, f64)>>,
}

impl Bench {
    fn prepare(options: &Options) -> Result<Bench> {
        let floor = programs::build_floor("walk", &[])?;
        let tool = programs::find(&[("lsns", "rs-lsns")], floor, options.ours.as_deref())?.pop();
        Ok(Bench {
            tool: tool.ok_or_else(|| Error::Missing("there is no lsns to measure".into()))?,
            peak: programs::compile("peak")?,
            place: Place::prepare()?,
            strace: program::all_called("strace").next(),
            budget: if options.quick { QUICK_BUDGET } else { BUDGET },
            history: BTreeMap::new(),
        })
    }

    /// Measure on idle processes and nothing else, unless the kernel has no room for that many.
    fn measure_size(&mut self, processes: usize) -> Result<Option<Outcome>> {
        if let Some(why) = no_room(processes)? {
            say(format_args!("\n{processes} processes: left out, for {why}"))?;
            return Ok(None);
        }
        let _crowd = self.place.gather(&Population { processes, ..Population::default() })?;
        let contenders = self.measure(&format!("{processes} processes: lsns"), processes, PLAIN)?;
        for Contender { name, times, .. } in &contenders {
            self.history.entry(name).or_default().push((processes, times.min() / 1e3));
        }
        let figures = |name| called(&contenders, name).map(figures);
        let ours = figures(self.tool.our_name);
        let (all, util_linux, floor) = (figures(OURS_OF_ALL), figures(UTIL_LINUX), figures(FLOOR));
        Ok(ours.map(|ours| Outcome { processes, ours, all, util_linux, floor }))
    }

    fn measure_scenario(&self, scenario: &Scenario) -> Result<()> {
        let Scenario { about, population, command_lines } = scenario;
        let _crowd = self.place.gather(population)?;
        for arguments in *command_lines {
            let title = format!("{} processes, {about}: lsns {}", population.processes, arguments.join(" "));
            self.measure(title.trim_end(), population.processes, arguments)?;
        }
        Ok(())
    }

    /// Let those who can bear it race among the crowd that stands now, and print what it showed.
    fn measure(&self, title: &str, processes: usize, arguments: &[&str]) -> Result<Vec<Contender>> {
        let mut contenders = Vec::new();
        let mut left_out = Vec::new();
        let of_all = || Contender::new(OURS_OF_ALL, &self.tool.ours, &["-A"], LOCALE);
        let all = (arguments == PLAIN).then(of_all).transpose()?;
        for contender in self.tool.contenders(arguments, LOCALE)?.into_iter().chain(all) {
            match self.too_long(contender.name, processes) {
                Some(time) => {
                    left_out.push(format!("{}: left out, a run would take about {time:.0} s", contender.name))
                }
                None => contenders.push(contender),
            }
        }
        let mut round = Duration::ZERO;
        // The floor comes first: the first to look at a process pays for what the kernel then keeps of it.
        for contender in contenders.iter_mut().rev() {
            round += self.warm_up(contender)?;
        }
        let rounds = rounds(round, self.budget);
        race(&mut contenders, rounds)?;
        for contender in contenders.iter_mut().filter(|contender| contender.most > 1 && processes <= TRACED_AT_MOST) {
            contender.calls = self.count_calls(contender)?;
        }
        say(format_args!("\n{title}, {rounds} rounds"))?;
        say(format_args!("{HEADER}   runs  memory KiB  calls/process"))?;
        contenders.iter().try_for_each(|contender| say(row(contender, &contenders, processes)))?;
        left_out.iter().try_for_each(say)?;
        Ok(contenders)
    }

    /// How many seconds a run is expected to take, if that is more than this contender may.
    fn too_long(&self, name: &str, processes: usize) -> Option<f64> {
        let most = match name {
            UTIL_LINUX => UNBEARABLE,
            SYSTEM => LONG,
            _ => return None,
        };
        expected(self.history.get(name)?, processes).filter(|time| *time > most.as_secs_f64())
    }

    /// Run once to fill caches and to learn the peak memory, and return what a round costs.
    ///
    /// A run so long counts, and there is no other.
    fn warm_up(&self, contender: &mut Contender) -> Result<Duration> {
        let begin = Instant::now();
        let peak = program::output(&mut contender.under(&self.peak, &[]))?;
        let time = begin.elapsed();
        contender.memory = peak.trim().parse().ok();
        if time <= LONG {
            return Ok(time);
        }
        contender.times.0.push(time);
        contender.most = 1;
        Ok(Duration::ZERO)
    }

    fn count_calls(&self, contender: &Contender) -> Result<Option<u64>> {
        let Some(strace) = &self.strace else { return Ok(None) };
        let counts = programs::directory()?.join("calls");
        let mut traced = contender.under(strace, &["-f".as_ref(), "-c".as_ref(), "-o".as_ref(), counts.as_os_str()]);
        traced.stdin(Stdio::null()).stdout(Stdio::null());
        let status = traced.status().doing(|| format!("tracing {}", contender.name))?;
        program::check(&traced, status)?;
        let counts = fs::read_to_string(&counts).doing(|| format!("reading {}", counts.display()))?;
        Ok(Some(sum_of_calls(&counts)))
    }
}

/// How often to run everybody, where one round takes that long.
fn rounds(round: Duration, budget: Duration) -> usize {
    let (least, most) = ROUNDS;
    ((budget.as_secs_f64() / round.as_secs_f64()) as usize).clamp(least, most)
}

/// What a run on `processes` will take after those in `history`, in which sizes and seconds grow:
/// it goes on as it did from the last but one to the last, with the square at least.
fn expected(history: &[(usize, f64)], processes: usize) -> Option<f64> {
    let (last_size, last_time) = *history.last()?;
    let growth = |from: usize, to: usize| to as f64 / from as f64;
    let seen = history.iter().rev().nth(1).map(|(size, time)| (last_time / time).ln() / growth(*size, last_size).ln());
    Some(last_time * growth(last_size, processes).powf(seen.unwrap_or(2.0).max(2.0)))
}

/// The calls in strace's table: the fourth column, of which the last row, the total, is the sum.
fn sum_of_calls(table: &str) -> u64 {
    let rows = table.lines().filter(|row| !row.trim_end().ends_with(" total"));
    rows.filter_map(|row| row.split_whitespace().nth(3)?.parse::<u64>().ok()).sum()
}

fn figures(contender: &Contender) -> Figures {
    Figures { time: contender.times.median() / 1e3, memory: contender.memory.unwrap_or_default() }
}

/// The common row, and what only listings are asked.
fn row(contender: &Contender, contenders: &[Contender], processes: usize) -> String {
    let memory = contender.memory.map_or("-".into(), |memory| memory.to_string());
    let calls = contender.calls.map_or("-".into(), |calls| format!("{:.1}", calls as f64 / processes as f64));
    let runs = contender.times.0.len();
    format!("{}  {runs:>5}  {memory:>10}  {calls:>13}", race::row(contender, contenders))
}

/// The plot of what was measured on the sizes.
fn draw(outcomes: &[Outcome]) -> Result<String> {
    let line = |name, time: fn(&Outcome) -> Option<Figures>| Line {
        name,
        points: outcomes.iter().filter_map(|outcome| Some((outcome.processes, time(outcome)?.time))).collect(),
    };
    let about = format!("median of several runs, {} processors, Linux {}", processors(), kernel()?);
    let lines = [
        line("util-linux", |outcome| outcome.util_linux),
        line("rs-lsns", |outcome| Some(outcome.ours)),
        line("system calls alone", |outcome| outcome.floor),
    ];
    Ok(plot::draw("Time to list all namespaces", &about, &lines))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::{Contender, HEADER, expected, rounds, row, sum_of_calls};

    #[test]
    fn growth_is_square_at_least() {
        assert_eq!(expected(&[], 100), None);
        assert_eq!(expected(&[(100, 1.0)], 1_000), Some(100.0));
        assert_eq!(expected(&[(100, 1.0), (200, 2.0)], 400), Some(8.0));
    }

    #[test]
    fn growth_goes_on_where_it_is_more() {
        let time = expected(&[(100, 1.0), (200, 8.0)], 400).unwrap();
        assert!((time - 64.0).abs() < 1e-9, "{time}");
    }

    #[test]
    fn rounds_fill_the_budget() {
        let rounds = |milliseconds| rounds(Duration::from_millis(milliseconds), Duration::from_secs(15));
        assert_eq!((rounds(1_000), rounds(10_000), rounds(1), rounds(0)), (15, 3, 100, 100));
    }

    #[test]
    fn calls_are_added_up() {
        let table = "% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 86.16    0.009600           1      9014         2 readlinkat
 13.84    0.001542           5       303           openat
------ ----------- ----------- --------- --------- ----------------
100.00    0.011142           1      9317         2 total
";
        assert_eq!(sum_of_calls(table), 9317);
    }

    #[test]
    fn a_row_ends_with_what_only_listings_are_asked() {
        let mut contender = Contender::new("ours", Path::new("/bin/true"), &[], "C").unwrap();
        contender.times.0.push(Duration::from_millis(2));
        (contender.memory, contender.calls) = (Some(1500), Some(2650));
        let full = row(&contender, &[], 100);
        assert!(full.ends_with("      1        1500           26.5"), "{full}");
        assert_eq!(full.len(), format!("{HEADER}   runs  memory KiB  calls/process").len());
        (contender.memory, contender.calls) = (None, None);
        assert!(row(&contender, &[], 100).ends_with("      1           -              -"));
    }
}
