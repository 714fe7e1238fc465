//! Little-endian fields of untrusted bytes: every read says whether the bytes were there.

use super::Error;

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

/// `bytes` cut to `from..from + size`.
pub(super) fn part<'a>(bytes: &'a [u8], what: &'static str, from: u64, size: u64) -> Result<&'a [u8], Error> {
    let range = range(bytes, what, from, size)?;
    Ok(&bytes[range])
}

/// `from..from + size` as a range that lies within `bytes`.
pub(super) fn range(
    bytes: &[u8],
    what: &'static str,
    from: u64,
    size: u64,
) -> Result<std::ops::Range<usize>, Error> {
    let present = bytes.len() as u64;
    match from.checked_add(size) {
        // Both ends are at most the length of a slice, so they fit.
        Some(end) if end <= present => Ok(from as usize..end as usize),
        end => Err(Error::Truncated { what, needed: end.unwrap_or(u64::MAX), present }),
    }
}
