//! What the tests wrote on each kernel, and all of it in one table.

use std::fmt;

use crate::error::Result;

/// What became of a test on a kernel.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Passed,
    /// And why.
    Failed(String),
    /// The kernel lacks what it needs, and what that is.
    Lacking(String),
}

/// The tests on one kernel.
#[derive(Debug)]
pub struct Column {
    kernel: String,
    /// In the order in which they ran; or why they did not come to their end.
    tests: Result<Vec<(String, Outcome)>>,
}

impl Column {
    /// Read what the tests wrote: `ok NAME`, `not ok NAME: WHY` and `skip NAME: WHY`; other lines say nothing here.
    pub fn new(kernel: &str, results: Result<String>) -> Column {
        let tests = results.map(|results| results.lines().filter_map(parse_line).collect());
        Column { kernel: kernel.to_owned(), tests }
    }

    fn tests(&self) -> &[(String, Outcome)] {
        self.tests.as_deref().unwrap_or_default()
    }

    /// What became of a test. One that ran on other kernels only failed on this one.
    fn outcome(&self, test: &str) -> Outcome {
        let same = self.tests().iter().find(|(name, _)| name == test);
        same.map_or_else(|| Outcome::Failed("it did not run".into()), |(_, outcome)| outcome.clone())
    }
}

fn parse_line(line: &str) -> Option<(String, Outcome)> {
    if let Some(name) = line.strip_prefix("ok ") {
        return Some((name.to_owned(), Outcome::Passed));
    }
    let (text, outcome): (_, fn(String) -> Outcome) = match line.strip_prefix("not ok ") {
        Some(text) => (text, Outcome::Failed),
        None => (line.strip_prefix("skip ")?, Outcome::Lacking),
    };
    let (name, why) = text.split_once(": ").unwrap_or((text, "no reason given"));
    Some((name.to_owned(), outcome(why.to_owned())))
}

/// Whether the tests came to their end: the last line then is `end` and how many there were.
pub fn is_complete(results: &str) -> bool {
    let tests = results.lines().filter(|line| parse_line(line).is_some()).count();
    results.lines().next_back() == Some(&format!("end {tests}"))
}

/// Tests by kernel.
#[derive(Default)]
pub struct Table {
    columns: Vec<Column>,
}

impl Table {
    /// Columns from left to right.
    pub fn new(columns: Vec<Column>) -> Table {
        Table { columns }
    }

    /// Whether nothing was booted.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// All tests, where they first ran.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.columns.iter().flat_map(Column::tests) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// What became of all tests on all kernels. A guest that did not come to its end is one failure.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        let names = self.names();
        for column in &self.columns {
            if column.tests.is_err() {
                count.failed += 1;
                continue;
            }
            for name in &names {
                match column.outcome(name) {
                    Outcome::Passed => count.passed += 1,
                    Outcome::Lacking(_) => count.lacking += 1,
                    Outcome::Failed(_) => count.failed += 1,
                }
            }
        }
        count
    }

    fn fmt_rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names();
        let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
        write!(f, "{:width$}", "")?;
        for column in &self.columns {
            write!(f, "  {:6}", short(&column.kernel))?;
        }
        for name in names {
            write!(f, "\n{name:width$}")?;
            for column in &self.columns {
                write!(f, "  {:6}", cell(column, name))?;
            }
        }
        Ok(())
    }

    fn fmt_reasons(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names();
        for column in &self.columns {
            if let Err(why) = &column.tests {
                write!(f, "\nfailed: {why}")?;
                continue;
            }
            for name in &names {
                if let Outcome::Failed(why) = column.outcome(name) {
                    write!(f, "\nfailed: {name} on {}: {why}", column.kernel)?;
                }
            }
        }
        let mut lacks: Vec<_> = self.columns.iter().flat_map(Column::tests).filter_map(lack).collect();
        lacks.sort_unstable();
        lacks.dedup();
        lacks.iter().try_for_each(|why| write!(f, "\n-: {why}"))
    }
}

fn lack((_, outcome): &(String, Outcome)) -> Option<&str> {
    match outcome {
        Outcome::Lacking(why) => Some(why),
        _ => None,
    }
}

/// `6.12.117+deb13-cloud-amd64` is 6.12: the first two numbers.
fn short(kernel: &str) -> String {
    let numbers: Vec<_> = kernel.split(['.', '-', '+']).take(2).collect();
    numbers.join(".")
}

fn cell(column: &Column, test: &str) -> &'static str {
    match column.outcome(test) {
        _ if column.tests.is_err() => "?",
        Outcome::Passed => "ok",
        Outcome::Lacking(_) => "-",
        Outcome::Failed(_) => "FAILED",
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_rows(f)?;
        self.fmt_reasons(f)
    }
}

/// How many tests, each on each kernel.
#[derive(Debug, Default, PartialEq)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
    pub lacking: usize,
}

#[cfg(test)]
mod tests {
    use super::{Column, Count, Table, is_complete};
    use crate::error::Error;

    fn column(kernel: &str, results: &str) -> Column {
        Column::new(kernel, Ok(results.to_owned()))
    }

    #[test]
    fn results_stand_side_by_side() {
        let old = "ok fork\nskip pidfs: pidfs came with Linux 6.9\nnot ok net: 1 is not 2: why\n";
        let new = "ok fork\nok net\nnoise\nok pidfs\n";
        let table = Table::new(vec![column("5.10.0-32-cloud-amd64", old), column("7.3.4+deb13-cloud-amd64", new)]);
        let text = "       5.10    7.3   \n\
                    fork   ok      ok    \n\
                    pidfs  -       ok    \n\
                    net    FAILED  ok    \n\
                    failed: net on 5.10.0-32-cloud-amd64: 1 is not 2: why\n\
                    -: pidfs came with Linux 6.9";
        assert_eq!(table.to_string(), text);
        assert_eq!(table.count(), Count { passed: 4, failed: 1, lacking: 1 });
    }

    #[test]
    fn a_test_that_ran_on_one_kernel_only_failed_on_the_other() {
        let table = Table::new(vec![column("5.10", "ok a\n"), column("6.1", "")]);
        assert_eq!(table.count(), Count { passed: 1, failed: 1, lacking: 0 });
        assert!(table.to_string().ends_with("failed: a on 6.1: it did not run"));
    }

    #[test]
    fn a_guest_that_broke_off_is_one_failure() {
        let broken = Column::new("6.1", Err(Error::Missing("6.1: it panicked".into())));
        let table = Table::new(vec![column("5.10", "ok a\nok b\n"), broken]);
        assert_eq!(
            table.to_string(),
            "   5.10    6.1   \na  ok      ?     \nb  ok      ?     \nfailed: 6.1: it panicked"
        );
        assert_eq!(table.count(), Count { passed: 2, failed: 1, lacking: 0 });
    }

    #[test]
    fn results_are_complete_when_the_end_counts_them_right() {
        assert!(is_complete("ok a\nsaid something\nskip b: no\nend 2\n"));
        assert!(!is_complete("ok a\nskip b: no\nend 3\n"));
        assert!(!is_complete("ok a\nend 1\nok b\n"));
        assert!(!is_complete(""));
    }
}
