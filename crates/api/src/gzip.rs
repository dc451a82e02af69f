//! gzip, undone in steps, so that what comes out is paid for before it is there.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::error::ApiError;

/// The first step, in bytes. Each further one doubles what there is.
const FIRST_STEP: usize = 16 << 10;

/// At most `limit` bytes. `afford` is told how many bytes are to be held before they are; its error ends
/// the unpacking.
pub(crate) fn unpack(
    packed: &[u8],
    limit: usize,
    mut afford: impl FnMut(usize) -> Result<(), ApiError>,
) -> Result<Vec<u8>, ApiError> {
    let (mut decoder, mut unpacked) = (MultiGzDecoder::new(packed), Vec::new());
    // A byte more than the limit tells that there are too many.
    let most = limit.saturating_add(1);
    loop {
        let size = unpacked.len().saturating_mul(2).max(FIRST_STEP).min(most);
        afford(size)?;
        let step = size - unpacked.len();
        unpacked.reserve_exact(step);
        let mut next = decoder.by_ref().take(u64::try_from(step).unwrap_or(u64::MAX));
        let read = next.read_to_end(&mut unpacked);
        let read = read.map_err(|error| ApiError::BrokenBody(format!("not gzip: {error}")))?;
        if unpacked.len() > limit {
            return Err(ApiError::larger_than(limit));
        }
        if read < step {
            return Ok(unpacked);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn zeros(bytes: usize) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&vec![0; bytes]).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn all_that_was_packed_comes_out_up_to_the_limit() {
        for bytes in [0, 1, FIRST_STEP - 1, FIRST_STEP, FIRST_STEP + 1, 2 * FIRST_STEP, 100_000] {
            for limit in [bytes, bytes + 1, 1 << 20] {
                assert_eq!(unpack(&zeros(bytes), limit, |_| Ok(())).unwrap(), vec![0; bytes]);
            }
            if bytes > 0 {
                let error = unpack(&zeros(bytes), bytes - 1, |_| Ok(())).unwrap_err();
                assert!(matches!(error, ApiError::TooLarge(_)), "{error}");
            }
        }
    }

    #[test]
    fn a_bomb_is_paid_for_before_it_goes_off() {
        let mut asked = Vec::new();
        let error = unpack(&zeros(10 << 20), 10 << 20, |bytes| {
            asked.push(bytes);
            if bytes > 1 << 20 { Err(ApiError::Unavailable(String::new())) } else { Ok(()) }
        });
        assert!(matches!(error, Err(ApiError::Unavailable(_))));
        assert_eq!(asked, (14..=21).map(|power| 1 << power).collect::<Vec<_>>());
    }
}
