//! NVIDIA's fatbin: a header of 16 bytes, then entries of a header and a payload each.

use super::field::{self, u16_at, u32_at, u64_at};
use super::{Code, Error, Kind, Packing, Part, elf};
use std::ops::Range;

pub(super) const MAGIC: u32 = 0xba55_ed50;
/// Bytes of the header that tell the size of the whole.
pub(super) const HEADER_BYTES: usize = 16;

const KIND_PTX: u16 = 1;
const KIND_ELF: u16 = 2;
/// Several pieces of one kind, compressed together: a table of entry headers precedes the payload.
const KIND_JOINT: u16 = 0x100;
const FLAG_LZ4: u64 = 0x2000;
const FLAG_ZSTD: u64 = 0x8000;
/// An entry's header up to and with its target; what lies beyond a shorter header counts as zero.
const ENTRY_BYTES: u64 = 32;
/// A whole header; in the table of a joint entry each row begins with one.
const FULL_ENTRY_BYTES: u64 = 64;
/// Row count and size of the table of a joint entry.
const TABLE_HEADER_BYTES: u64 = 8;

pub(super) fn is(bytes: &[u8]) -> bool {
    u32_at(bytes, 0) == Some(MAGIC)
}

/// Size of the fatbin in bytes, header included, by its header alone.
pub(super) fn total_bytes(header: &[u8]) -> Result<u64, Error> {
    let (header_bytes, entries_bytes) = sizes(header)?;
    Ok(header_bytes.saturating_add(entries_bytes))
}

pub(super) fn codes(bytes: &[u8]) -> Result<Vec<Code>, Error> {
    let (header_bytes, entries_bytes) = sizes(bytes)?;
    let end = field::range(bytes, "the fatbin", header_bytes, entries_bytes)?.end;
    let mut codes = Vec::new();
    let mut at = header_bytes as usize;
    while at < end {
        at = entry(&bytes[..end], at, &mut codes)?;
    }
    Ok(codes)
}

fn sizes(bytes: &[u8]) -> Result<(u64, u64), Error> {
    let (Some(header_bytes), Some(entries_bytes)) = (u16_at(bytes, 6), u64_at(bytes, 8)) else {
        return Err(Error::Truncated {
            what: "the fatbin's header",
            needed: HEADER_BYTES as u64,
            present: bytes.len() as u64,
        });
    };
    if usize::from(header_bytes) < HEADER_BYTES {
        let because = format!("its header has {header_bytes} bytes");
        return Err(Error::Corrupt { what: "the fatbin", because });
    }
    Ok((header_bytes.into(), entries_bytes))
}

/// Adds the codes of the entry at `at`; tells where the next entry begins.
fn entry(bytes: &[u8], at: usize, codes: &mut Vec<Code>) -> Result<usize, Error> {
    field::part(bytes, "a fatbin entry", at as u64, ENTRY_BYTES)?;
    let header_bytes = u64::from(u32_at(bytes, at + 4).unwrap_or(0));
    if header_bytes < ENTRY_BYTES {
        return Err(corrupt(format!("its header has {header_bytes} bytes")));
    }
    let header = field::part(bytes, "a fatbin entry's header", at as u64, header_bytes)?;
    let payload_bytes = u64_at(header, 8).unwrap_or(0);
    let payload = field::range(bytes, "a fatbin entry's payload", at as u64 + header_bytes, payload_bytes)?;
    let next = payload.end;
    let (packing, stored_bytes) = packing(header, payload_bytes)?;
    let range = payload.start..payload.start + stored_bytes as usize;
    if u16_at(header, 0) == Some(KIND_JOINT) {
        joint(header, range, packing, codes)?;
        return Ok(next);
    }
    let (kind, mut target) = purpose(header);
    // Old files leave the architecture of a cubin to the cubin.
    if kind == Kind::Elf && target.is_empty() {
        target = elf::target(&bytes[range.clone()]).unwrap_or_default();
    }
    codes.push(Code { kind, target, range, packing, part: None });
    Ok(next)
}

/// Adds the codes of a joint entry: each row of its table has, where other headers have their size, the place of its
/// piece in the unpacked payload.
fn joint(header: &[u8], range: Range<usize>, packing: Packing, codes: &mut Vec<Code>) -> Result<(), Error> {
    const WHAT: &str = "the table of a fatbin entry";
    field::part(header, WHAT, FULL_ENTRY_BYTES, TABLE_HEADER_BYTES)?;
    let number = |at| u64::from(u32_at(header, FULL_ENTRY_BYTES as usize + at).unwrap_or(0));
    let (count, table_bytes) = (number(0), number(4));
    let rows_bytes = table_bytes.saturating_sub(TABLE_HEADER_BYTES);
    if count == 0 || rows_bytes % count != 0 || rows_bytes / count < FULL_ENTRY_BYTES {
        return Err(corrupt(format!("its table has {count} rows in {table_bytes} bytes")));
    }
    let rows = field::part(header, WHAT, FULL_ENTRY_BYTES + TABLE_HEADER_BYTES, rows_bytes)?;
    for row in rows.chunks_exact((rows_bytes / count) as usize) {
        let (kind, target) = purpose(row);
        let from = u32_at(row, 4).unwrap_or(0).into();
        let size_bytes = u64_at(row, 8).unwrap_or(0);
        codes.push(Code {
            kind,
            target,
            range: range.clone(),
            packing,
            part: Some(Part { from, size_bytes }),
        });
    }
    Ok(())
}

fn corrupt(because: String) -> Error {
    Error::Corrupt { what: "a fatbin entry", because }
}

/// Kind and target of an entry by its header alone; `sm_90` may stand for `sm_90a`.
fn purpose(header: &[u8]) -> (Kind, String) {
    let kind = u16_at(header, 0).unwrap_or(0);
    let target = match u32_at(header, 28).unwrap_or(0) {
        0 => String::new(),
        architecture => format!("sm_{architecture}"),
    };
    match kind {
        KIND_PTX => (Kind::Ptx, target),
        KIND_ELF => (Kind::Elf, target),
        _ => (Kind::Other, format!("fatbin entry of kind {kind}")),
    }
}

/// How the payload is packed, and how many of its bytes count (the rest is padding).
fn packing(header: &[u8], payload_bytes: u64) -> Result<(Packing, u64), Error> {
    let flags = u64_at(header, 40).unwrap_or(0);
    if flags & (FLAG_LZ4 | FLAG_ZSTD) == 0 {
        return Ok((Packing::Plain, payload_bytes));
    }
    let stored_bytes = u64::from(u32_at(header, 16).unwrap_or(0));
    if stored_bytes > payload_bytes {
        return Err(corrupt(format!("{stored_bytes} compressed bytes in a payload of {payload_bytes}")));
    }
    let unpacked_bytes = u64_at(header, 56).unwrap_or(0);
    let packing = match flags & FLAG_ZSTD {
        0 => Packing::Lz4 { unpacked_bytes },
        _ => Packing::Zstd { unpacked_bytes },
    };
    Ok((packing, stored_bytes))
}
