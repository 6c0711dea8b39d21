//! Lines of passwd(5), group(5), nsswitch.conf(5).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::accounts(data));
