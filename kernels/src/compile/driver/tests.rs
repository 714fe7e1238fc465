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
        let (_, known) = way.threads(shape, &TARGET)?;
        let (options, _) = way.masked(shape, &TARGET, Options::default(), known)?;
        let gang = split::plan(&way.function, shape, &TARGET, &options)?.0.gang;
        Ok(Taken { function: way.function, stage: Stage::Masked, gang })
    });
}

#[test]
fn random_kernels_mean_the_same_as_vectors() {
    trial::random(200, &|function, shape| {
        let mut way = way(function);
        let (_, known) = way.threads(shape, &TARGET)?;
        let (options, known) = way.masked(shape, &TARGET, Options::default(), known)?;
        way.vectors(shape, &TARGET, &options, known)?;
        Ok(Taken { function: way.function, stage: Stage::Vectors, gang: 0 })
    });
}

#[test]
fn a_report_has_the_function_behind_every_pass() {
    let text = ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 to)\n{\n\
                .reg .b64 %d<2>;\nld.param.u64 %d0, [to];\nst.global.u32 [%d0], 7;\nret;\n}\n";
    let module = std::sync::Arc::new(crate::Module::parse(text).unwrap());
    let program = module.link(&[]).unwrap();
    let shape = Shape { block: [64, 1, 1], small_grid: true };
    let (code, report) = program.compile_reported(0, shape, &TARGET, Options::default());
    assert_eq!(code.unwrap().bytes, program.compile(0, shape, &TARGET, Options::default()).unwrap().bytes);
    let names: Vec<&str> = report.passes.iter().map(|pass| pass.name).collect();
    assert_eq!((names.first(), names.last()), (Some(&"build"), Some(&"emit")));
    for (name, what) in [("build", "store.global.4"), ("mask", "entered"), ("split", "context")] {
        let pass = report.passes.iter().find(|pass| pass.name == name).unwrap();
        assert!(pass.text.contains(what), "{name}: {}", pass.text);
    }
}
