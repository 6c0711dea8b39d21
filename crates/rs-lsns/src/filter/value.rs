//! Values of the filter language: their types, how a cell's text becomes one, and how one becomes another.
//!
//! The types and casts are those of scols-filter(5), and, where it says nothing, what util-linux was seen to do.

use std::borrow::Cow;

use nix::errno::Errno;

use super::float::LongDouble;

/// What kind of value a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A line of any bytes.
    String,
    /// A whole number from 0 to 2^64-1.
    Number,
    /// A floating-point number.
    Float,
    /// True or false.
    Boolean,
}

/// A value. Two of the same type compare as the language has it.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub(super) enum Value<'a> {
    /// Without white space around it; compares byte by byte.
    String(Cow<'a, [u8]>),
    Number(u64),
    Float(LongDouble),
    /// False comes before true.
    Boolean(bool),
}

impl<'a> Value<'a> {
    /// The value of a cell in a column of this type; None where nothing but a string can be empty, and is.
    ///
    /// # Errors
    /// EINVAL for what is no number, ERANGE for one that is out of range.
    pub(super) fn read(kind: Type, text: Cow<'a, [u8]>) -> Result<Option<Self>, Errno> {
        let trimmed = trim(&text);
        Ok(Some(match kind {
            Type::String => Self::string(text),
            _ if trimmed.is_empty() => return Ok(None),
            Type::Number => Self::Number(read_number(trimmed)?),
            Type::Float => Self::Float(read_float(trimmed)?),
            Type::Boolean => Self::Boolean(read_boolean(trimmed)),
        }))
    }

    /// A string, which loses the white space around it.
    pub(super) fn string(text: Cow<'a, [u8]>) -> Self {
        Self::String(match text {
            Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
            Cow::Owned(text) if trim(&text).len() == text.len() => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(trim(&text).to_vec()),
        })
    }

    /// The same value, whose text is this one's.
    pub(super) fn borrowed(&self) -> Value<'_> {
        match self {
            Self::String(text) => Value::String(Cow::Borrowed(text)),
            Self::Number(number) => Value::Number(*number),
            Self::Float(float) => Value::Float(*float),
            Self::Boolean(boolean) => Value::Boolean(*boolean),
        }
    }

    pub(super) fn kind(&self) -> Type {
        match self {
            Self::String(_) => Type::String,
            Self::Number(_) => Type::Number,
            Self::Float(_) => Type::Float,
            Self::Boolean(_) => Type::Boolean,
        }
    }

    /// What counts instead of an empty cell of this type where it is cast to another; None for a string, which has no such value.
    pub(super) fn zero(kind: Type) -> Option<Self> {
        match kind {
            Type::String => None,
            Type::Number => Some(Self::Number(0)),
            Type::Float => Some(Self::Float(LongDouble::from_number(0))),
            Type::Boolean => Some(Self::Boolean(false)),
        }
    }

    /// The value as one of another type.
    ///
    /// # Errors
    /// EINVAL for a string that is no number, ERANGE for one that is out of range.
    pub(super) fn cast(self, to: Type) -> Result<Self, Errno> {
        Ok(match to {
            Type::String => Self::String(self.into_text()),
            Type::Number => Self::Number(self.to_number()?),
            Type::Float => Self::Float(self.to_float()?),
            Type::Boolean => Self::Boolean(self.to_boolean()),
        })
    }

    /// Whether it counts as true where a condition is wanted. (A cast to boolean takes another view of most strings, and of negative numbers.)
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::String(text) => !text.is_empty(),
            Self::Number(number) => *number != 0,
            Self::Float(float) => !float.is_zero(),
            Self::Boolean(boolean) => *boolean,
        }
    }

    /// The value as it is matched and compared as a string.
    pub(super) fn into_text(self) -> Cow<'a, [u8]> {
        match self {
            Self::String(text) => text,
            Self::Number(number) => number.to_string().into_bytes().into(),
            Self::Float(float) => float.to_text().into_bytes().into(),
            Self::Boolean(boolean) => Cow::Borrowed(if boolean { b"true" } else { b"false" }),
        }
    }

    fn to_number(&self) -> Result<u64, Errno> {
        match self {
            Self::String(text) => read_number(text),
            Self::Number(number) => Ok(*number),
            Self::Float(float) => Ok(float.to_number()),
            Self::Boolean(boolean) => Ok((*boolean).into()),
        }
    }

    fn to_float(&self) -> Result<LongDouble, Errno> {
        match self {
            Self::String(text) => read_float(text),
            Self::Number(number) => Ok(LongDouble::from_number(*number)),
            Self::Float(float) => Ok(*float),
            Self::Boolean(boolean) => Ok(LongDouble::from_number((*boolean).into())),
        }
    }

    fn to_boolean(&self) -> bool {
        match self {
            Self::String(text) => read_boolean(text),
            Self::Number(number) => *number > 0,
            Self::Float(float) => float.is_positive(),
            Self::Boolean(boolean) => *boolean,
        }
    }
}

/// `text` without what isspace(3) calls white space around it.
fn trim(text: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !byte.is_ascii_whitespace() && *byte != 0x0b;
    let start = text.iter().position(is_text).unwrap_or(text.len());
    let end = text.iter().rposition(is_text).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Decimal digits with an optional sign and nothing else. A number that is negative or too large is out of range even if something else follows.
fn read_number(text: &[u8]) -> Result<u64, Errno> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let length = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return Err(Errno::EINVAL);
    }
    let add = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    let number = unsigned[..length].iter().try_fold(0, add).ok_or(Errno::ERANGE)?;
    match number {
        1.. if negative => Err(Errno::ERANGE),
        _ if length < unsigned.len() => Err(Errno::EINVAL),
        _ => Ok(number),
    }
}

/// What strtold(3) reads, and nothing else.
fn read_float(text: &[u8]) -> Result<LongDouble, Errno> {
    match LongDouble::read(text)? {
        (value, length) if length == text.len() => Ok(value),
        _ => Err(Errno::EINVAL),
    }
}

fn read_boolean(text: &[u8]) -> bool {
    [&b"1"[..], b"true", b"yes", b"y"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_util_linux_reads_them() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("+5", 5),
            ("010", 10),
            ("18446744073709551615", u64::MAX),
            ("00000000000000000000000000018446744073709551615", u64::MAX),
        ] {
            assert_eq!(read_number(text.as_bytes()), Ok(number), "{text}");
        }
        for text in ["", "abc", "-", "+", "- 10", "+ 5", "++5", "+-5", "5 6", "5x", "0x10", "1e5", "1.5", "-0x", "1K"] {
            assert_eq!(read_number(text.as_bytes()), Err(Errno::EINVAL), "{text}");
        }
        for text in ["-10", "-5x", "18446744073709551616", "99999999999999999999 1", "-99999999999999999999"] {
            assert_eq!(read_number(text.as_bytes()), Err(Errno::ERANGE), "{text}");
        }
    }

    #[test]
    fn nothing_may_follow_a_float() {
        assert!(read_float(b"1e5").is_ok());
        assert_eq!(read_float(b"1.5x").err(), Some(Errno::EINVAL));
        assert_eq!(read_float(b"1e5000x").err(), Some(Errno::ERANGE));
    }

    #[test]
    fn white_space_around_a_text_does_not_count() {
        let read = |kind, text: &'static [u8]| Value::read(kind, text.into());
        assert_eq!(read(Type::Number, b"\x0b \t7\n\r\x0c"), Ok(Some(Value::Number(7))));
        assert_eq!(read(Type::String, b" a b "), Ok(Some(Value::String(b"a b"[..].into()))));
        assert_eq!(Value::read(Type::String, b" a ".to_vec().into()), Ok(Some(Value::String(b"a"[..].into()))));
        assert_eq!(read(Type::String, b"\xa0"), Ok(Some(Value::String(b"\xa0"[..].into()))));
        assert_eq!(read(Type::String, b" \t"), Ok(Some(Value::String(b""[..].into()))));
        for kind in [Type::Number, Type::Float, Type::Boolean] {
            assert_eq!(read(kind, b" \t"), Ok(None), "{kind:?}");
        }
    }

    #[test]
    fn every_type_becomes_every_other() {
        let string = |text: &'static str| Value::String(text.as_bytes().into());
        let float = |text: &str| Value::Float(read_float(text.as_bytes()).unwrap());
        for (from, to) in [
            (Value::Number(7), [string("7"), Value::Number(7), float("7"), Value::Boolean(true)]),
            (Value::Number(0), [string("0"), Value::Number(0), float("0"), Value::Boolean(false)]),
            (float("1.5"), [string("1.5"), Value::Number(1), float("1.5"), Value::Boolean(true)]),
            (float("-1"), [string("-1"), Value::Number(0), float("-1"), Value::Boolean(false)]),
            (Value::Boolean(true), [string("true"), Value::Number(1), float("1"), Value::Boolean(true)]),
            (Value::Boolean(false), [string("false"), Value::Number(0), float("0"), Value::Boolean(false)]),
            (string("1"), [string("1"), Value::Number(1), float("1"), Value::Boolean(true)]),
            (string("10"), [string("10"), Value::Number(10), float("10"), Value::Boolean(false)]),
        ] {
            for cast in to {
                assert_eq!(from.clone().cast(cast.kind()), Ok(cast), "{from:?}");
            }
        }
        assert_eq!(string("yEs").cast(Type::Boolean), Ok(Value::Boolean(true)));
        assert_eq!(string("").cast(Type::Number), Err(Errno::EINVAL));
        assert_eq!(string("").cast(Type::Float), Err(Errno::EINVAL));
    }
}
