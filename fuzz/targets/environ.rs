//! /proc/PID/environ.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::environ(data));
