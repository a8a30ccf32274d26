//! The body of an answer: one piece is made while one is sent, and none when nobody takes them.

use super::pretty::Indenter;
use super::run::{Held, on_pool};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use query::{Answer, Result};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A piece, and the answer when there is more.
type Piece = Result<(Vec<u8>, Option<Answer>)>;

enum State {
    Ready(Vec<u8>, Option<Answer>),
    Making(BoxFuture<'static, Piece>),
    Trailers(Option<String>),
    End,
}

/// Streams an answer. An error on the way ends the body without the closing bracket and is told in the trailers.
pub struct AnswerBody {
    state: State,
    held: Option<Held>,
    indenter: Option<Indenter>,
}

impl AnswerBody {
    pub fn new(first: Vec<u8>, rest: Option<Answer>, held: Held, is_pretty: bool) -> Self {
        Self { state: State::Ready(first, rest), held: Some(held), indenter: is_pretty.then(Indenter::default) }
    }

    fn next(&self, answer: Option<Answer>) -> State {
        let (Some(mut answer), Some(held)) = (answer, &self.held) else {
            return State::Trailers(None);
        };
        let (pool, share) = (held.pool.clone(), held.share.clone());
        let work = async move {
            on_pool(&pool, &share, move || {
                let mut piece = Vec::new();
                let more = answer.next_chunk(&mut piece)?;
                Ok((piece, more.then_some(answer)))
            })
            .await
        };
        State::Making(work.boxed())
    }

    fn shown(&mut self, piece: Vec<u8>) -> Bytes {
        match &mut self.indenter {
            None => piece.into(),
            Some(indenter) => {
                let mut out = Vec::with_capacity(piece.len() * 2);
                indenter.write(&piece, &mut out);
                out.into()
            }
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        loop {
            match std::mem::replace(&mut self.state, State::End) {
                State::Ready(piece, rest) => {
                    self.state = self.next(rest);
                    if !piece.is_empty() {
                        let piece = self.shown(piece);
                        return Poll::Ready(Some(Ok(Frame::data(piece))));
                    }
                }
                State::Making(mut work) => match work.poll_unpin(context) {
                    Poll::Pending => {
                        self.state = State::Making(work);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok((piece, rest))) => self.state = State::Ready(piece, rest),
                    Poll::Ready(Err(error)) => self.state = State::Trailers(Some(error.to_string())),
                },
                State::Trailers(error) => {
                    self.held = None;
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers(error)))));
                }
                State::End => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::End)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn trailers(error: Option<String>) -> axum::http::HeaderMap {
    let mut trailers = axum::http::HeaderMap::new();
    let complete = if error.is_some() { "false" } else { "true" };
    trailers.insert("x-druid-response-complete", axum::http::HeaderValue::from_static(complete));
    if let Some(error) = error
        && let Ok(text) = axum::http::HeaderValue::from_str(&error.replace(['\r', '\n'], " "))
    {
        trailers.insert("x-error-message", text);
    }
    trailers
}
