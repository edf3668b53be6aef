//! See `wire::onward`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::wire::onward(bytes));
