//! Tables made here, and what holds for all of them.

use unicode_width::UnicodeWidthChar;

use super::escape::properties::is_printable;
use super::*;
use crate::cases::for_any;

const UTF8: Charset = Charset::Utf8(is_printable);

fn layout(format: Format) -> Layout {
    Layout { format, headings: true, wrap: true, charset: UTF8, terminal: None }
}

fn on_terminal(columns: usize) -> Layout {
    Layout { terminal: Some(columns), ..layout(Format::List) }
}

fn column(name: &'static str) -> Column {
    let (alignment, json) = match name {
        "PID" | "PNS" => (Alignment::Right, JsonType::Number),
        _ => (Alignment::Left, JsonType::String),
    };
    let hint = match name {
        "PNS" => 10,
        "PID" => 5,
        _ => 0,
    };
    Column { name, alignment, json, hint, truncated: name == "COMMAND", tree: false, coloured: false }
}

/// A table without a tree. Cells are texts; one that has line ends in it is a [`Cell::Lines`].
fn flat(names: &[&'static str], lines: &[&[&str]]) -> Table {
    let cell = |text: &&str| match *text {
        "" => Cell::Empty,
        text if text.contains('\n') => Cell::Lines(text.split('\n').map(|line| line.into()).collect()),
        text => Cell::Text(text.into()),
    };
    Table {
        name: "namespaces",
        columns: names.iter().copied().map(column).collect(),
        lines: lines
            .iter()
            .map(|cells| Line { cells: cells.iter().map(cell).collect(), children: vec![], colour: None })
            .collect(),
        roots: (0..lines.len()).collect(),
        beside: None,
    }
}

/// A table in which every line is below the one before it.
fn chain(depth: usize) -> Table {
    let lines = (0..depth).map(|place| Line {
        cells: vec![Cell::Text(place.to_string().into()), Cell::Text(b"sh".to_vec())],
        children: if place + 1 < depth { vec![place + 1] } else { vec![] },
        colour: None,
    });
    let tree = Column { tree: true, ..column("COMMAND") };
    Table {
        name: "namespaces",
        columns: vec![column("PID"), tree],
        lines: lines.collect(),
        roots: vec![0],
        beside: None,
    }
}

fn text(table: &Table, layout: &Layout) -> String {
    String::from_utf8(print(table, layout)).unwrap()
}

#[test]
fn without_lines_there_are_no_headings() {
    let table = flat(&["PID", "COMMAND"], &[]);
    for (format, expected) in [
        (Format::List, ""),
        (Format::Raw, ""),
        (Format::Json(JsonStyle::Pretty), "{\n   \"namespaces\": [\n\n   ]\n}\n"),
        (Format::Json(JsonStyle::Compact), "{\"namespaces\":[\n]}\n"),
        (Format::Json(JsonStyle::Lines), ""),
    ] {
        assert_eq!(text(&table, &layout(format)), expected, "{format:?}");
    }
}

/// Of a column whose heading has room for all cells, only a terminal grants the hint.
#[test]
fn a_cell_that_is_wider_than_the_heading_brings_the_hint() {
    let table = |pid| flat(&["PID", "TYPE"], &[&[pid, "net"]]);
    assert_eq!(text(&table("200"), &layout(Format::List)), "PID TYPE\n200 net\n");
    assert_eq!(text(&table("2000"), &layout(Format::List)), "  PID TYPE\n 2000 net\n");
    let bare = Layout { headings: false, ..layout(Format::List) };
    assert_eq!(text(&table("2"), &bare), "2 net\n");
    assert_eq!(text(&table("20"), &bare), "   20 net\n");
    assert_eq!(text(&table("200"), &on_terminal(9)), " PID TYPE\n 200 net\n");
}

#[test]
fn hints_are_taken_back_from_what_was_widened_most() {
    let table = flat(&["PNS", "PID", "PNS", "TYPE"], &[&["0", "7", "0", "net"]]);
    for (columns, expected) in [
        (32, "       PNS   PID        PNS TYPE\n"),
        (31, "      PNS   PID        PNS TYPE\n"),
        (30, "      PNS   PID       PNS TYPE\n"),
        (22, "  PNS   PID   PNS TYPE\n"),
        (21, " PNS   PID   PNS TYPE\n"),
        (20, " PNS  PID   PNS TYPE\n"),
        (16, "PNS PID PNS TYPE\n"),
        (1, "PNS PID PNS TYPE\n"),
    ] {
        let printed = text(&table, &on_terminal(columns));
        assert_eq!(printed.lines().next().unwrap().to_owned() + "\n", expected, "{columns}");
    }
}

/// util-linux takes more from the column whose cells differ more in width.
#[test]
fn of_two_truncated_columns_each_gives_in_its_turn() {
    let table = flat(&["COMMAND", "COMMAND"], &[&["aaaaaaaaaaaaa"; 2], &["bbb"; 2]]);
    let first_line = |columns| {
        let printed = text(&table, &Layout { headings: false, ..on_terminal(columns) });
        printed.lines().next().unwrap().to_owned()
    };
    for (columns, expected) in [
        (27, "aaaaaaaaaaaaa aaaaaaaaaaaaa"),
        (26, "aaaaaaaaaaaaa aaaaaaaaaaaa"),
        (25, "aaaaaaaaaaaa aaaaaaaaaaaa"),
        (6, "aaa aa"),
        (1, "a a"),
    ] {
        assert_eq!(first_line(columns), expected, "{columns}");
    }
}

/// Only a path with a line end in it makes an empty row, and nothing of the line comes after that.
#[test]
fn a_row_ends_where_a_path_has_an_empty_line() {
    let table = flat(&["PID", "NSFS", "TYPE"], &[&["57", "/m/a\n\n/m/bc", "net"]]);
    assert_eq!(text(&table, &layout(Format::List)), "PID NSFS  TYPE\n 57 /m/a  net\n    \n    /m/bc \n");
}

#[test]
fn several_lines_are_joined_where_they_cannot_stand_one_below_the_other() {
    let table = flat(&["NSFS", "TYPE"], &[&["/a\n/b c", "net"]]);
    let unwrapped = Layout { wrap: false, ..layout(Format::List) };
    assert_eq!(text(&table, &layout(Format::List)), "NSFS TYPE\n/a   net\n/b c \n");
    assert_eq!(text(&table, &unwrapped), "NSFS    TYPE\n/a,/b c net\n");
    assert_eq!(text(&table, &layout(Format::Raw)), "NSFS TYPE\n/a,/b\\x20c net\n");
    assert_eq!(text(&table, &layout(Format::Json(JsonStyle::Lines))), "{\"nsfs\":\"/a,/b c\",\"type\":\"net\"}\n");
}

/// util-linux is misled here: it takes the width of the line that has most bytes.
#[test]
fn the_widest_line_of_a_cell_counts() {
    let table = flat(&["NSFS", "TYPE"], &[&["/日本\n/12345", "net"]]);
    assert_eq!(text(&table, &layout(Format::List)), "NSFS   TYPE\n/日本  net\n/12345 \n");
}

#[test]
fn what_takes_no_column_does_not_stand_alone() {
    let table = flat(&["COMMAND", "TYPE"], &[&["\u{301}\u{200b}", "net"]]);
    assert_eq!(text(&table, &layout(Format::List)), "COMMAND TYPE\n        net\n");
}

/// Behind a branch it stands, unless the branch itself was cut.
#[test]
fn what_takes_no_column_follows_a_whole_branch() {
    let mut table = flat(&["COMMAND"], &[&["ab"], &["\u{301}x"]]);
    table.columns[0].tree = true;
    table.lines[0].children = vec![1];
    table.roots = vec![0];
    for (columns, expected) in [(1, "a\n└\n"), (2, "ab\n└─\u{301}\n"), (3, "ab\n└─\u{301}x\n")] {
        let printed = text(&table, &Layout { headings: false, ..on_terminal(columns) });
        assert_eq!(printed, expected, "{columns}");
    }
    table.lines[1].cells = vec![Cell::Text("\u{301}".into())];
    assert_eq!(text(&table, &layout(Format::List)), "COMMAND\nab\n└─\u{301}\n");
}

#[test]
fn the_last_column_has_no_blanks_behind_it() {
    let table = flat(&["TYPE", "PID", "NSFS"], &[&["net", "1", ""], &["user", "", "/a"], &["", "", ""]]);
    assert_eq!(text(&table, &layout(Format::List)), "TYPE PID NSFS\nnet    1 \nuser     /a\n         \n");
    let table = flat(&["TYPE", "PID"], &[&["net", "1"], &["user", ""]]);
    assert_eq!(text(&table, &layout(Format::List)), "TYPE PID\nnet    1\nuser \n");
}

#[test]
fn json_escapes_what_it_must_and_no_more() {
    let table = flat(&["COMMAND"], &[&["\"\\/\u{8}\u{c}\r\t\u{1b}\u{7f}é"]]);
    let printed = text(&table, &layout(Format::Json(JsonStyle::Lines)));
    assert_eq!(printed, "{\"command\":\"\\\"\\\\/\\b\\f\\r\\t\\u001b\u{7f}é\"}\n");
    let bytes =
        Table { lines: vec![Line { cells: vec![Cell::Text(vec![0xff])], children: vec![], colour: None }], ..table };
    assert_eq!(print(&bytes, &layout(Format::Json(JsonStyle::Lines))), b"{\"command\":\"\xff\"}\n");
}

/// Whoever starts processes decides how deep a tree is.
#[test]
fn a_tree_may_be_as_deep_as_it_likes() {
    let table = chain(3_000);
    let lines = |layout: &Layout| text(&table, layout).lines().count();
    assert_eq!(lines(&layout(Format::List)), 3_001);
    assert_eq!(lines(&layout(Format::Raw)), 3_001);
    assert_eq!(lines(&layout(Format::Json(JsonStyle::Lines))), 1);
    let table = chain(100_000);
    let printed = text(&table, &on_terminal(80));
    assert!(printed.lines().all(|line| line.chars().count() <= 80));
    assert_eq!(printed.lines().last().unwrap().trim(), "99999");
}

/// A writer that is full after some bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_printing() {
    let table = chain(3_000);
    for format in [Format::List, Format::Raw, Format::Json(JsonStyle::Pretty)] {
        let result = print_to(&table, &layout(format), &mut Full(1_000_000));
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull, "{format:?}");
    }
}

/// Numbers that look random, and are the same each time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn text(&mut self) -> String {
        const CHARACTERS: [char; 14] =
            ['a', 'b', ' ', '\\', 'x', '"', '\t', '\u{1b}', '\u{7f}', '\u{85}', 'é', '日', '\u{301}', '\u{1f600}'];
        (0..self.throw(12)).map(|_| CHARACTERS[self.throw(CHARACTERS.len())]).collect()
    }

    /// A table whose lines are below lines that come before them, or at the top.
    fn table(&mut self) -> Table {
        let mut table = flat(&["PID", "NSFS", "PNS", "COMMAND"], &[]);
        table.columns[3].tree = true;
        for place in 0..self.throw(9) {
            let paths = (0..self.throw(3)).map(|_| format!("/{}", self.text()).into_bytes()).collect();
            let cells = vec![
                Cell::Text(self.throw(100_000).to_string().into()),
                Cell::Lines(paths),
                Cell::Empty,
                Cell::Text(self.text().into()),
            ];
            table.lines.push(Line { cells, children: vec![], colour: None });
            match self.throw(place + 1) {
                0 => table.roots.push(place),
                above => table.lines[above - 1].children.push(place),
            }
        }
        table
    }
}

fn all_lines(value: &serde_json::Value, into: &mut Vec<serde_json::Value>) {
    for line in value.as_array().unwrap() {
        into.push(line.clone());
        line.get("children").iter().for_each(|children| all_lines(children, into));
    }
}

#[test]
fn json_of_every_style_can_be_read_and_holds_the_cells() {
    let mut dice = Dice(1);
    for _ in 0..300 {
        let table = dice.table();
        let pretty: serde_json::Value =
            serde_json::from_slice(&print(&table, &layout(Format::Json(JsonStyle::Pretty)))).unwrap();
        let compact: serde_json::Value =
            serde_json::from_slice(&print(&table, &layout(Format::Json(JsonStyle::Compact)))).unwrap();
        let lines: Vec<serde_json::Value> = text(&table, &layout(Format::Json(JsonStyle::Lines)))
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(pretty, compact);
        assert_eq!(pretty["namespaces"], serde_json::Value::Array(lines));
        let mut read = Vec::new();
        all_lines(&pretty["namespaces"], &mut read);
        assert_eq!(read.len(), table.lines.len());
        for line in &table.lines {
            let Cell::Text(command) = &line.cells[3] else { panic!() };
            let command = std::str::from_utf8(command).unwrap();
            assert!(read.iter().any(|read| read["command"].as_str().unwrap_or_default() == command));
        }
    }
}

#[test]
fn raw_cells_can_be_told_apart_and_read_back() {
    let mut dice = Dice(2);
    for _ in 0..300 {
        let mut table = dice.table();
        table.columns[3].tree = false;
        for line in text(&table, &Layout { headings: false, ..layout(Format::Raw) }).lines() {
            let cells: Vec<Vec<u8>> = line.split(' ').map(unescape).collect();
            let is_it =
                |line: &Line| line.cells.iter().map(|cell| cell.joined().into_owned()).eq(cells.iter().cloned());
            assert!(table.lines.iter().any(is_it), "{line}");
        }
    }
}

fn unescape(cell: &str) -> Vec<u8> {
    let mut parts = cell.split("\\x");
    let first = parts.next().unwrap().as_bytes().to_vec();
    parts.fold(first, |mut bytes, part| {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
        bytes
    })
}

/// Every line of a list fits, unless the columns that cannot be cut are too wide by themselves.
#[test]
fn lists_fit_the_terminal() {
    let mut dice = Dice(3);
    for _ in 0..300 {
        let table = dice.table();
        let columns = 1 + dice.throw(120);
        let layout = Layout { wrap: false, ..on_terminal(columns) };
        let least = width::of_columns(&table, &Layout { terminal: Some(1), ..layout });
        let room = columns.max(least.iter().sum::<usize>() + least.len() - 1);
        for line in text(&table, &layout).lines() {
            let width: usize = line.chars().filter_map(UnicodeWidthChar::width).sum();
            assert!(width <= room, "{line}");
            assert!(!line.contains(|character: char| !is_printable(character)), "{line}");
        }
    }
}

#[test]
fn words_and_places_are_arrays_for_programs() {
    let array = |name| Column { json: JsonType::Array, ..Column::of_texts(name) };
    let words = |words: &[&str]| Cell::Words(words.iter().map(|word| (*word).into()).collect());
    let rows = [
        vec![words(&["process", "fd"]), Cell::Lines(vec![b"/a\"".to_vec(), b"/b".to_vec()])],
        vec![Cell::Empty, Cell::Lines(vec![])],
    ];
    let table = Table::flat("namespaces", vec![array("HELDBY"), array("NSFS")], rows.into_iter());
    let table = Table { beside: Some(("unreadable", 3)), ..table };
    let json = |style| String::from_utf8(print(&table, &layout(Format::Json(style)))).unwrap();
    assert_eq!(
        json(JsonStyle::Compact),
        "{\"namespaces\":[\n{\"heldby\":[\"process\", \"fd\"],\"nsfs\":[\"/a\\\"\", \"/b\"]},\n\
         {\"heldby\":null,\"nsfs\":[]}\n],\"unreadable\":3}\n"
    );
    assert!(json(JsonStyle::Pretty).ends_with("\n   ],\n   \"unreadable\": 3\n}\n"));
    assert!(!json(JsonStyle::Lines).contains("unreadable"));
    let list = print(&table, &layout(Format::List));
    assert_eq!(String::from_utf8(list).unwrap(), "HELDBY     NSFS\nprocess,fd /a\"\n           /b\n           \n");
}

#[test]
fn a_colour_takes_no_column() {
    let column = |name| Column { coloured: true, ..Column::of_numbers(name) };
    let row = |text: &str| vec![Cell::Text(text.into()), Cell::Text(text.into())];
    let mut table =
        Table::flat("namespaces", vec![column("NS"), Column::of_numbers("N")], [row("1"), row("234")].into_iter());
    table.lines[0].colour = Some(31);
    assert_eq!(
        String::from_utf8(print(&table, &layout(Format::List))).unwrap(),
        " NS   N\n  \x1b[31m1\x1b[0m   1\n234 234\n"
    );
}

/// Bytes that are no UTF-8 stay as they are, as with util-linux: who reads them replaces them, and then all is JSON.
#[test]
fn any_bytes_become_json_that_says_the_same() {
    for_any(
        |random| [0; 3].map(|_| random.changed("a\"\\\x08\x0c\t\u{85}é日\n\0".as_bytes())),
        |texts| properties::of_json(texts.each_ref().map(Vec::as_slice)),
    );
}

#[test]
fn any_texts_in_a_tree_stay_in_their_lines() {
    for_any(
        |random| {
            let text = |random: &mut crate::cases::Random| {
                (random.byte(), random.changed("/a\\x41 é日\u{301}\0\u{85}\x1b[2J\n".as_bytes()))
            };
            let times = random.place(6);
            ((0..times).map(|_| text(random)).collect::<Vec<_>>(), random.place(60))
        },
        |(texts, columns)| properties::of_tree(texts, *columns),
    );
}
