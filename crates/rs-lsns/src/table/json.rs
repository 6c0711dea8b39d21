//! A table as JSON: an array of objects, those below a line in its `children`.

use std::io::{self, Write};

use super::tree::{Step, Walk};
use super::{Cell, Column, JsonStyle, JsonType, Table};

/// Prints `table`.
pub(super) fn print(table: &Table, style: JsonStyle, out: &mut dyn Write) -> io::Result<()> {
    let json = Json { table, style };
    let mut walk = Walk::new(table);
    let mut text = Vec::new();
    json.begin(&mut text);
    while let Some(step) = walk.next() {
        match step {
            Step::Down(line) => json.object(&walk, &table.lines[line].cells, &mut text),
            Step::Up(_) => json.close(&walk, &mut text),
        }
        out.write_all(&text)?;
        text.clear();
    }
    json.end(&mut text);
    out.write_all(&text)
}

struct Json<'a> {
    table: &'a Table,
    style: JsonStyle,
}

impl Json<'_> {
    fn is_pretty(&self) -> bool {
        self.style == JsonStyle::Pretty
    }

    fn begin(&self, text: &mut Vec<u8>) {
        match self.style {
            JsonStyle::Pretty => text.extend(format!("{{\n   \"{}\": [\n", self.table.name).bytes()),
            JsonStyle::Compact => text.extend(format!("{{\"{}\":[\n", self.table.name).bytes()),
            JsonStyle::Lines => {}
        }
    }

    fn end(&self, text: &mut Vec<u8>) {
        let beside = |before: &str, between: &str| {
            let member = |(name, number)| format!(",{before}\"{name}\":{between}{number}");
            self.table.beside.map(member).unwrap_or_default()
        };
        match self.style {
            JsonStyle::Pretty => text.extend(format!("\n   ]{}\n}}\n", beside("\n   ", " ")).bytes()),
            JsonStyle::Compact => text.extend(format!("]{}}}\n", beside("", "")).bytes()),
            JsonStyle::Lines => {}
        }
    }

    /// An object as far as its children.
    fn object(&self, walk: &Walk, cells: &[Cell], text: &mut Vec<u8>) {
        if walk.is_first() {
            self.indent(text, object_depth(walk));
        }
        text.push(b'{');
        let members = object_depth(walk) + 1;
        for (place, (column, cell)) in self.table.columns.iter().zip(cells).enumerate() {
            if place > 0 {
                text.push(b',');
            }
            self.member(text, members, &column.name.to_ascii_lowercase());
            value(text, column, cell);
        }
        if walk.has_below() {
            text.push(b',');
            self.member(text, members, "children");
            text.push(b'[');
            self.new_line(text);
        } else {
            self.close_object(walk, text);
        }
    }

    /// The key of a member, on a line of its own.
    fn member(&self, text: &mut Vec<u8>, depth: usize, key: &str) {
        self.new_line(text);
        self.indent(text, depth);
        text.extend_from_slice(b"\"");
        text.extend_from_slice(key.as_bytes());
        text.extend_from_slice(if self.is_pretty() { b"\": " } else { b"\":" });
    }

    /// The end of a line's children, if it has any, and of the line. There is nothing to close at the top.
    fn close(&self, walk: &Walk, text: &mut Vec<u8>) {
        self.new_line(text);
        self.indent(text, object_depth(walk) + 1);
        text.push(b']');
        self.close_object(walk, text);
    }

    fn close_object(&self, walk: &Walk, text: &mut Vec<u8>) {
        self.new_line(text);
        self.indent(text, object_depth(walk));
        text.push(b'}');
        let is_root = walk.depth() == 0;
        if walk.goes_on() && (self.style != JsonStyle::Lines || !is_root) {
            text.push(b',');
        }
        if is_root && !self.is_pretty() {
            text.push(b'\n');
        }
    }

    fn new_line(&self, text: &mut Vec<u8>) {
        if self.is_pretty() {
            text.push(b'\n');
        }
    }

    fn indent(&self, text: &mut Vec<u8>, depth: usize) {
        if self.is_pretty() {
            text.resize(text.len() + 3 * depth, b' ');
        }
    }
}

/// In how many braces and brackets the object of a line stands.
fn object_depth(walk: &Walk) -> usize {
    2 + 2 * walk.depth()
}

fn value(text: &mut Vec<u8>, column: &Column, cell: &Cell) {
    if let (JsonType::Array, Cell::Lines(parts) | Cell::Words(parts)) = (column.json, cell) {
        return array(text, parts);
    }
    let cell = cell.joined();
    match column.json {
        _ if cell.is_empty() => text.extend_from_slice(b"null"),
        JsonType::Number => text.extend_from_slice(&cell),
        JsonType::String => string(text, &cell),
        JsonType::Array => array(text, &[cell.into_owned()]),
    }
}

/// An array of strings, on one line.
fn array(text: &mut Vec<u8>, parts: &[Vec<u8>]) {
    text.push(b'[');
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            text.extend_from_slice(b", ");
        }
        string(text, part);
    }
    text.push(b']');
}

/// A string of JSON. Bytes that are no UTF-8 stay as they are, as with util-linux.
fn string(text: &mut Vec<u8>, bytes: &[u8]) {
    text.push(b'"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend_from_slice(&[b'\\', *byte]),
            0x08 => text.extend_from_slice(b"\\b"),
            0x0c => text.extend_from_slice(b"\\f"),
            b'\n' => text.extend_from_slice(b"\\n"),
            b'\r' => text.extend_from_slice(b"\\r"),
            b'\t' => text.extend_from_slice(b"\\t"),
            ..0x20 => text.extend(format!("\\u{byte:04x}").bytes()),
            _ => text.push(*byte),
        }
    }
    text.push(b'"');
}
