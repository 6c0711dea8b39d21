//! Start-up time: from the start of a program to the end of `true`, which it runs.

use std::fmt::{self, Display};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use crate::bench::options::Options;
use crate::bench::programs::{self, Tool};
use crate::bench::race::{self, HEADER, Ratio, race};
use crate::error::{Doing as _, Error, Result};
use crate::say;

/// The part of util-linux's time that ours may take.
const WANTED: f64 = 0.9;

/// Rounds before the first that counts, in which files and caches warm up.
const WARM_UP: usize = 10;

/// Rounds that count, unless the user wants another number.
const RUNS: usize = 300;

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

/// `cargo xtask bench start`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let options = Options::parse(arguments, &["--runs", "--check"])?;
    let floor = programs::build_floor("floor", &["/bin/true"])?;
    let tools = programs::find(&[("unshare", "rs-unshare"), ("nsenter", "rs-nsenter")], floor, None)?;
    let target = Target::start(&tool(&tools, "unshare")?.ours)?;
    let mut verdicts = Vec::new();
    for locale in LOCALES {
        verdicts.push(Verdict::reach(&tools, &target, locale, options.runs.unwrap_or(RUNS))?);
    }
    say("")?;
    verdicts.iter().try_for_each(say)?;
    Ok(match options.check && !verdicts[0].is_good() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn tool<'a>(tools: &'a [Tool], name: &str) -> Result<&'a Tool> {
    let tool = tools.iter().find(|tool| tool.name == name);
    tool.ok_or_else(|| Error::Missing(format!("there is no {name} to measure")))
}

/// What part of util-linux's time ours took, in one locale.
struct Verdict {
    locale: &'static str,
    ratios: Vec<(&'static str, Ratio)>,
}

impl Verdict {
    fn reach(tools: &[Tool], target: &Target, locale: &'static str, runs: usize) -> Result<Verdict> {
        let mut ratios = Vec::new();
        for CommandLine { name, tool: of, arguments } in COMMAND_LINES {
            let arguments: Vec<_> = arguments.iter().map(|word| target.name_in(word)).collect();
            let mut contenders = tool(tools, of)?.contenders(&arguments, locale)?;
            race(&mut contenders, WARM_UP)?;
            contenders.iter_mut().for_each(|contender| contender.times.0.clear());
            race(&mut contenders, runs)?;
            say(format_args!("\n{name}, LANG={locale}, {runs} runs"))?;
            say(HEADER)?;
            contenders.iter().try_for_each(|contender| say(race::row(contender, &contenders)))?;
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
