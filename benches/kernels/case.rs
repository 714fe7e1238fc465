//! What a row of the bench is: its data, its launches, how results are compared, and its target.

use bytemuck::{Pod, Zeroable};

use crate::native::team::Team;

/// One line of the cache, so that vectors of data are aligned to it.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// An array of plain elements, aligned to cache lines.
#[derive(Clone)]
pub struct Data {
    lines: Vec<Line>,
    bytes: usize,
}

impl Data {
    /// So many elements, all zero.
    pub fn zeroed<T: Pod>(len: usize) -> Data {
        let bytes = len * size_of::<T>();
        Data { lines: vec![Line::zeroed(); bytes.div_ceil(64)], bytes }
    }

    /// Elements by their index.
    pub fn new<T: Pod>(len: usize, mut element: impl FnMut(usize) -> T) -> Data {
        let mut data = Data::zeroed::<T>(len);
        data.elements_mut().iter_mut().enumerate().for_each(|(i, place)| *place = element(i));
        data
    }

    /// All of it.
    pub fn elements<T: Pod>(&self) -> &[T] {
        bytemuck::cast_slice(&bytemuck::cast_slice::<_, u8>(&self.lines)[..self.bytes])
    }

    /// All of it, to be written.
    pub fn elements_mut<T: Pod>(&mut self) -> &mut [T] {
        let bytes = &mut bytemuck::cast_slice_mut::<_, u8>(&mut self.lines)[..self.bytes];
        bytemuck::cast_slice_mut(bytes)
    }
}

/// A parameter that is no buffer.
#[derive(Clone, Copy)]
pub enum Scalar {
    Int(i32),
    Float(f32),
}

impl Scalar {
    /// Its four bytes.
    pub fn bits(self) -> u32 {
        match self {
            Scalar::Int(value) => value as u32,
            Scalar::Float(value) => value.to_bits(),
        }
    }

    /// A number of elements.
    pub fn len(self) -> usize {
        match self {
            Scalar::Int(value) => value as usize,
            Scalar::Float(_) => panic!("a length is an integer"),
        }
    }

    /// A number.
    pub fn float(self) -> f32 {
        match self {
            Scalar::Int(_) => panic!("it is an integer"),
            Scalar::Float(value) => value,
        }
    }
}

/// A kernel over a grid; its parameters are first buffers, by their index, then scalars.
pub struct Launch {
    pub kernel: &'static str,
    pub grid: [u32; 2],
    pub block: [u32; 2],
    pub buffers: Vec<usize>,
    pub scalars: Vec<Scalar>,
}

/// How a result is compared with the first contender's.
#[derive(Clone, Copy)]
pub enum Check {
    /// Bit by bit.
    Exact,
    /// Floats, each within this share of its magnitude plus this much.
    Close { relative: f32, absolute: f32 },
    /// Integers of which at most this share differs.
    MostlySame(f64),
    /// Floats whose sum is within this share.
    Sum(f64),
    /// There is no result.
    Nothing,
}

/// The native version: works on the buffers with the first launch's scalars, on as many threads as the team has.
pub type Native = fn(&mut [Data], &[Scalar], &Team);

/// One row.
pub struct Case {
    pub name: &'static str,
    pub ptx: &'static str,
    pub buffers: Vec<Data>,
    /// Which buffers the kernel writes.
    pub results: Vec<usize>,
    /// One after the other.
    pub launches: Vec<Launch>,
    /// So many runs in a row are measured together, with one wait at the end.
    pub repeats: usize,
    pub native: Option<Native>,
    pub check: Check,
}

/// Compares two results, each the bytes of the result buffers in order; says what differs.
pub fn compare(check: Check, ours: &[Data], theirs: &[Data]) -> Result<(), String> {
    assert_eq!(ours.len(), theirs.len(), "as many results");
    ours.iter().zip(theirs).try_for_each(|(ours, theirs)| match check {
        Check::Nothing => Ok(()),
        Check::Exact => {
            let (ours, theirs) = (ours.elements::<u32>(), theirs.elements::<u32>());
            match ours.iter().zip(theirs).position(|(a, b)| a != b) {
                Some(at) => Err(format!("element {at} is {}, not {}", ours[at], theirs[at])),
                None => Ok(()),
            }
        }
        Check::Close { relative, absolute } => close(ours.elements(), theirs.elements(), relative, absolute),
        Check::MostlySame(share) => {
            let (ours, theirs) = (ours.elements::<u32>(), theirs.elements::<u32>());
            let different = ours.iter().zip(theirs).filter(|(a, b)| a != b).count();
            let most = (share * ours.len() as f64) as usize;
            if different <= most { Ok(()) } else { Err(format!("{different} differ, more than {most}")) }
        }
        Check::Sum(share) => {
            let sum = |data: &Data| data.elements::<f32>().iter().map(|&x| f64::from(x)).sum::<f64>();
            let (ours, theirs) = (sum(ours), sum(theirs));
            let near = (ours - theirs).abs() <= share * theirs.abs();
            if near { Ok(()) } else { Err(format!("the sum is {ours}, not {theirs}")) }
        }
    })
}

fn close(ours: &[f32], theirs: &[f32], relative: f32, absolute: f32) -> Result<(), String> {
    for (i, (&a, &b)) in ours.iter().zip(theirs).enumerate() {
        // Written so that what is no number is refused.
        let near = (a - b).abs() <= relative * b.abs() + absolute;
        if !near {
            return Err(format!("element {i} is {a}, not {b}"));
        }
    }
    Ok(())
}

/// A hash of results, to see that two runs agree.
pub fn hash(results: &[Data]) -> u64 {
    let bytes = results.iter().flat_map(|data| data.elements::<u8>());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
