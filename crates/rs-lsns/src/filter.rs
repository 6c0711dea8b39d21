//! The language of `--filter`, see scols-filter(5): which lines of a table are shown.
//!
//! A text becomes a [`Filter`], before anything else is done; with the columns of a table that becomes a [`Bound`]; and that says of each line whether it stays.

mod condition;
mod float;
mod lexer;
pub(crate) mod parser;
pub(crate) mod pattern;
mod value;

use std::borrow::Cow;

use nix::errno::Errno;

use condition::Condition;
use parser::Expression;
pub use parser::ParseError;
pub use value::Type;

/// A filter that was read.
#[derive(Debug)]
pub struct Filter(Expression);

/// The names in a filter that are no column's, as they were typed, in their order; a name that was typed twice is here twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownColumns(pub Vec<String>);

impl Filter {
    /// Reads a filter; an empty text is none.
    ///
    /// # Errors
    /// What is wrong with it: its syntax, a regular expression in it, or its size.
    pub fn parse(text: &[u8]) -> Result<Option<Self>, ParseError> {
        if text.is_empty() {
            return Ok(None);
        }
        parser::parse(text).map(|expression| Some(Self(expression)))
    }

    /// Finds the columns that it names: `resolve` gives a column, and what it holds, by the name that was typed.
    ///
    /// # Errors
    /// All names for which it gives none.
    pub fn bind<C: Copy + PartialEq>(
        self,
        mut resolve: impl FnMut(&str) -> Option<(C, Type)>,
    ) -> Result<Bound<C>, UnknownColumns> {
        let mut columns = Vec::new();
        let mut unknown = Vec::new();
        let mut note = |name: &str| {
            let found = resolve(name)?;
            if !columns.contains(&found.0) {
                columns.push(found.0);
            }
            Some(found)
        };
        let condition = condition::bind(self.0, &mut note, &mut unknown);
        if unknown.is_empty() { Ok(Bound { condition, columns }) } else { Err(UnknownColumns(unknown)) }
    }
}

/// A filter of lines whose columns are called `C`.
#[derive(Debug)]
pub struct Bound<C> {
    condition: Condition<C>,
    columns: Vec<C>,
}

impl<C: Copy> Bound<C> {
    /// The columns that it may ask for, each once.
    pub fn columns(&self) -> &[C] {
        &self.columns
    }

    /// Whether a line stays, of which `cell` gives the text in a column.
    ///
    /// None is an empty cell. A text without a character is a string like any other: that of a process whose command line is empty, say.
    ///
    /// # Errors
    /// EINVAL or ERANGE for what cannot be compared as a number, EINVAL for a regular expression on what is neither column nor string.
    /// util-linux lists nothing at all then.
    pub fn matches<'a>(&'a self, cell: impl Fn(C) -> Option<Cow<'a, [u8]>>) -> Result<bool, Errno> {
        self.condition.holds(&cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a filter selects a line with these columns, an empty text standing for an empty cell.
    fn select(filter: &str, columns: &[(&str, Type, &str)]) -> Result<bool, Errno> {
        let find = |name: &str| columns.iter().position(|(known, _, _)| *known == name);
        let bound = Filter::parse(filter.as_bytes())
            .unwrap()
            .unwrap()
            .bind(|name| find(name).map(|place| (place, columns[place].1)))
            .unwrap();
        bound.matches(|place| Some(columns[place].2.as_bytes().into()).filter(|text: &Cow<_>| !text.is_empty()))
    }

    #[test]
    fn every_type_of_column_behaves_as_in_util_linux() {
        let mut kind = Type::String;
        let mut cells: Vec<&str> = Vec::new();
        let mut asked = 0;
        let mut differences = Vec::new();
        let rows = include_str!("../../../tests/data/filter.tsv").lines().filter(|line| !line.starts_with('#'));
        for row in rows.filter(|row| !row.is_empty()) {
            let fields: Vec<&str> = row.split('\t').collect();
            if fields[0] == "column" {
                kind = match fields[1] {
                    "string" => Type::String,
                    "number" => Type::Number,
                    "float" => Type::Float,
                    "boolean" => Type::Boolean,
                    other => panic!("{other}"),
                };
                cells = fields[2..].iter().map(|cell| &cell[1..cell.len() - 1]).collect();
                continue;
            }
            assert_eq!(fields.len(), cells.len() + 2, "{row}");
            for (cell, expected) in cells.iter().zip(&fields[2..]) {
                let result = match select(fields[0], &[("X", kind, cell)]) {
                    Ok(true) => "T",
                    Ok(false) => "f",
                    Err(_) => "E",
                };
                asked += 1;
                if result != *expected {
                    differences.push(format!("{kind:?} [{cell}] {}: {result}, not {expected}", fields[0]));
                }
            }
        }
        assert_eq!(asked, 1147);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    #[test]
    fn an_empty_cell_of_a_number_is_zero_once_it_is_cast() {
        let select =
            |filter: &str| select(filter, &[("N", Type::Number, ""), ("F", Type::Float, ""), ("S", Type::String, "")]);
        for filter in [
            "!N",
            "!F",
            "!S",
            "N < 1.5",
            "N == false",
            "N == '0'",
            "N =~ '^0$'",
            "N != ''",
            "F == false",
            "F == '0'",
            "F =~ '^0$'",
            "S < ''",
            "S <= ''",
            "S != ''",
            "S != 'abc'",
            "S == S",
            "S >= S",
            "S =~ '^$'",
            "S =~ ''",
            "S !~ 'a'",
            "S < N",
            "S != N",
            "'' < N",
            "(1 == 2) == N",
            "'' == ''",
            "S < (1 == 1) == false",
        ] {
            assert_eq!(select(filter), Ok(true), "{filter}");
        }
        for filter in [
            "N",
            "F",
            "S",
            "N == 0",
            "N != 0",
            "N < 1",
            "N >= 0",
            "F == 0.0",
            "F != 0.0",
            "F == 0 && N",
            "N == ''",
            "S == ''",
            "S > ''",
            "S == 'abc'",
            "N == N",
            "N == S",
            "S == 0",
            "S != 1",
            "S < 1.5",
            "S == false",
            "S != true",
            "S < S",
        ] {
            assert_eq!(select(filter), Ok(false), "{filter}");
        }
    }

    #[test]
    fn an_empty_text_is_not_an_empty_cell() {
        for (filter, result) in [
            ("S == ''", true),
            ("S < ''", false),
            ("S", false),
            ("!S", true),
            ("S =~ '^$'", true),
            ("S == false", true),
        ] {
            let bound = Filter::parse(filter.as_bytes()).unwrap().unwrap().bind(|_| Some(((), Type::String))).unwrap();
            for text in ["", " "] {
                assert_eq!(bound.matches(|()| Some(text.as_bytes().into())), Ok(result), "{filter} [{text}]");
            }
        }
    }

    #[test]
    fn literals_take_the_type_of_the_left_one() {
        for filter in [
            "10 == '010'",
            "true == 2",
            "1 == 1.0",
            "1.5 == '1.5'",
            "'1.5' == 1.5",
            "'1e+06' == 1000000.0",
            "' 1' == '1'",
            "'ABC' < 'abc'",
            "18446744073709551615 == 18446744073709551615.0",
            "99999999999999999999 == 18446744073709551615",
            "1K == 1024",
            "3 > 2 == true",
            "(1 == 1) == 'yes'",
            "'true' == (1 == 1)",
            "5.0 == '0x1.4p2'",
            "'b' =~ 'a|b' == true",
        ] {
            assert_eq!(select(filter, &[]), Ok(true), "{filter}");
        }
        for filter in [
            "'010' == 10",
            "2 == true",
            "3 > 2 > 1",
            "1 < 1.0",
            "18446744073709551615 == 18446744073709551614.0",
            "! 2 == 3",
            "'a' == 'A'",
            "''",
            "0",
            "0.0",
            "' '",
            "true or true and false",
            "5.0 == 'nan'",
            "5.0 < 'nan'",
        ] {
            assert_eq!(select(filter, &[]), Ok(false), "{filter}");
        }
    }

    #[test]
    fn what_is_not_asked_for_cannot_fail() {
        for (filter, result) in [
            ("5 == 'abc'", Err(Errno::EINVAL)),
            ("5 == '-10'", Err(Errno::ERANGE)),
            ("5.5 == '1e5000'", Err(Errno::ERANGE)),
            ("5 == ''", Err(Errno::EINVAL)),
            ("1 =~ 'a'", Err(Errno::EINVAL)),
            ("true !~ 'a'", Err(Errno::EINVAL)),
            ("!X =~ 'r'", Err(Errno::EINVAL)),
            ("X =~ 'x' =~ 'y'", Err(Errno::EINVAL)),
            ("X == 5", Err(Errno::EINVAL)),
            ("5 == X", Err(Errno::EINVAL)),
            ("true && X == 5", Err(Errno::EINVAL)),
            ("false && X == 5", Ok(false)),
            ("true || X == 5", Ok(true)),
            ("false && 1 =~ 'a' || true", Ok(true)),
            ("X == 5 || true", Err(Errno::EINVAL)),
        ] {
            assert_eq!(select(filter, &[("X", Type::String, "x")]), result, "{filter}");
        }
    }

    #[test]
    fn columns_are_found_by_the_name_that_was_typed() {
        let bind = |filter: &str| {
            let find = |name: &str| match name {
                "NS" | "ns" => Some(('n', Type::Number)),
                "USE%" => Some(('u', Type::String)),
                _ => None,
            };
            let bound = Filter::parse(filter.as_bytes()).unwrap().unwrap().bind(find);
            bound.map(|bound| bound.columns().to_vec()).map_err(|UnknownColumns(names)| names.join(" "))
        };
        assert_eq!(bind("ns == 1 && USE% || NS"), Ok(vec!['n', 'u']));
        assert_eq!(bind("1 == 1"), Ok(vec![]));
        assert_eq!(bind("NS && FOO == Bar || 'x' =~ 'x' || !FOO"), Err("FOO Bar FOO".into()));
        assert_eq!(bind("(B =~ 'x') == A"), Err("B A".into()));
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        // xorshift64
        let mut state = 88_172_645_463_325_252u64;
        let mut choose = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % bound
        };
        let alphabet = b" \t\n!=~<>&|()'\"0159.KiBXeor-+\\*{}[]\xc3\xa9";
        let mut valid = 0;
        for _ in 0..20_000 {
            let text: Vec<u8> = (0..choose(12)).map(|_| alphabet[choose(alphabet.len())]).collect();
            let Ok(Some(filter)) = Filter::parse(&text) else { continue };
            let Ok(bound) = filter.bind(|name| (name == "X").then_some(((), Type::String))) else { continue };
            valid += usize::from(bound.matches(|()| Some(b"\xffx"[..].into())).is_ok());
        }
        assert!(valid > 200, "{valid}");
    }

    #[test]
    fn an_empty_text_is_no_filter() {
        assert!(Filter::parse(b"").unwrap().is_none());
        assert!(Filter::parse(b" ").is_err());
    }
}
