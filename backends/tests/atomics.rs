//! Atomics of blocks that run on several threads of the machine at once: nothing is lost, nothing is torn.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod world;

use stream_hal_capture::Op;
use stream_hal_capture::op::{Args, Launch};
use stream_hal_scheduler::Work;
use world::each;

const SOURCE: &str = r"
.version 8.8
.target sm_100
.address_size 64

.visible .entry all(.param .u64 at)
{
    .reg .b64 %d<9>;
    .reg .b32 %r<9>;
    .reg .b16 %h<3>;
    .reg .f32 %f<9>;
    .reg .f64 %g<3>;
    .reg .pred %p<4>;
    .reg .b128 %q<4>;
    ld.param.u64 %d1, [at];
    red.relaxed.gpu.global.add.u64 [%d1], 1;
    atom.global.add.f64 %g1, [%d1+8], 0d3FF0000000000000;
    mov.b32 %r1, 0x3c003c00;
    red.global.add.noftz.f16x2 [%d1+16], %r1;
    red.global.inc.u32 [%d1+20], 9;
    mov.b16 %h1, 0x3f80;
    atom.global.add.noftz.bf16 %h2, [%d1+24], %h1;
    mov.f32 %f1, 0f3F000000;
    red.global.add.v2.f32 [%d1+32], {%f1, %f1};
    ld.relaxed.gpu.global.b128 %q0, [%d1+48];
again:
    mov.b128 {%d2, %d3}, %q0;
    // A torn value would have unequal halves.
    setp.ne.u64 %p1, %d2, %d3;
    @%p1 trap;
    add.u64 %d4, %d2, 1;
    mov.b128 %q1, {%d4, %d4};
    atom.acq_rel.gpu.global.cas.b128 %q2, [%d1+48], %q0, %q1;
    mov.b128 {%d5, %d6}, %q2;
    setp.ne.u64 %p2, %d5, %d2;
    mov.b128 %q0, %q2;
    @%p2 bra again;
    ret;
}
";

#[test]
fn no_update_of_any_width_is_lost() {
    each(|world| {
        let module = world.device().load_module(SOURCE.as_bytes()).unwrap();
        let queue = world.queue();
        let at = world.words(16);
        let (grid, block) = (64u32, 64u16);
        let op = Op::Launch(Launch {
            function: 1,
            code: module.kernel(0).unwrap().code,
            grid: [grid, 1, 1],
            block: [block, 1, 1],
            flags: 0,
            shared_bytes: 0,
            args: Args { start: 0, bytes: 8 },
        });
        let work = Work::Ops { ops: &[op], args: &at.to_le_bytes(), waits: &[] };
        world.backend().wait(world.backend().submit(queue, work).unwrap());
        assert_eq!(world.health.fault(), None);
        let all = u64::from(grid) * u64::from(block);
        let long =
            |offset: u64| u64::from(world.word(at + offset)) | u64::from(world.word(at + offset + 4)) << 32;
        assert_eq!(long(0), all);
        assert_eq!(f64::from_bits(long(8)), all as f64);
        // From 2048 on one more is less than half of the last place.
        assert_eq!(world.word(at + 16), 0x6800_6800);
        assert_eq!(u64::from(world.word(at + 20)), all % 10);
        // The same from 256 on.
        assert_eq!(world.word(at + 24), 0x4380);
        assert_eq!([32, 36].map(|offset| f32::from_bits(world.word(at + offset))), [all as f32 / 2.0; 2]);
        assert_eq!([long(48), long(56)], [all; 2]);
    });
}
