//! /proc/PID/cgroup.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::cgroup(data));
