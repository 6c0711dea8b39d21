//! POSIX extended regular expressions, see regex(7): those of libc, so that a pattern means what it means to the classic tools.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString};
use std::fmt;

use crate::sys;

/// An extended regular expression, on bytes: in the C locale, which no program of ours leaves. For any other, glibc loads
/// converters from the root that it is in, also into a static program.
///
/// Upper and lower case differ. GNU's `\w`, `\<`, `\b` and back-references are understood.
///
/// regexec(3) begins anew at each byte, so that its time grows with the square of the text. Here one search that may
/// begin with anything takes all of them together, unless the pattern [`begins_anew`].
pub struct Regex {
    /// What is compiled.
    source: CString,
    /// Whether that is the pattern behind anything, rather than the pattern.
    begins_anywhere: bool,
    compiled: RefCell<sys::CompiledRegex>,
    /// How many bytes it was tried on since it was compiled.
    tried: Cell<usize>,
}

/// For each byte that it is tried on, libc may learn something, in some kilobytes. It forgets when it is compiled again.
const LEARNT: usize = 8192;

impl Regex {
    /// Compiles `pattern`, up to its first NUL, as regcomp(3) would.
    ///
    /// # Errors
    /// What regerror(3) says is wrong with it, such as `Unmatched ( or \(`.
    pub fn new(pattern: &[u8]) -> Result<Self, String> {
        let pattern = until_nul(pattern);
        let compiled = compile(&pattern)?;
        if begins_anew(pattern.to_bytes()) {
            return Ok(Self::of(pattern, compiled, false));
        }
        let source = behind_anything(pattern.to_bytes());
        let compiled = compile(&source)?;
        Ok(Self::of(source, compiled, true))
    }

    fn of(source: CString, compiled: sys::CompiledRegex, begins_anywhere: bool) -> Self {
        Self { source, begins_anywhere, compiled: compiled.into(), tried: Cell::new(0) }
    }

    /// Whether it matches anywhere in `text`. A NUL ends the text, as it does for regexec(3).
    ///
    /// A match that there is not enough memory for counts as none.
    pub fn matches(&self, text: &[u8]) -> bool {
        let text = until_nul(text);
        let mut compiled = self.compiled.borrow_mut();
        if self.tried.get() > LEARNT
            && let Ok(again) = compile(&self.source)
        {
            *compiled = again;
            self.tried.set(0);
        }
        self.tried.set(self.tried.get().saturating_add(text.count_bytes()));
        if self.begins_anywhere { compiled.matches_at_start(&of_one_line(text)) } else { compiled.matches(&text) }
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regex").field("source", &self.source).finish_non_exhaustive()
    }
}

fn compile(pattern: &CStr) -> Result<sys::CompiledRegex, String> {
    let compiled = sys::CompiledRegex::new(pattern, libc::REG_EXTENDED | libc::REG_NOSUB);
    compiled.map_err(|reason| String::from_utf8_lossy(&reason).into_owned())
}

/// Whether libc has to begin anew at each byte of a text to look for this pattern: for a back-reference, which would
/// mean another group behind anything, and for line ends, which are changed in texts.
pub fn begins_anew(pattern: &[u8]) -> bool {
    let odd = |(token, bytes): (Token, &[u8])| {
        token == Token::BackReference || bytes.iter().any(|byte| b"\n\x0b".contains(byte))
    };
    tokens(pattern).any(odd)
}

/// The text with vertical tabs for line ends. A pattern that names neither cannot tell one from the other, but glibc
/// takes what is behind a line end for a beginning, once it has come that far.
fn of_one_line(text: CString) -> CString {
    let mut bytes = text.into_bytes();
    bytes.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b'\x0b');
    CString::new(bytes).unwrap_or_default()
}

/// The pattern as a group that anything may stand before. In it, a `)` that closes nothing has to be escaped.
fn behind_anything(pattern: &[u8]) -> CString {
    let mut source = b".*(".to_vec();
    let mut open = 0usize;
    for (token, bytes) in tokens(pattern) {
        match token {
            Token::Open => open += 1,
            Token::Close if open == 0 => source.push(b'\\'),
            Token::Close => open -= 1,
            _ => {}
        }
        source.extend_from_slice(bytes);
    }
    source.push(b')');
    CString::new(source).unwrap_or_default()
}

/// A part of an extended regular expression, see regex(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// `(`.
    Open,
    /// `)`, whether or not it closes anything.
    Close,
    /// `|`.
    Or,
    /// `*`, `+` or `?`.
    Quantifier,
    /// `{2}` and the like, with how often libc writes out what it is for: three times for `{2,}`, which is `aaa*`.
    Bound(u32),
    /// `\1` and the like.
    BackReference,
    /// `^`, `\b` and the like, which take no character.
    Place,
    /// A character, or a set of them.
    Atom,
}

/// The parts of a pattern that regcomp(3) takes, each with its bytes.
pub fn tokens(pattern: &[u8]) -> impl Iterator<Item = (Token, &[u8])> {
    let mut rest = pattern;
    std::iter::from_fn(move || {
        let (token, length) = first_token(rest)?;
        let (bytes, after) = rest.split_at_checked(length)?;
        rest = after;
        Some((token, bytes))
    })
}

/// The token that `pattern` begins with, and how long it is.
fn first_token(pattern: &[u8]) -> Option<(Token, usize)> {
    Some(match pattern.first()? {
        b'(' => (Token::Open, 1),
        b')' => (Token::Close, 1),
        b'|' => (Token::Or, 1),
        b'*' | b'+' | b'?' => (Token::Quantifier, 1),
        b'{' => bound(pattern).unwrap_or((Token::Atom, 1)),
        b'[' => (Token::Atom, set_length(pattern)),
        b'\\' if matches!(pattern.get(1), Some(b'1'..=b'9')) => (Token::BackReference, 2),
        b'\\' if matches!(pattern.get(1), Some(b'b' | b'B' | b'<' | b'>' | b'`' | b'\'')) => (Token::Place, 2),
        b'\\' => (Token::Atom, pattern.len().min(2)),
        b'^' | b'$' => (Token::Place, 1),
        _ => (Token::Atom, 1),
    })
}

fn bound(pattern: &[u8]) -> Option<(Token, usize)> {
    let end = pattern.iter().position(|byte| *byte == b'}')?;
    let numbers = str::from_utf8(pattern.get(1..end)?).ok()?;
    let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u32>().ok() };
    let (least, most) = numbers.split_once(',').unwrap_or((numbers, "0"));
    let most = if most.is_empty() { number(least)?.saturating_add(1) } else { number(most)? };
    Some((Token::Bound(number(least)?.max(most)), end + 1))
}

/// How long the `[…]` is that `pattern` begins with.
fn set_length(pattern: &[u8]) -> usize {
    let negated = pattern.get(1) == Some(&b'^');
    // What comes first is no end.
    let mut place = if negated { 2 } else { 1 };
    place += usize::from(pattern.get(place) == Some(&b']'));
    while let Some(byte) = pattern.get(place) {
        place += 1;
        match (byte, pattern.get(place)) {
            (b']', _) => return place,
            (b'[', Some(kind @ (b':' | b'.' | b'='))) => {
                let name = pattern.get(place + 1..).unwrap_or_default();
                place += name.windows(2).position(|end| end == [*kind, b']']).map_or(0, |length| length + 3);
            }
            _ => {}
        }
    }
    pattern.len()
}

/// The part of `text` that libc sees.
fn until_nul(text: &[u8]) -> CString {
    let length = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    CString::new(&text[..length]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &[u8]) -> bool {
        Regex::new(pattern.as_bytes()).unwrap().matches(text)
    }

    #[test]
    fn patterns_are_extended_and_not_anchored() {
        for (pattern, text) in [("", ""), ("", "a"), ("b", "abc"), ("^a|x$", "wx"), ("(a)\\1", "baa"), ("a{2}", "aa")] {
            assert!(matches(pattern, text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [("B", "abc"), ("^b", "abc"), ("a{2}", "a"), ("\\<b", "ab"), ("^$", "a")] {
            assert!(!matches(pattern, text.as_bytes()), "{pattern} {text}");
        }
    }

    #[test]
    fn a_nul_ends_pattern_and_text() {
        assert!(matches("a\0(", b"a"));
        assert!(matches("a$", b"a\0b"));
        assert!(!matches("b", b"a\0b"));
    }

    #[test]
    fn any_other_byte_may_stand_in_a_text() {
        let all: Vec<u8> = (1..=255).collect();
        assert!(matches("^\x01\x02", &all));
        assert!(matches("yz", &all));
    }

    #[test]
    fn characters_are_bytes() {
        assert!(matches("^..$", "é".as_bytes()) && matches("^.$", b"\xe9"));
        assert!(!matches("^.$", "é".as_bytes()) && !matches("^\\w", "é".as_bytes()));
    }

    /// Patterns and texts of few letters, so that many match; as regexec(3) has it.
    #[test]
    fn one_search_finds_what_many_would() {
        const PARTS: [&str; 32] = [
            "a",
            "b",
            "c",
            ".",
            "a",
            "b",
            "c",
            "(",
            ")",
            "(",
            ")",
            "|",
            "*",
            "+",
            "?",
            "{2}",
            "{,2}",
            "{1,}",
            "^",
            "$",
            "[ab]",
            "[^a]",
            "[]a(]",
            "[^])]",
            "[[:alpha:])]",
            "[[.a.]b]",
            "[[=a=]]",
            "\\<",
            "\\b",
            "\\w",
            "\\)",
            "[a\\]",
        ];
        let mut seed = 1u64;
        let mut below = |end: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % end
        };
        let (mut tried, mut matched) = (0, 0);
        for _ in 0..20_000 {
            let pattern: String = (0..1 + below(8)).map(|_| PARTS[below(PARTS.len())]).collect();
            let Ok(plain) = compile(&until_nul(pattern.as_bytes())) else { continue };
            let regex = Regex::new(pattern.as_bytes()).unwrap();
            for _ in 0..8 {
                let text: String = (0..below(7)).map(|_| ["a", "b", "c", " ", ")", "\\", "\n"][below(7)]).collect();
                let (found, text) = (regex.matches(text.as_bytes()), of_one_line(until_nul(text.as_bytes())));
                assert_eq!(found, plain.matches(&text), "{pattern:?} {text:?}");
                (tried, matched) = (tried + 1, matched + usize::from(found));
            }
        }
        assert!(tried > 50_000 && matched > 10_000 && tried - matched > 10_000, "{tried} {matched}");
    }

    #[test]
    fn a_line_end_is_a_character_like_others() {
        for (pattern, text) in [("^b", "a\nb"), ("a$", "a\nb"), ("^$", "a\n"), ("\\`b", "\nb")] {
            assert!(!matches(pattern, text.as_bytes()), "{pattern:?} {text:?}");
        }
        for (pattern, text) in [("a.b", "a\nb"), ("a[[:space:]]b$", "a\nb"), ("a\nb", "a\nb"), ("[^c]\\<b", "\nb")] {
            assert!(matches(pattern, text.as_bytes()), "{pattern:?} {text:?}");
        }
        assert!(!matches("a\x0bb", b"a\nb"));
    }

    #[test]
    fn parts_of_patterns() {
        let parts = |pattern: &'static str| -> Vec<(Token, &[u8])> { tokens(pattern.as_bytes()).collect() };
        for (pattern, token) in [
            ("{2}", Token::Bound(2)),
            ("{2,30}", Token::Bound(30)),
            ("{2,}", Token::Bound(3)),
            ("{,3}", Token::Bound(3)),
            ("[]]", Token::Atom),
            ("[^])]", Token::Atom),
            ("[[:alpha:]{2}]", Token::Atom),
            ("[[.].]]", Token::Atom),
            ("[\\]", Token::Atom),
            ("\\{", Token::Atom),
            ("\\9", Token::BackReference),
            ("\\0", Token::Atom),
            ("\\`", Token::Place),
            ("$", Token::Place),
            ("\\", Token::Atom),
        ] {
            assert_eq!(parts(pattern), [(token, pattern.as_bytes())]);
        }
        assert_eq!(
            parts("a(|)").iter().map(|(token, _)| *token).collect::<Vec<_>>(),
            [Token::Atom, Token::Open, Token::Or, Token::Close]
        );
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_libc() {
        for (pattern, reason) in [
            ("(", "Unmatched ( or \\("),
            ("*a", "Invalid preceding regular expression"),
            ("a{2,1}", "Invalid content of \\{\\}"),
            ("\\", "Trailing backslash"),
            ("[[:foo:]]", "Invalid character class name"),
            ("a{32768}", "Regular expression too big"),
        ] {
            assert_eq!(Regex::new(pattern.as_bytes()).err().as_deref(), Some(reason), "{pattern}");
        }
    }
}
