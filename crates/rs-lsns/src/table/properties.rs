//! What has to hold of every table: tried by the tests, and by `fuzz/`.

use unicode_width::UnicodeWidthChar;

use super::escape::properties::is_printable;
use super::*;

/// As a program reads what is no UTF-8.
fn plain(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn layout(format: Format) -> Layout {
    Layout { format, headings: true, wrap: true, charset: Charset::Utf8(is_printable), terminal: None }
}

/// A text and an array in JSON say the same to who reads them.
pub fn of_json([text, first, second]: [&[u8]; 3]) {
    let array = Column { json: JsonType::Array, ..Column::of_texts("A") };
    let row = vec![Cell::Text(text.to_vec()), Cell::Words(vec![first.to_vec(), second.to_vec()])];
    let table = Table::flat("namespaces", vec![Column::of_texts("T"), array], std::iter::once(row));
    for style in [JsonStyle::Pretty, JsonStyle::Compact] {
        let printed = plain(&print(&table, &layout(Format::Json(style))));
        let read = serde_json::from_str::<serde_json::Value>(&printed);
        assert!(read.is_ok(), "{printed}");
        let line = &read.unwrap_or_default()["namespaces"][0];
        assert_eq!(line["t"].as_str().unwrap_or_default(), plain(text));
        assert_eq!(line["a"], serde_json::json!([plain(first), plain(second)]));
    }
}

/// A table of these texts, in which each line is below the one that its number says, or at the top; on a terminal of so
/// many columns. Nothing in it controls that; no line is longer than it has to be; and as JSON it can be read.
pub fn of_tree(texts: &[(u8, Vec<u8>)], columns: usize) {
    let table = tree(texts);
    for charset in [Charset::Utf8(is_printable), Charset::Other] {
        for wrap in [false, true] {
            let layout = Layout { wrap, charset, terminal: Some(columns), ..layout(Format::List) };
            let printed = print(&table, &layout);
            let least = width::of_columns(&table, &Layout { terminal: Some(1), ..layout });
            let room = columns.max(least.iter().sum::<usize>() + least.len() - 1);
            assert!(str::from_utf8(&printed).is_ok(), "{}", printed.escape_ascii());
            for line in plain(&printed).lines() {
                assert!(!line.contains(char::is_control), "{line:?}");
                let taken: usize = line.chars().filter_map(UnicodeWidthChar::width).sum();
                assert!(wrap || taken <= room, "{taken} of {room}: {line:?}");
            }
        }
    }
    for line in print(&table, &layout(Format::Raw)).split(|byte| *byte == b'\n') {
        assert!(line.iter().all(|byte| matches!(byte, b' '..=b'~')), "{}", line.escape_ascii());
        assert!(line.is_empty() || line.iter().filter(|byte| **byte == b' ').count() == table.columns.len() - 1);
    }
    for style in [JsonStyle::Pretty, JsonStyle::Compact] {
        let printed = plain(&print(&table, &layout(Format::Json(style))));
        // It reads no deeper than 128.
        let read = serde_json::from_str::<serde_json::Value>(&printed);
        assert!(read.is_ok() || texts.len() > 30, "{printed}");
    }
}

/// Numbers, places and a command, which draws the tree.
fn tree(texts: &[(u8, Vec<u8>)]) -> Table {
    let command = Column { tree: true, truncated: true, ..Column::of_texts("COMMAND") };
    let columns = vec![Column { hint: 5, ..Column::of_numbers("PID") }, Column::of_texts("NSFS"), command];
    let mut table = Table::flat("namespaces", columns, std::iter::empty());
    for (place, (above, text)) in texts.iter().enumerate() {
        let places = text.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
        let cells = vec![Cell::number(Some(place)), Cell::Lines(places), Cell::Text(text.clone())];
        table.lines.push(Line { cells, ..Line::default() });
        match usize::from(*above).checked_rem(place + 1).and_then(|above| above.checked_sub(1)) {
            Some(above) => table.lines[above].children.push(place),
            None => table.roots.push(place),
        }
    }
    table
}
