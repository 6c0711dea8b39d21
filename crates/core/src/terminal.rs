//! The terminal that standard output or standard error may be.

use crate::sys;

/// How wide a terminal is that does not say.
const UNKNOWN: usize = 80;

/// How many columns standard output has, if it is a terminal. COLUMNS in the environment does not count.
pub fn columns() -> Option<usize> {
    columns_of(libc::STDOUT_FILENO)
}

/// Whether standard error is a terminal, so that somebody may be reading along.
pub fn is_stderr() -> bool {
    columns_of(libc::STDERR_FILENO).is_some()
}

fn columns_of(fd: std::os::fd::RawFd) -> Option<usize> {
    match sys::terminal_columns(fd) {
        Ok(0) => Some(UNKNOWN),
        Ok(columns) => Some(columns.into()),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::os::fd::AsRawFd;

    #[test]
    fn a_file_is_no_terminal() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(columns_of(file.as_raw_fd()), None);
        assert_eq!(columns_of(-1), None);
    }

    /// A new terminal does not know its size.
    #[test]
    fn a_terminal_without_a_size_has_eighty_columns() {
        let terminal = std::fs::File::options().read(true).write(true).open("/dev/ptmx").unwrap();
        assert_eq!(columns_of(terminal.as_raw_fd()), Some(80));
    }
}
