//! See `handshakes::survey`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::handshakes::survey(bytes));
