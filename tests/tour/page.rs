//! docs/tour.md: its blocks, in which lines that begin with a prompt are typed, and the others printed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::User;
use crate::wanted::{Names, matches};

/// The page.
pub struct Page {
    lines: Vec<String>,
    /// The blocks that can be run.
    pub blocks: Vec<Block>,
    /// The lines at which others begin, indented ones too.
    pub others: Vec<usize>,
}

/// A fenced block: what one shell is told.
pub struct Block {
    /// The heading that it stands below.
    pub section: String,
    /// The number of the line of its fence.
    pub line: usize,
    /// Whose prompts are in it.
    pub user: User,
    pub commands: Vec<Command>,
}

/// What is typed, and what is printed then.
pub struct Command {
    /// The number of its first line.
    pub line: usize,
    /// Without prompts. A line that begins with `> ` goes on with what is above it.
    pub text: String,
    /// What the page says that it prints.
    pub wanted: Vec<String>,
    /// The index of the line behind its last.
    behind: usize,
}

impl Page {
    pub fn read() -> Page {
        let text = fs::read_to_string(path()).expect("docs/tour.md");
        let mut page = Page { lines: text.lines().map(str::to_owned).collect(), blocks: vec![], others: vec![] };
        let mut section = String::new();
        let mut index = 0;
        while let Some(line) = page.lines.get(index) {
            if let Some(heading) = line.strip_prefix("## ") {
                section = heading.to_owned();
            }
            if line.starts_with("```") {
                let length = page.lines[index + 1..].iter().take_while(|line| !line.starts_with("```")).count();
                match line == "```console" {
                    true => page.blocks.push(block(&section, index, &page.lines[index + 1..][..length])),
                    false => page.others.push(index + 1),
                }
                index += length + 1;
            } else if line.starts_with("    ") {
                page.others.push(index + 1);
            }
            index += 1;
        }
        page
    }

    /// Writes into the page what the commands of these blocks printed, where it is not what it says.
    pub fn rewrite(&self, blocks: &[&Block], outputs: &[Vec<String>]) {
        let mut lines = self.lines.clone();
        // The last first, so that the indices of the others stay.
        for (block, outputs) in blocks.iter().zip(outputs).rev() {
            for (command, output) in block.outdated(outputs).into_iter().rev() {
                let printed = output.lines().map(|line| line.trim_end().to_owned());
                lines.splice(command.behind - command.wanted.len()..command.behind, printed);
            }
        }
        fs::write(path(), lines.join("\n") + "\n").expect("docs/tour.md can be written");
    }
}

impl Block {
    /// The commands that printed something else than the page says, and what it was.
    pub fn wrong<'a>(&'a self, outputs: &'a [String]) -> Vec<(&'a Command, &'a String)> {
        let mut names = Names::default();
        let pairs = self.commands.iter().zip(outputs);
        pairs.filter(|(command, output)| !matches(&command.wanted, output, &mut names)).collect()
    }

    /// What is to be written anew: if anything was wrong, all but what still matches by its wildcards, so that the numbers in a block are of one run.
    fn outdated<'a>(&'a self, outputs: &'a [String]) -> Vec<(&'a Command, &'a String)> {
        let wrong: Vec<usize> = self.wrong(outputs).iter().map(|(command, _)| command.line).collect();
        let stays = |command: &Command| command.wanted.iter().any(|line| line.contains("[..]") || line == "...");
        let pairs = self.commands.iter().zip(outputs).filter(|_| !wrong.is_empty());
        pairs.filter(|(command, _)| wrong.contains(&command.line) || !stays(command)).collect()
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tour.md")
}

/// The block whose fence has this index.
fn block(section: &str, fence: usize, lines: &[String]) -> Block {
    let mut commands: Vec<Command> = vec![];
    let mut prompts = vec![];
    for (line, index) in lines.iter().zip(fence + 1..) {
        let prompt = ["$ ", "# "].into_iter().find(|prompt| line.starts_with(prompt));
        match (prompt, commands.last_mut()) {
            (Some(prompt), _) => {
                prompts.push(prompt);
                let text = line[prompt.len()..].to_owned();
                commands.push(Command { line: index + 1, text, wanted: vec![], behind: index + 1 });
            }
            (None, None) => panic!("docs/tour.md:{}: nothing was typed yet", index + 1),
            (None, Some(command)) => {
                command.behind = index + 1;
                match line.strip_prefix("> ") {
                    Some(more) if command.wanted.is_empty() => command.text.push_str(&format!("\n{more}")),
                    _ => command.wanted.push(line.clone()),
                }
            }
        }
    }
    prompts.dedup();
    let user = match *prompts {
        ["$ "] => User::Nsuser,
        ["# "] => User::Root,
        _ => panic!("docs/tour.md:{}: no prompt, or several", fence + 1),
    };
    Block { section: section.to_owned(), line: fence + 1, user, commands }
}
