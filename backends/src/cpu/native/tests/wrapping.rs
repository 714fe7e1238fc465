//! Blocks in which an index wraps around: compiled code leaves them to other code, or to the interpreter.

use std::sync::{Arc, Mutex};

use stream_hal_kernels::compile::{Refusal, Shape};

use super::super::{Compiler, target};
use super::{Counts, World, open_with};
use crate::Options;

/// Writes the upper half of `(s64)(ctaid · 0x7fffffe0 + tid)` to each thread's word, by way of what was there: a thread that ran
/// twice shows.
const SOURCE: &str = "
.version 7.8
.target sm_80
.address_size 64
.visible .entry wraps(.param .u64 at) {
    .reg .b32 %r<9>; .reg .b64 %d<9>;
    ld.param.u64 %d1, [at];
    mov.u32 %r1, %ctaid.x; mov.u32 %r2, %tid.x;
    mad.lo.s32 %r3, %r1, 0x7fffffe0, %r2;
    cvt.s64.s32 %d2, %r3;
    shr.s64 %d3, %d2, 32;
    cvt.u32.u64 %r4, %d3;
    mad.lo.u32 %r5, %r1, 64, %r2;
    mul.wide.u32 %d4, %r5, 4;
    add.s64 %d5, %d1, %d4;
    ld.global.u32 %r6, [%d5];
    add.u32 %r7, %r6, %r4;
    add.u32 %r7, %r7, 3;
    st.global.u32 [%d5], %r7;
    ret;
}
";

fn expected(blocks: u32, launches: u32) -> Vec<u32> {
    let one = |at: u32| {
        let index = (at / 64).wrapping_mul(0x7fff_ffe0).wrapping_add(at % 64) as i32;
        launches.wrapping_mul(3u32.wrapping_add((i64::from(index) >> 32) as u32))
    };
    (0..blocks * 64).map(one).collect()
}

/// A backend with the true compiler, and the shapes it was asked for. `wary`: it makes code for any grid.
fn world(threads: u32, wary: bool) -> (World, Arc<Mutex<Vec<Shape>>>) {
    let options = Options { cpu_threads: threads, ..Options::default() };
    let shapes = Arc::new(Mutex::new(Vec::new()));
    let asked = shapes.clone();
    let compiler = Compiler::with(target(), false, move |program, kernel, shape, target, options| {
        asked.lock().unwrap().push(shape);
        if !shape.small_grid && !wary {
            return Err(Refusal::new(0, "not in this test"));
        }
        program.compile(kernel, shape, target, options)
    });
    let mut world = World::of(open_with(&options, compiler).unwrap(), Counts::default());
    world.module = Some(world.opened.devices[0].load_module(SOURCE.as_bytes()).unwrap());
    (world, shapes)
}

#[test]
fn a_block_in_which_an_index_wraps_runs_elsewhere_once() {
    if target().is_none() {
        return;
    }
    for (threads, wary) in [(1, true), (1, false), (3, true), (3, false)] {
        let (world, shapes) = world(threads, wary);
        let at = world.words(64 * 64);
        for launches in 1..=12 {
            world.run("wraps", 64, 64, at);
            assert_eq!(world.read(at, 64 * 64), expected(64, launches), "{threads} threads, wary: {wary}");
        }
        assert_eq!(world.health.fault(), None);
        let small = |small_grid| Shape { block: [64, 1, 1], small_grid };
        assert_eq!(*shapes.lock().unwrap(), [small(true), small(false)]);
    }
}

#[test]
fn where_nothing_wraps_there_is_one_version() {
    if target().is_none() {
        return;
    }
    let (world, shapes) = world(2, true);
    let at = world.words(64);
    world.run("wraps", 1, 64, at);
    assert_eq!(world.read(at, 64), [3; 64]);
    assert_eq!(shapes.lock().unwrap().len(), 1);
}
