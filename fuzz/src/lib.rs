//! What must hold whatever comes from elsewhere, one function per reader.
//!
//! The fuzz targets call these functions and nothing else; `tests/` and the tests of
//! `rdpwhy-wire` replay the kept inputs through them.

pub mod handshakes;
pub mod made;
pub mod whole;
pub mod wire;
