//! docs/dependencies.md: which crates there are, who brings them and with which features comes from cargo; what each is
//! for is written by hand, in the page itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::{cargo, generated, program};

/// The page.
const PAGE: &str = "docs/dependencies.md";

/// Before a table, with its name between; behind a table.
const BEGIN: [&str; 2] = ["<!-- ", ": cargo xtask dependencies -->\n"];
const END: &str = "<!-- end -->\n";

/// What stands where nobody has said yet what a crate is for.
const UNSAID: &str = "?";

/// `cargo xtask dependencies`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let root = cargo::workspace_directory();
    let path = root.join(PAGE);
    let page = generated::text(&path)?;
    let content = tables(&root)?.iter().try_fold(page, |page, (name, crates)| renewed(&page, name, crates))?;
    let unsaid: Vec<_> = unsaid(&content).collect();
    if !unsaid.is_empty() {
        let crates = unsaid.join(", ");
        generated::command("dependencies", arguments, &[generated::Generated { path, content: content.clone() }])?;
        return Err(Error::Missing(format!("{PAGE} does not say what for: {crates}")));
    }
    generated::command("dependencies", arguments, &[generated::Generated { path, content }])
}

/// A crate that is not ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Crate {
    brought_by: BTreeSet<String>,
    features: String,
}

type Crates = BTreeMap<String, Crate>;

/// The tables, in the order of the page. A crate is in the first one that it fits in.
fn tables(root: &Path) -> Result<Vec<(&'static str, Crates)>> {
    let programs = ["--package=rs-lsns", "--package=rs-nsenter", "--package=rs-unshare"];
    let tree = |arguments: &[&str]| {
        let mut tree = cargo::command();
        // Not of the system that this runs on: the page is the same everywhere.
        tree.args(["tree", "--locked", "--target=x86_64-unknown-linux-gnu", "--prefix=depth", "--format={p}|{f}"]);
        tree.current_dir(root).args(arguments);
        program::output(&mut tree).map(|text| crates(&text))
    };
    let linked = tree(&[&programs[..], &["--edges=normal,no-proc-macro"]].concat())?;
    let (direct, others): (Crates, Crates) = linked.into_iter().partition(|(_, it)| is_direct(it));
    let found = [
        ("direct", direct),
        ("transitive", others),
        ("build", tree(&[&programs[..], &["--edges=normal,build"]].concat())?),
        ("tests", tree(&["--workspace", "--edges=normal,build,dev"])?),
        ("fuzz", tree(&["--manifest-path=fuzz/Cargo.toml", "--edges=normal,build"])?),
        ("unused", locked(root)?),
    ];
    let mut seen = BTreeSet::new();
    let first = |(name, crates): (&'static str, Crates)| {
        (name, crates.into_iter().filter(|(name, _)| seen.insert(name.clone())).collect())
    };
    Ok(found.into_iter().map(first).collect())
}

/// Those of this workspace, and of fuzz/.
const OURS: [&str; 6] = ["fuzz", "nscore", "rs-lsns", "rs-nsenter", "rs-unshare", "xtask"];

fn is_direct(it: &Crate) -> bool {
    it.brought_by.iter().any(|name| OURS.contains(&name.as_str()))
}

/// What cargo tree shows, `DEPTH NAME vVERSION ...|FEATURES` in each line, but for ours.
fn crates(tree: &str) -> Crates {
    let mut crates = Crates::new();
    let mut above: Vec<&str> = Vec::new();
    for line in tree.lines() {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let (depth, rest) = line.split_at(digits);
        let (Ok(depth), Some((package, features))) = (depth.parse::<usize>(), rest.split_once('|')) else { continue };
        let Some(name) = package.split(' ').next() else { continue };
        above.truncate(depth);
        if !OURS.contains(&name) {
            let it = crates.entry(name.to_owned()).or_default();
            it.brought_by.extend(above.last().map(|name| (*name).to_owned()));
            let features = features.trim_end_matches("(*)").trim().replace(',', ", ");
            // A build may have another set than the program.
            it.features = if it.features.is_empty() { features } else { it.features.clone() };
        }
        above.push(name);
    }
    crates
}

/// All that the lock files name, but for ours: also what no build for Linux needs.
fn locked(root: &Path) -> Result<Crates> {
    let mut crates = Crates::new();
    for file in ["Cargo.lock", "fuzz/Cargo.lock"] {
        for package in generated::text(&root.join(file))?.split("[[package]]").skip(1) {
            let quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
            let Some(name) = package.lines().find(|line| line.starts_with("name = ")).and_then(quoted) else {
                continue;
            };
            for needed in package.lines().filter(|line| line.starts_with(" \"")).filter_map(quoted) {
                let needed = needed.split(' ').next().unwrap_or_default().to_owned();
                crates.entry(needed).or_default().brought_by.insert(name.clone());
            }
            crates.entry(name).or_default();
        }
    }
    crates.retain(|name, _| !OURS.contains(&name.as_str()));
    Ok(crates)
}

/// The page with one of its tables renewed.
fn renewed(page: &str, name: &str, crates: &Crates) -> Result<String> {
    let begin = BEGIN.join(name);
    let parts = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let (before, (old, after)) = parts.ok_or_else(|| Error::Missing(format!("{PAGE}: no line {begin}")))?;
    let said: BTreeMap<_, _> = texts(old).collect();
    let has_features = !matches!(name, "build" | "unused");
    let mut table = if has_features {
        "| Crate | Brought by | Features | What for |\n|---|---|---|---|\n".to_owned()
    } else {
        "| Crate | Brought by | What for |\n|---|---|---|\n".to_owned()
    };
    for (name, Crate { brought_by, features }) in crates {
        let by: Vec<_> = brought_by.iter().map(String::as_str).collect();
        let features = if has_features { format!(" {features} |") } else { String::new() };
        let text = said.get(name.as_str()).copied().unwrap_or(UNSAID);
        table += &format!("| `{name}` | {} |{features} {text} |\n", by.join(", "));
    }
    Ok([before, &begin, &table, END, after].concat())
}

/// The crates in the tables of a text of which nobody has said what they are for.
fn unsaid(text: &str) -> impl Iterator<Item = &str> {
    texts(text).filter(|(_, text)| text.is_empty() || *text == UNSAID).map(|(name, _)| name)
}

/// What is said of each crate in the tables of a text.
fn texts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let row = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let (name, rest) = row.split_once('`')?;
        Some((name, rest.rsplit_once(" | ")?.1.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0rs-lsns v0.1.0 (/x/crates/rs-lsns)|\n1clap v4.6.7|derive,std\n2clap_builder v4.6.7|std\n1nscore v0.1.0 (/x)|\n\
        2clap v4.6.7|derive,std (*)\n\n0rs-unshare v0.1.0 (/x/crates/rs-unshare)|\n1nscore v0.1.0 (/x)| (*)\n";

    #[test]
    fn a_tree_says_who_brings_whom() {
        let found = crates(TREE);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["clap", "clap_builder"]);
        assert_eq!(found["clap"].brought_by.iter().collect::<Vec<_>>(), ["nscore", "rs-lsns"]);
        assert_eq!(found["clap"].features, "derive, std");
        assert!(is_direct(&found["clap"]) && !is_direct(&found["clap_builder"]));
    }

    #[test]
    fn what_is_said_stays_and_what_is_new_or_gone_shows() {
        let page = "a\n<!-- build: cargo xtask dependencies -->\n| `clap` | x | reads words |\n| `gone` | x | y |\n<!-- end -->\nb\n";
        let page = renewed(page, "build", &crates(TREE)).unwrap();
        assert!(page.starts_with("a\n<!-- build") && page.ends_with("<!-- end -->\nb\n"), "{page}");
        let said: Vec<_> = texts(&page).collect();
        assert_eq!(said, [("clap", "reads words"), ("clap_builder", UNSAID)]);
        assert_eq!(unsaid(&page).collect::<Vec<_>>(), ["clap_builder"]);
        assert_eq!(unsaid("| `a` | x |  |  |\n| `b` | x |  | y |").collect::<Vec<_>>(), ["a"]);
        assert!(renewed(&page, "other", &crates(TREE)).is_err());
    }
}
