//! What a filter takes for a regular expression, and what it refuses: patterns over which a matcher would take for ever.
//!
//! Most rules are util-linux's, and look at bytes only: a bracket or a backslash does not hide a quantifier from them. They
//! are for matchers that backtrack; libc's needs two more.

use nscore::regex::{Regex, Token, begins_anew, tokens};

use super::parser::ParseError;

/// The longest pattern, in bytes.
const LONGEST: usize = 256;

/// The largest number in braces.
const LARGEST_BOUND: u32 = 1024;

/// The largest pattern without bounds, in parts; as large as the longest one would be if it had none.
const LARGEST: u64 = LONGEST as u64;

const REFUSED: ParseError =
    ParseError::Refused("a pattern has at most 256 bytes, and nothing that could take for ever, such as a++ or (a+)+");

/// Compiles a pattern.
///
/// # Errors
/// [`ParseError::Refused`] by the rules above, [`ParseError::Regex`] for what is no regular expression.
pub(crate) fn compile(pattern: &[u8]) -> Result<Regex, ParseError> {
    if pattern.len() > LONGEST
        || has_doubled_quantifier(pattern)
        || has_nested_quantifier(pattern)
        || has_large_bound(pattern)
        || is_large_without_bounds(pattern)
        || has_many_ways_from_each_byte(pattern)
    {
        return Err(REFUSED);
    }
    Regex::new(pattern).map_err(ParseError::Regex)
}

/// How large a pattern, or a part of one, is to libc.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// How many parts it would have without bounds: three for `a{3}`.
    length: u64,
    /// How many of them are repeated, or need not be there.
    repeated: u64,
    /// How many of them are places, such as `^`.
    places: u64,
}

impl Size {
    const ONE: Self = Self { length: 1, repeated: 0, places: 0 };
    const PLACE: Self = Self { places: 1, ..Self::ONE };

    fn and(self, other: Self) -> Self {
        Self {
            length: self.length.saturating_add(other.length),
            repeated: self.repeated.saturating_add(other.repeated),
            places: self.places.saturating_add(other.places),
        }
    }

    /// A place that is repeated, though it takes no character, is more than any pattern may have.
    fn times(self, times: u32) -> Self {
        let length = self.length.saturating_mul(times.max(1).into());
        Self { length, repeated: length, places: if self.places > 0 { u64::MAX } else { 0 } }
    }

    /// For each place, libc may take again all that is behind it, as far as it can get there without a character.
    fn is_large(self) -> bool {
        let again = self.places.saturating_mul(2).saturating_add(1);
        self.places > MOST_PLACES || self.length > LARGEST || self.repeated.saturating_mul(again) > LARGEST
    }
}

/// How many places a pattern may have, one at its beginning and one at its end aside.
const MOST_PLACES: u64 = 8;

/// Whether libc would need too much for it: it writes bounds out, so that a few bytes of bounds in bounds could make more
/// states than there is memory for.
fn is_large_without_bounds(pattern: &[u8]) -> bool {
    // For each group that is open: what it has, but for its last part, and that.
    let mut open = vec![(Size::default(), Size::default())];
    let inner = pattern.strip_prefix(b"^").unwrap_or(pattern);
    for (token, bytes) in tokens(inner.strip_suffix(b"$").unwrap_or(inner)) {
        let closed = if token == Token::Close && open.len() > 1 { open.pop() } else { None };
        let Some((before, last)) = open.last_mut() else { return true };
        let next = match token {
            Token::Bound(times) => {
                *last = last.times(times);
                continue;
            }
            // libc takes `a+` for `aa*`.
            Token::Quantifier => {
                *last = last.times(if bytes == b"+" { 2 } else { 1 });
                continue;
            }
            Token::Open => {
                open.push((Size::default(), Size::default()));
                continue;
            }
            Token::Close => closed.map_or(Size::ONE, |(before, last)| before.and(last).and(Size::ONE)),
            Token::Place => Size::PLACE,
            Token::Or | Token::BackReference | Token::Atom => Size::ONE,
        };
        *before = before.and(*last);
        *last = next;
    }
    let all = open.iter().fold(Size::default(), |all, (before, last)| all.and(*before).and(*last));
    all.is_large()
}

/// Whether libc would have to try many ways from each byte of a text.
fn has_many_ways_from_each_byte(pattern: &[u8]) -> bool {
    let many = |token| matches!(token, Token::Quantifier | Token::Bound(_) | Token::Or);
    begins_anew(pattern) && tokens(pattern).any(|(token, _)| many(token))
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
            "a{257}",
            "a{1,257}",
            "(ab){129}",
            "a{128}b{129}",
            "(a{16}){17}",
            "a{16}{17}",
            "((a{1,255}){1,255}){1,255}",
            "((a{1,255}){1,255}){1,255",
            "((a{1,255}){1,255}",
            "(a)\\1*",
            "(a*)\\1",
            "(a{2})\\1",
            "(a|b)\\1",
            "a\n*",
            "(^|a)*",
            "(\\ba){2}",
            "a^^^^^^^^^b",
            "(\\b|\\B)a{1,100}",
        ] {
            assert_eq!(compile(pattern.as_bytes()).err(), Some(REFUSED), "{pattern}");
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
            "a{256}",
            "a{1,256}",
            "a{,256}",
            "(a{15}){16}",
            "[ab]{255}c",
            "[{1000}]",
            "a\\{1000\\}",
            "(a)(b)\\2\\1",
            "a\nb",
            "(a|b)*c",
            "^[0-9a-f]{12,64}$",
            "(^|,)[0-9]{1,5}(,|$)",
            "\\<a+\\>|\\<b+\\>",
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

    /// A command line that many patterns match nearly.
    fn longest_command(random: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
        (0..8191).map(|_| b"ab"[random(2)]).collect()
    }

    /// How many kilobytes this process has had at most since it was last asked.
    fn peak() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        // Sets it back.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// How much time this thread has had on a processor, in hundredths of a second: a busy machine is not its fault.
    fn processor_time() -> u64 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
        fields.map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    #[test]
    fn what_is_not_refused_ends_soon() {
        const PARTS: [&str; 26] = [
            "a", "b", ".", "[ab]", "[^c]", "a", "[ab]", "(", "(", ")", ")", ")", "|", "*", "+", "?", "*", "?", "{2}",
            "{,16}", "{16}", "{1,60}", "{100}", "{1,}", "^", "\\b",
        ];
        const WORST: [&str; 17] = [
            "(a|b)*a(a|b){84}c",
            "(a?){1,256}$",
            "(a*){1,256}c",
            "(a*b*){1,128}$",
            "(a|b){1,63}a.{63}c",
            "[ab]{1,200}a[ab]{55}c",
            "((a?){1,16}){1,16}c",
            "[ab]{1,255}$",
            "(a|b|[^x]){1,30}a(a|b|[^x]){20}c",
            ".*a................c",
            "(a|b|ab)*a[ab]{240}c",
            "^(a*){1,256}c",
            "^(a?b?){1,128}$",
            "a|\\b(a?){1,80}c",
            "(\\b|\\B)(\\b|\\B)(a?){1,28}c",
            "(\\b|\\B)(\\b|\\B)(\\b|\\B)(\\b|\\B)(a?){1,15}(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)c",
            "(.)(.)(.)(.)(.)(.)(.)(.)(.)\\9\\8\\7\\6\\5\\4\\3\\2\\1c",
        ];
        let mut seed = 1u64;
        let mut random = |end: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % end
        };
        let mut pattern = || (0..2 + random(24)).map(|_| PARTS[random(PARTS.len())]).collect::<String>() + "c";
        let mut patterns: Vec<String> = (0..4000).map(|_| pattern()).collect();
        patterns.extend(WORST.map(String::from));
        let command = longest_command(&mut random);
        let (before, mut accepted) = ((peak(), peak()).1, 0);
        for pattern in &patterns {
            let started = processor_time();
            let Ok(regex) = compile(pattern.as_bytes()) else { continue };
            regex.matches(&command);
            accepted += 1;
            let taken = processor_time() - started;
            assert!(taken < 100, "{pattern}: {taken} hundredths of a second");
            let memory = peak();
            assert!(memory < before + 100_000, "{pattern}: {memory} kB");
        }
        assert!(accepted > 400, "{accepted}");
    }

    #[test]
    fn patterns_have_a_length() {
        assert!(compile(&[b'a'; 256]).is_ok());
        assert_eq!(compile(&[b'a'; 257]).err(), Some(REFUSED));
    }
}
