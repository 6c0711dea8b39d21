//! What may be said after a benchmark's name.

use std::path::PathBuf;
use std::slice::Iter;

use crate::error::{Error, Result};

/// The options of all benchmarks; each names those that it knows.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// The exit status tells whether what was wanted was reached.
    pub check: bool,
    /// Fewer runs, and fewer sizes.
    pub quick: bool,
    /// How often each program runs.
    pub runs: Option<usize>,
    /// How many processes there are.
    pub sizes: Option<Vec<usize>>,
    /// The file that the plot is written to.
    pub plot: Option<PathBuf>,
    /// The program that is measured as ours, instead of the one that is built.
    pub ours: Option<PathBuf>,
}

impl Options {
    /// Read the command line of a benchmark that knows the options `known`.
    pub fn parse(arguments: &[String], known: &[&str]) -> Result<Options> {
        let mut options = Options::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                unknown if !known.contains(&unknown) => {
                    return Err(Error::Usage(format!("bench: unexpected argument: {argument}")));
                }
                "--check" => options.check = true,
                "--quick" => options.quick = true,
                "--runs" => options.runs = Some(number(argument, value(argument, &mut arguments)?)?),
                "--sizes" => options.sizes = Some(numbers(argument, value(argument, &mut arguments)?)?),
                "--plot" => options.plot = Some(value(argument, &mut arguments)?.into()),
                _ => options.ours = Some(value(argument, &mut arguments)?.into()),
            }
        }
        Ok(options)
    }
}

fn value<'a>(option: &str, arguments: &mut Iter<'a, String>) -> Result<&'a str> {
    arguments.next().map(String::as_str).ok_or_else(|| Error::Usage(format!("bench: {option} takes a value")))
}

fn number(option: &str, word: &str) -> Result<usize> {
    let number = word.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Error::Usage(format!("bench: {option} takes a number from 1, not {word}")))
}

/// The numbers that commas separate in `list`, in ascending order.
fn numbers(option: &str, list: &str) -> Result<Vec<usize>> {
    let mut numbers = list.split(',').map(|word| number(option, word)).collect::<Result<Vec<_>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str, known: &[&str]) -> Option<Options> {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words, known).ok()
    }

    #[test]
    fn sizes_are_sorted_numbers() {
        let options = parse("--sizes 1000,100,1000 --check", &["--sizes", "--check"]);
        let wanted = Options { sizes: Some(vec![100, 1000]), check: true, ..Options::default() };
        assert_eq!(options, Some(wanted));
        assert_eq!(parse("--sizes 100,0", &["--sizes"]), None);
        assert_eq!(parse("--sizes 100,", &["--sizes"]), None);
        assert_eq!(parse("--sizes", &["--sizes"]), None);
    }

    #[test]
    fn a_benchmark_takes_its_own_options_only() {
        assert_eq!(parse("--runs 3", &["--runs"]).and_then(|options| options.runs), Some(3));
        assert_eq!(parse("--runs 3", &["--sizes"]), None);
        assert_eq!(parse("runs", &["--runs"]), None);
    }
}
