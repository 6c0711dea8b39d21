//! Tables that util-linux 2.42.4 printed, beside what becomes of the same cells here.
//!
//! `tests/data/tables.json` holds for each table its cells, its text in every format, and its text on a terminal of
//! each width from 1 to 200: every text with the first width that has it. What is mended is mended there too: `lines`
//! has a colon behind `"children"`.

use serde_json::Value;

use super::*;

const RECORDED: &str = include_str!("../../../../tests/data/tables.json");

fn tables() -> Vec<Value> {
    serde_json::from_str::<Vec<Value>>(RECORDED).unwrap()
}

fn column(name: &str, recorded: &Value) -> Column {
    let [right, number] = [
        ["NS", "NPROCS", "PID", "PPID", "UID", "PNS", "ONS", "NETNSID"].contains(&name),
        ["NS", "NPROCS", "PID", "PPID", "UID", "PNS", "ONS"].contains(&name),
    ];
    Column {
        name: name.to_owned().leak(),
        alignment: if right { Alignment::Right } else { Alignment::Left },
        json: if number { JsonType::Number } else { JsonType::String },
        hint: match name {
            "NS" | "PNS" | "ONS" => 10,
            "TYPE" | "NPROCS" | "PID" | "PPID" => 5,
            _ => 0,
        },
        truncated: name == "COMMAND" && recorded["truncate"] == true,
        tree: recorded["tree"] == name,
        coloured: false,
    }
}

fn cell(recorded: &Value) -> Cell {
    match recorded {
        Value::Null => Cell::Empty,
        Value::Array(lines) => Cell::Lines(lines.iter().map(|line| line.as_str().unwrap().into()).collect()),
        text => Cell::Text(text.as_str().unwrap().into()),
    }
}

fn numbers(recorded: &Value) -> Vec<usize> {
    recorded.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize).collect()
}

fn table(recorded: &Value) -> Table {
    let array = |value: &Value| value.as_array().unwrap().clone();
    Table {
        name: "namespaces",
        columns: array(&recorded["columns"]).iter().map(|name| column(name.as_str().unwrap(), recorded)).collect(),
        lines: array(&recorded["lines"])
            .iter()
            .map(|line| Line {
                cells: array(&line[0]).iter().map(cell).collect(),
                children: numbers(&line[1]),
                colour: None,
            })
            .collect(),
        roots: numbers(&recorded["roots"]),
        beside: None,
    }
}

fn layout(recorded: &Value, format: Format) -> Layout {
    let is = |what: &str| recorded[what].as_bool().unwrap();
    let charset = Charset::Utf8(escape::properties::is_printable);
    Layout { format, headings: is("headings"), wrap: is("wrap"), charset, terminal: None }
}

fn assert_prints(table: &Table, layout: &Layout, expected: &str) {
    let printed = print(table, layout);
    assert_eq!(String::from_utf8_lossy(&printed), expected, "{layout:?}");
}

#[test]
fn every_format_is_as_recorded() {
    let mut compared = 0;
    for recorded in tables() {
        for (name, expected) in recorded["outputs"].as_object().unwrap() {
            let format = match name.split(' ').next() {
                Some("list") => Format::List,
                Some("raw") => Format::Raw,
                style => Format::Json(JsonStyle::from_environment(style.map(OsStr::new))),
            };
            let mut layout = layout(&recorded, format);
            if name.ends_with(" ascii") {
                layout.charset = Charset::Other;
            }
            assert_prints(&table(&recorded), &layout, expected.as_str().unwrap());
            compared += 1;
        }
    }
    assert_eq!(compared, 7 * 7);
}

#[test]
fn every_width_of_a_terminal_is_as_recorded() {
    let mut compared = 0;
    for recorded in tables() {
        let Some(terminals) = recorded["terminals"].as_array() else { continue };
        let table = table(&recorded);
        for columns in 1..=200 {
            let of_width = |entry: &&Value| entry[0].as_u64().unwrap() <= columns;
            let expected = terminals.iter().rfind(of_width).unwrap()[1].as_str().unwrap();
            let layout = Layout { terminal: Some(columns as usize), ..layout(&recorded, Format::List) };
            assert_prints(&table, &layout, expected);
            compared += 1;
        }
    }
    assert_eq!(compared, 6 * 200);
}
