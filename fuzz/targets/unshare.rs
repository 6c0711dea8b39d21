//! The command lines of rs-unshare.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rs_unshare::fuzzing::arguments(data));
