//! The native versions: vectors of AVX-512 by hand, as one would write them for a machine that has it.
//!
//! Each kernel's file has one function of the type `case::Native`. It splits the work into as many
//! parts as the team has threads and does each part in a function with the features below.

pub mod finance;
pub mod histogram;
pub mod mandelbrot;
pub mod memory;
pub mod nbody;
pub mod reduce;
pub mod scan;
pub mod sgemm;
pub mod softmax;
pub mod team;
pub mod vector;

use crate::case::{Case, Data, Scalar};
use crate::contender::{Ready, Run, Source};
use team::Team;

/// Whether this machine has what the native versions are compiled for.
pub fn is_here() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("fma")
}

/// Rust with AVX-512.
pub struct Native {
    team: &'static Team,
}

impl Native {
    /// On so many threads, or why not.
    pub fn new(cores: usize) -> Result<Native, String> {
        if !is_here() {
            return Err("this processor has no AVX-512".into());
        }
        Ok(Native { team: Box::leak(Box::new(Team::new(cores))) })
    }
}

impl Source for Native {
    fn prepare(&self, case: &Case) -> Result<Ready, String> {
        let work = case.native.ok_or("a native empty kernel is nothing")?;
        let prepared = Prepared {
            work,
            scalars: case.launches[0].scalars.clone(),
            buffers: case.buffers.clone(),
            fresh: case.buffers.clone(),
            results: case.results.clone(),
            team: self.team,
        };
        Ok(Ready { run: Box::new(prepared), build_ns: 0.0 })
    }
}

struct Prepared {
    work: crate::case::Native,
    scalars: Vec<Scalar>,
    buffers: Vec<Data>,
    fresh: Vec<Data>,
    results: Vec<usize>,
    team: &'static Team,
}

impl Run for Prepared {
    fn reset(&mut self) {
        self.buffers.clone_from(&self.fresh);
    }

    fn run(&mut self, repeats: usize) {
        (0..repeats).for_each(|_| (self.work)(&mut self.buffers, &self.scalars, self.team));
    }

    fn results(&mut self) -> Vec<Data> {
        self.results.iter().map(|&at| self.buffers[at].clone()).collect()
    }
}
