//! Random filters, the same ones for the same seed.

/// A generator of numbers, good enough to choose with (xorshift64*).
pub struct Random(u64);

const COLUMNS: [&str; 18] = [
    "NS", "TYPE", "PATH", "NPROCS", "PID", "PPID", "COMMAND", "UID", "USER", "NETNSID", "NSFS", "PNS", "ONS", "pid",
    "Command", "netnsid", "nsfs", "uid",
];

const NUMBERS: [&str; 22] = [
    "0",
    "1",
    "2",
    "3",
    "5",
    "7",
    "10",
    "010",
    "100",
    "1000",
    "4242",
    "1K",
    "1KiB",
    "4M",
    "4G",
    "4GiB",
    "15E",
    "0Z",
    "4026531840",
    "4026532000",
    "18446744073709551615",
    "99999999999999999999",
];

const FLOATS: [&str; 11] = [
    "0.0",
    "0.5",
    "1.0",
    "1.5",
    "5.0",
    "7.0",
    "010.10",
    "1234567.0",
    "4026531837.5",
    "100000000000000000000.0",
    "0.00001",
];

const STRINGS: [&str; 40] = [
    "",
    " ",
    "0",
    "1",
    "5",
    " 5",
    "7",
    "7 ",
    "-10",
    "-0",
    "10",
    "010",
    "1.5",
    "1e5",
    "0x10",
    "0x1p1",
    ".5",
    "inf",
    "nan",
    "1e5000",
    "18446744073709551615",
    "18446744073709551616",
    "1.23457e+06",
    "true",
    "TRUE",
    "yes",
    "y",
    "no",
    "false",
    "net",
    "uts",
    "user",
    "root",
    "nsuser",
    "unassigned",
    "abc",
    "ABC",
    "a b",
    "/tmp/stage/net",
    "e\\",
];

const PATTERNS: [&str; 34] = [
    "",
    "^$",
    "^0$",
    "0",
    "1",
    "5",
    "^[0-9]+$",
    "net",
    "^n",
    "s$",
    "u.s",
    "(u|m)",
    "[nu]e?t",
    "t{1}",
    "t{2,}",
    "\\<n",
    "\\w+",
    "true",
    "^ ",
    "7$",
    "root|nsuser",
    "/stage/",
    "proc/[0-9]+/ns",
    "(s)(e).*\\2",
    "a??",
    "(a?)+",
    ".*",
    "^[^/]*$",
    "(a+){2}",
    "un.*ed$",
    "[[:digit:]]",
    "\\.",
    "-",
    "^.{3}$",
];

/// What regcomp(3) refuses.
const NO_PATTERNS: [&str; 12] =
    ["(", "*a", "[", "[a", "a{2,1}", "a{1,2", "\\\\\\", "[[:foo:]]", "[z-a]", "a|*b", "\\1", "a{40000}"];

const COMPARISONS: [&str; 18] =
    ["==", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "le", "gt", "ge", "EQ", "NE", "LT", "LE", "GT", "GE"];

const NEGATIONS: [&str; 3] = ["!", "not ", "NOT "];

const CONJUNCTIONS: [&str; 6] = ["&&", "and", "AND", "||", "or", "OR"];

/// What the language has no word for, each beginning with a byte that begins none.
const UNKNOWN: [&str; 20] =
    ["=", "*", "@", "-", "+", "&", "|", "~", ",", ";", ".", "_", "#", "?", "\r", "é", "\\", "\"", "{", "\u{7f}"];

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        // The first numbers from a small seed are small.
        (0..8).for_each(|_| {
            random.below(2);
        });
        random
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        high as usize % bound
    }

    fn one_of<'a>(&mut self, choice: &[&'a str]) -> &'a str {
        choice[self.below(choice.len())]
    }

    /// A filter that keeps to the grammar. It may still fail: by its patterns, or by what it compares.
    pub fn filter(&mut self) -> String {
        let depth = self.below(4);
        self.logic(depth)
    }

    pub fn unknown_character(&mut self) -> &'static str {
        self.one_of(&UNKNOWN)
    }

    fn logic(&mut self, depth: usize) -> String {
        let mut text = self.comparison(depth);
        for _ in 0..self.below(depth + 1) {
            let conjunction = self.one_of(&CONJUNCTIONS);
            text = format!("{text} {conjunction} {}", self.comparison(depth));
        }
        text
    }

    fn comparison(&mut self, depth: usize) -> String {
        match self.below(8) {
            0 => self.unary(depth),
            1 | 2 => {
                let subject = if self.below(12) == 0 { self.unary(depth) } else { self.one_of(&COLUMNS).to_owned() };
                let operator = self.one_of(&["=~", "!~"]);
                format!("{subject} {operator} {}", self.pattern())
            }
            3 => {
                let comparison = self.one_of(&COMPARISONS);
                let left = self.comparison(depth.saturating_sub(1));
                format!("{left} {comparison} {}", self.unary(depth))
            }
            _ => {
                let (left, right) = (self.unary(depth), self.unary(depth));
                format!("{left} {} {right}", self.one_of(&COMPARISONS))
            }
        }
    }

    fn unary(&mut self, depth: usize) -> String {
        match self.below(9) {
            0 => format!("{}{}", self.one_of(&NEGATIONS), self.unary(depth)),
            1 | 2 if depth > 0 => format!("({})", self.logic(depth - 1)),
            3 => format!("({})", self.operand()),
            _ => self.operand(),
        }
    }

    fn operand(&mut self) -> String {
        match self.below(10) {
            0 | 1 => self.one_of(&NUMBERS).to_owned(),
            2 => self.one_of(&FLOATS).to_owned(),
            3 => {
                let string = self.one_of(&STRINGS);
                self.quoted(string)
            }
            4 => self.one_of(&["true", "TRUE", "false", "FALSE"]).to_owned(),
            _ if self.below(60) == 0 => self.one_of(&["FOO", "True", "NS%", "A-1", "nottrue"]).to_owned(),
            _ => self.one_of(&COLUMNS).to_owned(),
        }
    }

    fn pattern(&mut self) -> String {
        let pattern = if self.below(25) == 0 { self.one_of(&NO_PATTERNS) } else { self.one_of(&PATTERNS) };
        let quoted = self.quoted(pattern);
        if self.below(6) == 0 { format!("({quoted})") } else { quoted }
    }

    fn quoted(&mut self, text: &str) -> String {
        let quote = self.one_of(&["'", "\""]);
        format!("{quote}{text}{quote}")
    }

    /// Words of the language in any order.
    pub fn words(&mut self) -> String {
        if self.below(2) == 0 {
            return self.damaged();
        }
        let count = 1 + self.below(8);
        (0..count).map(|_| self.word() + self.blank()).collect()
    }

    /// A filter in which a word is missing, or stands in the place of another, or is too many.
    fn damaged(&mut self) -> String {
        let filter = self.filter();
        let mut words: Vec<&str> = filter.split(' ').collect();
        if words.iter().any(|word| word.matches(['\'', '"']).count() % 2 == 1) {
            // A string with a blank in it: without its end the rest would be made of unknown characters.
            return filter + " " + &self.word();
        }
        let place = self.below(words.len());
        let word = self.word();
        match self.below(3) {
            0 => drop(words.remove(place)),
            1 => words[place] = &word,
            _ => words.insert(place, &word),
        }
        words.join(" ")
    }

    /// A word. What follows `=~` is a pattern, because util-linux 2.42 crashes else.
    fn word(&mut self) -> String {
        match self.below(12) {
            0..=4 => self.operand(),
            5 => format!("{} {}", self.one_of(&["=~", "!~"]), self.pattern()),
            6 => self.one_of(&["16E", "1Z", "1YiB", "20E", "1k", "1KB", "5Ki", "0x10", "1e5"]).to_owned(),
            7 => self.one_of(&["(", ")"]).to_owned(),
            8 => self.one_of(&NEGATIONS).to_owned(),
            9 => self.one_of(&CONJUNCTIONS).to_owned(),
            _ => self.one_of(&COMPARISONS).to_owned(),
        }
    }

    /// Mostly a blank.
    fn blank(&mut self) -> &'static str {
        self.one_of(&[" ", " ", " ", "  ", "\t"])
    }
}
