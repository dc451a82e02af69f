//! Bodies: read whatever their type says, unpacked, within limits of size and time.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::error::ApiError;

const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// The body's bytes, at most `limit` of them, after gzip is undone.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let too_large = || ApiError::TooLarge(format!("the body is larger than {limit} bytes"));
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let collected = timeout(ARRIVES_WITHIN, Limited::new(body, limit).collect()).await;
    let bytes = match collected {
        Err(_) => return Err(ApiError::SlowBody),
        Ok(Ok(whole)) => whole.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
        Ok(Err(error)) => return Err(ApiError::BrokenBody(error.to_string())),
    };
    match headers
        .get(header::CONTENT_ENCODING)
        .map(|encoding| encoding.as_bytes().to_ascii_lowercase())
        .as_deref()
    {
        None | Some(b"" | b"identity") => Ok(bytes),
        Some(b"gzip" | b"x-gzip") => unpack(bytes, limit).await?.ok_or_else(too_large),
        Some(_) => Err(ApiError::Invalid("Content-Encoding must be gzip or absent".into())),
    }
}

/// `None` when more than `limit` bytes come out.
async fn unpack(packed: Bytes, limit: usize) -> Result<Option<Bytes>, ApiError> {
    let unpacking = tokio::task::spawn_blocking(move || {
        let mut unpacked = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        flate2::read::MultiGzDecoder::new(&packed[..]).take(most).read_to_end(&mut unpacked)?;
        Ok::<_, std::io::Error>((unpacked.len() <= limit).then(|| Bytes::from(unpacked)))
    });
    match unpacking.await {
        Ok(Ok(unpacked)) => Ok(unpacked),
        Ok(Err(error)) => Err(ApiError::BrokenBody(format!("not gzip: {error}"))),
        Err(_) => Err(ApiError::Internal),
    }
}
