//! What is in the static programs that is not ours, and the notices that its licences want to go with it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::shipped::PROGRAMS;
use crate::{cargo, files, generated, program};

/// The file, in a package's documents.
pub const FILE: &str = "third-party.txt";

const BEGIN: &str = "The programs are linked with these crates, whose notices stand below, by their numbers:\n\n";

/// What cargo does not know of.
const LIBRARIES: &str = "
and with the standard library of Rust, MIT OR Apache-2.0, of the Rust Project Developers,
https://github.com/rust-lang/rust; and the GNU C Library, LGPL-2.1-or-later, of the Free Software Foundation and others,
https://www.gnu.org/software/libc. To link the programs with another one, build them from their sources.
";

/// The notices of all that is linked into the programs whose sources are there.
pub fn notices(source: &Path) -> Result<String> {
    let mut list = BEGIN.to_owned();
    let mut texts: Vec<String> = Vec::new();
    for linked in linked(source)? {
        list.push_str(&linked.title);
        for text in linked.texts()? {
            let number = texts.iter().position(|other| *other == text).unwrap_or_else(|| {
                texts.push(text);
                texts.len() - 1
            });
            let _ = write!(list, " [{}]", number + 1);
        }
        list.push('\n');
    }
    list.push_str(LIBRARIES);
    for (number, text) in (1..).zip(&texts) {
        let _ = write!(list, "\n[{number}]\n\n{}\n", text.trim_end());
    }
    Ok(list)
}

/// A crate of others.
struct Linked {
    /// Its name, version, licence, and where it comes from.
    title: String,
    /// Where its sources are.
    directory: PathBuf,
}

impl Linked {
    /// What its notices say, in the order of their names.
    fn texts(&self) -> Result<Vec<String>> {
        const NAMES: [&str; 5] = ["LICEN", "COPYING", "COPYRIGHT", "NOTICE", "UNLICEN"];
        let is_notice = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
            NAMES.iter().any(|begin| name.starts_with(begin)) && path.is_file()
        };
        let mut paths: Vec<_> = files::entries(&self.directory)?.into_iter().filter(is_notice).collect();
        paths.sort();
        if paths.is_empty() {
            return Err(Error::Missing(format!("no licence in {}", self.directory.display())));
        }
        paths.iter().map(|path| generated::text(path)).collect()
    }
}

/// The crates that are linked, in the order of their names.
fn linked(source: &Path) -> Result<Vec<Linked>> {
    let mut tree = cargo::command();
    tree.current_dir(source).args([
        "tree",
        "--locked",
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={p}",
    ]);
    tree.args(PROGRAMS.iter().map(|program| format!("--package={}", program.name)));
    let tree = program::output(&mut tree)?;
    // "NAME vVERSION", and behind that the directory of one of ours, or that it was named before.
    let others = tree.lines().filter(|line| !line.contains('/') && !line.is_empty());
    let names: BTreeSet<_> = others.map(|line| line.trim_end_matches(" (*)")).collect();

    let mut metadata = cargo::command();
    metadata.current_dir(source).args(["metadata", "--locked", "--format-version=1"]);
    // Others' crates need not be there.
    metadata.arg(format!("--filter-platform={}-unknown-linux-gnu", std::env::consts::ARCH));
    let metadata: Value = serde_json::from_str(&program::output(&mut metadata)?)
        .map_err(|error| Error::Missing(format!("cargo metadata: {error}")))?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut found: Vec<_> = packages.filter_map(|package| of_names(package, &names)).collect();
    found.sort_by(|one, other| one.title.cmp(&other.title));
    if found.len() != names.len() {
        return Err(Error::Missing(format!("cargo metadata knows {} of the {} crates", found.len(), names.len())));
    }
    Ok(found)
}

/// What cargo knows of a package, if it is one of these.
fn of_names(package: &Value, names: &BTreeSet<&str>) -> Option<Linked> {
    let field = |name: &str| package[name].as_str();
    let (name, version) = (field("name")?, field("version")?);
    names.contains(format!("{name} v{version}").as_str()).then_some(())?;
    let title = [format!("{name} {version}").as_str(), field("license")?, field("repository")?].join(", ");
    Some(Linked { title, directory: Path::new(field("manifest_path")?).parent()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_that_is_linked_brings_its_notices() {
        let notices = notices(&cargo::workspace_directory()).expect("notices");
        let (list, texts) = notices.split_once(LIBRARIES).expect("the libraries");
        let crates: Vec<_> = list.strip_prefix(BEGIN).expect("the begin").lines().collect();
        let begins = |name: &str| crates.iter().filter(|line| line.starts_with(name)).count();
        // One of each sort: asked for by us, brought along, under a licence of its own.
        assert_eq!(["nix ", "memoffset ", "rustc_apfloat "].map(begins), [1; 3], "{crates:?}");
        // Not linked: tests, macros, xtask, ours.
        assert_eq!(["snapbox ", "clap_derive ", "xtask ", "nscore "].map(begins), [0; 4], "{crates:?}");
        for line in crates {
            let (_, numbers) = line.split_once(" [").expect("a notice");
            for number in numbers.trim_end_matches(']').split("] [") {
                assert!(texts.contains(&format!("\n[{number}]\n\n")), "{line}");
            }
        }
        assert!(texts.contains("Carl Lerche + nix-rust Authors") && texts.contains("Permission is hereby granted"));
    }
}
