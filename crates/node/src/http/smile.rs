//! SMILE, a binary form of JSON: read from those who send it, written to those who ask for it.

use super::error::ApiError;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};

const MEDIA: &str = "application/x-jackson-smile";
/// Another name for it, which Druid takes of what is sent only.
const SENT_AS: &str = "application/smile";
/// An answer is held whole while it is rewritten, so that it may not be longer.
const MAX_BYTES: usize = 128 << 20;
/// Above this a body is rewritten off the threads that wait.
const SMALL_BYTES: usize = 32 << 10;

/// Whether the body is said to be SMILE.
pub fn is_smile(headers: &HeaderMap) -> bool {
    let media = media_of(headers, header::CONTENT_TYPE);
    media.is_some_and(|media| media.eq_ignore_ascii_case(MEDIA) || media.eq_ignore_ascii_case(SENT_AS))
}

/// Whether the answer should be SMILE: who sends it and wishes for nothing else gets it back.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    match media_of(headers, header::ACCEPT) {
        Some(media) => media.eq_ignore_ascii_case(MEDIA),
        None => !headers.contains_key(header::ACCEPT) && is_smile(headers),
    }
}

fn media_of(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let text = headers.get(name)?.to_str().ok()?;
    text.split(';').next().map(str::trim).filter(|media| !media.is_empty())
}

/// The first value of the bytes as JSON text.
pub async fn to_json(bytes: Bytes) -> Result<Bytes, String> {
    off_thread(bytes, |bytes| {
        let mut out = Vec::with_capacity(bytes.len() * 2);
        let mut from = serde_smile::Deserializer::from_slice(bytes);
        serde_transcode::transcode(&mut from, &mut serde_json::Serializer::new(&mut out))
            .map_err(|error| error.to_string())?;
        Ok(out.into())
    })
    .await
}

fn to_smile(bytes: &[u8]) -> Result<Bytes, String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut to = serde_smile::Serializer::new(&mut out);
    let mut from = serde_json::Deserializer::from_slice(bytes);
    serde_transcode::transcode(&mut from, &mut to).map_err(|error| error.to_string())?;
    Ok(out.into())
}

async fn off_thread(
    bytes: Bytes,
    work: impl FnOnce(&[u8]) -> Result<Bytes, String> + Send + 'static,
) -> Result<Bytes, String> {
    if bytes.len() <= SMALL_BYTES {
        return work(&bytes);
    }
    tokio::task::spawn_blocking(move || work(&bytes)).await.unwrap_or_else(|panic| Err(panic.to_string()))
}

/// An answer in JSON rewritten. One that broke off, or is too long to be held, becomes an error.
pub async fn response(answer: Response) -> Response {
    let is_json = answer.headers().get(header::CONTENT_TYPE).is_some_and(|media| media == "application/json");
    if !is_json {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let rewritten = match Limited::new(body, MAX_BYTES).collect().await {
        Err(_) => Err(format!("an answer in SMILE may have {MAX_BYTES} bytes: ask for JSON")),
        Ok(whole) => {
            let broken = whole.trailers().and_then(|trailers| trailers.get("x-error-message")).cloned();
            match broken {
                Some(why) => Err(why.to_str().unwrap_or("the query failed").to_string()),
                None => off_thread(whole.to_bytes(), to_smile).await,
            }
        }
    };
    match rewritten {
        Ok(bytes) => {
            parts.headers.remove(header::TRAILER);
            parts.headers.remove(header::CONTENT_LENGTH);
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
            Response::from_parts(parts, Body::from(bytes))
        }
        Err(why) => {
            ApiError::failed_query(StatusCode::INTERNAL_SERVER_ERROR, "Unknown exception", &why).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(content_type: &'static str, accept: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(accept) = accept {
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        }
        is_wanted(&headers)
    }

    #[test]
    fn the_answer_has_the_form_of_the_question_unless_another_is_wished_for() {
        assert!(wanted(MEDIA, None) && wanted(SENT_AS, None) && wanted("application/json", Some(MEDIA)));
        assert!(!wanted(MEDIA, Some("application/json")) && !wanted(MEDIA, Some("*/*")) && !wanted("text/plain", None));
    }

    #[tokio::test]
    async fn both_ways() {
        let json = r#"[{"a":1,"b":[1.5,null,true,"x"],"c":-9223372036854775808,"d":"é"},{"a":2}]"#;
        let smile = to_smile(json.as_bytes()).expect("SMILE");
        assert_eq!(&smile[..3], b":)\n");
        assert_eq!(to_json(smile).await.expect("JSON"), json.as_bytes());
        assert!(to_json(Bytes::from_static(b"{}")).await.is_err());
    }

    #[tokio::test]
    async fn damaged_bytes_are_refused_or_read_and_nothing_else() {
        let json = r#"[{"a":1,"b":[1.5,null,true,"x"],"c":-9223372036854775808,"d":"é"},{"a":2}]"#;
        let smile = to_smile(json.as_bytes()).expect("SMILE");
        for at in 0..smile.len() {
            for byte in [0, 0x20, 0x29, 0x2a, 0x80, 0xe0, 0xe8, 0xec, 0xf8, 0xfa, 0xfd, 0xff] {
                let mut damaged = smile.to_vec();
                damaged[at] = byte;
                if let Ok(read) = to_json(damaged.into()).await {
                    assert!(std::str::from_utf8(&read).is_ok());
                }
            }
            let _cut = to_json(smile.slice(..at)).await;
        }
        assert!(to_json(Bytes::from_static(b":)\n\x03\xfa")).await.is_err());
    }
}
