//! One socket to one broker: requests out, answers in, each led by its length.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use timeline::Clock;

use super::bytes::Output;
use super::messages::{self, Api, epochs, fetch, metadata, versions};
use super::pages::Pages;
use super::settings::Settings;

/// Why a broker could not be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// It may answer later.
    Unavailable(String),
    /// It does not understand what is asked here, and never will.
    NotCovered(String),
}

impl Broken {
    pub(super) fn unavailable(what: &str, error: impl std::fmt::Display) -> Broken {
        Broken::Unavailable(format!("{what}: {error}"))
    }
}

/// A broker that understands every request of ours.
pub(super) struct Connection {
    stream: TcpStream,
    clock: Arc<dyn Clock>,
    /// Host and port, for messages.
    name: String,
    client_id: String,
    most_answer_bytes: usize,
    correlation: i32,
    /// Since when an answer is owed.
    asked_ms: Option<u64>,
    unsent: Vec<u8>,
    answer: Incoming,
}

/// An answer while it comes in.
#[derive(Default)]
struct Incoming {
    head: [u8; HEAD],
    filled: usize,
    /// Bytes after the head, once the head is there.
    bytes: usize,
    page: Vec<u8>,
}

/// The length of an answer, and the number of its request.
const HEAD: usize = 8;

impl Connection {
    /// Dials, and asks what the broker understands. Blocks.
    pub(super) fn open(host: &str, port: u16, settings: &Settings) -> Result<Connection, Broken> {
        let name = format!("{host}:{port}");
        let addresses = (host, port).to_socket_addrs().map_err(|error| Broken::unavailable(&name, error))?;
        let mut dialled = Err(Broken::Unavailable(format!("{name}: the name has no address")));
        for address in addresses {
            dialled = TcpStream::connect_timeout(&address, settings.connect_timeout)
                .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
                .map_err(|error| Broken::unavailable(&name, error));
            if dialled.is_ok() {
                break;
            }
        }
        let mut connection = Connection {
            stream: dialled?,
            clock: settings.clock.clone(),
            name,
            client_id: settings.client_id.clone(),
            most_answer_bytes: settings.most_answer_bytes(),
            correlation: 0,
            asked_ms: None,
            unsent: Vec::new(),
            answer: Incoming::default(),
        };
        let answer = connection.ask(versions::API, settings.answer_timeout, |_| {})?;
        let wanted = [fetch::API, metadata::API, epochs::API];
        match versions::covers(&answer, &wanted) {
            Ok(true) => Ok(connection),
            Ok(false) => Err(Broken::NotCovered(format!("{} understands other versions", connection.name))),
            Err(_) => Err(connection.malformed()),
        }
    }

    /// Asks and waits for the answer, without its head.
    pub(super) fn ask(
        &mut self,
        api: Api,
        timeout: Duration,
        body: impl FnOnce(&mut Output),
    ) -> Result<Vec<u8>, Broken> {
        let mut pages = Pages::default();
        self.blocking(Some(timeout))?;
        self.send(api, body)?;
        loop {
            if let Some((page, bytes)) = self.receive(&mut pages)? {
                return page.get(..bytes).map(<[u8]>::to_vec).ok_or_else(|| self.malformed());
            }
            if self.owes_for() >= timeout {
                return Err(Broken::unavailable(&self.name, "no answer in time"));
            }
        }
    }

    /// From now on nothing waits: [`Connection::send`] and [`Connection::receive`] do what can be done at once.
    pub(super) fn never_wait(&mut self) -> Result<(), Broken> {
        self.stream.set_nonblocking(true).map_err(|error| Broken::unavailable(&self.name, error))
    }

    fn blocking(&mut self, timeout: Option<Duration>) -> Result<(), Broken> {
        let timeout = timeout.map(|timeout| timeout.max(Duration::from_millis(1)));
        let set = self.stream.set_read_timeout(timeout).and_then(|()| self.stream.set_write_timeout(timeout));
        set.map_err(|error| Broken::unavailable(&self.name, error))
    }

    /// Whether an answer is owed.
    pub(super) fn owes(&self) -> bool {
        self.asked_ms.is_some()
    }

    /// For how long an answer is owed.
    pub(super) fn owes_for(&self) -> Duration {
        let since = self.asked_ms.map_or(0, |asked_ms| self.clock.monotonic_ms().saturating_sub(asked_ms));
        Duration::from_millis(since)
    }

    /// Whether a part of a request waits until it can be sent.
    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Sends a request; the answer to the last one must have come.
    pub(super) fn send(&mut self, api: Api, body: impl FnOnce(&mut Output)) -> Result<(), Broken> {
        self.correlation = self.correlation.wrapping_add(1);
        self.unsent = messages::request(api, self.correlation, &self.client_id, body);
        self.asked_ms = Some(self.clock.monotonic_ms());
        self.flush()
    }

    /// Sends what is left of a request.
    pub(super) fn flush(&mut self) -> Result<(), Broken> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(Broken::unavailable(&self.name, "the connection was closed")),
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(Broken::unavailable(&self.name, error)),
            }
        }
        Ok(())
    }

    /// The answer, in memory of `pages`, and how many bytes of that it has; none while some of it is missing.
    pub(super) fn receive(&mut self, pages: &mut Pages) -> Result<Option<(Vec<u8>, usize)>, Broken> {
        loop {
            let incoming = &mut self.answer;
            let into = match incoming.filled.checked_sub(HEAD) {
                None => incoming.head.get_mut(incoming.filled..),
                Some(body) => incoming.page.get_mut(body..incoming.bytes),
            };
            match self.stream.read(into.unwrap_or_default()) {
                Ok(0) => return Err(Broken::unavailable(&self.name, "the connection was closed")),
                Ok(read) => incoming.filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
                Err(error) => return Err(Broken::unavailable(&self.name, error)),
            }
            if self.answer.filled == HEAD {
                self.begin_body(pages)?;
            }
            if self.answer.filled >= HEAD && self.answer.filled == HEAD + self.answer.bytes {
                let Incoming { page, bytes, .. } = std::mem::take(&mut self.answer);
                self.asked_ms = None;
                return Ok(Some((page, bytes)));
            }
        }
    }

    /// Makes room for what the head announces.
    fn begin_body(&mut self, pages: &mut Pages) -> Result<(), Broken> {
        let mut head = super::bytes::Input::new(&self.answer.head);
        let (Ok(length), Ok(correlation)) = (head.i32(), head.i32()) else { return Err(self.malformed()) };
        let bytes = usize::try_from(length).ok().and_then(|length| length.checked_sub(HEAD - 4));
        let is_ours = self.owes() && correlation == self.correlation;
        let Some(bytes) = bytes.filter(|bytes| is_ours && *bytes <= self.most_answer_bytes) else {
            return Err(self.malformed());
        };
        self.answer.bytes = bytes;
        self.answer.page = pages.take(bytes);
        Ok(())
    }

    /// What the peer sent is no answer to what it was asked.
    pub(super) fn malformed(&self) -> Broken {
        Broken::unavailable(&self.name, "the answer is not what was asked for")
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
