//! Makes images of every form we read, field by field, so that a test can vary any of them.

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// How an entry of a fatbin is packed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Packed {
    Plain,
    Lz4,
    Zstd,
}

/// One entry of a fatbin.
pub struct Entry<'a> {
    pub kind: u16,
    pub architecture: u32,
    pub packed: Packed,
    pub payload: &'a [u8],
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

pub fn fatbin(entries: &[Entry]) -> Vec<u8> {
    let body: Vec<u8> = entries.iter().flat_map(fatbin_entry).collect();
    let mut image = Vec::new();
    image.extend(0xba55_ed50_u32.to_le_bytes());
    image.extend(1_u16.to_le_bytes());
    image.extend(16_u16.to_le_bytes());
    image.extend((body.len() as u64).to_le_bytes());
    image.extend(body);
    image
}

fn fatbin_entry(entry: &Entry) -> Vec<u8> {
    let (flags, stored) = match entry.packed {
        Packed::Plain => (0, entry.payload.to_vec()),
        Packed::Lz4 => (0x2000, lz4_flex::block::compress(entry.payload)),
        Packed::Zstd => (0x8000, zstd(entry.payload)),
    };
    let is_packed = entry.packed != Packed::Plain;
    let padded = stored.len().next_multiple_of(8) + 8;
    let mut bytes = Vec::new();
    bytes.extend(entry.kind.to_le_bytes());
    bytes.extend(0x101_u16.to_le_bytes());
    bytes.extend(64_u32.to_le_bytes());
    bytes.extend((padded as u64).to_le_bytes());
    bytes.extend((if is_packed { stored.len() as u32 } else { 0 }).to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend([0, 0, 7, 0]);
    bytes.extend(entry.architecture.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend((0x11_u64 | flags).to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend((if is_packed { entry.payload.len() as u64 } else { 0 }).to_le_bytes());
    bytes.extend(&stored);
    bytes.resize(64 + padded, 0);
    bytes
}

/// A bundle with an empty host entry in front.
pub fn bundle(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all: Vec<(&str, &[u8])> = vec![("host-x86_64-unknown-linux-gnu-", b"")];
    all.extend(entries);
    let table: usize = all.iter().map(|(id, _)| 24 + id.len()).sum();
    let mut at = 24 + 8 + table;
    let mut image = b"__CLANG_OFFLOAD_BUNDLE__".to_vec();
    image.extend((all.len() as u64).to_le_bytes());
    for (id, payload) in &all {
        image.extend((at as u64).to_le_bytes());
        image.extend((payload.len() as u64).to_le_bytes());
        image.extend((id.len() as u64).to_le_bytes());
        image.extend(id.as_bytes());
        at += payload.len();
    }
    for (_, payload) in &all {
        image.extend(*payload);
    }
    image
}

/// A compressed bundle of the given version; method 0 is zlib, 1 is zstd.
pub fn compressed(version: u16, method: u16, bundle: &[u8]) -> Vec<u8> {
    let data = match method {
        0 => miniz_oxide::deflate::compress_to_vec_zlib(bundle, 6),
        _ => zstd(bundle),
    };
    let mut image = b"CCOB".to_vec();
    image.extend(version.to_le_bytes());
    image.extend(method.to_le_bytes());
    match version {
        1 => {}
        2 => image.extend((24 + data.len() as u32).to_le_bytes()),
        _ => image.extend((32 + data.len() as u64).to_le_bytes()),
    }
    match version {
        1 | 2 => image.extend((bundle.len() as u32).to_le_bytes()),
        _ => image.extend((bundle.len() as u64).to_le_bytes()),
    }
    // The hash is not looked at.
    image.extend([0xaa; 8]);
    image.extend(data);
    image
}

/// An ELF object of a header, eight bytes of content and one section row at the end.
pub fn elf(machine: u16, abi_version: u8, flags: u32) -> Vec<u8> {
    let mut image = b"\x7fELF\x02\x01\x01\x40".to_vec();
    image.push(abi_version);
    image.resize(18, 0);
    image.extend(machine.to_le_bytes());
    image.resize(40, 0);
    image.extend(72_u64.to_le_bytes());
    image.extend(flags.to_le_bytes());
    image.resize(58, 0);
    image.extend(64_u16.to_le_bytes());
    image.extend(1_u16.to_le_bytes());
    image.resize(72 + 64, 0);
    image
}
