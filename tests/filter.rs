//! Filters of rs-lsns beside util-linux's: random ones, over the same cells, from seeds that are the same in every run; `NS_SEED=N` takes others.
//!
//! util-linux's lsns filters its own list on a stage with all kinds of cells, and so does the library, with the cells that lsns has shown there.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

mod support;

#[path = "filter/expressions.rs"]
mod expressions;

use std::borrow::Cow;
use std::fmt::Write;
use std::thread;

use nscore::report::strerror;
use rs_lsns::filter::{Bound, Filter, ParseError, Type, UnknownColumns};

use expressions::Random;
use support::{Program, Stage, Status, User, oracle, require};

/// The columns of lsns, with what they hold.
const COLUMNS: [(&str, Type); 13] = [
    ("NS", Type::Number),
    ("TYPE", Type::String),
    ("PATH", Type::String),
    ("NPROCS", Type::Number),
    ("PID", Type::Number),
    ("PPID", Type::Number),
    ("COMMAND", Type::String),
    ("UID", Type::Number),
    ("USER", Type::String),
    ("NETNSID", Type::String),
    ("NSFS", Type::String),
    ("PNS", Type::Number),
    ("ONS", Type::Number),
];

/// Namespaces without processes, bound to one file or two, and a UTS namespace for each command line that a cell should hold.
const WORLD: &str = r#"
touch uts again net
unshare --uts=uts true
mount --bind uts again
unshare --net=net true
named() { "$@" <>never & until read -r comm </proc/$!/comm && [ "$comm" = cat ]; do :; done; }
for name in 5 -10 1.5 true '' ' 7 ' ' ' 18446744073709551616 0x10 'a b' 1e5000; do
    export name
    named unshare --uts perl -e 'exec {"/bin/cat"} $ENV{name}'
done
named setpriv --reuid 4242 --clear-groups unshare --user --net cat
"#;

/// Lists the stage's namespaces, once with all cells, and then by each filter; below each list stand an empty line and the status.
/// NETNSID is among them because lsns leaves it empty if only the filter names it, in lower case.
const LISTS: &str = r#"
list() { lsns --noheadings --raw --list "$@"; printf '\nstatus %s\n' $?; }
list --output NS,TYPE,PATH,NPROCS,PID,PPID,COMMAND,UID,USER,NETNSID,NSFS,PNS,ONS
exec 2>&1
while IFS= read -r filter; do list --output NS,NETNSID --filter "$filter"; done <<'END'
"#;

/// What came of a filter.
#[derive(Debug, PartialEq, Eq)]
enum Effect {
    /// The namespaces that it selects.
    Selected(Vec<String>),
    /// What is said, and status 1.
    Refused(String),
    /// Another status.
    Ended(String),
}

/// A line of cells.
type Line = Vec<Option<Vec<u8>>>;

/// What util-linux lists on a stage: all cells, and what comes of each filter.
fn ask(lsns: &Program, filters: &[String]) -> (Vec<Line>, Vec<Effect>) {
    assert!(filters.iter().all(|filter| !filter.contains('\n') && filter != "END"), "a filter is a line");
    let script = format!("{LISTS}{}\nEND\n", filters.join("\n"));
    let outcome = Stage { setup: WORLD, ..Stage::new(User::Root) }.run_sh(lsns, &script);
    assert_eq!((outcome.status, &*outcome.stderr), (Status::Exit(0), ""));
    let mut lists = Vec::new();
    let mut list = Vec::new();
    for line in outcome.stdout.lines() {
        match line.strip_prefix("status ") {
            Some(status) => lists.push((std::mem::take(&mut list), status.to_owned())),
            None if line.is_empty() => {}
            None => list.push(line.to_owned()),
        }
    }
    let mut lists = lists.into_iter();
    let (cells, status) = lists.next().expect("a list of all");
    assert_eq!(status, "0");
    let effects = lists.map(|(lines, status)| match &*status {
        "0" => {
            Effect::Selected(lines.iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect())
        }
        "1" => Effect::Refused(lines.join("\n")),
        _ => Effect::Ended(status),
    });
    (cells.iter().map(|line| cells_of(line)).collect(), effects.collect())
}

/// The cells of a raw line.
fn cells_of(line: &str) -> Line {
    let mut cells: Line = line.split(' ').map(|cell| Some(unescape(cell)).filter(|text| !text.is_empty())).collect();
    assert_eq!(cells.len(), COLUMNS.len(), "{line}");
    // A process has a command line, even if there is nothing on it.
    let [pid, command] = ["PID", "COMMAND"].map(|name| column(name).expect("a column").0);
    if cells[pid].is_some() {
        cells[command].get_or_insert_default();
    }
    cells
}

/// `\x20` is a blank, and so on.
fn unescape(cell: &str) -> Vec<u8> {
    let mut parts = cell.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
        bytes.extend(part[2..].bytes());
    }
    bytes
}

/// What comes of a filter in the library, said as lsns says it.
fn library(filter: &str, lines: &[Line]) -> Effect {
    let parsed = match Filter::parse(filter.as_bytes()) {
        Err(error) => return Effect::Refused(format!("lsns: failed to parse \"{filter}\": {error}")),
        Ok(None) => return Effect::Selected(lines.iter().map(name_of).collect()),
        Ok(Some(parsed)) => parsed,
    };
    match parsed.bind(column) {
        Err(UnknownColumns(names)) => {
            let names = names.iter().map(|name| format!("lsns: unknown column: {name}\n"));
            Effect::Refused(names.collect::<String>() + "lsns: failed to initialize filter")
        }
        Ok(bound) => select(&bound, lines),
    }
}

fn column(name: &str) -> Option<(usize, Type)> {
    let place = COLUMNS.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some((place, COLUMNS[place].1))
}

fn select(bound: &Bound<usize>, lines: &[Line]) -> Effect {
    let mut selected = Vec::new();
    for line in lines {
        let cell = |place: usize| {
            assert!(bound.columns().contains(&place), "a column that was not announced");
            line[place].as_deref().map(Cow::Borrowed)
        };
        match bound.matches(cell) {
            Ok(true) => selected.push(name_of(line)),
            Ok(false) => {}
            Err(errno) => {
                return Effect::Refused(format!("lsns: failed to apply filter: {}", strerror(errno).display()));
            }
        }
    }
    Effect::Selected(selected)
}

fn name_of(line: &Line) -> String {
    String::from_utf8_lossy(line[0].as_deref().unwrap_or_default()).into_owned()
}

/// Whether util-linux's effect tells nothing about this filter: where it errs, or is older than what ours follows.
fn incomparable(filter: &str, ours: &Effect, theirs: &Effect, version: support::Version) -> bool {
    let regex = filter.contains("=~") || filter.contains("!~");
    match (Filter::parse(filter.as_bytes()).err(), ours, theirs) {
        // 2.42 has no limits, and takes anything for a pattern, which it then reads as an address.
        (Some(ParseError::Refused(_) | ParseError::TooDeep), ..) => version < (2, 43, 0),
        // It gives the errno of some call before where the pattern stands beside a number.
        (None, Effect::Refused(ours), Effect::Refused(theirs)) => {
            let fails = |message: &str| message.starts_with("lsns: failed to apply filter: ");
            regex && fails(ours) && fails(theirs)
        }
        _ => false,
    }
}

/// Compares filters, some on each stage; says how many of them told something.
fn compare(filters: &[String]) -> usize {
    let lsns = oracle("lsns").expect("required above");
    let version = lsns.version().expect("util-linux tells its version");
    // Two at a time; and no stage may take long.
    let parts: Vec<&[String]> = filters.chunks(250).collect();
    let mut differences = String::new();
    let mut compared = 0;
    for pair in parts.chunks(2) {
        let asked: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = pair.iter().map(|part| scope.spawn(|| ask(&lsns, part))).collect();
            running.into_iter().map(|running| running.join().expect("a stage")).collect()
        });
        for (part, (lines, effects)) in pair.iter().zip(asked) {
            assert_eq!(part.len(), effects.len());
            assert!(lines.len() > 15, "a poor world: {lines:?}");
            for (filter, theirs) in part.iter().zip(effects) {
                let ours = library(filter, &lines);
                if incomparable(filter, &ours, &theirs, version) {
                    continue;
                }
                compared += 1;
                if ours != theirs {
                    writeln!(differences, "{filter}\n  ours:   {ours:?}\n  theirs: {theirs:?}").expect("a string");
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} differences\n{differences}", differences.lines().count() / 3);
    compared
}

/// A generator of its own for each test; another one for each `NS_SEED`.
fn random(test: u64) -> Random {
    let seed = std::env::var("NS_SEED").map_or(1, |seed| seed.parse().expect("NS_SEED is a number"));
    Random::new(seed * 1000 + test)
}

#[test]
fn well_formed() {
    require!(root, new_lsns, perl, setpriv);
    let mut random = random(1);
    let filters: Vec<String> = (0..2000).map(|_| random.filter()).collect();
    assert!(compare(&filters) > 1700);
}

#[test]
fn malformed() {
    require!(root, new_lsns, perl, setpriv);
    let mut random = random(2);
    let filters: Vec<String> = (0..800).map(|_| random.words()).collect();
    assert!(compare(&filters) > 750);
}

/// util-linux echoes what it does not know (defect 21), but for a `'` without an end, which it takes as ours takes all of that.
#[test]
fn unknown_characters() {
    require!(root, new_lsns, perl, setpriv);
    let mut random = random(3);
    let beginnings: Vec<String> = (0..400).map(|_| random.words().replace('\'', "\"") + " ").collect();
    let filters: Vec<String> = beginnings.iter().map(|beginning| format!("{beginning}'")).collect();
    assert!(compare(&filters) > 350);
    for (beginning, known) in beginnings.iter().zip(&filters) {
        let expected = Filter::parse(known.as_bytes()).err();
        assert!(expected.is_some(), "{known}");
        let unknown = format!("{beginning}{} && 1", random.unknown_character());
        assert_eq!(Filter::parse(unknown.as_bytes()).err(), expected, "{unknown}");
    }
}

/// What is in no grammar: limits, and what was seen once to differ.
#[test]
fn corners() {
    require!(root, new_lsns, perl, setpriv);
    let repeated = |text: &str, count: usize| text.repeat(count);
    let mut filters: Vec<String> = CORNERS.iter().map(|filter| (*filter).to_owned()).collect();
    for count in [252, 253] {
        filters.push(repeated("!", count) + "NS");
        filters.push(repeated("!", count + 1));
        filters.push(format!("{}UID{}", repeated("(", count - 1), repeated(")", count - 1)));
    }
    filters.push(format!("{}1{}", repeated("NPROCS && (", 84), repeated(")", 84)));
    filters.push(format!("!1{}", repeated("&&1", 127)));
    filters.push(format!("TYPE =~ \"{}\"", repeated("m", 256)));
    filters.push(format!("{:1024}", "NS"));
    filters.push(format!("1.5 < {}.0", repeated("9", 900)));
    assert_eq!(compare(&filters), filters.len());
}

const CORNERS: [&str; 44] = [
    "",
    " ",
    "NPROCS != 0 || PID == TYPE",
    "TYPE == PID",
    "NETNSID < PID",
    "PID == NETNSID",
    "COMMAND == 5 || true",
    "TYPE == 'uts' && COMMAND == 5",
    "NPROCS == 0 || COMMAND == '7'",
    "COMMAND != '' && COMMAND < ''",
    "COMMAND =~ '^7$' || COMMAND =~ '^ *$'",
    "COMMAND == true",
    "NSFS =~ ',' or NSFS =~ '^/tmp/stage/net$'",
    "NSFS == '/tmp/stage/uts,/tmp/stage/again'",
    "0.1 == '0.10000000000000000001'",
    "0.1 == '0.1000000000000000000001'",
    "18446744073709551615 == 18446744073709551614.0",
    "18446744073709551615 == 18446744073709551615.0",
    "'100000' == 100000.5 && '100002' == 100001.5 && '100001' == 100000.5000000000001",
    "'1e+06' == 999999.5 && '0.0001' == 0.0001 && '1e-05' == 0.00001",
    "5.0 == '0x1p-16445'",
    "5.0 == '0x1p-16446'",
    "5.0 == '1.18973149535723176502e4932'",
    "5.0 == '1.18973149535723176506e4932'",
    "5.0 == '3.3621031431120935062e-4932'",
    "5.0 == '3.3e-4932'",
    "5.0 == '1e5000x'",
    "5.0 == 'nan(a_1)' || 5.0 == '-inf'",
    "5.0 == 'nan(a-1)'",
    "5 == '-5x'",
    "5 == '-0x'",
    "5 == '99999999999999999999 1'",
    "5 == ''",
    "FOO && FOO || BAR == foo",
    "NS =~ '(' )",
    "NS =~ ('(' 5",
    "NS =~ '(' && 16E",
    "16EiB",
    "5 16E",
    "0Y == 0 && 15E == 15EiB",
    "1KB",
    "1.5K",
    "1EiBx",
    "true",
];
