//! What came of one run in which a call failed, and what is wrong with that.

use std::io;

use nix::errno::Errno;

use crate::cases::Case;
use crate::harmless;

/// What one failing call came to.
#[derive(Debug, Default)]
pub struct Run<'a> {
    /// `PROCESS INDEX CALL ERRNO STATUS`.
    pub title: &'a str,
    pub process: &'a str,
    pub index: &'a str,
    pub call: &'a str,
    pub errno: i32,
    pub status: i32,
    /// The process did not come to that call this time.
    pub missed: bool,
    pub out: Vec<&'a str>,
    pub err: Vec<&'a str>,
    pub left: Vec<&'a str>,
}

impl<'a> Run<'a> {
    /// Reads a record of `tests/support/through.c`.
    pub fn parse(record: &'a str) -> Self {
        let mut lines = record.lines();
        let title = lines.next().unwrap_or_default();
        let words: Vec<&str> = title.split(' ').collect();
        let word = |index: usize| words.get(index).copied().unwrap_or_default();
        let number = |index: usize| word(index).parse().unwrap_or(-1);
        let mut run = match *words {
            ["whole", _] => Run { title, status: number(1), ..Run::default() },
            _ => Run {
                title,
                process: word(0),
                index: word(1),
                call: word(2),
                errno: number(3),
                status: number(4),
                ..Run::default()
            },
        };
        for line in lines {
            match line.split_once(": ") {
                Some(("out", text)) => run.out.push(text),
                Some(("err", text)) => run.err.push(text),
                Some(("left", text)) => run.left.push(text),
                _ => run.missed = true,
            }
        }
        run
    }

    /// What is wrong with it; `whole` is the run in which nothing failed.
    pub fn complaint(&self, whole: &Run<'_>, program: &str, case: &Case) -> Option<&'static str> {
        let interrupted = self.errno == Errno::EINTR as i32;
        let as_ever = self.status == whole.status && self.says_the_same_as(whole, program);
        let allowed = |table| harmless::allows(table, program, case.options, self.call, self.errno);
        let changing = allowed(harmless::CHANGING);
        match self.status {
            124 => Some("does not end"),
            _ if self.missed => None,
            0 if !self.leaves_the_same_as(whole) && !changing => Some("leaves something else"),
            _ if as_ever && (interrupted || changing || allowed(harmless::SILENT)) => None,
            _ if as_ever => Some("is passed over"),
            0 if changing || self.is_warned_of() => None,
            0 => Some("says success, and did otherwise"),
            _ if self.leaves_something(case) => Some("leaves something"),
            _ if interrupted => Some("is not retried"),
            status if status >= 128 => Some("kills"),
            _ if case.is_check() && self.err.is_empty() && self.out != whole.out => None,
            _ if self.out.contains(&"ran") => Some("fails, and ran"),
            _ if !self.tells(whole) && !changing => Some("is not told in one line"),
            _ => None,
        }
    }

    /// What it said and left, as far as the run in which nothing failed did not, or the other way round; a few lines.
    pub fn differences(&self, whole: &Run<'_>) -> String {
        let mut shown = String::new();
        for (name, lines, others) in
            [("out", &self.out, &whole.out), ("err", &self.err, &whole.err), ("left", &self.left, &whole.left)]
        {
            let more = lines.iter().filter(|line| !others.contains(line)).map(|line| ('+', line));
            let less = others.iter().filter(|line| !lines.contains(line)).map(|line| ('-', line));
            for (sign, line) in more.take(3).chain(less.take(3)) {
                shown.push_str(&format!("\n    {name} {sign}{:.160}", line));
            }
        }
        shown
    }

    /// Numbers of processes and new namespaces aside.
    fn says_the_same_as(&self, whole: &Run<'_>, program: &str) -> bool {
        let shown = |lines: &[&str]| lines.iter().map(|line| comparable(line, program)).collect::<Vec<_>>();
        shown(&self.out) == shown(&whole.out) && shown(&self.err) == shown(&whole.err)
    }

    fn leaves_the_same_as(&self, whole: &Run<'_>) -> bool {
        let sorted = |lines: &[&str]| {
            let mut lines: Vec<_> = lines.iter().map(|line| without_numbers(line)).collect();
            lines.sort();
            lines
        };
        sorted(&self.left) == sorted(&whole.left)
    }

    /// The loopback device can be done without.
    fn is_warned_of(&self) -> bool {
        matches!(*self.err, [line] if line.contains("warning: cannot bring up the loopback device"))
    }

    /// As with util-linux, namespaces stay kept when what comes after fails: in all their files, or in none.
    fn leaves_something(&self, case: &Case) -> bool {
        let pins = case.options.matches("=dir/").count();
        let is_kept =
            |line: &&&str| line.starts_with("> mount ") && line.contains("/dir/") && line.contains(" - nsfs ");
        let kept = self.left.iter().filter(is_kept).count();
        let all_kept = kept > 0 && kept == pins;
        // A file that something is mounted on looks as that does.
        let goes_along = |line: &str| line.starts_with("> namespace ") || line.contains(" file /tmp/stage/dir/");
        self.left.iter().any(|line| !(all_kept && (is_kept(&line) || goes_along(line))))
    }

    /// Whether one line says what failed and why, beside what is said in any case. The reason is an errno's: where a
    /// process is gone for whatever reason, or something is looked for elsewhere, it may be another one's; but a want of
    /// descriptors is called so.
    fn tells(&self, whole: &Run<'_>) -> bool {
        let usual: Vec<_> = whole.err.iter().map(|line| without_numbers(line)).collect();
        let further: Vec<_> = self.err.iter().filter(|line| !usual.contains(&without_numbers(line))).collect();
        let reasons = if self.errno == Errno::EMFILE as i32 { self.errno..=self.errno } else { 1..=LAST_ERRNO };
        matches!(*further, [line] if reasons.into_iter().any(|errno| line.ends_with(&format!(": {}", words(errno)))))
    }
}

const LAST_ERRNO: i32 = Errno::EHWPOISON as i32;

/// What strerror(3) says.
fn words(errno: i32) -> String {
    let text = io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// In a list every number counts, but for those in the command line of what makes the call fail.
fn comparable(line: &str, program: &str) -> String {
    match program {
        "lsns" => line.split("inject /tmp/").next().unwrap_or_default().to_owned(),
        _ => without_numbers(line),
    }
}

fn without_numbers(line: &str) -> String {
    line.split(|c: char| c.is_ascii_digit()).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("N")
}
