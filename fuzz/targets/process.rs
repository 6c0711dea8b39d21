//! /proc/PID/stat and status, directories, links.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::process(data));
