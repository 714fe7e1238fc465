//! Decompression of untrusted bytes, with a limit on what comes out before anything is allocated for it.

use super::Error;
use std::io::Read;

/// The most bytes that one compressed piece may unpack to.
pub const MAX_UNPACKED_BYTES: u64 = 256 << 20;

/// Code seldom packs a hundredfold; a small file that claims more than this is made to exhaust memory.
const MAX_RATIO: u64 = 4096;
/// Small pieces may exceed the ratio.
const RATIO_FLOOR_BYTES: u64 = 64 << 10;
/// LZ4 cannot pack tighter than this.
const LZ4_RATIO: u64 = 255;

/// One LZ4 block of exactly `unpacked_bytes`.
pub(super) fn lz4(stored: &[u8], unpacked_bytes: u64) -> Result<Vec<u8>, Error> {
    const WHAT: &str = "the LZ4 data";
    let possible = (stored.len() as u64).saturating_mul(LZ4_RATIO);
    if unpacked_bytes > possible {
        let because = format!("{} bytes cannot unpack to {unpacked_bytes}", stored.len());
        return Err(Error::Corrupt { what: WHAT, because });
    }
    check(WHAT, stored, unpacked_bytes)?;
    let mut unpacked = vec![0; unpacked_bytes as usize];
    let written = lz4_flex::block::decompress_into(stored, &mut unpacked)
        .map_err(|error| Error::Corrupt { what: WHAT, because: error.to_string() })?;
    exact(WHAT, written as u64, unpacked_bytes)?;
    Ok(unpacked)
}

/// One zstd frame of exactly `unpacked_bytes`.
pub(super) fn zstd(stored: &[u8], unpacked_bytes: u64) -> Result<Vec<u8>, Error> {
    const WHAT: &str = "the zstd data";
    let corrupt = |because: String| Error::Corrupt { what: WHAT, because };
    check(WHAT, stored, unpacked_bytes)?;
    let decoder =
        ruzstd::decoding::StreamingDecoder::new(stored).map_err(|error| corrupt(error.to_string()))?;
    // One byte more than announced shows a frame that is too long; the vector grows with what really comes.
    let mut unpacked = Vec::new();
    decoder
        .take(unpacked_bytes + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| corrupt(error.to_string()))?;
    exact(WHAT, unpacked.len() as u64, unpacked_bytes)?;
    Ok(unpacked)
}

/// One zlib stream of exactly `unpacked_bytes`.
pub(super) fn zlib(stored: &[u8], unpacked_bytes: u64) -> Result<Vec<u8>, Error> {
    const WHAT: &str = "the zlib data";
    check(WHAT, stored, unpacked_bytes)?;
    let unpacked = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(stored, unpacked_bytes as usize)
        .map_err(|error| Error::Corrupt { what: WHAT, because: error.to_string() })?;
    exact(WHAT, unpacked.len() as u64, unpacked_bytes)?;
    Ok(unpacked)
}

fn check(what: &'static str, stored: &[u8], unpacked_bytes: u64) -> Result<(), Error> {
    let by_ratio = (stored.len() as u64).saturating_mul(MAX_RATIO).max(RATIO_FLOOR_BYTES);
    let limit = by_ratio.min(MAX_UNPACKED_BYTES);
    if unpacked_bytes > limit {
        return Err(Error::TooLarge { what, bytes: unpacked_bytes, limit });
    }
    Ok(())
}

fn exact(what: &'static str, bytes: u64, announced: u64) -> Result<(), Error> {
    if bytes != announced {
        let because = format!("it holds {bytes} bytes or more, {announced} were announced");
        return Err(Error::Corrupt { what, because });
    }
    Ok(())
}
