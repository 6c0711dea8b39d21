//! A program, as hints look at it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::elf(data));
