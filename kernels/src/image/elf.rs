//! Just enough of 64-bit little-endian ELF: what an object is for, and where it ends.

use super::Error;
use super::field::{self, u16_at, u32_at, u64_at};

pub(super) const MAGIC: &[u8] = b"\x7fELF";
pub(super) const HEADER_BYTES: usize = 64;

const MACHINE_X86_64: u16 = 62;
const MACHINE_CUDA: u16 = 190;
const MACHINE_AMDGPU: u16 = 224;
/// From this ABI version on a cubin's architecture lies in the second byte of the flags, before in the first.
const CUDA_ABI_SECOND_BYTE: u8 = 8;
const SECTION_WITHOUT_BYTES: u32 = 8;

pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// `sm_80`, `gfx906`, `x86-64`, or empty.
pub(super) fn target(bytes: &[u8]) -> Result<String, Error> {
    let header = header(bytes)?;
    let flags = u32_at(header, 48).unwrap_or(0);
    Ok(match u16_at(header, 18) {
        Some(MACHINE_CUDA) if header[8] >= CUDA_ABI_SECOND_BYTE => format!("sm_{}", flags >> 8 & 0xff),
        Some(MACHINE_CUDA) => format!("sm_{}", flags & 0xff),
        Some(MACHINE_AMDGPU) => amd_name(flags as u8).to_owned(),
        Some(MACHINE_X86_64) => "x86-64".to_owned(),
        _ => String::new(),
    })
}

fn header(bytes: &[u8]) -> Result<&[u8], Error> {
    let header = field::part(bytes, "the ELF header", 0, HEADER_BYTES as u64)?;
    // Class 2 is 64 bits, data 1 is little-endian.
    if header[4] != 2 || header[5] != 1 {
        return Err(Error::Unsupported { what: "ELF that is not 64-bit little-endian".to_owned() });
    }
    Ok(header)
}

/// Where a table of `count` rows ends.
struct Table {
    from: u64,
    row_bytes: u64,
    count: u64,
}

impl Table {
    fn end(&self) -> u64 {
        self.from.saturating_add(self.row_bytes * self.count)
    }

    /// The rows that are there.
    fn rows<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (from, row_bytes) = (self.from, self.row_bytes);
        (0..self.count).map_while(move |row| {
            field::part(bytes, "an ELF table", from.checked_add(row * row_bytes)?, row_bytes).ok()
        })
    }
}

/// What is known of the end of the object whose first bytes are `prefix`.
pub(super) enum End {
    /// So many bytes must be there to tell.
    Beyond(u64),
    /// The object has so many bytes.
    At(u64),
}

pub(super) fn end(prefix: &[u8]) -> Result<End, Error> {
    let header = header(prefix)?;
    let half = |at| u64::from(u16_at(header, at).unwrap_or(0));
    let word = |at| u64_at(header, at).unwrap_or(0);
    let segments = Table { from: word(32), row_bytes: half(54), count: half(56) };
    let sections = Table { from: word(40), row_bytes: half(58), count: half(60) };
    let tables = segments.end().max(sections.end()).max(HEADER_BYTES as u64);
    if tables > prefix.len() as u64 {
        return Ok(End::Beyond(tables));
    }
    let extent = |row: &[u8], from, size| {
        u64_at(row, from).unwrap_or(0).saturating_add(u64_at(row, size).unwrap_or(0))
    };
    let of_segments = segments.rows(prefix).map(|row| extent(row, 8, 32));
    let of_sections = sections
        .rows(prefix)
        .filter(|row| u32_at(row, 4) != Some(SECTION_WITHOUT_BYTES))
        .map(|row| extent(row, 24, 32));
    Ok(End::At(of_segments.chain(of_sections).fold(tables, u64::max)))
}

// table
/// The processor numbers of AMD's ELF flags, as LLVM defines them.
fn amd_name(machine: u8) -> &'static str {
    match machine {
        0x20 => "gfx600",
        0x21 => "gfx601",
        0x22 => "gfx700",
        0x23 => "gfx701",
        0x24 => "gfx702",
        0x25 => "gfx703",
        0x26 => "gfx704",
        0x28 => "gfx801",
        0x29 => "gfx802",
        0x2a => "gfx803",
        0x2b => "gfx810",
        0x2c => "gfx900",
        0x2d => "gfx902",
        0x2e => "gfx904",
        0x2f => "gfx906",
        0x30 => "gfx908",
        0x31 => "gfx909",
        0x32 => "gfx90c",
        0x33 => "gfx1010",
        0x34 => "gfx1011",
        0x35 => "gfx1012",
        0x36 => "gfx1030",
        0x37 => "gfx1031",
        0x38 => "gfx1032",
        0x39 => "gfx1033",
        0x3a => "gfx602",
        0x3b => "gfx705",
        0x3c => "gfx805",
        0x3d => "gfx1035",
        0x3e => "gfx1034",
        0x3f => "gfx90a",
        0x40 => "gfx940",
        0x41 => "gfx1100",
        0x42 => "gfx1013",
        0x43 => "gfx1150",
        0x44 => "gfx1103",
        0x45 => "gfx1036",
        0x46 => "gfx1101",
        0x47 => "gfx1102",
        0x48 => "gfx1200",
        0x4a => "gfx1151",
        0x4b => "gfx941",
        0x4c => "gfx942",
        0x4e => "gfx1201",
        0x51 => "gfx9-generic",
        0x52 => "gfx10-1-generic",
        0x53 => "gfx10-3-generic",
        0x54 => "gfx11-generic",
        0x55 => "gfx1152",
        0x59 => "gfx12-generic",
        _ => "an unknown AMD processor",
    }
}
