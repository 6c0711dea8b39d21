//! The caller's locale, as far as text is concerned: its character set, what in it can be shown, and its order.

use std::sync::OnceLock;

use crate::sys;

/// A locale's character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// Any other, ASCII among them.
    Other,
}

/// The locale that LC_ALL, LC_CTYPE and the like or LANG name, see locale(7). None, which means the C locale, if any part of
/// it is not installed, as setlocale(3) has it for the programs that ask for the whole.
pub(crate) fn of_environment() -> Option<&'static sys::Locale> {
    static LOCALE: OnceLock<Option<sys::Locale>> = OnceLock::new();
    LOCALE.get_or_init(|| sys::Locale::new(libc::LC_ALL_MASK, c"")).as_ref()
}

/// The character set that the environment names.
pub fn charset() -> Charset {
    charset_of(of_environment())
}

fn charset_of(locale: Option<&sys::Locale>) -> Charset {
    match locale.map(sys::Locale::character_set).as_deref() {
        Some(b"UTF-8") => Charset::Utf8,
        _ => Charset::Other,
    }
}

/// Whether the caller's locale counts `character` among those that can be shown: iswprint(3).
pub fn is_printable(character: char) -> bool {
    match of_environment() {
        Some(locale) => locale.is_printable(character),
        None => character.is_ascii() && !character.is_ascii_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(name: &std::ffi::CStr) -> Option<sys::Locale> {
        sys::Locale::new(libc::LC_CTYPE_MASK, name)
    }

    #[test]
    fn each_locale_has_its_characters() {
        let (c, utf8) = (locale(c"C").unwrap(), locale(c"C.UTF-8").unwrap());
        assert_eq!((charset_of(Some(&c)), charset_of(Some(&utf8))), (Charset::Other, Charset::Utf8));
        assert_eq!(charset_of(locale(c"not installed").as_ref()), Charset::Other);
        for character in [' ', 'a', '~'] {
            assert!(c.is_printable(character) && utf8.is_printable(character) && is_printable(character));
        }
        assert!(utf8.is_printable('\u{e9}') && !c.is_printable('\u{e9}'));
        for character in ['\0', '\n', '\x7f', '\u{85}', '\u{378}', '\u{10ffff}'] {
            assert!(!c.is_printable(character) && !utf8.is_printable(character) && !is_printable(character));
        }
    }
}
