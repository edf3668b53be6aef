//! See `wire::mechanisms`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::wire::mechanisms(bytes));
