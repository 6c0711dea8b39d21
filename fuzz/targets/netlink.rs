//! What the kernel answers over netlink.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nscore::fuzzing::netlink(data));
