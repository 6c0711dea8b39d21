//! The filter language.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rs_lsns::fuzzing::filter(data));
