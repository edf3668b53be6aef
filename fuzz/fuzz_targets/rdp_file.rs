//! See `whole::rdp_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rdpwhy_fuzz::whole::rdp_file(bytes));
