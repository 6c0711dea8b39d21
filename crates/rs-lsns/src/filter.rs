//! The language of `--filter`.
