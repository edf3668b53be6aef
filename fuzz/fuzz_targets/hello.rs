//! See `handshakes::client_hello`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::handshakes::client_hello(bytes));
