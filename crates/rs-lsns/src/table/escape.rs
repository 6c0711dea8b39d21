//! What of a cell cannot be shown becomes `\xNN`, so that no process can write on the terminal what it wants.

use unicode_width::UnicodeWidthChar;

use super::Charset;

/// A stretch of a text, as a list shows it.
enum Piece<'a> {
    /// ASCII; each byte takes a column.
    Ascii(&'a [u8]),
    /// Another character, and how many columns it takes.
    Character(&'a [u8], usize),
    /// The four bytes, and so columns, that stand for one byte.
    Escaped([u8; 4]),
}

/// The stretches of a text, from left to right.
struct Pieces<'a> {
    text: &'a [u8],
    charset: Charset,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let first = *self.text.first()?;
        let ascii = plain_length(self.text);
        if ascii > 0 {
            return Some(Piece::Ascii(self.take(ascii)));
        }
        Some(match self.printable() {
            Some(character) => Piece::Character(self.take(character.len_utf8()), character.width().unwrap_or(0)),
            None => {
                self.take(1);
                Piece::Escaped(escaped(first))
            }
        })
    }
}

impl<'a> Pieces<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.text.split_at(length);
        self.text = rest;
        taken
    }

    /// The character beyond ASCII with which the text goes on, if it is one and can be shown.
    fn printable(&self) -> Option<char> {
        let Charset::Utf8(printable) = self.charset else { return None };
        let start = self.text.get(..4).unwrap_or(self.text);
        let character = start.utf8_chunks().next()?.valid().chars().next()?;
        (!character.is_ascii() && printable(character)).then_some(character)
    }
}

/// How many bytes stand for themselves. Of the backslashes all but those that could begin an escape do.
fn plain_length(text: &[u8]) -> usize {
    let special =
        |place: usize, byte: u8| !matches!(byte, b' '..=b'~') || byte == b'\\' && text.get(place + 1) == Some(&b'x');
    text.iter().enumerate().position(|(place, byte)| special(place, *byte)).unwrap_or(text.len())
}

/// `\xNN`, in lower case.
fn escaped(byte: u8) -> [u8; 4] {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    [b'\\', b'x', digit(byte >> 4), digit(byte & 15)]
}

/// How many columns [`append`] would use for all of `text`.
pub(super) fn columns(text: &[u8], charset: Charset) -> usize {
    let columns = |piece| match piece {
        Piece::Ascii(text) => text.len(),
        Piece::Character(_, columns) => columns,
        Piece::Escaped(escape) => escape.len(),
    };
    Pieces { text, charset }.map(columns).sum()
}

/// Appends what of `text` has `room`, in columns, to a line of a list; gives how many columns it takes.
///
/// A character of two columns is not cut, but an escape is; what takes no column still follows the last one.
pub(super) fn append(line: &mut Vec<u8>, text: &[u8], charset: Charset, room: usize) -> usize {
    let mut left = room;
    for piece in (Pieces { text, charset }) {
        let (bytes, columns) = match &piece {
            Piece::Ascii(text) => (&text[..text.len().min(left)], text.len()),
            Piece::Escaped(escape) => (&escape[..escape.len().min(left)], escape.len()),
            Piece::Character(text, columns) if *columns <= left => (*text, *columns),
            Piece::Character(..) => break,
        };
        line.extend_from_slice(bytes);
        if columns > left {
            left = 0;
            break;
        }
        left -= columns;
    }
    room - left
}

/// Appends `text` so that it has neither blanks nor anything beyond ASCII, and no backslash of its own.
pub(super) fn append_raw(line: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'!'..=b'~' if *byte != b'\\' => line.push(*byte),
            _ => line.extend_from_slice(&escaped(*byte)),
        }
    }
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// What the locale C.UTF-8 says of some characters.
    pub fn is_printable(character: char) -> bool {
        !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{10ffff}')
    }

    /// What was escaped, read back.
    fn unescaped(text: &[u8], is_escape: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let (mut plain, mut rest) = (Vec::new(), text);
        while let Some((&byte, after)) = rest.split_first() {
            let digits = after.get(1..3).filter(|_| is_escape(rest)).and_then(|it| str::from_utf8(it).ok());
            let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            plain.push(escaped.unwrap_or(byte));
            rest = if digits.is_some() { &after[3..] } else { after };
        }
        plain
    }

    /// No text controls a terminal, and any two can be told apart; cut to any `room`, too.
    pub fn of_text(text: &[u8], room: usize) {
        let cut = |charset, room| {
            let mut line = Vec::new();
            let taken = append(&mut line, text, charset, room);
            (line, taken)
        };
        for charset in [Charset::Utf8(is_printable), Charset::Other] {
            let (line, taken) = cut(charset, usize::MAX);
            assert!(str::from_utf8(&line).is_ok_and(|line| !line.contains(char::is_control)), "{line:?}");
            assert_eq!(taken, columns(text, charset));
            assert_eq!(unescaped(&line, |it| it.starts_with(b"\\x")), text);
            let (start, taken) = cut(charset, room);
            assert!(line.starts_with(&start) && taken <= room, "{start:?}");
        }
        let mut raw = Vec::new();
        append_raw(&mut raw, text);
        assert!(raw.iter().all(u8::is_ascii_graphic), "{raw:?}");
        assert_eq!(unescaped(&raw, |it| it[0] == b'\\'), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::for_any;

    const UTF8: Charset = Charset::Utf8(properties::is_printable);

    fn cut(text: &[u8], charset: Charset, room: usize) -> (String, usize) {
        let mut line = Vec::new();
        let columns = append(&mut line, text, charset, room);
        (String::from_utf8(line).unwrap(), columns)
    }

    /// As util-linux does, in the locales C.UTF-8 and C.
    #[test]
    fn what_cannot_be_shown_is_escaped() {
        for (text, utf8, other) in [
            (b"a b~".as_slice(), "a b~", "a b~"),
            (b"\t\x01\x1b\x7f", "\\x09\\x01\\x1b\\x7f", "\\x09\\x01\\x1b\\x7f"),
            (b"\\x41 \\y\\", "\\x5cx41 \\y\\", "\\x5cx41 \\y\\"),
            (b"\\\\x", "\\\\x5cx", "\\\\x5cx"),
            ("é日".as_bytes(), "é日", "\\xc3\\xa9\\xe6\\x97\\xa5"),
            (b"\xff\xc3(", "\\xff\\xc3(", "\\xff\\xc3("),
            (b"\xc2\x85", "\\xc2\\x85", "\\xc2\\x85"),
            (b"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"),
            ("\u{202e}\u{200b}".as_bytes(), "\u{202e}\u{200b}", "\\xe2\\x80\\xae\\xe2\\x80\\x8b"),
            ("\u{2028}".as_bytes(), "\\xe2\\x80\\xa8", "\\xe2\\x80\\xa8"),
        ] {
            for (charset, expected) in [(UTF8, utf8), (Charset::Other, other)] {
                let (line, taken) = cut(text, charset, usize::MAX);
                assert_eq!(line, expected);
                assert_eq!(taken, columns(text, charset), "{expected}");
            }
        }
    }

    #[test]
    fn a_line_is_cut_at_columns() {
        for (text, room, expected, taken) in [
            ("abc", 0, "", 0),
            ("abc", 2, "ab", 2),
            ("abc", 3, "abc", 3),
            ("日本", 3, "日", 2),
            ("日本", 4, "日本", 4),
            ("日本a", 1, "", 0),
            ("a\x01b", 3, "a\\x", 3),
            ("a\x01b", 5, "a\\x01", 5),
            ("e\u{301}e\u{301}", 1, "e\u{301}", 1),
            ("\u{301}ab", 1, "\u{301}a", 1),
        ] {
            assert_eq!(cut(text.as_bytes(), UTF8, room), (expected.to_owned(), taken), "{text:?} {room}");
        }
    }

    #[test]
    fn raw_text_has_neither_blanks_nor_backslashes() {
        let mut line = Vec::new();
        append_raw(&mut line, "a b\\\t\u{7f}é~!".as_bytes());
        assert_eq!(line, b"a\\x20b\\x5c\\x09\\x7f\\xc3\\xa9~!");
    }

    #[test]
    fn no_text_controls_a_terminal_and_any_two_can_be_told_apart() {
        for_any(
            |random| (random.changed("a\\x41 \\\\x é日\u{301}\u{85}\x1b[2J\n".as_bytes()), random.place(20)),
            |(text, room)| properties::of_text(text, *room),
        );
    }
}
