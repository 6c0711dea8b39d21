//! Where there is unsafe code: in the one file that is there for it.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::error::{Error, Result};
use crate::{cargo, generated, program, say};

/// The only file that may have it.
const ALLOWED: &str = "crates/core/src/sys.rs";

/// `cargo xtask unsafe`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    if !arguments.is_empty() {
        return Err(Error::Usage("unsafe takes no arguments".into()));
    }
    let root = cargo::workspace_directory();
    let files = sources(&root)?;
    let (mut allowed, mut others) = (0, 0);
    for file in &files {
        let lines = lines_with_unsafe(&generated::text(&root.join(file))?);
        if file == ALLOWED {
            allowed += lines.len();
            continue;
        }
        others += lines.len();
        for line in lines {
            say(format_args!("{file}:{line}: unsafe code belongs in {ALLOWED}"))?;
        }
    }
    say(format_args!("unsafe: {allowed} times in {ALLOWED}, {others} times in {} other files", files.len() - 1))?;
    Ok(if others == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All Rust files that belong to the project, new ones among them.
fn sources(root: &Path) -> Result<Vec<String>> {
    let mut list = Command::new("git");
    list.args(["-c", "safe.directory=*", "-C"]).arg(root);
    list.args(["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rs"]);
    let listed = program::output(&mut list)?;
    // One that is removed but not committed is still listed.
    let files: Vec<String> = listed.lines().filter(|file| root.join(file).exists()).map(str::to_owned).collect();
    if files.iter().any(|file| file == ALLOWED) {
        return Ok(files);
    }
    Err(Error::Missing(format!("{ALLOWED} is not among the sources")))
}

/// The numbers of the lines on which the word stands, once for each time, outside of comments and literals; or on which
/// the lint is lifted that forbids it, as it would have to be for a file that is included and not called `.rs`.
fn lines_with_unsafe(source: &str) -> Vec<usize> {
    let code = without_comments_and_literals(source);
    let words = |line: &str| {
        let is_lifted = ["allow(", "expect(", "warn("].iter().any(|lint| line.contains(lint));
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.filter(|word| *word == "unsafe" || is_lifted && *word == "unsafe_code").count()
    };
    code.lines().enumerate().flat_map(|(place, line)| vec![place + 1; words(line)]).collect()
}

/// The same lines with blanks for what is no code.
fn without_comments_and_literals(source: &str) -> String {
    let (mut code, mut rest) = (String::new(), source);
    while let Some(first) = rest.chars().next() {
        let last = code.chars().next_back();
        let is_inside_word = last.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let length = no_code(rest, is_inside_word);
        let (skipped, after) = rest.split_at(if length > 0 { length } else { first.len_utf8() });
        match length {
            0 => code.push(first),
            _ => code.extend(std::iter::once(' ').chain(skipped.chars().filter(|c| *c == '\n'))),
        }
        rest = after;
    }
    code
}

/// How long the comment or literal is that `text` begins with; 0 where there is none.
fn no_code(text: &str, is_inside_word: bool) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    let prefix = ["br", "cr", "r", "b", "c"].into_iter().find(|it| !is_inside_word && text.starts_with(it));
    let prefix = prefix.unwrap_or_default();
    let hashes = text[prefix.len()..].bytes().take_while(|byte| *byte == b'#').count();
    let start = prefix.len() + hashes;
    match text.as_bytes().get(start) {
        Some(b'"') if prefix.ends_with('r') => raw_string(text, start, hashes),
        Some(b'"') if hashes == 0 => start + quoted(&text[start..], '"'),
        Some(b'\'') if hashes == 0 && matches!(prefix, "" | "b") => match character(&text[start..]) {
            0 => 0,
            length => start + length,
        },
        _ => 0,
    }
}

/// They can stand in each other.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut place) = (0usize, 0);
    while let Some(rest) = text.get(place..).filter(|rest| !rest.is_empty()) {
        let step = match rest.get(..2) {
            Some("/*") => (depth += 1, 2).1,
            Some("*/") => (depth = depth.saturating_sub(1), 2).1,
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        place += step;
        if depth == 0 {
            break;
        }
    }
    place.min(text.len())
}

fn raw_string(text: &str, start: usize, hashes: usize) -> usize {
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = start + 1;
    text[inside..].find(&end).map_or(text.len(), |length| inside + length + end.len())
}

/// As far as the same quote, but for one behind a backslash.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// `'a'` and `'\n'`, but not the lifetime `'a`.
fn character(text: &str) -> usize {
    let mut characters = text.chars().skip(1);
    match characters.next() {
        Some('\\') => quoted(text, '\''),
        Some(c) if characters.next() == Some('\'') => 2 + c.len_utf8(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_counts() {
        for (source, lines) in [
            ("unsafe { x }", vec![1]),
            ("a\nunsafe fn f() { unsafe {} }\n", vec![2, 2]),
            ("#[unsafe(no_mangle)]", vec![1]),
            ("'unsafe: loop {}", vec![1]),
            ("// unsafe\n/// unsafe\nunsafe", vec![3]),
            ("/* unsafe /* unsafe */ unsafe\n*/ unsafe", vec![2]),
            ("\"unsafe \\\" unsafe\" unsafe", vec![1]),
            ("r#\"unsafe \" unsafe\"# + br\"unsafe\\\" + c\"unsafe\"\nunsafe", vec![2]),
            ("'\"' unsafe '\"'", vec![1]),
            ("'\\'' unsafe b'\\\\' \"unsafe\"", vec![1]),
            ("fn f<'a>(x: &'a str) { \"unsafe\" }", vec![]),
            ("for_str\"unsafe\" unsafe_code r#unsafe_ an_unsafe", vec![]),
            ("\"a\nb\" unsafe", vec![2]),
            ("#![allow(unused, unsafe_code)]\nmod unsafe_code;", vec![1]),
            ("'é' unsafe /* é */ \"é\" 'é", vec![1]),
        ] {
            assert_eq!(lines_with_unsafe(source), lines, "{source:?}");
        }
    }
}
