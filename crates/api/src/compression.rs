//! Compression of answers: gzip, where the client takes it, for texts that are read and large enough to pay.
//! Answers to writes are left alone, so that taking events in costs no more.

use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// In bytes: what is smaller goes into one packet as it is. Streams have no size and count as larger.
const SMALLEST: u16 = 1 << 10;
const TEXTS: [&str; 4] =
    ["application/json", "application/openmetrics-text", "application/x-ndjson", "text/"];

/// Small pieces that must not wait for each other, over connections that are kept for long.
const EVENT_STREAM: &str = "text/event-stream";

/// Marks an answer that may be compressed.
#[derive(Clone)]
struct Allowed;

/// Lets an answer be compressed if it is large enough.
pub(crate) fn allow(response: &mut Response) {
    response.extensions_mut().insert(Allowed);
}

/// What is pending in a stream is flushed, and an error in it stays one.
pub(crate) fn layer() -> CompressionLayer<impl Predicate> {
    let pays = is_allowed.and(SizeAbove::new(SMALLEST));
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(pays)
}

fn is_allowed(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let begins = |sent: &HeaderValue, text: &str| sent.as_bytes().starts_with(text.as_bytes());
    let is_text =
        |sent: &HeaderValue| TEXTS.iter().any(|text| begins(sent, text)) && !begins(sent, EVENT_STREAM);
    extensions.get::<Allowed>().is_some() && headers.get(header::CONTENT_TYPE).is_some_and(is_text)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::{self, Read};

    use axum::body::{Body, Bytes};
    use axum::extract::Request;
    use flate2::read::GzDecoder;
    use futures_util::{FutureExt, StreamExt, stream};
    use http_body_util::BodyExt;
    use tower::{Layer, ServiceExt, service_fn};
    use tower_http::compression::CompressionBody;

    use super::*;

    /// What the layer makes of this answer to a client that takes these encodings.
    async fn layered(accepts: Option<&str>, answer: Response) -> Response<CompressionBody<Body>> {
        let mut answer = Some(answer);
        let service = service_fn(move |_: Request| {
            let answer = answer.take().unwrap();
            async { Ok::<_, Infallible>(answer) }
        });
        let mut request = Request::new(Body::empty());
        if let Some(accepts) = accepts {
            request.headers_mut().insert(header::ACCEPT_ENCODING, accepts.parse().unwrap());
        }
        layer().layer(service).oneshot(request).await.unwrap()
    }

    fn answer(content_type: &'static str, body: impl Into<Body>) -> Response {
        Response::builder().header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap()
    }

    fn read(content_type: &'static str, body: impl Into<Body>) -> Response {
        let mut response = answer(content_type, body);
        allow(&mut response);
        response
    }

    /// Its encoding and what it varies by.
    async fn headers(accepts: Option<&str>, answer: Response) -> (String, String) {
        let response = layered(accepts, answer).await;
        let header = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).into();
        (header(header::CONTENT_ENCODING), header(header::VARY))
    }

    #[tokio::test]
    async fn large_texts_that_are_read_are_compressed_for_clients_that_take_gzip() {
        let (large, json) = (vec![b'1'; SMALLEST.into()], "application/json");
        for accepts in ["gzip", "GZIP;q=0.5", "deflate, gzip, br", "*;q=0, gzip"] {
            let found = headers(Some(accepts), read(json, large.clone())).await;
            assert_eq!(found, ("gzip".into(), "accept-encoding".into()), "{accepts}");
        }
        for accepts in [None, Some(""), Some("identity"), Some("gzip;q=0"), Some("br, zstd, deflate")] {
            let found = headers(accepts, read(json, large.clone())).await;
            assert_eq!(found, (String::new(), "accept-encoding".into()), "{accepts:?}");
        }
        for text in TEXTS {
            assert_eq!(headers(Some("gzip"), read(text, large.clone())).await.0, "gzip", "{text}");
        }
        let untouched = [
            read(json, vec![b'1'; usize::from(SMALLEST) - 1]),
            read("application/octet-stream", large.clone()),
            answer(json, large),
            read(json, Body::empty()),
            read(EVENT_STREAM, vec![b'1'; SMALLEST.into()]),
        ];
        for answer in untouched {
            assert_eq!(headers(Some("gzip"), answer).await, Default::default());
        }
    }

    #[tokio::test]
    async fn what_has_come_of_a_stream_is_sent_while_the_rest_is_awaited() {
        let piece = Bytes::from(vec![b'1'; 100_000]);
        let sent = piece.clone();
        let pieces = stream::once(async { Ok::<_, io::Error>(sent) }).chain(stream::pending());
        let mut body = layered(Some("gzip"), read("application/json", Body::from_stream(pieces))).await;
        let mut packed = Vec::new();
        while let Some(frame) = body.body_mut().frame().now_or_never() {
            packed.extend(frame.unwrap().unwrap().into_data().unwrap());
        }
        let mut unpacked = vec![0; piece.len()];
        GzDecoder::new(&*packed).read_exact(&mut unpacked).unwrap();
        assert_eq!(unpacked, piece);
    }

    #[tokio::test]
    async fn a_stream_that_breaks_off_does_so_when_compressed_as_well() {
        let pieces = [Ok(Bytes::from(vec![b'1'; 100_000])), Err(io::Error::other("broken"))];
        let body = Body::from_stream(stream::iter(pieces));
        let answer = layered(Some("gzip"), read("application/json", body)).await;
        assert_eq!(answer.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(answer.into_body().collect().await.unwrap_err().to_string(), "broken");
    }
}
