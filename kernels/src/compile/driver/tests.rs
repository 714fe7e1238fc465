//! Random kernels mean the same after each stage.

use super::*;
use crate::compile::trial::{self, Taken};

const TARGET: Target = Target { lanes: 16, popcnt: true, funnel: true, half: false, bfloat: false };

fn way(function: Function) -> Way<'static> {
    Way { function, stage: Stage::Threads, report: None }
}

#[test]
fn random_kernels_mean_the_same_as_legal_ops() {
    trial::random(200, &|function, shape| {
        let mut way = way(function);
        way.threads(shape, &TARGET)?;
        Ok(Taken { function: way.function, stage: Stage::Threads, gang: 1 })
    });
}

#[test]
fn random_kernels_mean_the_same_in_gangs() {
    trial::random(200, &|function, shape| {
        let mut way = way(function);
        way.threads(shape, &TARGET)?;
        let options = way.masked(shape, &TARGET, Options::default())?;
        let gang = split::plan(&way.function, shape, &TARGET, &options)?.gang;
        Ok(Taken { function: way.function, stage: Stage::Masked, gang })
    });
}

#[test]
fn random_kernels_mean_the_same_as_vectors() {
    trial::random(200, &|function, shape| {
        let mut way = way(function);
        way.threads(shape, &TARGET)?;
        let options = way.masked(shape, &TARGET, Options::default())?;
        way.vectors(shape, &TARGET, &options)?;
        Ok(Taken { function: way.function, stage: Stage::Vectors, gang: 0 })
    });
}
