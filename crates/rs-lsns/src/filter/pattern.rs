//! What a filter takes for a regular expression, and what it refuses: patterns that a matcher which backtracks would take for ever over.
//!
//! The rules are util-linux's, and look at bytes only: a bracket or a backslash does not hide a quantifier from them.

use nscore::regex::Regex;

use super::parser::ParseError;

/// The longest pattern, in bytes.
const LONGEST: usize = 256;

/// The largest number in braces.
const LARGEST_BOUND: u32 = 1024;

/// Compiles a pattern.
///
/// # Errors
/// [`ParseError::Refused`] by the rules above, [`ParseError::Regex`] for what is no regular expression.
pub(super) fn compile(pattern: &[u8]) -> Result<Regex, ParseError> {
    if pattern.len() > LONGEST
        || has_doubled_quantifier(pattern)
        || has_nested_quantifier(pattern)
        || has_large_bound(pattern)
    {
        return Err(ParseError::Refused);
    }
    Regex::new(pattern).map_err(ParseError::Regex)
}

/// `*` and `+`; the others may stand anywhere.
fn is_quantifier(byte: u8) -> bool {
    matches!(byte, b'*' | b'+')
}

/// `a++` and the like, wherever they stand.
fn has_doubled_quantifier(pattern: &[u8]) -> bool {
    pattern.windows(2).any(|pair| is_quantifier(pair[0]) && is_quantifier(pair[1]))
}

/// `(a+)*` and the like: a quantifier on a group with one in it, at any depth.
fn has_nested_quantifier(pattern: &[u8]) -> bool {
    // For each group that is open, whether a quantifier was seen in it; the first is the whole pattern.
    let mut groups = vec![false];
    for (place, byte) in pattern.iter().enumerate() {
        match byte {
            b'(' => groups.push(false),
            b')' if groups.len() > 1 => {
                let quantified = groups.pop() == Some(true);
                if quantified && pattern.get(place + 1).is_some_and(|next| is_quantifier(*next)) {
                    return true;
                }
                note(&mut groups, quantified);
            }
            byte => note(&mut groups, is_quantifier(*byte)),
        }
    }
    false
}

fn note(groups: &mut [bool], quantified: bool) {
    if let Some(innermost) = groups.last_mut() {
        *innermost |= quantified;
    }
}

/// `a{1025}`, `a{1,1025}` and the like.
fn has_large_bound(pattern: &[u8]) -> bool {
    pattern.split(|byte| *byte == b'{').skip(1).any(|bounds| {
        let (least, rest) = leading_number(bounds);
        let (most, _) = leading_number(rest.strip_prefix(b",").unwrap_or_default());
        least.max(most) > LARGEST_BOUND
    })
}

/// The number that `text` begins with, 0 if there is none, and what follows it.
fn leading_number(text: &[u8]) -> (u32, &[u8]) {
    let (digits, rest) = text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let add = |sum: u32, digit: &u8| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
    (digits.iter().fold(0, add), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_take_for_ever_is_refused() {
        for pattern in [
            "a++",
            "a**",
            "a+*",
            "a*+",
            "(a+)+",
            "(a*)*",
            "(a+b)+",
            "((a+))+",
            "(a(b)+)+",
            "((a+)b)*",
            "a{1025}",
            "a{1,1025}",
            "a{,9999}",
            "a{99999999999}",
            "[+*]",
            "[a+*]+",
            "x\\++",
            "b{2}a{1025}",
        ] {
            assert_eq!(compile(pattern.as_bytes()).err(), Some(ParseError::Refused), "{pattern}");
        }
    }

    #[test]
    fn the_rest_is_compiled() {
        for pattern in [
            "",
            "a+",
            "a??",
            "a?+",
            "a{2}{3}",
            "(a?)+",
            "(a{2})+",
            "(a+){2}",
            "(a+)b+",
            "(a+)(b)+",
            "a{1024}",
            "a{1,1024}",
            "a{,1024}",
            ")",
            "a)+",
        ] {
            assert!(compile(pattern.as_bytes()).is_ok(), "{pattern}");
        }
        assert_eq!(compile(b"(").err(), Some(ParseError::Regex("Unmatched ( or \\(".into())));
        // A number that is no bound is left to regcomp.
        assert_eq!(compile(b"a{x1025}").err(), Some(ParseError::Regex("Invalid content of \\{\\}".into())));
        assert_eq!(compile(b"(a{2},1025)").err(), None);
    }

    #[test]
    fn patterns_have_a_length() {
        assert!(compile(&[b'a'; 256]).is_ok());
        assert_eq!(compile(&[b'a'; 257]).err(), Some(ParseError::Refused));
    }
}
