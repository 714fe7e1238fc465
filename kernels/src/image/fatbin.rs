//! NVIDIA's fatbin: a header of 16 bytes, then entries of a header and a payload each.

use super::field::{self, u16_at, u32_at, u64_at};
use super::{Code, Error, Kind, Packing, elf};

pub(super) const MAGIC: u32 = 0xba55_ed50;
/// Bytes of the header that tell the size of the whole.
pub(super) const HEADER_BYTES: usize = 16;

const KIND_PTX: u16 = 1;
const KIND_ELF: u16 = 2;
const FLAG_LZ4: u64 = 0x2000;
const FLAG_ZSTD: u64 = 0x8000;
/// An entry's header up to and with its target; what lies beyond a shorter header counts as zero.
const ENTRY_BYTES: u64 = 32;

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
        let (code, next) = entry(&bytes[..end], at)?;
        codes.push(code);
        at = next;
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

/// The code of the entry at `at`, and where the next entry begins.
fn entry(bytes: &[u8], at: usize) -> Result<(Code, usize), Error> {
    field::part(bytes, "a fatbin entry", at as u64, ENTRY_BYTES)?;
    let header_bytes = u64::from(u32_at(bytes, at + 4).unwrap_or(0));
    if header_bytes < ENTRY_BYTES {
        let because = format!("its header has {header_bytes} bytes");
        return Err(Error::Corrupt { what: "a fatbin entry", because });
    }
    let header = field::part(bytes, "a fatbin entry's header", at as u64, header_bytes)?;
    let payload_bytes = u64_at(header, 8).unwrap_or(0);
    let payload = field::range(bytes, "a fatbin entry's payload", at as u64 + header_bytes, payload_bytes)?;
    let next = payload.end;
    let (packing, stored_bytes) = packing(header, payload_bytes)?;
    let range = payload.start..payload.start + stored_bytes as usize;
    let (kind, target) = match u16_at(header, 0) {
        Some(KIND_PTX) => (Kind::Ptx, target(header)),
        Some(KIND_ELF) => (Kind::Elf, elf_target(header, &bytes[range.clone()])),
        other => (Kind::Other, format!("fatbin entry of kind {}", other.unwrap_or(0))),
    };
    Ok((Code { kind, target, range, packing }, next))
}

fn target(header: &[u8]) -> String {
    format!("sm_{}", u32_at(header, 28).unwrap_or(0))
}

/// An entry's header does not tell `sm_90` from `sm_90a`, and is zero in old files; a plain ELF tells at least `sm_90`.
fn elf_target(header: &[u8], payload: &[u8]) -> String {
    match u32_at(header, 28) {
        Some(0) | None if elf::is(payload) => elf::target(payload).unwrap_or_default(),
        _ => target(header),
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
        let because = format!("{stored_bytes} compressed bytes in a payload of {payload_bytes}");
        return Err(Error::Corrupt { what: "a fatbin entry", because });
    }
    let unpacked_bytes = u64_at(header, 56).unwrap_or(0);
    let packing = match flags & FLAG_ZSTD {
        0 => Packing::Lz4 { unpacked_bytes },
        _ => Packing::Zstd { unpacked_bytes },
    };
    Ok((packing, stored_bytes))
}
