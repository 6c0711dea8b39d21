//! C's `long double`, in the format that it has on this machine: as strtold(3) reads it and `%Lg` writes it.
//!
//! It is kept in software, because Rust has no such type, and an f64 would not do: it does not tell 2^64-1 from 2^64.

use nix::errno::Errno;
use rustc_apfloat::{Float, Round, Status};

/// 64 bits of precision on x86, 113 on the other 64-bit machines.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
type Format = rustc_apfloat::ieee::X87DoubleExtended;
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
type Format = rustc_apfloat::ieee::Quad;

/// A `long double`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct LongDouble(Format);

impl LongDouble {
    /// The same number; exact, since each format has 64 bits of precision at least.
    pub(super) fn from_number(number: u64) -> Self {
        Self(Format::from_u128(number.into()).value)
    }

    /// The number that `text` begins with, and how much of it that is, as strtold(3) reads it in the C locale.
    ///
    /// # Errors
    /// EINVAL where there is no number, ERANGE for one that is too large, or too small to be exact.
    pub(super) fn read(text: &[u8]) -> Result<(Self, usize), Errno> {
        let (negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (value, length) = read_unsigned(unsigned)?;
        Ok((Self(if negative { -value } else { value }), text.len() - unsigned.len() + length))
    }

    /// The number without its fraction, as a cast in C makes it; 0 for what is negative, 2^64-1 for what is too large.
    pub(super) fn to_number(self) -> u64 {
        u64::try_from(self.0.to_u128(64).value).unwrap_or(u64::MAX)
    }

    /// Whether it is more than nothing; NaN is not.
    pub(super) fn is_positive(self) -> bool {
        self.0 > Format::ZERO
    }

    pub(super) fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// `%Lg` of printf(3): six significant digits.
    pub(super) fn to_text(self) -> String {
        let sign = if self.0.is_negative() { "-" } else { "" };
        let unsigned = self.0.abs();
        if unsigned.is_nan() {
            return format!("{sign}nan");
        }
        if unsigned.is_infinite() {
            return format!("{sign}inf");
        }
        let (digits, exponent) = significant_digits(unsigned);
        format!("{sign}{}", lay_out(&digits, exponent))
    }
}

/// How many digits `%Lg` has.
const DIGITS: usize = 6;

/// The first digits of a finite number, rounded half to even, and the decimal exponent of the first one.
fn significant_digits(value: Format) -> ([u8; DIGITS], i32) {
    // Two floats and six digits lie never so close together that a hundred digits do not tell on which side of the half
    // a number is, or that it is the half.
    // A width of nothing asks for the notation with an exponent.
    let text = format!("{value:0$.100}", 0);
    let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let all: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let mut digits = [0; DIGITS];
    digits.iter_mut().zip(&all).for_each(|(digit, given)| *digit = *given);
    let mut exponent = exponent.parse().unwrap_or(0);

    let rest = all.get(DIGITS..).unwrap_or_default();
    let last_is_odd = digits[DIGITS - 1] % 2 == 1;
    let half = rest.first() == Some(&5) && rest[1..].iter().all(|digit| *digit == 0);
    let up = if half { last_is_odd } else { rest.first().is_some_and(|digit| *digit >= 5) };
    if up && carry(&mut digits) {
        digits[0] = 1;
        exponent += 1;
    }
    (digits, exponent)
}

/// Adds one to the last digit; says whether it went through all of them, which are 0 then.
fn carry(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return false;
        }
        *digit = 0;
    }
    true
}

/// The shorter of the two notations of `%g`, without zeros at the end.
fn lay_out(digits: &[u8; DIGITS], exponent: i32) -> String {
    let digits: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let significant = digits.trim_end_matches('0');
    match usize::try_from(exponent) {
        Ok(place) if place < DIGITS => point(&digits[..=place], significant.get(place + 1..).unwrap_or("")),
        Err(_) if exponent >= -4 => {
            let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
            point("0", &format!("{zeros}{significant}"))
        }
        _ => {
            let sign = if exponent < 0 { '-' } else { '+' };
            let mantissa = point(&digits[..1], significant.get(1..).unwrap_or(""));
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
    }
}

fn point(whole: &str, fraction: &str) -> String {
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// The number without a sign at the beginning of `text`, and its length.
fn read_unsigned(text: &[u8]) -> Result<(Format, usize), Errno> {
    let begins = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()));
    if begins("nan") {
        return Ok((Format::NAN, 3 + payload_length(&text[3..])));
    }
    if let Some(word) = ["infinity", "inf"].into_iter().find(|word| begins(word)) {
        return Ok((Format::INFINITY, word.len()));
    }
    let literal = hexadecimal(text).or_else(|| decimal(text)).ok_or(Errno::EINVAL)?;
    let read = Format::from_str_r(&literal.spelling, Round::NearestTiesToEven).map_err(|_| Errno::EINVAL)?;
    if read.status.intersects(Status::OVERFLOW | Status::UNDERFLOW) {
        return Err(Errno::ERANGE);
    }
    Ok((read.value, literal.length))
}

/// The length of `(CHARACTERS)` behind `nan`; 0 if that is not what stands there.
fn payload_length(text: &[u8]) -> usize {
    let Some(inside) = text.strip_prefix(b"(") else { return 0 };
    let length = inside.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    if inside.get(length) == Some(&b')') { length + 2 } else { 0 }
}

/// A number in a text.
struct Literal {
    /// As the library for floats wants it.
    spelling: String,
    /// How long it is in the text.
    length: usize,
}

fn hexadecimal(text: &[u8]) -> Option<Literal> {
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
    let mantissa = mantissa_length(digits, u8::is_ascii_hexdigit)?;
    let exponent = Exponent::read(&digits[mantissa..], b'p');
    let spelling = format!("0x{}p{}", String::from_utf8_lossy(&digits[..mantissa]), exponent.value);
    Some(Literal { spelling, length: 2 + mantissa + exponent.length })
}

fn decimal(text: &[u8]) -> Option<Literal> {
    let mantissa = mantissa_length(text, u8::is_ascii_digit)?;
    let exponent = Exponent::read(&text[mantissa..], b'e');
    let spelling = format!("{}e{}", String::from_utf8_lossy(&text[..mantissa]), exponent.value);
    Some(Literal { spelling, length: mantissa + exponent.length })
}

/// The length of digits with at most one point among them; None without a digit.
fn mantissa_length(text: &[u8], is_digit: fn(&u8) -> bool) -> Option<usize> {
    let whole = text.iter().take_while(|byte| is_digit(byte)).count();
    let fraction = match text.get(whole) {
        Some(b'.') => Some(text[whole + 1..].iter().take_while(|byte| is_digit(byte)).count()),
        _ => None,
    };
    let digits = whole + fraction.unwrap_or(0);
    (digits > 0).then(|| whole + fraction.map_or(0, |digits| digits + 1))
}

/// What follows a mantissa.
struct Exponent {
    value: i32,
    length: usize,
}

impl Exponent {
    /// Far out of every format's range, but small enough to reckon with.
    const LARGEST: i32 = 1_000_000;

    /// Reads `e5`, `e+5` and so on, if `text` begins like that.
    fn read(text: &[u8], letter: u8) -> Self {
        let none = Self { value: 0, length: 0 };
        let Some(rest) = text.split_first().filter(|(first, _)| first.eq_ignore_ascii_case(&letter)) else {
            return none;
        };
        let (negative, digits) = match rest.1 {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return none;
        }
        let add = |sum: i32, digit: &u8| (sum * 10 + i32::from(digit - b'0')).min(Self::LARGEST);
        let value = digits[..length].iter().fold(0, add);
        Self { value: if negative { -value } else { value }, length: text.len() - digits.len() + length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Errno> {
        let (value, length) = LongDouble::read(text.as_bytes())?;
        assert_eq!(length, text.len(), "{text}");
        Ok(value.to_text())
    }

    #[test]
    fn six_digits_are_shown() {
        for (text, shown) in [
            ("0", "0"),
            ("-0.0", "-0"),
            ("2.0", "2"),
            ("1.5", "1.5"),
            ("1234567", "1.23457e+06"),
            ("1e20", "1e+20"),
            ("123456", "123456"),
            ("100000", "100000"),
            ("1000000", "1e+06"),
            ("999999.5", "1e+06"),
            ("100000.5", "100000"),
            ("100001.5", "100002"),
            ("100000.5000000000001", "100001"),
            ("0.0001", "0.0001"),
            ("0.00012345678", "0.000123457"),
            ("0.00001", "1e-05"),
            ("1e100", "1e+100"),
            ("1.18973149535723176502e4932", "1.18973e+4932"),
            ("3.3621031431120935063e-4932", "3.3621e-4932"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn every_notation_of_strtold_is_read() {
        for (text, shown) in [
            (".5", "0.5"),
            ("5.", "5"),
            ("+5", "5"),
            ("-.5", "-0.5"),
            ("1E5", "100000"),
            ("1e0000005", "100000"),
            ("0x10", "16"),
            ("0x.8", "0.5"),
            ("0X1P1", "2"),
            ("0x1.8p-1", "0.75"),
            ("inf", "inf"),
            ("-INFINITY", "-inf"),
            ("nan", "nan"),
            ("-NaN", "-nan"),
            ("nan(a_1)", "nan"),
            ("0e99999999999999999999", "0"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn what_is_behind_a_number_is_left_over() {
        for (text, length) in [
            ("5x", 1),
            ("1e", 1),
            ("1e+", 1),
            ("0x", 1),
            ("0x.", 1),
            ("0xg", 1),
            ("0x1p", 3),
            ("1.5.5", 3),
            ("infinit", 3),
            ("nan(", 3),
            ("nan(a-1)", 3),
            ("1_0", 1),
        ] {
            assert_eq!(LongDouble::read(text.as_bytes()).map(|(_, length)| length), Ok(length), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_out_of_range_is_refused() {
        for text in ["", "abc", "-", "- 10", "+ 5", ".", "e5", "+.e5", "i", "\u{a0}5"] {
            assert_eq!(LongDouble::read(text.as_bytes()).err(), Some(Errno::EINVAL), "{text}");
        }
        for text in ["1e5000", "-1e5000", "1e-5000", "1e99999999999999999999", "1e-99999999999999999999", "1e5000x"] {
            assert_eq!(LongDouble::read(text.as_bytes()).err(), Some(Errno::ERANGE), "{text}");
        }
        // A cell may be as long as a command line.
        let long = format!("{}e-99999999999", "9".repeat(8191));
        assert_eq!(LongDouble::read(long.as_bytes()).err(), Some(Errno::ERANGE));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_range_is_that_of_80_bits() {
        for text in ["0x1p-16400", "0x1p-16445", "1e4932", "1.18973149535723176502e4932", "3.3621031431120935063e-4932"]
        {
            assert!(LongDouble::read(text.as_bytes()).is_ok(), "{text}");
        }
        for text in ["0x1p-16446", "0x1.8p-16445", "1.2e4932", "1.18973149535723176506e4932", "1e-4940", "3.3e-4932"] {
            assert_eq!(LongDouble::read(text.as_bytes()).err(), Some(Errno::ERANGE), "{text}");
        }
    }

    #[test]
    fn numbers_stay_distinct() {
        let float = |text: &str| LongDouble::read(text.as_bytes()).unwrap().0;
        assert_eq!(LongDouble::from_number(u64::MAX), float("18446744073709551615.0"));
        assert!(LongDouble::from_number(u64::MAX) > float("18446744073709551614.0"));
        assert_eq!(float("0.1"), float("0.1000000000000000000001"));
        #[cfg(target_arch = "x86_64")]
        assert_ne!(float("0.1"), float("0.10000000000000000001"));
        for number in [0, 1, 4026531840, u64::MAX] {
            assert_eq!(LongDouble::from_number(number).to_number(), number);
        }
        assert_eq!(["1.9", "-1", "inf"].map(|text| float(text).to_number()), [1, 0, u64::MAX]);
    }

    #[test]
    fn nan_is_beside_all_numbers() {
        let nan = LongDouble::read(b"nan").unwrap().0;
        assert_eq!(nan.partial_cmp(&nan), None);
        assert!(nan != nan && !nan.is_zero() && !nan.is_positive());
    }
}
