//! The words of the filter language.

use std::cmp::Ordering;

use super::float::LongDouble;

/// A word of a filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    /// A literal.
    Number(u64),
    Float(LongDouble),
    String(&'a [u8]),
    Boolean(bool),
    /// A number whose suffix takes it beyond 2^64-1, as it is written.
    OutOfRange(&'a str),
    /// The name of a column.
    Holder(&'a str),
    Not,
    And,
    Or,
    Compare(Comparison),
    Match(Matching),
    Open,
    Close,
    /// A byte with which no word begins, or a string without an end.
    Invalid,
    End,
}

/// An operator that compares two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An operator that looks for a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matching {
    Matches,
    MatchesNot,
}

impl Comparison {
    /// Whether it holds between two values in this order; None is for those that have none, such as NaN.
    pub(super) fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

impl Token<'_> {
    /// What it is called in messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Number(_) => "NUMBER",
            Self::Float(_) => "FLOAT",
            Self::String(_) => "STRING",
            Self::Boolean(true) => "TRUE",
            Self::Boolean(false) => "FALSE",
            Self::OutOfRange(_) => "INVALID_NUMBER",
            Self::Holder(_) => "HOLDER",
            Self::Not => "NEG",
            Self::And => "AND",
            Self::Or => "OR",
            Self::Compare(Comparison::Equal) => "EQ",
            Self::Compare(Comparison::NotEqual) => "NE",
            Self::Compare(Comparison::Less) => "LT",
            Self::Compare(Comparison::LessOrEqual) => "LE",
            Self::Compare(Comparison::Greater) => "GT",
            Self::Compare(Comparison::GreaterOrEqual) => "GE",
            Self::Match(Matching::Matches) => "REG",
            Self::Match(Matching::MatchesNot) => "NREG",
            Self::Open => "'('",
            Self::Close => "')'",
            Self::Invalid => "invalid token",
            Self::End => "end of file",
        }
    }
}

/// Gives the words of a text one by one.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
}

/// Operators that are signs; a longer one stands before what it begins with.
const SIGNS: [(&[u8], Token<'static>); 13] = [
    (b"&&", Token::And),
    (b"||", Token::Or),
    (b"=~", Token::Match(Matching::Matches)),
    (b"!~", Token::Match(Matching::MatchesNot)),
    (b"==", Token::Compare(Comparison::Equal)),
    (b"!=", Token::Compare(Comparison::NotEqual)),
    (b"<=", Token::Compare(Comparison::LessOrEqual)),
    (b">=", Token::Compare(Comparison::GreaterOrEqual)),
    (b"<", Token::Compare(Comparison::Less)),
    (b">", Token::Compare(Comparison::Greater)),
    (b"!", Token::Not),
    (b"(", Token::Open),
    (b")", Token::Close),
];

/// The suffixes of numbers: powers of 1024, from the first.
const SUFFIXES: &[u8] = b"KMGTPEZY";

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// The next word; [`Token::End`] after the last one.
    pub(super) fn next(&mut self) -> Token<'a> {
        let blanks = self.rest.iter().take_while(|byte| b" \t\n".contains(byte)).count();
        self.rest = &self.rest[blanks..];
        match self.rest.first() {
            None => Token::End,
            Some(b'0'..=b'9') => self.number(),
            Some(letter) if letter.is_ascii_alphabetic() => self.name(),
            Some(quote @ (b'"' | b'\'')) => self.string(*quote),
            Some(_) => self.sign(),
        }
    }

    /// How far this is into `text`, which is what it was made from: behind the last word.
    #[cfg(test)]
    fn position(&self, text: &[u8]) -> usize {
        text.len() - self.rest.len()
    }

    /// Takes so many bytes, which are ASCII.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        std::str::from_utf8(taken).unwrap_or_default()
    }

    fn number(&mut self) -> Token<'a> {
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let whole = digits(self.rest);
        let after = &self.rest[whole..];
        if let [b'.', b'0'..=b'9', ..] = after {
            let length = whole + 1 + digits(&after[1..]);
            return float(self.take(length));
        }
        let Some(power) = after.first().and_then(|suffix| SUFFIXES.iter().position(|known| known == suffix)) else {
            return Token::Number(self.take(whole).parse().unwrap_or(u64::MAX));
        };
        let binary = if after[1..].starts_with(b"iB") { 2 } else { 0 };
        let text = self.take(whole + 1 + binary);
        multiply(&text[..whole], power + 1).map_or(Token::OutOfRange(text), Token::Number)
    }

    fn name(&mut self) -> Token<'a> {
        let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.%:/-".contains(byte);
        let length = self.rest.iter().take_while(|byte| belongs(byte)).count();
        match self.take(length) {
            "and" | "AND" => Token::And,
            "or" | "OR" => Token::Or,
            "not" | "NOT" => Token::Not,
            "true" | "TRUE" => Token::Boolean(true),
            "false" | "FALSE" => Token::Boolean(false),
            "eq" | "EQ" => Token::Compare(Comparison::Equal),
            "ne" | "NE" => Token::Compare(Comparison::NotEqual),
            "lt" | "LT" => Token::Compare(Comparison::Less),
            "le" | "LE" => Token::Compare(Comparison::LessOrEqual),
            "gt" | "GT" => Token::Compare(Comparison::Greater),
            "ge" | "GE" => Token::Compare(Comparison::GreaterOrEqual),
            name => Token::Holder(name),
        }
    }

    /// A string ends at the same quote and on the same line; nothing in it is special.
    fn string(&mut self, quote: u8) -> Token<'a> {
        let text = &self.rest[1..];
        let length = text.iter().position(|byte| *byte == quote || *byte == b'\n');
        match length {
            Some(length) if text[length] == quote => {
                self.rest = &text[length + 1..];
                Token::String(&text[..length])
            }
            _ => self.invalid(),
        }
    }

    fn sign(&mut self) -> Token<'a> {
        match SIGNS.iter().find(|(sign, _)| self.rest.starts_with(sign)) {
            Some((sign, token)) => {
                self.rest = &self.rest[sign.len()..];
                *token
            }
            None => self.invalid(),
        }
    }

    fn invalid(&mut self) -> Token<'a> {
        self.rest = &self.rest[1..];
        Token::Invalid
    }
}

/// Digits, a point, digits: nothing that could not be read.
fn float(text: &str) -> Token<'_> {
    LongDouble::read(text.as_bytes()).map_or(Token::OutOfRange(text), |(value, _)| Token::Float(value))
}

/// Digits times a power of 1024; None beyond 2^64-1.
fn multiply(digits: &str, power: usize) -> Option<u64> {
    match digits.parse::<u64>().ok()? {
        0 => Some(0),
        number => number.checked_mul(1024u64.checked_pow(u32::try_from(power).ok()?)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words in short: names as in messages, and what they hold.
    fn words(text: &str) -> String {
        let mut lexer = Lexer::new(text.as_bytes());
        let mut words = Vec::new();
        loop {
            let token = lexer.next();
            words.push(match token {
                Token::Number(number) => number.to_string(),
                Token::Float(float) => format!("{}f", float.to_text()),
                Token::String(text) => format!("\"{}\"", text.escape_ascii()),
                Token::Holder(name) | Token::OutOfRange(name) => name.to_owned(),
                Token::End => return words.join(" "),
                token => token.name().to_owned(),
            });
        }
    }

    #[test]
    fn operators_have_a_sign_and_two_words() {
        assert_eq!(words("&& and AND || or OR ! not NOT"), "AND AND AND OR OR OR NEG NEG NEG");
        assert_eq!(words("== eq EQ != ne NE =~ !~ ( )"), "EQ EQ EQ NE NE NE REG NREG '(' ')'");
        assert_eq!(words("< lt LT <= le LE > gt GT >= ge GE"), "LT LT LT LE LE LE GT GT GT GE GE GE");
        assert_eq!(words("true TRUE false FALSE"), "TRUE TRUE FALSE FALSE");
        assert_eq!(words("And Eq Not True gE"), "And Eq Not True gE");
    }

    #[test]
    fn the_longest_word_counts() {
        assert_eq!(words("1==2&&!3<=4"), "1 EQ 2 AND NEG 3 LE 4");
        assert_eq!(words("1!~2! ~! =!=!!="), "1 NREG 2 NEG invalid token NEG invalid token NE NEG NE");
        assert_eq!(words("1and 2 1eq2 1true nottrue and(1)"), "1 AND 2 1 eq2 1 TRUE nottrue AND '(' 1 ')'");
        assert_eq!(
            words("A-1 MAJ:MIN TIMERFD.INTERVAL USE% a/b_c false."),
            "A-1 MAJ:MIN TIMERFD.INTERVAL USE% a/b_c false."
        );
    }

    #[test]
    fn numbers_have_binary_suffixes() {
        assert_eq!(words("0 010 99999999999999999999"), "0 10 18446744073709551615");
        assert_eq!(
            words("1K 1KiB 2M 1G 1T 1P 15E 0Z 0YiB"),
            format!("1024 1024 2097152 {} {} {} {} 0 0", 1u64 << 30, 1u64 << 40, 1u64 << 50, 15u64 << 60)
        );
        assert_eq!(words("16E 16EiB 1Z 1Y 99999999999999999999K"), "16E 16EiB 1Z 1Y 99999999999999999999K");
        assert_eq!(
            words("1k 1KB 1Ki 1kiB 1EiBx 5K5 0x10"),
            "1 k 1024 B 1024 i 1 kiB 1152921504606846976 x 5120 5 0 x10"
        );
        assert_eq!(Lexer::new(b"16E").next(), Token::OutOfRange("16E"));
    }

    #[test]
    fn floats_have_digits_on_both_sides() {
        assert_eq!(words("1.5 1.5K 010.50"), "1.5f 1.5f K 10.5f");
        assert_eq!(
            words("1. .5 1..5 1.5.5"),
            "1 invalid token invalid token 5 1 invalid token invalid token 5 1.5f invalid token 5"
        );
        let long = format!("{}.5", "9".repeat(1022));
        assert_eq!(words(&long), "1e+1022f");
    }

    #[test]
    fn strings_end_where_they_began() {
        assert_eq!(words(r#""" '' " a\" '"' "'""#), r#""" "" " a\\" "\"" "\'""#);
        assert_eq!(Lexer::new(b"'\xff'").next(), Token::String(b"\xff"));
        assert_eq!(words("\"abc"), "invalid token abc");
        assert_eq!(words("'a\nb'"), "invalid token a b invalid token");
    }

    #[test]
    fn what_begins_no_word_is_invalid() {
        for byte in (1..=255).filter(|byte: &u8| !b" \t\n!<>()".contains(byte) && !byte.is_ascii_alphanumeric()) {
            let text = [byte, b' '];
            let mut lexer = Lexer::new(&text);
            assert_eq!(lexer.next(), Token::Invalid, "{byte:#x}");
            assert_eq!(lexer.position(&text), 1);
        }
    }

    #[test]
    fn blanks_are_space_tab_and_newline() {
        assert_eq!(words(" \t\n1\t\n"), "1");
        assert_eq!(words("\r\x0b\x0c"), "invalid token invalid token invalid token");
    }
}
