//! See `handshakes::whole_flight`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::handshakes::whole_flight(bytes));
