//! POSIX extended regular expressions, see regex(7): those of libc, so that a pattern means what it means to the classic tools.

use std::ffi::CString;
use std::fmt;

use crate::sys;

/// An extended regular expression, on bytes: in the C locale, which no program of ours leaves. For any other, glibc loads
/// converters from the root that it is in, also into a static program.
///
/// Upper and lower case differ. GNU's `\w`, `\<`, `\b` and back-references are understood.
pub struct Regex(sys::CompiledRegex);

impl Regex {
    /// Compiles `pattern`, up to its first NUL, as regcomp(3) would.
    ///
    /// # Errors
    /// What regerror(3) says is wrong with it, such as `Unmatched ( or \(`.
    pub fn new(pattern: &[u8]) -> Result<Self, String> {
        let compiled = sys::CompiledRegex::new(&until_nul(pattern), libc::REG_EXTENDED | libc::REG_NOSUB);
        compiled.map(Self).map_err(|reason| String::from_utf8_lossy(&reason).into_owned())
    }

    /// Whether it matches anywhere in `text`. A NUL ends the text, as it does for regexec(3).
    ///
    /// A match that there is not enough memory for counts as none.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.0.matches(&until_nul(text))
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regex").finish_non_exhaustive()
    }
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
