//! The command lines of rs-nsenter.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rs_nsenter::fuzzing::arguments(data));
