//! The columns: what each is called and shows, in one table that everybody asks.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use nscore::{Doing, Error, Result};

use crate::filter::Type;
use crate::table::{self, Alignment, JsonType};

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // the table below explains each
pub enum Column {
    Ns,
    Type,
    Path,
    Nprocs,
    Pid,
    Ppid,
    Command,
    Uid,
    User,
    Netnsid,
    Nsfs,
    Pns,
    Ons,
    Nsid,
    HeldBy,
    Nthreads,
    Nspid,
    Container,
    Cgroup,
    Owner,
    UidMap,
}

/// What the program says of one column.
struct Row {
    column: Column,
    name: &'static str,
    help: &'static str,
    value: Value,
    /// The least width where a terminal has room for it, or where a cell is wider than the name.
    hint: usize,
    /// Whether it is cut where the terminal ends.
    truncated: bool,
}

/// What a column's cells are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Number,
    Text,
    /// A number to people, a text to programs: it may be a word.
    NumberOrWord,
    /// Several words.
    Words,
}

#[rustfmt::skip]
const TABLE: [Row; 21] = [
    Row { column: Column::Ns, name: "NS", help: "namespace identifier (inode number)", value: Value::Number, hint: 10, truncated: false },
    Row { column: Column::Type, name: "TYPE", help: "kind of namespace", value: Value::Text, hint: 5, truncated: false },
    Row { column: Column::Path, name: "PATH", help: "path to the namespace", value: Value::Text, hint: 0, truncated: false },
    Row { column: Column::Nprocs, name: "NPROCS", help: "number of processes in the namespace", value: Value::Number, hint: 5, truncated: false },
    Row { column: Column::Pid, name: "PID", help: "lowest PID in the namespace", value: Value::Number, hint: 5, truncated: false },
    Row { column: Column::Ppid, name: "PPID", help: "PPID of the PID", value: Value::Number, hint: 5, truncated: false },
    Row { column: Column::Command, name: "COMMAND", help: "command line of the PID", value: Value::Text, hint: 0, truncated: true },
    Row { column: Column::Uid, name: "UID", help: "UID of the PID", value: Value::Number, hint: 0, truncated: false },
    Row { column: Column::User, name: "USER", help: "username of the PID", value: Value::Text, hint: 0, truncated: false },
    Row { column: Column::Netnsid, name: "NETNSID", help: "namespace ID as used by network subsystem", value: Value::NumberOrWord, hint: 0, truncated: false },
    Row { column: Column::Nsfs, name: "NSFS", help: "nsfs mountpoint (usually used network subsystem)", value: Value::Text, hint: 0, truncated: false },
    Row { column: Column::Pns, name: "PNS", help: "parent namespace identifier (inode number)", value: Value::Number, hint: 10, truncated: false },
    Row { column: Column::Ons, name: "ONS", help: "owner namespace identifier (inode number)", value: Value::Number, hint: 10, truncated: false },
    Row { column: Column::Nsid, name: "NSID", help: "number of the namespace that is never used again", value: Value::Number, hint: 0, truncated: false },
    Row { column: Column::HeldBy, name: "HELDBY", help: "what keeps the namespace", value: Value::Words, hint: 0, truncated: false },
    Row { column: Column::Nthreads, name: "NTHREADS", help: "number of threads in the namespace", value: Value::Number, hint: 0, truncated: false },
    Row { column: Column::Nspid, name: "NSPID", help: "PID of the PID in its own pid namespace", value: Value::Number, hint: 0, truncated: false },
    Row { column: Column::Container, name: "CONTAINER", help: "container, machine or unit of the PID", value: Value::Text, hint: 0, truncated: false },
    Row { column: Column::Cgroup, name: "CGROUP", help: "cgroup of the PID", value: Value::Text, hint: 0, truncated: false },
    Row { column: Column::Owner, name: "OWNER", help: "UID that made the owner namespace", value: Value::Number, hint: 0, truncated: false },
    Row { column: Column::UidMap, name: "UIDMAP", help: "UIDs of the user namespace, as INSIDE:OUTSIDE:COUNT", value: Value::Text, hint: 0, truncated: false },
];

/// How many of them are util-linux's. They come first.
const CLASSIC: usize = 13;

impl Column {
    /// The columns that `--output-all` shows: util-linux's, or with `--all` ours as well.
    pub fn all(with_ours: bool) -> impl Iterator<Item = Column> {
        TABLE.iter().take(if with_ours { TABLE.len() } else { CLASSIC }).map(|row| row.column)
    }

    fn row(self) -> &'static Row {
        // The table stands in the order of the enum (a test holds it to that).
        &TABLE[self as usize]
    }

    /// The column with this name, in whichever case.
    pub fn named(name: &[u8]) -> Option<Column> {
        TABLE.iter().find(|row| row.name.as_bytes().eq_ignore_ascii_case(name)).map(|row| row.column)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it shows, in a few words.
    pub fn help(self) -> &'static str {
        self.row().help
    }

    /// What its cells are to a filter.
    pub fn filter_type(self) -> Type {
        match self.row().value {
            Value::Number => Type::Number,
            Value::Text | Value::NumberOrWord | Value::Words => Type::String,
        }
    }

    /// What `--list-columns` calls the type of its cells.
    pub fn type_name(self) -> &'static str {
        match self.row().value {
            Value::Number => "<integer>",
            Value::Text | Value::NumberOrWord | Value::Words => "<string>",
        }
    }

    /// How a table shows it; several places are an array in JSON if `all` are asked for.
    pub fn layout(self, all: bool) -> table::Column {
        let Row { name, value, hint, truncated, .. } = *self.row();
        table::Column {
            name,
            alignment: match value {
                Value::Text | Value::Words => Alignment::Left,
                Value::Number | Value::NumberOrWord => Alignment::Right,
            },
            json: match value {
                Value::Number => JsonType::Number,
                Value::Words => JsonType::Array,
                Value::Text if all && self == Column::Nsfs => JsonType::Array,
                Value::Text | Value::NumberOrWord => JsonType::String,
            },
            hint,
            truncated,
            tree: false,
            coloured: matches!(self, Column::Ns | Column::Type),
        }
    }

    /// Reads what `--output` takes: names between commas, to be added to `defaults` if a `+` stands first.
    ///
    /// # Errors
    /// [`Doing::ParsingColumn`] with all from the first name on that is none.
    pub fn list(text: &OsStr, defaults: Vec<Column>) -> Result<Vec<Column>> {
        let (mut columns, names) = match text.as_bytes().strip_prefix(b"+") {
            Some(names) => (defaults, names),
            None => (Vec::new(), text.as_bytes()),
        };
        let mut rest = Some(names);
        while let Some(names) = rest {
            let (name, after) = first_name(names);
            let unknown = || Error::new(Doing::ParsingColumn { text: OsStr::from_bytes(names).into() });
            columns.push(Column::named(name).ok_or_else(unknown)?);
            rest = after;
        }
        Ok(columns)
    }
}

/// The name before the first comma, and what follows. A comma at the end belongs to the name, as util-linux has it.
fn first_name(names: &[u8]) -> (&[u8], Option<&[u8]>) {
    let comma = names.iter().position(|byte| *byte == b',').filter(|comma| comma + 1 < names.len());
    comma.map_or((names, None), |comma| (&names[..comma], Some(&names[comma + 1..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.column as usize, place, "{}", row.name);
        }
    }

    #[test]
    fn the_classic_columns_come_first() {
        assert_eq!(Column::all(false).last(), Some(Column::Ons));
        assert_eq!(Column::all(true).last(), Some(Column::UidMap));
    }

    #[test]
    fn lists_of_columns() {
        let list = |text: &str| Column::list(text.as_ref(), vec![Column::Pid]);
        assert_eq!(list("ns,Type,NS"), Ok(vec![Column::Ns, Column::Type, Column::Ns]));
        assert_eq!(list("+ns"), Ok(vec![Column::Pid, Column::Ns]));
        for (text, unknown) in [
            ("", ""),
            ("+", ""),
            (",", ","),
            (",NS", ",NS"),
            ("NS,", "NS,"),
            ("NS,,", ","),
            ("NS,,TYPE", ",TYPE"),
            (" NS", " NS"),
            ("NS,BAD", "BAD"),
            ("NS,BAD,PID", "BAD,PID"),
            ("++NS", "+NS"),
        ] {
            let error = Doing::ParsingColumn { text: unknown.into() };
            assert_eq!(list(text).map_err(|error| error.doing), Err(error), "{text:?}");
        }
    }
}
