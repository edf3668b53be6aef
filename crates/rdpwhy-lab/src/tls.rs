//! The TLS handshake from the server's side, by OpenSSL.

use std::io;
use std::pin::Pin;

use openssl::dh::Dh;
use openssl::error::ErrorStack;
use openssl::pkey::{PKeyRef, Private};
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslSessionCacheMode,
};
use tokio_openssl::SslStream;

use crate::act;
use crate::certificates::Chain;
use crate::hello;
use crate::script::Tls;
use crate::wire::Wire;

mod flight;

/// The server's side of TLS.
pub(crate) enum Side {
    /// A handshake by OpenSSL.
    Context(SslContext),
    /// The server's first flight, made by hand, for certificates that OpenSSL does not send.
    Flight(Vec<u8>),
}

/// The side that the script asks for.
pub(crate) fn side(tls: &Tls, chain: &Chain) -> Result<Side, ErrorStack> {
    match (&chain.key, chain.rubbish) {
        (Some(key), None) => context(tls, chain, key).map(Side::Context),
        _ => flight::make(chain).map(Side::Flight),
    }
}

/// A context that accepts exactly what the script says.
fn context(tls: &Tls, chain: &Chain, key: &PKeyRef<Private>) -> Result<SslContext, ErrorStack> {
    let mut builder = SslContextBuilder::new(SslMethod::tls_server())?;
    // Before anything is set: level 0 lets old versions and weak keys through.
    builder.set_security_level(0);
    builder.set_min_proto_version(Some(tls.lowest))?;
    builder.set_max_proto_version(Some(tls.highest))?;
    builder.set_cipher_list(tls.suites)?;
    builder.set_ciphersuites("TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256")?;
    builder.set_groups_list(tls.groups)?;
    builder.set_options(SslOptions::NO_TICKET);
    if tls.own_order {
        builder.set_options(SslOptions::CIPHER_SERVER_PREFERENCE);
    }
    match tls.prime {
        Some(..=1024) => builder.set_tmp_dh(&*Dh::get_1024_160()?)?,
        Some(_) => builder.set_tmp_dh(&*Dh::get_2048_256()?)?,
        None => {}
    }
    // A session is not resumed under CredSSP, and a ticket after the handshake would be one
    // message more than the client waits for.
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_num_tickets(0)?;
    builder.set_certificate(&chain.leaf)?;
    for above in &chain.above {
        builder.add_extra_chain_cert(above.clone())?;
    }
    builder.set_private_key(key)?;
    Ok(builder.build())
}

/// Lets the client in as the script says; `None` when the conversation ended here.
pub(crate) async fn secure(
    mut wire: Wire,
    tls: &Tls,
    side: Option<&Side>,
) -> io::Result<Option<Wire>> {
    let Some(record) = hello::read(&mut wire).await? else {
        wire.close().await;
        return Ok(None);
    };
    if let Some((when, act)) = tls.instead
        && when.holds(&record)
    {
        act::perform(act, wire).await?;
        return Ok(None);
    }
    wire.put_back(record);
    handshake(wire, side).await
}

/// The handshake itself. When it fails, OpenSSL has sent its alert and the connection is closed.
pub(crate) async fn handshake(mut wire: Wire, side: Option<&Side>) -> io::Result<Option<Wire>> {
    let context = match side {
        Some(Side::Context(context)) => context,
        Some(Side::Flight(flight)) => {
            wire.say(flight).await?;
            wire.discard().await;
            return Ok(None);
        }
        None => {
            wire.close().await;
            return Ok(None);
        }
    };
    let mut stream = SslStream::new(Ssl::new(context)?, wire)?;
    if Pin::new(&mut stream).accept().await.is_err() {
        stream.get_mut().close().await;
        return Ok(None);
    }
    Ok(Some(Wire::inside(stream)))
}
