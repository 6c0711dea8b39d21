//! The programs that race: ours, util-linux's, and the least that is possible.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bench::race::{Contender, FLOOR, UTIL_LINUX};
use crate::error::{Doing as _, Error, Result};
use crate::{cargo, oracle, program, say};

/// The name of the system's own program in a table.
pub const SYSTEM: &str = "system's";

/// One tool: ours, and those to compare it with.
pub struct Tool {
    /// util-linux's name for it.
    pub name: &'static str,
    /// Our name for it, and ours.
    pub our_name: &'static str,
    pub ours: PathBuf,
    /// util-linux's current one.
    pub util_linux: PathBuf,
    /// The system's own, where util_linux is another.
    pub system: Option<PathBuf>,
    /// Does the least for the same purpose; there is none without a C compiler.
    pub floor: Option<Floor>,
}

/// A program that makes the system calls that nobody can do without.
#[derive(Clone)]
pub struct Floor {
    pub program: PathBuf,
    pub arguments: &'static [&'static str],
}

/// Find the tools, named by util-linux and by us, and build ours, unless `ours` is to stand in.
pub fn find(names: &[(&'static str, &'static str)], floor: Option<Floor>, ours: Option<&Path>) -> Result<Vec<Tool>> {
    let oracle = oracle::prepare()?;
    say(&oracle)?;
    let system = oracle::installed_unshare().map(|(path, _)| path);
    let unshare = oracle.unshare().ok_or_else(|| Error::Missing("there is no util-linux to compare with".into()))?;
    let mut tools = Vec::new();
    for (name, our_name) in names {
        let system = system.as_ref().map(|system| system.with_file_name(name));
        let util_linux = unshare.with_file_name(name);
        tools.push(Tool {
            name,
            our_name,
            ours: ours.map_or_else(|| cargo::build_release(our_name), |ours| Ok(ours.to_owned()))?,
            system: system.filter(|system| *system != util_linux && system.exists()),
            util_linux,
            floor: floor.clone(),
        });
    }
    Ok(tools)
}

impl Tool {
    /// Ours first, then util-linux's, then the others, the floor last.
    pub fn contenders(&self, arguments: &[&str], locale: &str) -> Result<Vec<Contender>> {
        let mut contenders = vec![
            Contender::new(self.our_name, &self.ours, arguments, locale)?,
            Contender::new(UTIL_LINUX, &self.util_linux, arguments, locale)?,
        ];
        if let Some(system) = &self.system {
            contenders.push(Contender::new(SYSTEM, system, arguments, locale)?);
        }
        if let Some(floor) = &self.floor {
            contenders.push(Contender::new(FLOOR, &floor.program, floor.arguments, locale)?);
        }
        Ok(contenders)
    }
}

/// Build the floor whose source is called `name`, unless there is no C compiler.
pub fn build_floor(name: &str, arguments: &'static [&'static str]) -> Result<Option<Floor>> {
    match compile(name) {
        Ok(program) => Ok(Some(Floor { program, arguments })),
        Err(error) => {
            say(format_args!("no floor: {error}"))?;
            Ok(None)
        }
    }
}

/// Compile one of the C programs beside this file, statically as ours are.
pub fn compile(name: &str) -> Result<PathBuf> {
    let built = directory()?.join(name);
    let source = format!("{}/src/bench/{name}.c", env!("CARGO_MANIFEST_DIR"));
    program::compile(Path::new(&source), &built)?;
    Ok(built)
}

/// Where the benchmarks keep what they build.
pub fn directory() -> Result<PathBuf> {
    let directory = cargo::target_directory()?.join("bench");
    fs::create_dir_all(&directory).doing(|| format!("creating {}", directory.display()))?;
    Ok(directory)
}
