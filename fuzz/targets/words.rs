//! Ids, maps, signals, offsets, processes as people type them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::words(data));
