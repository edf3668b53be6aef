//! See `wire::ts_request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::wire::ts_request(bytes));
