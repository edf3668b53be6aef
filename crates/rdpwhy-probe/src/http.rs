//! One file over plain HTTP, from an address that a stranger chose: bounded in size, in time and in
//! hops, without credentials, cookies or proxies.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rdpwhy_model::recording::ConnectOutcome;
use rdpwhy_model::text::shown;
use tokio::net::TcpStream;

use crate::{checks, names, socket};

/// Hops from one address to the next, at most.
const REDIRECTS: usize = 3;
/// Addresses of one name that are tried.
const ADDRESSES: usize = 2;
/// The head of an answer may have so many bytes and lines.
const HEAD: usize = 64 * 1024;
const HEADERS: usize = 100;
/// How much of a server's or the library's words is kept, in characters.
const KEPT: usize = 100;

/// What to fetch.
pub(crate) struct Ask {
    /// The address.
    pub(crate) url: String,
    /// What to send, with its type: a POST. Without it, a GET.
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    /// The type that is wanted.
    pub(crate) accept: &'static str,
    /// The most bytes that are taken.
    pub(crate) most: usize,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// It.
    Body(Vec<u8>),
    /// The address is no http.
    NotHttp,
    /// Nobody answered: the reason.
    Unreachable(String),
    /// More bytes than are taken.
    TooBig,
    /// The answer is no HTTP, or the address is none: the reason.
    Unreadable(String),
    /// A status that gives nothing: the reason.
    Refused(String),
}

/// Fetches it. `server` is the name server to ask instead of the system's.
pub(crate) async fn fetch(ask: &Ask, server: Option<SocketAddr>, deadline: Duration) -> Got {
    let whole = tokio::time::timeout(deadline, follow(ask, server, deadline));
    whole.await.unwrap_or_else(|_| {
        let after = deadline.as_secs_f32();
        Got::Unreachable(format!("no whole answer within {after} s"))
    })
}

async fn follow(ask: &Ask, server: Option<SocketAddr>, deadline: Duration) -> Got {
    let mut url = ask.url.clone();
    for _ in 0..=REDIRECTS {
        let place = match Place::read(&url) {
            Ok(place) => place,
            Err(got) => return got,
        };
        let stream = match reach(&place, server, deadline).await {
            Ok(stream) => stream,
            Err(why) => return Got::Unreachable(why),
        };
        match exchange(ask, &place, stream).await {
            Answer::Got(got) => return got,
            Answer::Elsewhere(next) => url = place.resolve(&next),
        }
    }
    Got::Refused(format!("more than {REDIRECTS} redirections"))
}

/// An address, taken apart.
struct Place {
    host: String,
    port: u16,
    /// Host and port as they stand in the address.
    authority: String,
    /// Path and query.
    path: String,
}

impl Place {
    fn read(url: &str) -> Result<Self, Got> {
        let scheme = url.split(':').next().unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(Got::NotHttp);
        }
        let wrong = |what: &str| Got::Unreadable(what.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong("the address is none"))?;
        let authority = uri.authority().ok_or_else(|| wrong("no host in it"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("the address holds a user name"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        Ok(Self {
            host,
            port: authority.port_u16().unwrap_or(80),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
        })
    }

    /// A redirection's target: an address, or a path on the same host.
    fn resolve(&self, next: &str) -> String {
        if next.starts_with('/') && !next.starts_with("//") {
            format!("http://{}{next}", self.authority)
        } else {
            next.to_owned()
        }
    }
}

/// A connection to the first address of the host that takes one.
async fn reach(
    place: &Place,
    server: Option<SocketAddr>,
    deadline: Duration,
) -> Result<TcpStream, String> {
    let lookup = names::resolve(&place.host, server, deadline).await;
    let addresses = checks::walk::addresses(&lookup.answer);
    let host = shown(&place.host, KEPT);
    let mut why = format!("the name {host} has no address");
    for ip in addresses.into_iter().take(ADDRESSES) {
        let to = SocketAddr::new(ip, place.port);
        // Half of the time is left for the answer, and for another address
        let (connect, stream) = socket::connect(to, None, deadline / 2).await;
        if let Some(stream) = stream {
            return Ok(stream);
        }
        why = match connect.outcome {
            ConnectOutcome::Timeout => format!("{to} does not answer"),
            other => format!("{to}: {}", other.word()),
        };
    }
    Err(why)
}

enum Answer {
    Got(Got),
    Elsewhere(String),
}

async fn exchange(ask: &Ask, place: &Place, stream: TcpStream) -> Answer {
    let unreadable = |e: &hyper::Error| {
        let why = if e.is_timeout() || e.is_incomplete_message() || e.is_closed() {
            return Answer::Got(Got::Unreachable("closed without an answer".to_owned()));
        } else {
            shown(&e.to_string(), KEPT)
        };
        Answer::Got(Got::Unreadable(why))
    };
    let made = http1::Builder::new()
        .max_buf_size(HEAD)
        .max_headers(HEADERS)
        .handshake(TokioIo::new(stream))
        .await;
    let (mut sender, connection) = match made {
        Ok(pair) => pair,
        Err(e) => return unreadable(&e),
    };
    let Some(request) = request(ask, place) else {
        return Answer::Got(Got::Unreadable("the address is none".to_owned()));
    };
    let talk = async {
        match sender.send_request(request).await {
            Ok(response) => read(ask, response).await,
            Err(e) => unreadable(&e),
        }
    };
    // Nothing is spawned, so a stopped run stops this too: the connection is driven from here, and
    // when it ends the talk still says how
    let driven = async {
        let _ = connection.await;
        std::future::pending::<Answer>().await
    };
    tokio::select! {
        answer = talk => answer,
        answer = driven => answer,
    }
}

fn request(ask: &Ask, place: &Place) -> Option<Request<Full<Bytes>>> {
    let builder = Request::builder()
        .uri(&place.path)
        .header(HOST, &place.authority)
        .header(USER_AGENT, "rdpwhy")
        .header(ACCEPT, ask.accept)
        .header(CONNECTION, "close");
    match &ask.body {
        Some((kind, body)) => builder
            .method(Method::POST)
            .header(CONTENT_TYPE, *kind)
            .body(Full::new(Bytes::from(body.clone()))),
        None => builder.body(Full::new(Bytes::new())),
    }
    .ok()
}

async fn read(ask: &Ask, response: Response<Incoming>) -> Answer {
    let status = response.status();
    if status.is_redirection() {
        let next = response.headers().get(LOCATION);
        return match next.and_then(|l| l.to_str().ok()) {
            Some(next) => Answer::Elsewhere(next.to_owned()),
            None => Answer::Got(Got::Refused(format!("HTTP {}", status.as_u16()))),
        };
    }
    if status != StatusCode::OK {
        return Answer::Got(Got::Refused(format!("HTTP {}", status.as_u16())));
    }
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            let why = "the connection ended in the middle of the answer";
            return Answer::Got(Got::Unreachable(why.to_owned()));
        };
        let Ok(data) = frame.into_data() else {
            continue; // trailers
        };
        if bytes.len() + data.len() > ask.most {
            return Answer::Got(Got::TooBig);
        }
        bytes.extend_from_slice(&data);
    }
    Answer::Got(Got::Body(bytes))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn ask(url: &str) -> Ask {
        Ask {
            url: url.to_owned(),
            body: None,
            accept: "*/*",
            most: 1000,
        }
    }

    /// Fetches from a server that gives these answers, one a connection, and says what was asked.
    async fn served(answers: &[&str], path: &str, wait: Duration) -> (Got, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        let wanted = ask(&url);
        let mut asked = Vec::new();
        let serve = async {
            for answer in answers {
                let (mut tcp, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let n = tcp.read(&mut request).await.unwrap();
                asked.push(String::from_utf8_lossy(&request[..n]).into_owned());
                let _ = tcp.write_all(answer.as_bytes()).await;
            }
            std::future::pending::<Got>().await
        };
        let got = tokio::select! {
            got = fetch(&wanted, None, wait) => got,
            got = serve => got,
        };
        (got, asked)
    }

    const LONG: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_file_is_fetched_and_nothing_is_told_of_us() {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        let (got, asked) = served(&[ok], "/a.crl?x=1", LONG).await;
        assert_eq!(got, Got::Body(b"abc".to_vec()));
        assert!(
            asked[0].starts_with("GET /a.crl?x=1 HTTP/1.1\r\n"),
            "{asked:?}"
        );
        let lower = asked[0].to_lowercase();
        for header in ["cookie", "authorization", "referer"] {
            assert!(!lower.contains(header), "{lower}");
        }
    }

    #[tokio::test]
    async fn redirections_end() {
        let on = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n";
        let (got, asked) = served(&[on; 9], "/", LONG).await;
        assert_eq!(got, Got::Refused("more than 3 redirections".to_owned()));
        assert_eq!(asked.len(), 4);
        let away =
            "HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(served(&[away], "/", LONG).await.0, Got::NotHttp);
    }

    #[tokio::test]
    async fn what_is_too_large_or_no_http_is_left() {
        let large = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(5000));
        assert_eq!(served(&[&large], "/", LONG).await.0, Got::TooBig);
        let claims = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n";
        let got = served(&[claims], "/", LONG).await.0;
        assert!(matches!(got, Got::Unreadable(_)), "{got:?}");
        let got = served(&["SSH-2.0-x\r\n"], "/", LONG).await.0;
        assert!(matches!(got, Got::Unreadable(_)), "{got:?}");
        let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        let got = served(&[missing], "/", LONG).await.0;
        assert_eq!(got, Got::Refused("HTTP 404".to_owned()));
    }

    #[tokio::test]
    async fn who_says_nothing_is_waited_for_no_longer_than_allowed() {
        let begun = std::time::Instant::now();
        let short = Duration::from_millis(300);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let got = fetch(&ask(&url), None, short).await;
        assert!(matches!(got, Got::Unreachable(_)), "{got:?}");
        assert!(begun.elapsed() < Duration::from_secs(2));
        drop(listener);
        let got = fetch(&ask(&url), None, short).await;
        assert!(
            matches!(&got, Got::Unreachable(why) if why.contains("refused")),
            "{got:?}"
        );
    }

    #[tokio::test]
    async fn addresses_that_are_none_are_not_followed() {
        for url in ["ldap:///CN=x", "https://h/", "file:///etc/passwd", "", "x"] {
            assert_eq!(fetch(&ask(url), None, LONG).await, Got::NotHttp, "{url}");
        }
        for url in [
            "http://",
            "http:///x",
            "http://u:p@127.0.0.1/",
            "http://a b/",
        ] {
            let got = fetch(&ask(url), None, LONG).await;
            assert!(matches!(got, Got::Unreadable(_)), "{url}: {got:?}");
        }
    }
}
