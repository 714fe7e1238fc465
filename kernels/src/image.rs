//! Code images: what a byte string handed to "load module" is, which codes it holds and for what, and the PTX in it.
//!
//! Any bytes are safe to give: nothing panics, and memory stays within [`MAX_UNPACKED_BYTES`] and a fixed multiple
//! of the input.

mod bundle;
mod elf;
mod extent;
mod fatbin;
mod field;
mod text;
mod unpack;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

pub use extent::{MAX_IMAGE_BYTES, Needed, needed};
pub use unpack::MAX_UNPACKED_BYTES;

/// First four bytes, little-endian, of the structure in which CUDA programs hold the address of a fatbin.
pub const CUDA_WRAPPER: u32 = 0x4662_43b1;
/// The same of HIP programs; the address is that of an offload bundle.
pub const HIP_WRAPPER: u32 = 0x4849_5046;
/// The compute capability, times ten, that devices fed with PTX report; see [`ptx`].
pub const PTX_LEVEL: u32 = 80;

const SPIRV_MAGIC: u32 = 0x0723_0203;
const BITCODE_MAGIC: &[u8] = b"BC\xc0\xde";

/// Why an image cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No bytes, or nothing but blanks and comments.
    #[error("the image is empty")]
    Empty,
    /// The first bytes fit nothing we know.
    #[error("not a code image: it starts with {start}")]
    Unrecognised {
        /// The first bytes, in hexadecimal and as text.
        start: String,
    },
    /// The image ends before what it announces.
    #[error("{what} is cut off: {needed} bytes are needed, {present} are there")]
    Truncated {
        /// The part that is cut off.
        what: &'static str,
        /// Where that part ends, in bytes from the start of its container.
        needed: u64,
        /// How many bytes there are.
        present: u64,
    },
    /// A field contradicts another, or compressed data does not decode.
    #[error("{what} is corrupt: {because}")]
    Corrupt {
        /// The part that is corrupt.
        what: &'static str,
        /// What is wrong with it.
        because: String,
    },
    /// It would take more memory than we are willing to spend on an image.
    #[error("{what} is too large: {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// The part that is too large.
        what: &'static str,
        /// Its size in bytes.
        bytes: u64,
        /// The largest accepted size in bytes.
        limit: u64,
    },
    /// A format we know of but do not read.
    #[error("{what} is not supported")]
    Unsupported {
        /// The format, with its version where that matters.
        what: String,
    },
    /// A structure with the address of the image ([`wrapped`]), given in place of the image.
    #[error("this is the structure that points to an image, not the image")]
    Wrapper,
    /// The format does not say where it ends, and no length was given.
    #[error("{what} does not say its own length")]
    NoLength {
        /// The format.
        what: &'static str,
    },
    /// The image is in order and holds nothing of the wanted kind.
    #[error("no {wanted} in the image; it holds {found}")]
    NoCode {
        /// What was looked for.
        wanted: &'static str,
        /// What is there: kinds and targets.
        found: String,
    },
}

/// What a piece of code is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// PTX text.
    Ptx,
    /// An ELF object: a cubin, an AMD code object or a host object.
    Elf,
    /// A SPIR-V module.
    Spirv,
    /// LLVM bitcode.
    Bitcode,
    /// Something else; the target says what its container calls it.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Kind::Ptx => "PTX",
            Kind::Elf => "ELF",
            Kind::Spirv => "SPIR-V",
            Kind::Bitcode => "LLVM bitcode",
            Kind::Other => "unknown code",
        })
    }
}

/// How a piece of code lies in its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Lz4 { unpacked_bytes: u64 },
    Zstd { unpacked_bytes: u64 },
}

/// A piece of an unpacked payload, where several were packed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    from: u64,
    size_bytes: u64,
}

/// One piece of code of an [`Image`], still packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// What it is written in.
    pub kind: Kind,
    /// What it was made for: `sm_80`, `gfx906`, `amdgcnspirv`. Empty where nothing tells.
    pub target: String,
    range: Range<usize>,
    packing: Packing,
    part: Option<Part>,
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.kind)?;
        if !self.target.is_empty() {
            write!(out, " for {}", self.target)?;
        }
        Ok(())
    }
}

/// A recognised image: its codes in the order in which they lie there.
#[derive(Clone, Debug)]
pub struct Image<'a> {
    /// The container, unpacked where the whole of it was compressed.
    whole: Cow<'a, [u8]>,
    codes: Vec<Code>,
}

impl Image<'_> {
    /// What is in the image. Host entries of a bundle are left out.
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The bytes of one of [`codes`](Self::codes), unpacked.
    ///
    /// # Errors
    /// Compressed data that does not decode, or that is larger than announced or allowed.
    pub fn unpack(&self, code: &Code) -> Result<Cow<'_, [u8]>, Error> {
        unpack(&self.whole, code)
    }

    /// What the image holds, in words.
    pub fn inventory(&self) -> String {
        match self.codes.as_slice() {
            [] => "no code".to_owned(),
            codes => codes.iter().map(Code::to_string).collect::<Vec<_>>().join(", "),
        }
    }

    /// The PTX that suits compute capability `level` (times ten) best: the newest up to it, else the oldest beyond.
    fn best_ptx(&self, level: u32) -> Result<&Code, Error> {
        let fitness = |code: &&Code| match architecture(&code.target) {
            target if target <= level => (1, i64::from(target)),
            target => (0, -i64::from(target)),
        };
        self.codes
            .iter()
            .filter(|code| code.kind == Kind::Ptx)
            .max_by_key(fitness)
            .ok_or_else(|| Error::NoCode { wanted: "PTX", found: self.inventory() })
    }
}

/// Recognises an image and lists its codes, without unpacking more than is needed to see them.
///
/// # Errors
/// Bytes that are no image, or an image that is cut off, contradicts itself or is too large.
pub fn sniff(bytes: &[u8]) -> Result<Image<'_>, Error> {
    if bundle::is_compressed(bytes) {
        let whole = Cow::Owned(bundle::decompress(bytes)?);
        let codes = bundle::codes(&whole)?;
        return Ok(Image { whole, codes });
    }
    Ok(Image { whole: Cow::Borrowed(bytes), codes: container(bytes)? })
}

/// The PTX text of an image for a device of level [`PTX_LEVEL`], ready for the parser: no trailing NUL; bytes that
/// are not UTF-8 (they occur in comments) are replaced.
///
/// # Errors
/// As [`sniff`] and [`Image::unpack`]; [`Error::NoCode`] names what is there when no PTX is.
pub fn ptx(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    ptx_for(bytes, PTX_LEVEL)
}

/// [`ptx`] for a device of another compute capability, times ten.
///
/// # Errors
/// As [`ptx`].
pub fn ptx_for(bytes: &[u8], level: u32) -> Result<Cow<'_, str>, Error> {
    let image = sniff(bytes)?;
    let code = image.best_ptx(level)?.clone();
    let unpacked = match image.whole {
        Cow::Borrowed(whole) => unpack(whole, &code)?,
        Cow::Owned(whole) => Cow::Owned(unpack(&whole, &code)?.into_owned()),
    };
    Ok(text::decode(unpacked))
}

/// The address that a wrapper structure ([`CUDA_WRAPPER`], [`HIP_WRAPPER`]) points to, if `bytes` start with one.
pub fn wrapped(bytes: &[u8]) -> Option<u64> {
    is_wrapper(bytes).then(|| field::u64_at(bytes, 8)).flatten()
}

fn is_wrapper(bytes: &[u8]) -> bool {
    matches!(field::u32_at(bytes, 0), Some(CUDA_WRAPPER | HIP_WRAPPER))
}

/// Anything that is not compressed as a whole.
fn container(bytes: &[u8]) -> Result<Vec<Code>, Error> {
    if bundle::is_plain(bytes) {
        return bundle::codes(bytes);
    }
    if is_wrapper(bytes) {
        return Err(Error::Wrapper);
    }
    leaf(bytes)
}

/// A fatbin or a single piece of code: what may also stand in an entry of a bundle.
fn leaf(bytes: &[u8]) -> Result<Vec<Code>, Error> {
    if fatbin::is(bytes) {
        return fatbin::codes(bytes);
    }
    single(bytes).map(|code| vec![code])
}

/// One piece of code without a container.
fn single(bytes: &[u8]) -> Result<Code, Error> {
    let all =
        |kind, target| Code { kind, target, range: 0..bytes.len(), packing: Packing::Plain, part: None };
    if elf::is(bytes) {
        return Ok(all(Kind::Elf, elf::target(bytes)?));
    }
    if matches!(field::u32_at(bytes, 0).map(|magic| (magic, magic.swap_bytes())),
        Some((magic, swapped)) if magic == SPIRV_MAGIC || swapped == SPIRV_MAGIC)
    {
        return Ok(all(Kind::Spirv, String::new()));
    }
    if bytes.starts_with(BITCODE_MAGIC) {
        return Ok(all(Kind::Bitcode, String::new()));
    }
    let target = text::target(bytes)?;
    Ok(all(Kind::Ptx, target))
}

fn unpack<'a>(whole: &'a [u8], code: &Code) -> Result<Cow<'a, [u8]>, Error> {
    let stored = whole.get(code.range.clone()).ok_or(Error::Truncated {
        what: "the code",
        needed: code.range.end as u64,
        present: whole.len() as u64,
    })?;
    let unpacked = match code.packing {
        Packing::Plain => Cow::Borrowed(stored),
        Packing::Lz4 { unpacked_bytes } => unpack::lz4(stored, unpacked_bytes).map(Cow::Owned)?,
        Packing::Zstd { unpacked_bytes } => unpack::zstd(stored, unpacked_bytes).map(Cow::Owned)?,
    };
    let Some(Part { from, size_bytes }) = code.part else { return Ok(unpacked) };
    let range = field::range(&unpacked, "a piece of a joint fatbin entry", from, size_bytes)?;
    Ok(match unpacked {
        Cow::Borrowed(all) => Cow::Borrowed(&all[range]),
        Cow::Owned(all) => Cow::Owned(all[range].to_vec()),
    })
}

/// The number in `sm_80`, `sm_90a`, `compute_75`; 0 where there is none.
fn architecture(target: &str) -> u32 {
    let digits = target.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests;
