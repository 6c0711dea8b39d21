//! What is handed out: packages of the committed state, the same bytes each time.

mod binary;
mod check;
mod deb;
mod rpm;
mod third_party;
mod tree;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use check::Check;
use tree::{Layout, Tree};

use crate::error::{Error, Result};
use crate::shipped::PROGRAMS;
use crate::{cargo, files, program, say};

/// `cargo xtask dist`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let options: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (check, no_skips) = match options.as_slice() {
        [] => (false, false),
        ["--check"] => (true, false),
        ["--check", "--no-skips"] => (true, true),
        _ => return Err(Error::Usage("dist takes no more than --check, and --no-skips after that".into())),
    };
    let release = Release::of_head()?;
    let target = cargo::target_directory()?;
    let place = target.join("dist");
    release.make(&target.join("dist-work"), &place)?;
    say(format_args!("{}", String::from_utf8_lossy(&files::read(&place.join("SHA256SUMS"))?).trim_end()))?;
    if check {
        Check { release: &release, target: &target, place: &place, no_skips }.run()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The commit that is packed.
pub struct Release {
    root: PathBuf,
    /// Its hash: another may be checked out before everything is made twice.
    commit: String,
    version: String,
    /// When it was committed, in seconds since 1970: every file is of that time.
    epoch: String,
    /// The same, as a mail and Debian's list of changes have it.
    date: String,
    /// Who hands it out, by name and address.
    maintainer: String,
    /// What Debian calls the processor.
    architecture: String,
}

impl Release {
    fn of_head() -> Result<Release> {
        let root = cargo::workspace_directory();
        let log = |format: &str| program::output(git(&root).args(["log", "-1", format]));
        let manifest = String::from_utf8_lossy(&files::read(&root.join("Cargo.toml"))?).into_owned();
        let field = |begin: &str, end: &str| {
            let value = manifest.lines().find_map(|line| line.strip_prefix(begin)?.strip_suffix(end));
            value.map(str::to_owned).ok_or_else(|| Error::Missing(format!("no {begin}…{end} in Cargo.toml")))
        };
        let architecture = program::output(Command::new("dpkg").arg("--print-architecture"))?;
        Ok(Release {
            version: field("version = \"", "\"")?,
            maintainer: field("authors = [\"", "\"]")?,
            commit: log("--format=%H")?.trim().to_owned(),
            epoch: log("--format=%ct")?.trim().to_owned(),
            date: log("--format=%cD")?.trim().to_owned(),
            architecture: architecture.trim().to_owned(),
            root,
        })
    }

    /// Fills `place` with everything. `work` holds what is needed on the way, and stays, so that it goes faster again.
    fn make(&self, work: &Path, place: &Path) -> Result<()> {
        let source = work.join("source");
        for directory in [&source, place] {
            files::remove(directory)?;
            files::create_directory(directory)?;
        }
        // What is not committed is nobody's release.
        let archive = work.join("source.tar");
        program::output(git(&self.root).args(["archive", "--output"]).arg(&archive).arg(&self.commit))?;
        program::output(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&source))?;
        files::write(&source.join(third_party::FILE), third_party::notices(&source)?)?;
        let programs = self.build(work, &source)?;
        for program in &programs {
            binary::check(program)?;
        }
        self.archive(&Tree::of_programs(self, work, &source, &programs, &Layout::ANY)?, place)?;
        deb::make(self, work, &source, &programs, place)?;
        rpm::make(self, work, &source, &programs, place)?;
        self.sums(place)
    }

    /// What the package for Fedora is called.
    fn rpm_name(&self) -> String {
        format!("rs-namespaces-{}-1.{}.rpm", self.version, std::env::consts::ARCH)
    }

    /// The three programs, without a trace of where they were built.
    fn build(&self, work: &Path, source: &Path) -> Result<Vec<PathBuf>> {
        let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"));
        let flags = [
            "-Ctarget-feature=+crt-static".into(),
            "-Crelro-level=full".into(),
            format!("--remap-path-prefix={}=/source", source.display()),
            format!("--remap-path-prefix={}=/cargo", home.unwrap_or_default()),
        ];
        let mut build = cargo::command();
        // In this variable there may be blanks in a flag. Those of .cargo/config.toml do not count beside it.
        build.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        build.current_dir(source).args(["build", "--release", "--locked", "--quiet"]);
        build.env("CARGO_TARGET_DIR", work.join("build")).env("SOURCE_DATE_EPOCH", &self.epoch);
        build.env("CARGO_INCREMENTAL", "0");
        for program in &PROGRAMS {
            build.args(["--package", program.name]);
        }
        program::output(&mut build)?;
        let built = files::entries(&work.join("build"))?;
        let release =
            built.into_iter().map(|entry| entry.join("release")).find(|entry| entry.join(PROGRAMS[0].name).exists());
        let release = release.ok_or_else(|| Error::Missing("cargo build made no programs".into()))?;
        Ok(PROGRAMS.iter().map(|program| release.join(program.name)).collect())
    }

    /// For systems without a package of ours: to be unpacked below /.
    fn archive(&self, tree: &Tree, place: &Path) -> Result<()> {
        let name = format!("rs-namespaces-{}-{}-linux.tar", self.version, std::env::consts::ARCH);
        let file = place.join(&name);
        let mut tar = Command::new("tar");
        tar.args(["--create", "--sort=name", "--format=gnu", "--numeric-owner", "--owner=0", "--group=0"]);
        tar.arg(format!("--mtime=@{}", self.epoch)).arg("--file").arg(&file).arg("-C").arg(&tree.root);
        program::output(tar.args(["usr"]))?;
        program::output(Command::new("zstd").args(["--quiet", "--rm", "-19"]).arg(&file))?;
        Ok(())
    }

    fn sums(&self, place: &Path) -> Result<()> {
        let mut names: Vec<PathBuf> =
            files::entries(place)?.into_iter().filter_map(|file| file.file_name().map(Into::into)).collect();
        names.sort();
        let sums = program::output(Command::new("sha256sum").current_dir(place).args(names))?;
        files::write(&place.join("SHA256SUMS"), sums)
    }
}

/// git there, whoever the checkout belongs to: in CI it may be another than who builds.
fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.args(["-c", "safe.directory=*", "-C"]).arg(root);
    git
}
