//! How many bytes an image has, found from its own headers: some calls are given an address and no length.

use super::field::{self, u16_at, u32_at};
use super::{BITCODE_MAGIC, CUDA_WRAPPER, Error, HIP_WRAPPER, SPIRV_MAGIC, bundle, elf, fatbin};

/// An image that claims more is refused before it is read.
pub const MAX_IMAGE_BYTES: u64 = 1 << 30;

/// The magic of a zstd frame.
const ZSTD_MAGIC: u32 = 0xfd2f_b528;

/// What the first bytes of an image tell about its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// The image has this many bytes, at most [`MAX_IMAGE_BYTES`].
    Known(usize),
    /// It has at least this many, more than were given; ask again with them.
    More(usize),
    /// It is text and ends before its first NUL, which may lie among the given bytes.
    Text,
}

/// How long the image is that starts with `prefix`. Start with an empty prefix and read what it asks for, step by
/// step: it never asks for a byte that an image of that form lacks, nor for one beyond the NUL of a text.
///
/// # Errors
/// Headers that contradict themselves, a size beyond [`MAX_IMAGE_BYTES`], or a form that does not tell its length.
pub fn needed(prefix: &[u8]) -> Result<Needed, Error> {
    for (magic, measure) in FORMS {
        if prefix.starts_with(magic) {
            return measure(prefix);
        }
        if magic.starts_with(prefix) {
            return Ok(Needed::More(prefix.len() + 1));
        }
    }
    Ok(Needed::Text)
}

type Measure = fn(&[u8]) -> Result<Needed, Error>;

/// What an image may start with. No magic is the beginning of another.
const FORMS: [(&[u8], Measure); 9] = [
    (bundle::MAGIC, of_bundle),
    (bundle::COMPRESSED_MAGIC, of_compressed),
    (&fatbin::MAGIC.to_le_bytes(), of_fatbin),
    (elf::MAGIC, of_elf),
    (&CUDA_WRAPPER.to_le_bytes(), of_wrapper),
    (&HIP_WRAPPER.to_le_bytes(), of_wrapper),
    (&SPIRV_MAGIC.to_le_bytes(), |_| Err(Error::NoLength { what: "SPIR-V" })),
    (&SPIRV_MAGIC.to_be_bytes(), |_| Err(Error::NoLength { what: "SPIR-V" })),
    (BITCODE_MAGIC, |_| Err(Error::NoLength { what: "LLVM bitcode" })),
];

/// [`Needed::More`] while fewer bytes are there.
fn at_least(prefix: &[u8], bytes: u64) -> Result<Option<Needed>, Error> {
    let bytes = accepted(bytes)?;
    Ok((prefix.len() < bytes).then_some(Needed::More(bytes)))
}

fn accepted(bytes: u64) -> Result<usize, Error> {
    if bytes > MAX_IMAGE_BYTES {
        return Err(Error::TooLarge { what: "the image", bytes, limit: MAX_IMAGE_BYTES });
    }
    Ok(bytes as usize)
}

/// Looks at `measure` once `bytes` bytes are there.
fn after(
    prefix: &[u8],
    bytes: u64,
    measure: impl FnOnce() -> Result<Needed, Error>,
) -> Result<Needed, Error> {
    match at_least(prefix, bytes)? {
        Some(more) => Ok(more),
        None => measure(),
    }
}

fn known(bytes: u64) -> Result<Needed, Error> {
    accepted(bytes).map(Needed::Known)
}

fn of_wrapper(_: &[u8]) -> Result<Needed, Error> {
    Ok(Needed::Known(24))
}

fn of_fatbin(prefix: &[u8]) -> Result<Needed, Error> {
    after(prefix, fatbin::HEADER_BYTES as u64, || known(fatbin::total_bytes(prefix)?))
}

fn of_elf(prefix: &[u8]) -> Result<Needed, Error> {
    after(prefix, elf::HEADER_BYTES as u64, || match elf::end(prefix)? {
        elf::End::Beyond(bytes) => Ok(Needed::More(accepted(bytes)?)),
        elf::End::At(bytes) => known(bytes),
    })
}

fn of_bundle(prefix: &[u8]) -> Result<Needed, Error> {
    after(prefix, bundle::MAGIC.len() as u64 + 8, || {
        let mut entries = bundle::entries(prefix)?;
        let mut end = 0;
        for entry in entries.by_ref() {
            match entry {
                Ok(entry) => end = entry.from.saturating_add(entry.size_bytes).max(end),
                // The table goes on beyond what is there.
                Err(Error::Truncated { needed, .. }) => return Ok(Needed::More(accepted(needed)?)),
                Err(error) => return Err(error),
            }
        }
        known(end.max(entries.at))
    })
}

fn of_compressed(prefix: &[u8]) -> Result<Needed, Error> {
    after(prefix, 8, || {
        let header_bytes = bundle::header_bytes(u16_at(prefix, 4).unwrap_or(0))?;
        after(prefix, header_bytes as u64, || {
            let header = bundle::header(prefix)?;
            match header.file_bytes {
                Some(bytes) => known(bytes.max(header_bytes as u64)),
                None if header.is_zstd => of_zstd(prefix, header.data_at),
                None => Err(Error::NoLength { what: "a zlib-compressed bundle of version 1" }),
            }
        })
    })
}

/// The end of the zstd frame at `at`, by its block headers: magic, descriptor, optional fields, then blocks of three
/// bytes and their data, then an optional checksum.
fn of_zstd(prefix: &[u8], at: usize) -> Result<Needed, Error> {
    after(prefix, at as u64 + 5, || {
        if u32_at(prefix, at) != Some(ZSTD_MAGIC) {
            let because = "no zstd frame follows its header".to_owned();
            return Err(Error::Corrupt { what: "the compressed bundle", because });
        }
        let descriptor = prefix[at + 4];
        let mut end = at as u64 + 5 + zstd_header_fields(descriptor);
        loop {
            let Ok(header) = field::part(prefix, "a zstd block", end, 3) else {
                return Ok(Needed::More(accepted(end + 3)?));
            };
            let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
            let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, u64::from(header >> 3));
            // A run-length block (1) stores one byte, whatever its size.
            end += 3 + if kind == 1 { 1 } else { size };
            if is_last {
                // Bit 2 of the descriptor: a checksum of four bytes.
                return known(end + u64::from(descriptor >> 2 & 1) * 4);
            }
            // No compressor writes empty blocks in the middle; zeros behind a broken frame look like them.
            if size == 0 {
                let because = "an empty block in its middle".to_owned();
                return Err(Error::Corrupt { what: "the zstd data", because });
            }
        }
    })
}

/// Bytes of window descriptor, dictionary id and content size.
fn zstd_header_fields(descriptor: u8) -> u64 {
    let is_single_segment = descriptor >> 5 & 1 == 1;
    let window = u64::from(!is_single_segment);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content = match descriptor >> 6 {
        0 => u64::from(is_single_segment),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    window + dictionary + content
}
