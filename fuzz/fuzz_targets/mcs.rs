//! See `wire::connect_response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::wire::connect_response(bytes));
