//! Clang's offload bundle, plain or compressed as a whole.

use super::field::{self, u16_at, u32_at, u64_at};
use super::{Code, Error, Kind, Packing, leaf, unpack};

pub(super) const MAGIC: &[u8] = b"__CLANG_OFFLOAD_BUNDLE__";
pub(super) const COMPRESSED_MAGIC: &[u8] = b"CCOB";
/// Offset, size and length of the id; the id follows.
pub(super) const ENTRY_BYTES: u64 = 24;

/// More targets than any compiler knows: a larger count is a corrupt one.
const MAX_ENTRIES: u64 = 4096;

const METHOD_ZLIB: u16 = 0;
const METHOD_ZSTD: u16 = 1;

pub(super) fn is_plain(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(COMPRESSED_MAGIC)
}

/// One row of a bundle's table.
pub(super) struct Entry<'a> {
    pub(super) from: u64,
    pub(super) size_bytes: u64,
    id: &'a [u8],
}

/// Walks the table of a bundle. An error is the last thing it yields.
pub(super) struct Entries<'a> {
    bytes: &'a [u8],
    left: u64,
    /// Where the next row begins; after the last, where the table ends.
    pub(super) at: u64,
}

pub(super) fn entries(bytes: &[u8]) -> Result<Entries<'_>, Error> {
    let count = field::part(bytes, "the bundle's header", MAGIC.len() as u64, 8)?;
    let left = u64_at(count, 0).unwrap_or(0);
    if left > MAX_ENTRIES {
        let because = format!("it announces {left} entries");
        return Err(Error::Corrupt { what: "the bundle", because });
    }
    Ok(Entries { bytes, left, at: MAGIC.len() as u64 + 8 })
}

impl<'a> Entries<'a> {
    fn row(&mut self) -> Result<Entry<'a>, Error> {
        let row = field::part(self.bytes, "the bundle's table", self.at, ENTRY_BYTES)?;
        let number = |at| u64_at(row, at).unwrap_or(0);
        let id = field::part(self.bytes, "an id in the bundle's table", self.at + ENTRY_BYTES, number(16))?;
        self.at += ENTRY_BYTES + id.len() as u64;
        self.left -= 1;
        Ok(Entry { from: number(0), size_bytes: number(8), id })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let row = self.row();
        if row.is_err() {
            self.left = 0;
        }
        Some(row)
    }
}

pub(super) fn codes(bytes: &[u8]) -> Result<Vec<Code>, Error> {
    if !is_plain(bytes) {
        let because = "no offload bundle came out of the compressed data".to_owned();
        return Err(Error::Corrupt { what: "the compressed bundle", because });
    }
    let mut codes = Vec::new();
    for entry in entries(bytes)? {
        let entry = entry?;
        let range = field::range(bytes, "an entry of the bundle", entry.from, entry.size_bytes)?;
        let (is_host, target) = target(entry.id);
        if is_host || range.is_empty() {
            continue;
        }
        // What we cannot read is listed all the same, so that an error can name it.
        match leaf(&bytes[range.clone()]) {
            Ok(found) => codes.extend(found.into_iter().map(|code| placed(code, range.start, &target))),
            Err(_) => {
                codes.push(Code { kind: Kind::Other, target, range, packing: Packing::Plain, part: None })
            }
        }
    }
    Ok(codes)
}

/// A code found in an entry that starts at `start`, with the entry's target where it is the more telling one.
fn placed(code: Code, start: usize, of_entry: &str) -> Code {
    let range = code.range.start + start..code.range.end + start;
    let target = if of_entry.is_empty() { code.target } else { of_entry.to_owned() };
    Code { range, target, ..code }
}

/// Whether an id is the host's, and its target: `kind-arch-vendor-system-environment-target`, where the target may
/// hold dashes of its own (`gfx90a:xnack-`) and all but the kind may be empty.
fn target(id: &[u8]) -> (bool, String) {
    let id = String::from_utf8_lossy(id);
    let mut parts = id.splitn(6, '-');
    let is_host = parts.next() == Some("host");
    (is_host, parts.nth(4).unwrap_or_default().to_owned())
}

/// Sizes in the header of a compressed bundle.
pub(super) struct Header {
    /// Where the compressed stream begins.
    pub(super) data_at: usize,
    /// Size of the file; version 1 does not tell.
    pub(super) file_bytes: Option<u64>,
    unpacked_bytes: u64,
    pub(super) is_zstd: bool,
}

/// How long a compressed bundle's header is, by its first 6 bytes.
pub(super) fn header_bytes(version: u16) -> Result<usize, Error> {
    match version {
        1 => Ok(20),
        2 => Ok(24),
        3 => Ok(32),
        _ => Err(Error::Unsupported { what: format!("version {version} of the compressed bundle") }),
    }
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, Error> {
    const WHAT: &str = "the compressed bundle's header";
    let first = field::part(bytes, WHAT, 0, 8)?;
    let version = u16_at(first, 4).unwrap_or(0);
    let data_at = header_bytes(version)?;
    let header = field::part(bytes, WHAT, 0, data_at as u64)?;
    let small = |at| u32_at(header, at).map(u64::from);
    let (file_bytes, unpacked_bytes) = match version {
        1 => (None, small(8)),
        2 => (small(8), small(12)),
        _ => (u64_at(header, 8), u64_at(header, 16)),
    };
    let is_zstd = match u16_at(header, 6) {
        Some(METHOD_ZLIB) => false,
        Some(METHOD_ZSTD) => true,
        other => {
            let what = format!("compression method {} of the compressed bundle", other.unwrap_or(0));
            return Err(Error::Unsupported { what });
        }
    };
    Ok(Header { data_at, file_bytes, unpacked_bytes: unpacked_bytes.unwrap_or(0), is_zstd })
}

pub(super) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let header = header(bytes)?;
    let file_bytes = header.file_bytes.unwrap_or(bytes.len() as u64);
    let data_bytes = file_bytes.checked_sub(header.data_at as u64).ok_or_else(|| Error::Corrupt {
        what: "the compressed bundle",
        because: format!("its size is given as {file_bytes} bytes"),
    })?;
    let data = field::part(bytes, "the compressed bundle", header.data_at as u64, data_bytes)?;
    if header.is_zstd {
        unpack::zstd(data, header.unpacked_bytes)
    } else {
        unpack::zlib(data, header.unpacked_bytes)
    }
}
