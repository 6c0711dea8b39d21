//! How long the programs take, beside util-linux's and beside the least that is possible.

use std::env;
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Doing as _, Error, Result};
use crate::{cargo, oracle, program, say};

/// The part of util-linux's time that ours may take.
const WANTED: f64 = 0.9;

/// Rounds before the first that counts, in which files and caches warm up.
const WARM_UP: usize = 10;

/// What is measured: the tool, what it is given, and what the table calls that.
struct CommandLine {
    name: &'static str,
    tool: &'static str,
    arguments: &'static [&'static str],
}

/// In the arguments, this stands for the number of a process in namespaces of its own.
const TARGET: &str = "PID";

const COMMAND_LINES: [CommandLine; 3] = [
    CommandLine { name: "unshare true", tool: "unshare", arguments: &["/bin/true"] },
    CommandLine { name: "unshare -U true", tool: "unshare", arguments: &["-U", "/bin/true"] },
    CommandLine { name: "nsenter -a true", tool: "nsenter", arguments: &["-t", TARGET, "-a", "/bin/true"] },
];

/// The caller's LANG. Distributions set one, and a program that speaks languages then pays for it at its
/// start; in the plain C locale it does not. The verdict is for the first.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// `cargo xtask bench`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first() {
        Some((name, arguments)) if name == "start" => start(&Options::parse(arguments)?),
        Some((name, _)) => Err(Error::Usage(format!("bench: no such benchmark: {name}"))),
        None => Err(Error::Usage("bench: which one? There is: start".into())),
    }
}

struct Options {
    runs: usize,
    check: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options { runs: 300, check: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--check" => options.check = true,
                "--runs" => {
                    options.runs = arguments
                        .next()
                        .and_then(|number| number.parse().ok())
                        .filter(|number| *number > 0)
                        .ok_or_else(|| Error::Usage("bench: --runs takes a number from 1".into()))?;
                }
                _ => {
                    return Err(Error::Usage(format!("bench: unexpected argument: {argument}")));
                }
            }
        }
        Ok(options)
    }
}

/// Start-up time: from the start of the program to the end of `true`, which it runs.
fn start(options: &Options) -> Result<ExitCode> {
    let programs = Programs::find()?;
    let target = Target::start(&programs.tool("unshare")?.ours)?;
    let mut verdicts = Vec::new();
    for locale in LOCALES {
        verdicts.push(Verdict::reach(&programs, &target, locale, options.runs)?);
    }
    say("")?;
    verdicts.iter().try_for_each(say)?;
    Ok(match options.check && !verdicts[0].is_good() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// What part of util-linux's time ours took, in one locale.
struct Verdict {
    locale: &'static str,
    ratios: Vec<(&'static str, Ratio)>,
}

impl Verdict {
    fn reach(programs: &Programs, target: &Target, locale: &'static str, runs: usize) -> Result<Verdict> {
        let mut ratios = Vec::new();
        for CommandLine { name, tool, arguments } in COMMAND_LINES {
            let arguments: Vec<_> = arguments.iter().map(|word| target.name_in(word)).collect();
            let mut contenders = programs.contenders(tool, &arguments, locale)?;
            race(&mut contenders, runs)?;
            say(format_args!("\n{name}, LANG={locale}, {runs} runs"))?;
            print_table(&contenders)?;
            ratios.push((name, contenders[0].times.compared_to(&contenders[1].times)));
        }
        Ok(Verdict { locale, ratios })
    }

    fn is_good(&self) -> bool {
        self.ratios.iter().all(|(_, ratio)| ratio.median <= WANTED)
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "verdict, LANG={}: ours/util-linux", self.locale)?;
        for (name, ratio) in &self.ratios {
            write!(f, " {name} {:.2} (min {:.2}),", ratio.median, ratio.min)?;
        }
        write!(f, " wanted at most {WANTED:.2}")
    }
}

/// A process in namespaces of its own, for nsenter; it ends with this one's part of the pipe between them.
struct Target {
    process: Child,
    pid: String,
}

impl Target {
    /// As root, with every kind of namespace but those whose first process would have to be a child.
    fn start(unshare: &Path) -> Result<Target> {
        let mut command = Command::new(unshare);
        command.args(["-r", "-m", "-u", "-i", "-n", "-C", "/bin/sh", "-c", "echo; read end"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().doing(|| "starting a process for nsenter".into())?;
        let ready = process.stdout.take().map(|mut stdout| stdout.read_exact(&mut [0]));
        ready.transpose().doing(|| "waiting for the process for nsenter".into())?;
        Ok(Target { pid: process.id().to_string(), process })
    }

    fn name_in<'a>(&'a self, word: &'a str) -> &'a str {
        if word == TARGET { &self.pid } else { word }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It may have ended before; nobody learns anything from its status.
        let _ = self.process.wait();
    }
}

/// One tool: ours, and those to compare it with.
struct Tool {
    name: &'static str,
    our_name: &'static str,
    ours: PathBuf,
    util_linux: PathBuf,
    /// The system's own, where util_linux is another.
    system: Option<PathBuf>,
}

/// The programs that start-up is measured with.
struct Programs {
    tools: Vec<Tool>,
    /// Runs its arguments, and nothing else; there is none without a C compiler.
    floor: Option<PathBuf>,
}

impl Programs {
    fn find() -> Result<Programs> {
        let oracle = oracle::prepare()?;
        say(&oracle)?;
        let system = oracle::installed_unshare().map(|(path, _)| path);
        let unshare =
            oracle.unshare().ok_or_else(|| Error::Missing("there is no util-linux to compare with".into()))?;
        let mut tools = Vec::new();
        for (name, our_name) in [("unshare", "rs-unshare"), ("nsenter", "rs-nsenter")] {
            let system = system.as_ref().map(|system| system.with_file_name(name));
            let util_linux = unshare.with_file_name(name);
            tools.push(Tool {
                name,
                our_name,
                ours: cargo::build_release(our_name)?,
                system: system.filter(|system| *system != util_linux && system.exists()),
                util_linux,
            });
        }
        Ok(Programs { tools, floor: build_floor()? })
    }

    fn tool(&self, name: &str) -> Result<&Tool> {
        let tool = self.tools.iter().find(|tool| tool.name == name);
        tool.ok_or_else(|| Error::Missing(format!("there is no {name} to measure")))
    }

    /// Ours first, then util-linux's, then the others, the floor last.
    fn contenders(&self, tool: &str, arguments: &[&str], locale: &str) -> Result<Vec<Contender>> {
        let tool = self.tool(tool)?;
        let mut contenders = vec![
            Contender::new(tool.our_name, &tool.ours, arguments, locale)?,
            Contender::new("util-linux", &tool.util_linux, arguments, locale)?,
        ];
        if let Some(system) = &tool.system {
            contenders.push(Contender::new("system's", system, arguments, locale)?);
        }
        if let Some(floor) = &self.floor {
            contenders.push(Contender::new(FLOOR, floor, &["/bin/true"], locale)?);
        }
        Ok(contenders)
    }
}

const FLOOR: &str = "floor";

/// Compile the floor, statically as ours is, unless there is no C compiler.
fn build_floor() -> Result<Option<PathBuf>> {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    let directory = cargo::target_directory()?.join("bench");
    fs::create_dir_all(&directory).doing(|| format!("creating {}", directory.display()))?;
    let floor = directory.join("floor");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/floor.c");
    let mut compile = Command::new(&compiler);
    compile.args(["-static", "-O2", "-o"]).arg(&floor).arg(source);
    match program::output(&mut compile) {
        Ok(_) => Ok(Some(floor)),
        Err(error) => {
            say(format_args!("no floor: {error}"))?;
            Ok(None)
        }
    }
}

/// A command that is measured again and again.
struct Contender {
    name: &'static str,
    command: Command,
    times: Times,
}

impl Contender {
    /// Everything is fixed here that would cost time in the run or make runs differ:
    /// no search in PATH, a small environment, /dev/null opened once. With these
    /// alone the standard library takes posix_spawn, which copies no memory.
    fn new(name: &'static str, program: &Path, arguments: &[&str], locale: &str) -> Result<Contender> {
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
        Ok(Contender { name, command, times: Times::default() })
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
fn race(contenders: &mut [Contender], rounds: usize) -> Result<()> {
    for round in 0..WARM_UP + rounds {
        for contender in &mut *contenders {
            let time = contender.run()?;
            if round >= WARM_UP {
                contender.times.0.push(time);
            }
        }
        // Nobody always runs after the same one.
        contenders.reverse();
    }
    if (WARM_UP + rounds) % 2 == 1 {
        contenders.reverse();
    }
    contenders.iter_mut().for_each(|contender| contender.times.0.sort_unstable());
    Ok(())
}

/// What the runs of a contender took, sorted.
#[derive(Default)]
struct Times(Vec<Duration>);

struct Ratio {
    min: f64,
    median: f64,
}

impl Times {
    /// In milliseconds.
    fn min(&self) -> f64 {
        self.0.first().map_or(0.0, milliseconds)
    }

    /// In milliseconds.
    fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        let upper = self.0.get(middle).map_or(0.0, milliseconds);
        match self.0.len() % 2 {
            1 => upper,
            _ => (self.0.get(middle.wrapping_sub(1)).map_or(0.0, milliseconds) + upper) / 2.0,
        }
    }

    fn compared_to(&self, other: &Times) -> Ratio {
        Ratio { min: self.min() / other.min(), median: self.median() / other.median() }
    }
}

fn milliseconds(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A row for each contender: its times, and their ratios to util-linux's and to the floor's.
fn print_table(contenders: &[Contender]) -> Result<()> {
    let floor = contenders.iter().find(|contender| contender.name == FLOOR);
    say("contender    min ms  median ms   /util-linux: min  median   /floor: min  median")?;
    for Contender { name, times, .. } in contenders {
        let mut row = format!("{name:<12} {:>6.3}  {:>9.3}", times.min(), times.median());
        let ratio = times.compared_to(&contenders[1].times);
        row += &format!("{:>20.2}  {:>6.2}", ratio.min, ratio.median);
        if let Some(floor) = floor {
            let ratio = times.compared_to(&floor.times);
            row += &format!("{:>15.2}  {:>6.2}", ratio.min, ratio.median);
        }
        say(row)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Duration, Times};

    fn times(milliseconds: &[u64]) -> Times {
        Times(milliseconds.iter().map(|ms| Duration::from_millis(*ms)).collect())
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
}
