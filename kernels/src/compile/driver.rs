//! From a kernel of a linked program to machine code: all stages in order.

use std::time::{Duration, Instant};

use super::build;
use super::pass::blocking::Threads;
use super::pass::split::Known;
use super::pass::split_plan::Plan;
use super::pass::{
    ahead, barriers, blocking, dce, deep, demand, expand, fold, forward, gvn, idioms, late, licm, mask, nan,
    order, promote, spaces, split, straight,
};
use super::ssa::verify::{Stage, verify};
use super::ssa::{Function, edit};
use super::{Code, Options, Refusal, Shape, Target, emit};
use crate::program::Program;

/// What happened on the way, for people.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The passes that ran, in order.
    pub passes: Vec<Pass>,
}

/// A pass that ran.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Its name.
    pub name: &'static str,
    /// How long it took.
    pub time: Duration,
    /// The function behind it as text.
    pub text: String,
}

impl Program {
    /// Compiles a kernel (an index into [`crate::Module::kernels`]) for one block size.
    pub fn compile(
        &self,
        kernel: usize,
        shape: Shape,
        target: &Target,
        options: Options,
    ) -> Result<Code, Refusal> {
        compile(self, kernel, shape, target, options, None)
    }

    /// The same, and what the passes did.
    pub fn compile_reported(
        &self,
        kernel: usize,
        shape: Shape,
        target: &Target,
        options: Options,
    ) -> (Result<Code, Refusal>, Report) {
        let mut report = Report::default();
        let code = compile(self, kernel, shape, target, options, Some(&mut report));
        (code, report)
    }
}

fn compile(
    program: &Program,
    kernel: usize,
    shape: Shape,
    target: &Target,
    options: Options,
    report: Option<&mut Report>,
) -> Result<Code, Refusal> {
    let module = program.module();
    let unfit = || Refusal::new(0, "the kernel has errors");
    let resources = module.resources(kernel).map_err(|_| unfit())?;
    if let Some(unsupported) = &resources.unsupported {
        return Err(Refusal::new(unsupported.line, format!("{} is not supported", unsupported.form)));
    }
    let source = module.source(kernel, program.addresses()).map_err(|_| unfit())?;
    let function = build::build(&source, &shape)?;
    let mut way = Way { function, stage: Stage::Threads, report };
    way.plain("build", |_| ());
    let (flush, known) = way.threads(&shape, target)?;
    let (options, known) = way.masked(&shape, target, options, known)?;
    let plan = way.vectors(&shape, target, &options, known)?;
    let mut code = way.timed("emit", |function| emit::emit(function, target))?;
    code.flush = flush == expand::Flush::Control;
    code.vectors = plan.vectors;
    code.gang = plan.gang;
    code.gangs = plan.gangs;
    code.local_bytes = way.function.local_bytes;
    code.frame_bytes = plan.frame_bytes;
    code.shared_bytes = source.dynamic_start;
    Ok(code)
}

/// A function between passes.
struct Way<'r> {
    function: Function,
    stage: Stage,
    report: Option<&'r mut Report>,
}

impl Way<'_> {
    /// From one thread's code as it was written to legal ops.
    fn threads(&mut self, shape: &Shape, target: &Target) -> Result<(expand::Flush, Threads), Refusal> {
        self.plain("promote", promote::run);
        self.plain("spaces", spaces::run);
        self.clean(shape);
        self.plain("idioms", idioms::run);
        let mut flush = expand::Flush::Never;
        self.plain("expand", |function| flush = expand::run(function, target));
        self.clean(shape);
        self.plain("licm", licm::run);
        self.plain("nan", nan::run);
        let known = self.timed("blocking", |function| blocking::run(function, shape, target.lanes))?;
        Ok((flush, known))
    }

    /// One way for all threads of a gang. The options come back with the number of vectors decided, and with them what is
    /// known of the function if that is still true.
    fn masked(
        &mut self,
        shape: &Shape,
        target: &Target,
        options: Options,
        known: Threads,
    ) -> Result<(Options, Option<Known>), Refusal> {
        self.stage = Stage::Masked;
        self.plain("mask", |function| mask::run_known(function, shape, target.lanes, known));
        let sure = Plan::is_sure_to_be_full(shape, &options);
        if sure {
            self.full(shape);
        } else {
            self.plain("gvn", gvn::run);
            self.plain("dce", dce::run);
        }
        let start = Instant::now();
        let (plan, known) = split::plan(&self.function, shape, target, &options)?;
        self.note("plan", start);
        let mut known = Some(known);
        match (plan.is_full(), sure) {
            (true, false) => {
                self.full(shape);
                known = None;
            }
            (false, true) => return Err(Refusal::new(0, "threads that do not exist")),
            _ => {}
        }
        self.plain("barriers", |function| {
            let one_gang = plan.gangs == 1;
            let cut = match &known {
                Some(known) => barriers::run_known(function, known.shapes(), one_gang),
                None => barriers::run(function, shape, target.lanes, one_gang),
            };
            if cut {
                known = None;
            }
        });
        Ok((Options { vectors: u8::try_from(plan.vectors).ok(), ..options }, known))
    }

    /// Nobody need ask who entered.
    fn full(&mut self, shape: &Shape) {
        self.plain("full", split::all_enter);
        self.clean(shape);
    }

    /// Vectors, and loops around them.
    fn vectors(
        &mut self,
        shape: &Shape,
        target: &Target,
        options: &Options,
        known: Option<Known>,
    ) -> Result<Plan, Refusal> {
        let start = Instant::now();
        let vectors = match known {
            Some(known) => split::run_known(&self.function, shape, target, options, known)?,
            None => split::run(&self.function, shape, target, options)?,
        };
        self.function = vectors.function;
        self.stage = Stage::Vectors;
        self.note("split", start);
        self.plain("straight", straight::run);
        self.plain("forward", forward::run);
        self.clean(shape);
        self.plain("demand", demand::run);
        self.plain("ahead", ahead::run);
        self.plain("licm", licm::run);
        self.plain("gvn", gvn::run);
        self.plain("dce", dce::run);
        self.plain("edges", edit::split_critical_edges);
        self.plain("deep", deep::run);
        self.plain("late", late::run);
        self.plain("order", order::run);
        Ok(vectors.plan)
    }

    fn clean(&mut self, shape: &Shape) {
        self.plain("fold", |function| fold::run(function, shape));
        self.plain("gvn", gvn::run);
        self.plain("dce", dce::run);
    }

    fn plain(&mut self, name: &'static str, run: impl FnOnce(&mut Function)) {
        let start = Instant::now();
        run(&mut self.function);
        self.note(name, start);
    }

    /// A pass that may refuse.
    fn timed<T>(
        &mut self,
        name: &'static str,
        run: impl FnOnce(&mut Function) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let start = Instant::now();
        let done = run(&mut self.function)?;
        self.note(name, start);
        Ok(done)
    }

    fn note(&mut self, name: &'static str, start: Instant) {
        if let Some(report) = &mut self.report {
            report.passes.push(Pass { name, time: start.elapsed(), text: self.function.to_string() });
        }
        if cfg!(debug_assertions)
            && let Err(what) = verify(&self.function, self.stage)
        {
            panic!("after {name}: {what}\n{}", self.function);
        }
    }
}

#[cfg(test)]
mod tests;
