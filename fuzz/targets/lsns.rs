//! The command lines of rs-lsns.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rs_lsns::fuzzing::arguments(data));
