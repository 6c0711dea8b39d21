//! /proc/PID/mountinfo.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::mounts(data));
