//! `http`: files fetched from addresses that anyone could fetch from, or from origins that are listed.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use super::{InputFile, InputSource, Kind, Reach, unpacked};
use crate::spec::fields::Fields;
use crate::{Error, Result};

pub(super) static KIND: Kind = Kind { tag: "http", parse };

const MAX_URIS: usize = 10_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Http {
    uris: Vec<Url>,
}

fn parse(fields: &Fields<'_>) -> Result<Arc<dyn InputSource>> {
    let texts = fields.texts("uris")?.unwrap_or_default();
    if texts.is_empty() || texts.len() > MAX_URIS {
        return Err(fields.wrong("uris", format!("must hold 1 to {MAX_URIS} entries")));
    }
    for name in ["httpAuthenticationUsername", "httpAuthenticationPassword", "requestHeaders"] {
        if fields.get(name).is_some() {
            return Err(fields.wrong(name, "is not supported"));
        }
    }
    let uri = |(at, text): (usize, &String)| {
        let path = format!("uris[{at}]");
        let url = Url::parse(text).map_err(|error| fields.wrong(&path, error.to_string()))?;
        check(&url).map_err(|why| fields.wrong(&path, why))?;
        Ok(url)
    };
    Ok(Arc::new(Http { uris: texts.iter().enumerate().map(uri).collect::<Result<_>>()? }))
}

fn check(url: &Url) -> Result<(), String> {
    match url.scheme() {
        "http" | "https" => {}
        other => return Err(format!("scheme [{other}] is not allowed, only http and https")),
    }
    if url.host().is_none() {
        return Err("has no host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password".to_owned());
    }
    Ok(())
}

impl InputSource for Http {
    fn to_json(&self) -> Value {
        json!({"type": "http", "uris": self.uris.iter().map(Url::as_str).collect::<Vec<_>>()})
    }

    fn files(&self, reach: &Reach) -> Result<Vec<InputFile>> {
        let file = |url: &Url| {
            let (url, origins) = (url.clone(), reach.allowed_origins.clone());
            let name = url.to_string();
            InputFile { name, open: Box::new(move || fetch(&url, &origins, &look_up)) }
        };
        Ok(self.uris.iter().map(file).collect())
    }
}

/// Answers the addresses of a host and port.
type LookUp<'a> = &'a dyn Fn(&str, u16) -> std::io::Result<Vec<SocketAddr>>;

fn look_up(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

/// Connects to an address that was checked: the name is resolved once, and that answer is dialled.
fn fetch(url: &Url, origins: &[String], look_up: LookUp<'_>) -> Result<Box<dyn Read + Send>> {
    let unavailable = |why: String| Error::Unavailable(format!("cannot fetch [{url}]: {why}"));
    let address = resolve(url, origins, look_up)?;
    let host = url.host_str().unwrap_or_default();
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .resolve(host.trim_matches(['[', ']']), address)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build()
        .map_err(|error| unavailable(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unavailable(error.to_string()))?;
    // Sending begins a timer, which only works on the runtime.
    let sent = runtime.block_on(async { client.get(url.clone()).send().await });
    let response = sent.map_err(|error| unavailable(error.to_string()))?;
    if !response.status().is_success() {
        return Err(unavailable(format!("status {}", response.status())));
    }
    unpacked(url.path(), Box::new(Body { runtime, response, rest: bytes::Bytes::new() }))
}

fn resolve(url: &Url, origins: &[String], look_up: LookUp<'_>) -> Result<SocketAddr> {
    let refused = |why: String| Error::invalid("ioConfig.inputSource.uris", format!("[{url}] {why}"));
    let port = url.port_or_known_default().ok_or_else(|| refused("has no port".to_owned()))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let addresses =
        look_up(host, port).map_err(|error| Error::Unavailable(format!("cannot resolve [{host}]: {error}")))?;
    let listed =
        origins.iter().filter_map(|origin| Url::parse(origin).ok()).any(|origin| origin.origin() == url.origin());
    if !listed && !addresses.iter().all(|address| is_public(address.ip())) {
        return Err(refused("is no public address; list its origin in ingest.allowed_origins".to_owned()));
    }
    addresses.first().copied().ok_or_else(|| refused("has no address".to_owned()))
}

/// Whether an address belongs to the open internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    if address.is_private() || address.is_loopback() || address.is_link_local() || address.is_broadcast() {
        return false;
    }
    if address.is_documentation() || address.is_multicast() || a == 0 || a >= 240 {
        return false;
    }
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    !(is_shared || is_protocol || is_benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    if let Some(inner) = address.to_ipv4() {
        return is_public_v4(inner);
    }
    let is_teredo = segments[0] == 0x2001 && segments[1] == 0;
    let is_documentation = segments[0] == 0x2001 && segments[1] == 0xdb8;
    let is_six_to_four = segments[0] == 0x2002;
    // Global unicast alone; addresses that stand for IPv4 ones inside are never public here.
    let is_global = segments[0] & 0xe000 == 0x2000;
    is_global && !is_teredo && !is_documentation && !is_six_to_four
}

/// The body of an answer, read piece by piece.
struct Body {
    runtime: tokio::runtime::Runtime,
    response: reqwest::Response,
    rest: bytes::Bytes,
}

impl Read for Body {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.rest.is_empty() {
            match self.runtime.block_on(async { self.response.chunk().await }).map_err(std::io::Error::other)? {
                Some(chunk) => self.rest = chunk,
                None => return Ok(0),
            }
        }
        let some = self.rest.split_to(self.rest.len().min(into.len()));
        into[..some.len()].copy_from_slice(&some);
        Ok(some.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let inside = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fc00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "1.1.1.1", "2606:4700::1111"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn other_schemes_and_inner_addresses_are_refused() {
        for text in
            ["file:///etc/passwd", "jar:http://a!/b", "ftp://a/b", "http://user@a/", "http://user:x@a/", "data:,x"]
        {
            let json = json!({"type": "http", "uris": [text]});
            assert!(parse(&Fields::of(&json, "s").unwrap()).is_err(), "{text}");
        }
        for text in
            ["http://127.0.0.1:1/x", "http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost:9/"]
        {
            let refused = resolve(&Url::parse(text).unwrap(), &[], &look_up);
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{text} {refused:?}");
        }
        let listed =
            resolve(&Url::parse("http://127.0.0.1:9/x").unwrap(), &["http://127.0.0.1:9".to_owned()], &look_up);
        assert!(listed.is_ok());
    }
    /// A server that gives one answer to each of its callers; answers its port.
    fn server(answers: Vec<String>) -> (u16, std::thread::JoinHandle<()>) {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let serve = move || {
            for answer in answers {
                let (mut caller, _) = server.accept().unwrap();
                let _ = caller.read(&mut [0; 4096]).unwrap();
                std::io::Write::write_all(&mut caller, answer.as_bytes()).unwrap();
            }
        };
        (port, std::thread::spawn(serve))
    }

    #[test]
    fn a_name_is_asked_for_once_and_that_address_is_dialled() {
        let (port, serving) =
            server(vec!["HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".to_owned()]);
        let asked = std::cell::Cell::new(0);
        let rebinding = |_: &str, port: u16| {
            asked.set(asked.get() + 1);
            let address = if asked.get() == 1 { [127, 0, 0, 1] } else { [169, 254, 169, 254] };
            Ok(vec![SocketAddr::from((address, port))])
        };
        let url = Url::parse(&format!("http://rebind.test:{port}/x")).unwrap();
        let origins = [format!("http://rebind.test:{port}")];
        let mut text = String::new();
        fetch(&url, &origins, &rebinding).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), asked.get()), ("ok", 1));
        serving.join().unwrap();
    }

    #[test]
    fn one_inner_address_among_many_refuses_the_name() {
        let mixed = |_: &str, port: u16| {
            Ok(vec![SocketAddr::from(([8, 8, 8, 8], port)), SocketAddr::from(([10, 0, 0, 1], port))])
        };
        let refused = resolve(&Url::parse("http://mixed.test/x").unwrap(), &[], &mixed);
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        let other = resolve(&Url::parse("http://mixed.test/x").unwrap(), &["https://mixed.test".to_owned()], &mixed);
        assert!(matches!(other, Err(Error::Invalid { .. })), "{other:?}");
    }

    #[test]
    fn redirects_are_not_followed() {
        let inner = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        inner.set_nonblocking(true).unwrap();
        let to = inner.local_addr().unwrap();
        for location in [format!("http://{to}/secret"), "file:///etc/passwd".to_owned()] {
            let answer =
                format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let (port, serving) = server(vec![answer]);
            let url = Url::parse(&format!("http://127.0.0.1:{port}/x")).unwrap();
            let refused = fetch(&url, &[format!("http://127.0.0.1:{port}")], &look_up).err().unwrap();
            assert!(refused.to_string().contains("302"), "{refused}");
            serving.join().unwrap();
        }
        assert_eq!(inner.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
