//! Whether a command printed what the page says. `[..]` stands for anything in a line, `...` for any lines.
//!
//! Numbers of namespaces, and of processes of the stage, are other ones each time. What counts is that they are the same number where the page shows the
//! same number, so the page can show real ones.

use std::collections::HashMap;

/// Which number of the page is which of those that were printed, within a block.
#[derive(Clone, Default)]
pub struct Names {
    printed: HashMap<String, String>,
    wanted: HashMap<String, String>,
}

impl Names {
    /// Whether the number of the page can be this one, here and above.
    fn agree(&mut self, wanted: &str, printed: &str) -> bool {
        let first = self.printed.entry(wanted.to_owned()).or_insert_with(|| printed.to_owned()) == printed;
        first && self.wanted.entry(printed.to_owned()).or_insert_with(|| wanted.to_owned()) == wanted
    }
}

/// Whether this was printed.
pub fn matches(wanted: &[String], printed: &str, names: &mut Names) -> bool {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    match lines_match(wanted, &printed, names.clone()) {
        Some(after) => {
            *names = after;
            true
        }
        None => false,
    }
}

fn lines_match(wanted: &[String], printed: &[&str], mut names: Names) -> Option<Names> {
    let Some((first, rest)) = wanted.split_first() else {
        return printed.is_empty().then_some(names);
    };
    if first == "..." {
        return (0..=printed.len()).find_map(|skipped| lines_match(rest, &printed[skipped..], names.clone()));
    }
    let (line, below) = printed.split_first()?;
    line_matches(first, line, &mut names).then_some(())?;
    lines_match(rest, below, names)
}

fn line_matches(wanted: &str, printed: &str, names: &mut Names) -> bool {
    if wanted.contains("[..]") {
        let parts: Vec<String> = wanted.split("[..]").map(without_numbers).collect();
        return parts_match(&parts, &without_numbers(printed));
    }
    let (wanted, printed) = (pieces(wanted), pieces(printed));
    let alike = |(wanted, printed): (&&str, &&str)| match (kind(wanted), kind(printed)) {
        (Some(one), Some(other)) => one == other && names.agree(wanted, printed),
        _ => wanted == printed,
    };
    wanted.len() == printed.len() && wanted.iter().zip(&printed).all(alike)
}

/// Whether the text is these parts with anything between them.
fn parts_match(parts: &[String], text: &str) -> bool {
    match parts {
        [] => text.is_empty(),
        [all] => text == all,
        [first, rest @ ..] => text.strip_prefix(first.as_str()).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| parts_match(rest, &text[at..]))
        }),
    }
}

/// What a number is of, if it is one that varies.
fn kind(digits: &str) -> Option<&'static str> {
    match digits.parse::<u64>() {
        Ok(4711..4999) => Some("PID"),
        Ok(4_026_531_800..4_026_999_999) => Some("NAMESPACE"),
        _ => None,
    }
}

fn without_numbers(text: &str) -> String {
    pieces(text).into_iter().map(|piece| kind(piece).unwrap_or(piece)).collect()
}

/// Runs of digits, and what is between them.
fn pieces(text: &str) -> Vec<&str> {
    text.as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .scan(0, |at, chunk| {
            *at += chunk.len();
            Some(&text[*at - chunk.len()..*at])
        })
        .collect()
}

/// What the page says, and what was printed instead.
pub fn difference(wanted: &[String], printed: &str) -> String {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let alike = |one: &String, other: &str| one == "[..]" || line_matches(one, other, &mut Names::default());
    let above = wanted.iter().zip(&printed).take_while(|(one, other)| alike(one, other)).count();
    let (rest, rest_printed) = (&wanted[above..], &printed[above..]);
    let below = rest.iter().rev().zip(rest_printed.iter().rev()).take_while(|(one, other)| alike(one, other)).count();
    let section = |mark: &str, lines: &[&str]| lines.iter().map(|line| format!("  {mark}{line}\n")).collect::<String>();
    let removed: Vec<&str> = rest[..rest.len() - below].iter().map(String::as_str).collect();
    let (added, same) = rest_printed.split_at(rest_printed.len() - below);
    let numbers =
        if removed.is_empty() && added.is_empty() { "  (the numbers do not agree with those above)\n" } else { "" };
    format!(
        "{}{}{}{}{numbers}",
        section(" ", &printed[..above]),
        section("-", &removed),
        section("+", added),
        section(" ", same)
    )
}

#[test]
fn lines_and_wildcards() {
    let is = |wanted: &str, printed: &str| {
        let wanted: Vec<String> = wanted.lines().map(str::to_owned).collect();
        matches(&wanted, printed, &mut Names::default())
    };
    assert!(is("a [..] c\n...\nz", "a b c\nd\ne\nz\n") && is("...\nz", "z\n") && is("a[..]", "a") && is("", ""));
    assert!(!is("a [..] c", "a b d\n") && !is("...\nz", "z\na\n") && !is("", "a\n") && !is("a", ""));
    assert!(is("4711 4712 4711\n4026531840", "4713 4711 4713\n4026532178\n"));
    assert!(!is("4711 4711", "4711 4712\n") && !is("4711 4712", "4711 4711\n") && !is("4711", "4026532178\n"));
    assert!(!is("4711", "1\n") && !is("[..] 12", "4711 13\n") && is("[..] 4712", "5 4711\n"));
}
