//! What a server does in place of an answer.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::script::Act;
use crate::wire::Wire;

/// The pace of a drip.
const DRIP: Duration = Duration::from_secs(1);
/// Endless is a minute, should the client stay.
const ENDLESS: Duration = Duration::from_mins(1);

/// Does it. The connection is over afterwards.
pub(crate) async fn perform(act: Act, mut wire: Wire) -> io::Result<()> {
    match act {
        Act::Close => wire.close().await,
        Act::Reset => wire.reset()?,
        Act::Silence => wire.discard().await,
        Act::Say(bytes) => {
            wire.say(bytes).await?;
            wire.close().await;
        }
        Act::SayAndWait(bytes) => {
            wire.say(bytes).await?;
            wire.discard().await;
        }
        Act::Drip(bytes) => {
            for byte in bytes {
                wire.say(std::slice::from_ref(byte)).await?;
                if wire.left_within(DRIP).await {
                    return Ok(());
                }
            }
            wire.discard().await;
        }
        // That the minute is over is how it should end.
        Act::Flood(bytes) => drop(timeout(ENDLESS, flood(bytes, wire)).await),
    }
    Ok(())
}

/// Writes until the peer leaves. A peer that closes without reading is only noticed by reading.
async fn flood(bytes: &[u8], wire: Wire) {
    let (mut reader, mut writer) = tokio::io::split(wire);
    let write = async { while writer.write_all(bytes).await.is_ok() {} };
    let watch = async {
        let mut sink = vec![0; 4096];
        while reader.read(&mut sink).await.is_ok_and(|count| count > 0) {}
    };
    tokio::select! {
        () = write => {}
        () = watch => {}
    }
}
