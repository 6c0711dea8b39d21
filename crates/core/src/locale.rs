//! The caller's locale, as far as text is concerned: its character set, and what in it can be shown.

use crate::sys;

/// A locale's character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// Any other, ASCII among them.
    Other,
}

/// Takes over the character set that LC_ALL, LC_CTYPE or LANG names, see locale(7).
///
/// To be called once, at the start. A locale that is not installed leaves the C locale, without a complaint.
pub fn adopt() {
    sys::adopt_character_type();
}

/// The character set that was taken over.
pub fn charset() -> Charset {
    match sys::character_set().as_slice() {
        b"UTF-8" => Charset::Utf8,
        _ => Charset::Other,
    }
}

/// Whether the locale counts `character` among those that can be shown: iswprint(3).
pub fn is_printable(character: char) -> bool {
    sys::is_printable(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test may call [`adopt`]: the others run at the same time.
    #[test]
    fn the_c_locale_shows_ascii() {
        assert_eq!(sys::character_set(), b"ANSI_X3.4-1968");
        assert!([' ', 'a', '~'].into_iter().all(is_printable));
        assert!(!['\0', '\n', '\x7f', '\u{85}', '\u{e9}', '\u{10ffff}'].into_iter().any(is_printable));
    }
}
