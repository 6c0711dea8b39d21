//! What the targets in `fuzz/` call: each function takes what somebody may have written, and panics where a property
//! does not hold. The properties stand beside the parsers; the unit tests try the same ones.

use std::borrow::Cow;

use nscore::arguments::Request;

use crate::columns::Column;
use crate::filter::{self, Filter, Type};
use crate::options::{self, Options};
use crate::plan::Plan;
use crate::table;

/// A filter, and after each NUL the text of a column that it may ask for.
pub fn filter(data: &[u8]) {
    let mut parts = data.splitn(5, |byte| *byte == 0);
    let text = parts.next().unwrap_or_default();
    let cells: Vec<&[u8]> = parts.collect();
    filter::parser::properties::of_filter(text);
    let Ok(Some(filter)) = Filter::parse(text) else { return };
    let kinds = [('S', Type::String), ('N', Type::Number), ('F', Type::Float), ('B', Type::Boolean)];
    let column = |name: &str| kinds.iter().position(|(first, _)| name.starts_with(*first)).map(|at| (at, kinds[at].1));
    let Ok(bound) = filter.bind(column) else { return };
    let cell = |place: usize| cells.get(place).filter(|cell| !cell.is_empty()).map(|cell| Cow::Borrowed(*cell));
    let first = bound.matches(cell);
    assert_eq!(first, bound.matches(cell));
}

/// A regular expression, up to the first NUL, and the longest text that a command line is cut to, made of the rest.
pub fn pattern(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (pattern, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(b"ab"));
    let Ok(regex) = filter::pattern::compile(pattern) else { return };
    let text: Vec<u8> = text.iter().copied().cycle().take(if text.is_empty() { 0 } else { 8191 }).collect();
    assert_eq!(regex.matches(&text), regex.matches(&text));
}

/// Texts in a table: the first byte says how wide the terminal is, each line's first which one it is below.
pub fn table(data: &[u8]) {
    let Some((columns, data)) = data.split_first() else { return };
    let columns = usize::from(*columns);
    let lines = data.split(|byte| *byte == b'\n').filter_map(|line| line.split_first());
    let texts: Vec<(u8, Vec<u8>)> = lines.map(|(above, text)| (*above, text.to_vec())).collect();
    table::escape::properties::of_text(data, columns);
    table::properties::of_tree(&texts, columns);
    let text = |place: usize| texts.get(place).map_or(data, |(_, text)| text);
    table::properties::of_json([text(0), text(1), text(2)]);
}

/// A command line up to its plan, words between NULs; and a list of columns.
pub fn arguments(data: &[u8]) {
    let (words, _) = nscore::fuzzing::words_of::<Options>("lsns", &options::DIALECT, data);
    for word in &words {
        let _ = Column::list(word, Vec::new());
    }
    if let Ok(Request::Run(options)) = options::read(words) {
        let _ = Plan::from_options(*options);
    }
}
