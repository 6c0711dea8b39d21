//! Regular expressions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rs_lsns::fuzzing::pattern(data));
