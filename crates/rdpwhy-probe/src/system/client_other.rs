//! Systems whose RDP client is not looked for.

use crate::ProbeError;
use crate::this::ThisClient;

pub(super) fn this_client() -> Result<ThisClient, ProbeError> {
    let text = "the client of this system is not looked for: name one instead";
    Err(ProbeError::Client(text.into()))
}
