//! Id maps fitted around a single id.
#![no_main]

libfuzzer_sys::fuzz_target!(|numbers: Vec<u32>| nscore::fuzzing::fit(&numbers));
