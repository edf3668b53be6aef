//! See `wire::server_flight`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::wire::server_flight(bytes));
