//! Lines of subuid(5) and of the kernel's maps.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::idmap(data));
