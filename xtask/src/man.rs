//! The manual pages: which options there are, their names and values, their order and groups come from clap; what
//! stands below each is written by hand, in the page itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::error::{Error, Result};
use crate::shipped::{Group, Opt, PROGRAMS, Program, Value};
use crate::{cargo, generated, program, say};

/// Between these lines of a page, the groups and items are ours.
const BEGIN: &str = ".\\\" Groups and items are from clap, the texts are not: cargo xtask man\n";
const END: &str = ".\\\" End of the options\n";

/// `cargo xtask man`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let root = cargo::workspace_directory();
    let pages = pages(&root)?;
    let status = generated::command("man", arguments, &pages)?;
    if !arguments.is_empty() && status == ExitCode::SUCCESS {
        return rendered(&pages);
    }
    Ok(status)
}

/// What a terminal has room for, at least.
const WIDTH: usize = 80;

/// Whether each page can be read in a terminal and in a browser: no line is too long, and nothing is complained of.
fn rendered(pages: &[generated::Generated]) -> Result<ExitCode> {
    if program::all_called("mandoc").next().is_none() {
        say("skipped: no mandoc in PATH: how the pages look")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut status = ExitCode::SUCCESS;
    for generated::Generated { path, .. } in pages {
        let mandoc = |arguments: &[&str]| {
            let mut mandoc = Command::new("mandoc");
            program::output(mandoc.args(["-W", "warning,stop"]).args(arguments).arg(path))
        };
        mandoc(&["-T", "html"])?;
        for line in too_long(&mandoc(&["-T", "utf8", "-O", &format!("width={WIDTH}")])?) {
            say(format_args!("{}: longer than {WIDTH} columns: {line}", path.display()))?;
            status = ExitCode::FAILURE;
        }
    }
    Ok(status)
}

/// The lines of a page for a terminal that are too long, without what makes letters bold or underlined there.
fn too_long(page: &str) -> Vec<String> {
    page.lines().map(plain).filter(|line| line.chars().count() > WIDTH).collect()
}

/// A letter is printed, a step back taken, and it or a line printed over it.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    for character in line.chars() {
        match character {
            '\u{8}' => {
                plain.pop();
            }
            character => plain.push(character),
        }
    }
    plain
}

/// Every page and what it is to say.
fn pages(root: &Path) -> Result<Vec<generated::Generated>> {
    let page = |program: &Program| {
        let path = root.join("man").join(format!("{}.{}", program.name, program.section));
        let text = generated::text(&path)?;
        let content = renewed(&text, &program.groups())
            .ok_or_else(|| Error::Missing(format!("{}: no line {BEGIN}", path.display())))?;
        Ok(generated::Generated { path, content })
    };
    PROGRAMS.iter().map(page).collect()
}

/// The page with its options renewed; none if it does not say where they are.
fn renewed(page: &str, groups: &[Group]) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (options, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", section(&Texts::read(options), groups)))
}

fn section(texts: &Texts, groups: &[Group]) -> String {
    let mut section = String::new();
    for Group { name, options } in groups {
        let around = |which: &BTreeMap<String, String>| which.get(name).cloned().unwrap_or_default();
        // Writing to a string does not fail.
        let _ = write!(section, ".Ss {name}\n{}.Bl -tag -width Ds\n", around(&texts.before));
        for option in options {
            let text = texts.items.get(&option.long).cloned();
            let text = text.unwrap_or_else(|| format!("{}.\n", option.help));
            let _ = write!(section, "{}\n{text}", item(option));
        }
        let _ = write!(section, ".El\n{}", around(&texts.after));
    }
    section
}

/// What is written by hand, as a page has it now.
#[derive(Default)]
struct Texts {
    /// By a group's name, what stands before its items.
    before: BTreeMap<String, String>,
    /// The same behind them.
    after: BTreeMap<String, String>,
    /// By an option's long name.
    items: BTreeMap<String, String>,
}

impl Texts {
    fn read(options: &str) -> Texts {
        let mut texts = Texts::default();
        for group in options.split(".Ss ").skip(1) {
            let (name, group) = group.split_once('\n').unwrap_or((group, ""));
            let (before, list) = group.split_once(".Bl -tag -width Ds\n").unwrap_or((group, ""));
            texts.before.insert(name.to_owned(), before.to_owned());
            let mut depth = 1;
            let mut option = None;
            for line in list.split_inclusive('\n') {
                depth += usize::from(line.starts_with(".Bl"));
                depth -= usize::from(line.starts_with(".El") && depth > 0);
                if depth == 1 && line.starts_with(".It Fl") {
                    option = long_name(line);
                    continue;
                }
                let (place, key) = match &option {
                    _ if depth == 0 => (&mut texts.after, Some(name)),
                    option => (&mut texts.items, option.as_deref()),
                };
                // The end of the list itself is nobody's text.
                if let (Some(key), false) = (key, depth == 0 && line == ".El\n") {
                    place.entry(key.to_owned()).or_default().push_str(line);
                }
            }
        }
        texts
    }
}

/// The option that an item is about.
fn long_name(item: &str) -> Option<String> {
    item.split_whitespace().find_map(|word| word.strip_prefix("\\&-")).map(str::to_owned)
}

/// `.It Fl m , Fl \&-mount Ns Oo = Ns Ar file Oc`
fn item(option: &Opt) -> String {
    let short = option.short.map(|short| format!("Fl {short} , ")).unwrap_or_default();
    let value = match &option.value {
        Value::None => String::new(),
        Value::Optional(name) => format!(" Ns Oo = Ns {} Oc", value(name)),
        Value::Required(name) => format!(" {}", value(name)),
    };
    format!(".It {short}Fl \\&-{}{value}", option.long)
}

/// `UID|follow` is a number or a word, `UID:GID` two numbers: what is in small letters is typed as it stands.
fn value(name: &str) -> String {
    let mut text = String::new();
    for (place, word) in name.split_inclusive(['|', ':']).enumerate() {
        let bare = word.trim_end_matches(['|', ':']);
        let literal = bare.starts_with(|first: char| first.is_lowercase());
        let space = if place > 0 { " Ns " } else { "" };
        let _ = write!(text, "{space}{} {}", if literal { "Cm" } else { "Ar" }, bare.to_lowercase());
        match word.strip_prefix(bare) {
            Some("|") => text.push_str(" Ns |"),
            Some(":") => text.push_str(" :"),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(long: &str, value: Value) -> Opt {
        Opt { long: long.into(), short: None, help: format!("Do {long}"), value, repeats: false }
    }

    #[test]
    fn an_item() {
        let mount = Opt { short: Some('m'), ..option("mount", Value::Optional("FILE".into())) };
        assert_eq!(item(&mount), ".It Fl m , Fl \\&-mount Ns Oo = Ns Ar file Oc");
        assert_eq!(item(&option("fork", Value::None)), ".It Fl \\&-fork");
        let uid = option("setuid", Value::Required("UID|follow".into()));
        assert_eq!(item(&uid), ".It Fl \\&-setuid Ar uid Ns | Ns Cm follow");
        assert_eq!(value("UID:GID"), "Ar uid : Ns Ar gid");
    }

    #[test]
    fn letters_are_counted_and_not_how_they_are_drawn() {
        assert_eq!(plain("b\u{8}b_\u{8}o “x”"), "bo “x”");
        let line = "x\u{8}x".repeat(80);
        assert_eq!(too_long(&format!("{line}\n  {line}\nshort")), [format!("  {}", "x".repeat(80))]);
    }

    #[test]
    fn items_come_and_go_and_texts_stay() {
        let page = format!(
            ".Nm x\n{BEGIN}.Ss Old\n.Bl -tag -width Ds\n.It Fl \\&-gone\nGone.\n.It Fl \\&-list Ar x\nOne of\n\
             .Bl -tag -width Ds\n.It Fl a\nb\n.El\nso.\n.El\n.Pp\nOf all.\n.Ss New\nFirst.\n.Bl -tag -width Ds\n.El\n\
             {END}.Sh END\n"
        );
        let groups = [
            Group { name: "New".into(), options: vec![option("fork", Value::None), option("list", Value::None)] },
            Group { name: "Old".into(), options: vec![option("init", Value::None)] },
        ];
        let wanted = format!(
            ".Nm x\n{BEGIN}.Ss New\nFirst.\n.Bl -tag -width Ds\n.It Fl \\&-fork\nDo fork.\n.It Fl \\&-list\nOne of\n\
             .Bl -tag -width Ds\n.It Fl a\nb\n.El\nso.\n.El\n.Ss Old\n.Bl -tag -width Ds\n.It Fl \\&-init\nDo init.\n\
             .El\n.Pp\nOf all.\n{END}.Sh END\n"
        );
        let once = renewed(&page, &groups);
        assert_eq!(once.as_deref(), Some(wanted.as_str()));
        assert_eq!(renewed(&wanted, &groups), once);
        assert_eq!(renewed(".Nm x\n", &groups), None);
    }
}
