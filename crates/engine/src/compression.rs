//! ClickHouse's own compressed blocks, which clients ask for by `compress=1` and send with `decompress=1`.
//!
//! A block is a checksum (`CityHash128` of version 1.0.2 over all that follows), a method, the size of
//! the block without the checksum, the size of its content, and the content. The methods here are LZ4
//! and none; see `src/Compression/CompressedReadBufferBase.cpp` in ClickHouse.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use lz4_flex::block;

use crate::exception::{Exception, code};

const CHECKSUM_BYTES: usize = 16;
/// Method and the two sizes.
const HEADER_BYTES: usize = 9;
const LZ4: u8 = 0x82;
const NONE: u8 = 0x02;

/// ClickHouse writes blocks of 1 MiB.
const MAX_CONTENT_BYTES: usize = 256 << 20;
const CONTENT_BYTES: usize = 1 << 20;

/// Packs the content into blocks.
pub(crate) fn encode(content: &[u8]) -> Bytes {
    let mut encoded = BytesMut::new();
    for content in content.chunks(CONTENT_BYTES) {
        let compressed = block::compress(content);
        let mut block = BytesMut::with_capacity(HEADER_BYTES + compressed.len());
        block.put_u8(LZ4);
        block.put_u32_le(u32::try_from(HEADER_BYTES + compressed.len()).unwrap_or(u32::MAX));
        block.put_u32_le(u32::try_from(content.len()).unwrap_or(u32::MAX));
        block.put_slice(&compressed);
        encoded.put_u128_le(checksum(&block));
        encoded.put_slice(&block);
    }
    encoded.freeze()
}

/// Unpacks blocks that come in pieces cut anywhere.
#[derive(Default)]
pub(crate) struct Decoder {
    held: BytesMut,
}

impl Decoder {
    /// The content of all blocks that are complete.
    pub(crate) fn decode(&mut self, piece: &[u8]) -> Result<Bytes, Exception> {
        self.held.put_slice(piece);
        let mut content = BytesMut::new();
        while let Some(block) = self.next_block()? {
            content.put_slice(&decode_block(&block)?);
        }
        Ok(content.freeze())
    }

    /// An exception if the pieces ended inside a block.
    pub(crate) fn finish(self) -> Option<Exception> {
        (!self.held.is_empty()).then(|| malformed("The compressed body broke off"))
    }

    fn next_block(&mut self) -> Result<Option<BytesMut>, Exception> {
        let Some(mut header) = self.held.get(CHECKSUM_BYTES..CHECKSUM_BYTES + HEADER_BYTES) else {
            return Ok(None);
        };
        let method = header.get_u8();
        if method != LZ4 && method != NONE {
            return Err(Exception::new(
                code::UNKNOWN_COMPRESSION_METHOD,
                "UNKNOWN_COMPRESSION_METHOD",
                format_args!("Compression method {method:#04x} is not supported by this engine, only LZ4 is"),
            ));
        }
        let size = usize::try_from(header.get_u32_le()).unwrap_or(usize::MAX);
        if !(HEADER_BYTES..=MAX_CONTENT_BYTES).contains(&size) {
            return Err(malformed("The size of a compressed block is out of range"));
        }
        Ok((self.held.len() >= CHECKSUM_BYTES + size).then(|| self.held.split_to(CHECKSUM_BYTES + size)))
    }
}

fn decode_block(block: &[u8]) -> Result<Bytes, Exception> {
    let (mut expected, block) = block.split_at_checked(CHECKSUM_BYTES).unwrap_or_default();
    if expected.try_get_u128_le() != Ok(checksum(block)) {
        return Err(Exception::new(
            code::CHECKSUM_DOESNT_MATCH,
            "CHECKSUM_DOESNT_MATCH",
            "The checksum of a compressed block does not match",
        ));
    }
    let (mut header, content) = block.split_at_checked(HEADER_BYTES).unwrap_or_default();
    let method = header.try_get_u8();
    header.advance(header.len().min(4));
    let size = header.try_get_u32_le().map_or(usize::MAX, |size| usize::try_from(size).unwrap_or(usize::MAX));
    if size > MAX_CONTENT_BYTES {
        return Err(malformed("The size of a compressed block's content is out of range"));
    }
    match method {
        Ok(NONE) => Ok(Bytes::copy_from_slice(content)),
        _ => block::decompress(content, size).map(Bytes::from).map_err(|error| malformed(&error.to_string())),
    }
}

fn checksum(block: &[u8]) -> u128 {
    cityhash_rs::cityhash_102_128(block).rotate_right(64)
}

fn malformed(message: &str) -> Exception {
    Exception::new(code::CANNOT_DECOMPRESS, "CANNOT_DECOMPRESS", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_out_whole_however_they_are_cut() {
        let content: Vec<u8> =
            (0..3_000_000_u32).flat_map(|number| (number / 7).to_le_bytes()).take(2_500_000).collect();
        let encoded = encode(&content);
        assert!(encoded.len() < content.len());
        for size in [1000, encoded.len()] {
            let mut decoder = Decoder::default();
            let content_again: Vec<u8> =
                encoded.chunks(size).flat_map(|piece| decoder.decode(piece).unwrap().to_vec()).collect();
            assert!(content_again == content);
            assert!(decoder.finish().is_none());
        }
    }

    #[test]
    fn a_block_that_breaks_off_or_was_changed_is_refused() {
        let encoded = encode(b"some rows");
        let mut decoder = Decoder::default();
        assert!(decoder.decode(&encoded[..encoded.len() - 1]).unwrap().is_empty());
        assert_eq!(decoder.finish().unwrap().code, code::CANNOT_DECOMPRESS);

        let mut changed = encoded.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(Decoder::default().decode(&changed).unwrap_err().code, code::CHECKSUM_DOESNT_MATCH);

        let mut zstd = encoded.to_vec();
        zstd[CHECKSUM_BYTES] = 0x90;
        assert_eq!(Decoder::default().decode(&zstd).unwrap_err().code, code::UNKNOWN_COMPRESSION_METHOD);
    }
}
