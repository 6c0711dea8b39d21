//! Numbers as the classic tools read them: decimal, with leading blanks and a sign, nothing behind.

use std::os::unix::ffi::OsStrExt;

/// Why a text is no number of the wanted range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotANumber {
    /// Something other than one decimal number.
    Malformed,
    /// A number, but too small or too large.
    OutOfRange,
}

/// Reads `text` as a decimal number between `min` and `max`, both included.
///
/// Leading white space and a sign are accepted, as strtol(3) does; anything behind the digits is not.
///
/// # Errors
/// What it is instead.
pub fn parse(text: impl AsRef<std::ffi::OsStr>, min: i64, max: i64) -> Result<i64, NotANumber> {
    let value = parse_wide(text.as_ref())?;
    i64::try_from(value).ok().filter(|value| (min..=max).contains(value)).ok_or(NotANumber::OutOfRange)
}

/// Reads a number of any size that matters.
fn parse_wide(text: &std::ffi::OsStr) -> Result<i128, NotANumber> {
    let text = text.as_bytes();
    let start = text.iter().position(|b| !is_space(*b)).unwrap_or(text.len());
    let (negative, digits) = match text[start..].split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, &text[start..]),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NotANumber::Malformed);
    }
    let magnitude =
        digits.iter().try_fold(0i128, |sum, digit| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0')));
    magnitude.map(|magnitude| if negative { -magnitude } else { magnitude }).ok_or(NotANumber::OutOfRange)
}

/// Reads `text` as a number from 0 to 18446744073709551615, as [`parse`] does.
///
/// # Errors
/// What it is instead.
pub fn parse_unsigned(text: impl AsRef<std::ffi::OsStr>) -> Result<u64, NotANumber> {
    u64::try_from(parse_wide(text.as_ref())?).map_err(|_| NotANumber::OutOfRange)
}

/// Reads `text` as an id: a number from 0 to 4294967295, as [`parse`] does.
///
/// # Errors
/// What it is instead.
pub fn parse_id(text: impl AsRef<std::ffi::OsStr>) -> Result<u32, NotANumber> {
    let value = parse(text, 0, i64::from(u32::MAX))?;
    u32::try_from(value).map_err(|_| NotANumber::OutOfRange)
}

/// isspace(3) in the C locale.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// The same as Rust reads, which is as strict but for the blanks before it.
    pub fn of_number(text: &[u8]) {
        let start = text.iter().position(|byte| !b" \t\n\x0b\x0c\r".contains(byte)).unwrap_or(text.len());
        let plain = str::from_utf8(&text[start..]).ok();
        let text = std::ffi::OsStr::from_bytes(text);
        assert_eq!(parse(text, i64::MIN, i64::MAX).ok(), plain.and_then(|plain| plain.parse().ok()));
        let or_zero = |plain: &str| {
            if plain.starts_with('-') {
                plain.parse().ok().filter(|it: &i64| *it == 0).map(|_| 0)
            } else {
                plain.parse().ok()
            }
        };
        assert_eq!(parse_unsigned(text).ok(), plain.and_then(or_zero));
        assert_eq!(parse_id(text).ok(), parse_unsigned(text).ok().and_then(|it| u32::try_from(it).ok()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Random, for_any};

    #[test]
    fn numbers_are_decimal_and_whole() {
        for (text, value) in [("0", 0), (" 5", 5), ("\t+7", 7), ("010", 10), ("4294967295", u32::MAX)] {
            assert_eq!(parse_id(text), Ok(value), "{text:?}");
        }
        for text in ["", " ", "-", "x", "0x10", "5 ", "1.5", "1e3", "+-5", "٣"] {
            assert_eq!(parse_id(text), Err(NotANumber::Malformed), "{text:?}");
        }
        for text in ["-1", "4294967296", "99999999999999999999999999999999999999999999"] {
            assert_eq!(parse_id(text), Err(NotANumber::OutOfRange), "{text:?}");
        }
        assert_eq!(parse_unsigned("18446744073709551615"), Ok(u64::MAX));
        for text in ["-1", "18446744073709551616"] {
            assert_eq!(parse_unsigned(text), Err(NotANumber::OutOfRange), "{text:?}");
        }
        assert_eq!(parse("-9223372036854775808", i64::MIN, i64::MAX), Ok(i64::MIN));
        assert_eq!(parse("9223372036854775808", i64::MIN, i64::MAX), Err(NotANumber::OutOfRange));
    }

    #[test]
    fn any_text_that_is_a_number() {
        let make = |random: &mut Random| {
            let number = random.edge().cast_signed();
            let number = if random.once_in(2) { number.to_string() } else { number.cast_unsigned().to_string() };
            random.changed(number.as_bytes())
        };
        for_any(make, |text| properties::of_number(text));
    }
}
