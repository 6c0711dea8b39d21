//! What a filter takes for a regular expression, and what it refuses: patterns over which a matcher would take for ever.
//!
//! Most rules are util-linux's, and look at bytes only: a bracket or a backslash does not hide a quantifier from them. They
//! are for matchers that backtrack; libc's needs a few more.

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
#[derive(Debug, Clone, Copy)]
struct Size {
    /// How many parts it would have without bounds: three for `a{3}`.
    length: u64,
    /// How many of them are repeated, or need not be there.
    repeated: u64,
    /// How many of them are places, such as `^`.
    places: u64,
    /// How many quantifiers and alternatives there would be.
    ways: u64,
    /// Whether it matches nothing as well.
    may_be_empty: bool,
    /// Whether something that may be empty is repeated without end in it.
    goes_round: bool,
}

impl Size {
    const NOTHING: Self = Self { length: 0, repeated: 0, places: 0, ways: 0, may_be_empty: true, goes_round: false };
    const ONE: Self = Self { length: 1, may_be_empty: false, ..Self::NOTHING };
    const PLACE: Self = Self { length: 1, places: 1, ..Self::NOTHING };

    fn and(self, other: Self) -> Self {
        Self {
            length: self.length.saturating_add(other.length),
            repeated: self.repeated.saturating_add(other.repeated),
            places: self.places.saturating_add(other.places),
            ways: self.ways.saturating_add(other.ways),
            may_be_empty: self.may_be_empty && other.may_be_empty,
            goes_round: self.goes_round || other.goes_round,
        }
    }

    /// As an alternative: with the `|` it is a part more.
    fn or(self, other: Self) -> Self {
        let both = self.and(other);
        let may_be_empty = self.may_be_empty || other.may_be_empty;
        Self { length: both.length.saturating_add(1), ways: both.ways.saturating_add(1), may_be_empty, ..both }
    }

    /// In parentheses, which are a part more.
    fn grouped(self) -> Self {
        Self { length: self.length.saturating_add(1), ..self }
    }

    /// A place that is repeated, though it takes no character, is more than any pattern may have.
    fn times(self, repetition: Repetition) -> Self {
        let times = repetition.written.max(1).into();
        let length = self.length.saturating_mul(times);
        Self {
            length,
            repeated: length,
            places: if self.places > 0 { u64::MAX } else { 0 },
            ways: self.ways.saturating_add(1).saturating_mul(times),
            may_be_empty: self.may_be_empty || repetition.may_be_none,
            goes_round: self.goes_round || repetition.is_endless && self.may_be_empty,
        }
    }

    /// For each place, libc may take again all that is behind it, as far as it can get there without a character. And where
    /// it can go round without one, it forgets what it has found on each way there.
    fn is_large(self) -> bool {
        let again = self.places.saturating_mul(2).saturating_add(1);
        self.places > MOST_PLACES
            || self.length > LARGEST
            || self.repeated.saturating_mul(again) > LARGEST
            || self.goes_round && self.ways > MOST_WAYS_ROUND
    }
}

/// What a quantifier or a bound asks for.
struct Repetition {
    /// How often libc writes it out.
    written: u32,
    may_be_none: bool,
    is_endless: bool,
}

impl Repetition {
    /// libc takes `a+` for `aa*`.
    fn of_quantifier(bytes: &[u8]) -> Self {
        Self { written: if bytes == b"+" { 2 } else { 1 }, may_be_none: bytes != b"+", is_endless: bytes != b"?" }
    }

    fn of_bound(bytes: &[u8], written: u32) -> Self {
        let (least, _) = leading_number(bytes.strip_prefix(b"{").unwrap_or_default());
        Self { written, may_be_none: least == 0, is_endless: bytes.ends_with(b",}") }
    }
}

/// How many places a pattern may have, one at its beginning and one at its end aside.
const MOST_PLACES: u64 = 8;

/// How many quantifiers and alternatives a pattern may have in which something that may be empty is repeated without end.
const MOST_WAYS_ROUND: u64 = 16;

/// What is known of a group that has not ended, or of the whole.
struct Group {
    /// The alternatives before this one.
    others: Option<Size>,
    /// This one, but for its last part.
    before: Size,
    last: Size,
}

impl Group {
    const EMPTY: Self = Self { others: None, before: Size::NOTHING, last: Size::NOTHING };

    fn size(&self) -> Size {
        let this = self.before.and(self.last);
        self.others.map_or(this, |others| others.or(this))
    }

    fn push(&mut self, part: Size) {
        self.before = self.before.and(self.last);
        self.last = part;
    }
}

/// Whether libc would need too much for it: it writes bounds out, so that a few bytes of bounds in bounds could make more
/// states than there is memory for.
fn is_large_without_bounds(pattern: &[u8]) -> bool {
    let mut open = vec![Group::EMPTY];
    let inner = pattern.strip_prefix(b"^").unwrap_or(pattern);
    for (token, bytes) in tokens(inner.strip_suffix(b"$").unwrap_or(inner)) {
        let closed = if token == Token::Close && open.len() > 1 { open.pop() } else { None };
        let Some(group) = open.last_mut() else { return true };
        match token {
            Token::Bound(times) => group.last = group.last.times(Repetition::of_bound(bytes, times)),
            Token::Quantifier => group.last = group.last.times(Repetition::of_quantifier(bytes)),
            Token::Or => *group = Group { others: Some(group.size()), ..Group::EMPTY },
            Token::Open => open.push(Group::EMPTY),
            Token::Close => group.push(closed.map_or(Size::ONE, |closed| closed.size().grouped())),
            Token::Place => group.push(Size::PLACE),
            Token::BackReference | Token::Atom => group.push(Size::ONE),
        }
    }
    let all = open.iter().fold(Size::NOTHING, |all, group| all.and(group.size()));
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
            // Empty, over and over.
            "a????????+b?",
            "(a??)+(a??)+(a??)+",
            "(a?){9,}",
            "((a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?))*",
            "(a|b|)*(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p)",
            "()+a???????????????",
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
            "a??+",
            "(a|)*(b|)*",
            "(a?b?c?)*",
            "(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t)+",
            "(a{20})+(b?c)*",
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
        const WORST: [&str; 19] = [
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
            "&a&a<????????????????+h????????????????<????????????????+h??????????????????+]",
            "((a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?))*c",
            "(\\b|\\B)(\\b|\\B)(\\b|\\B)(\\b|\\B)(a?){1,15}(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)(a|)c",
            "(.)(.)(.)(.)(.)(.)(.)(.)(.)\\9\\8\\7\\6\\5\\4\\3\\2\\1c",
        ];
        let mut seed = 1u64;
        let mut random = |end: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % end
        };
        let mut pattern = || (0..2 + random(24)).map(|_| PARTS[random(PARTS.len())]).collect::<String>() + "c";
        let mut patterns: Vec<String> = (0..4500).map(|_| pattern()).collect();
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
