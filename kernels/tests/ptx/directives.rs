//! Every directive that real texts hold, in one text, and each dialect's way to write it.

use stream_hal_kernels::Module;
use stream_hal_kernels::module::Space;

use super::bench::Bench;

const TEXT: &str = r#"
// A comment before the first directive.
.version 9.1 /* another */
.target sm_100a, texmode_independent, debug
.address_size 64
.file 1 "a.cu", 1700000000, 12
.file 2 "b.cu"
.pragma "nounroll";
.extern .func (.param .b32 func_retval0) vprintf (.param .b64 vprintf_param_0, .param .b64 vprintf_param_1)
;
.extern .func __assertfail (.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e) .noreturn;
.visible .global .align 4 .u32 counter;
.global .attribute(.managed) .align 8 .b8 managed[16];
.weak .global .align 8 .f64 weak = 0d3FF8000000000000;
.common .global .align 4 .b32 shared_by_modules;
.extern .shared .align 16 .b8 dynamic[];
.const .align 4 .b32 table[2][3] = {{1, 2, 3}, {-4, 0x5, 0b110}}, one = 7U;
.global .align 8 .u64 addresses[3] = {counter, generic(table)+4, helper};
.global .v4 .f32 vector = {0f3F800000, 1.5, -2, 1e1};
.global .align 1 .b8 text[6] = {104, 101, 108, 108, 111, 0};
.global .texref picture;
.visible .func (.param .align 8 .b8 result[16]) helper (.reg .u32 a, .param .align 8 .b8 pair[8]);
.func alias (.reg .u32 a);
.weak .func target (.reg .u32 a) { ret; }
.alias alias, target;

.func (.param .align 8 .b8 result[16]) helper (.reg .u32 a, .param .align 8 .b8 pair[8])
.noreturn
{
	.reg .u32 	%x<3>;
	.loc	1 12 5, function_name $L__info_string0, inlined_at 1 3 9
	ld.param.v2.u32 {%x0, %x1}, [pair];
	add.u32 %x0, %x0, a;
	st.param.b32 	[result+0], %x0;
	st.param.b32 	[result+8], %x1;
	ret.uni;
}

.visible .entry k(
	.param .u64 .ptr .global .align 8 out,
	.param .align 8 .b8 by_value[16],
	.param .u32 count
)
.maxntid 128, 1, 1
.minnctapersm 2
.maxnreg 64
.maxclusterrank 8
.pragma "used_bytes_mask 0xff";
{
	.local .align 8 .b8 	__local_depot0[24];
	.reg .b64 	%SP, %SPL;
	.reg.b32 %r<20>; .reg .b64 %rd<20>; .reg .pred %p<4>; .reg .v2 .u32 %pair;
	.shared .align 4 .b8 tile[64];
	.pragma "nounroll";
$L__tmp0:
	.loc	2 3 1
	mov.u64 	%SPL, __local_depot0;
	cvta.local.u64 	%SP, %SPL;
	ld.param.u64 %rd1, [out];
	ld.param.u32 %r1, [by_value+12];
	ld.param.u32 %r2, [count];
	st.u32 [%SP+8], %r1;
	{ // callseq 0, 0
	.reg .b32 temp_param_reg;
	.param .align 8 .b8 param1[8];
	st.param.b32 [param1+0], 30;
	st.param.b32 [param1+4], 4;
	.param .align 8 .b8 retval0[16];
	call.uni (retval0), helper, (%r2, param1);
	ld.param.b32 %r3, [retval0+0];
	ld.param.b32 %r4, [retval0+8];
	} // callseq 0
	prototype_1 : .callprototype (.param .align 8 .b8 _[16]) _ (.reg .u32 _, .param .align 8 .b8 _[8]) .noreturn;
	mov.u64 %rd2, addresses;
	ld.global.u64 %rd3, [%rd2+16];
	{ .param .align 8 .b8 p[8]; .param .align 8 .b8 r[16];
	  st.param.v2.b32 [p], {5, 6};
	  call (r), %rd3, (%r3, p), prototype_1;
	  ld.param.u32 %r5, [r]; }
	call alias, (%r5);
	and.b32 %r6, %r2, 1;
	labels: .branchtargets one_way, other_way;
	brx.idx %r6, labels;
one_way:
	mov.u32 %r7, 1;
	bra.uni done;
other_way: mov.u32 %r7, 2;
done:
	mov.u32 %pair.x, %r7; mov.u32 %pair.y, WARP_SZ;
	ld.u32 %r8, [%SP+8];
	ld.const.u32 %r9, [table+12];
	ld.global.f32 %r10, [vector+8];
	st.global.v4.u32 [%rd1], {%r3, %r4, %r5, %pair.x};
	st.global.v4.u32 [%rd1+16], {%pair.y, %r8, %r9, %r10};
	ret;
}
	.section	.debug_abbrev
	{
.b8 1                                   // Abbreviation Code
.b8 17 
.b32 .debug_abbrev
	}
	.section .debug_loc { }
.file	3 "late.cu"
"#;

#[test]
fn every_directive_is_read_and_means_what_it_says() {
    let mut bench = Bench::new(TEXT);
    let module = bench.program.module();
    assert_eq!((module.version(), module.target()), ((9, 1), "sm_100a"));
    let kernel = &module.kernels()[0];
    assert_eq!((kernel.max_threads, kernel.parameter_bytes), (128, 28));
    assert_eq!(module.resources(0).unwrap().unsupported, None);
    let global = |name: &str| module.globals().iter().find(|global| global.name == name).unwrap();
    assert!(global("counter").visible && global("weak").visible && !global("text").visible);
    assert_eq!(
        (global("one").space, global("one").bytes, &global("one").initial[..]),
        (Space::Const, 4, &[7][..])
    );
    assert_eq!((global("managed").bytes, global("vector").align, global("table").bytes), (16, 16, 24));

    let out = bench.put_words([0; 8]);
    let parameters = [&out.to_le_bytes()[..], &[0; 12], &13u32.to_le_bytes(), &3u32.to_le_bytes()].concat();
    let launch = stream_hal_kernels::Launch { parameters: &parameters, ..Default::default() };
    bench.launch("k", &launch).unwrap();
    let minus_two = (-2f32).to_bits();
    assert_eq!(bench.words(out, 8), [33, 4, 38, 2, 32, 13, -4i32 as u32, minus_two]);
}

#[test]
fn any_version_and_target_is_taken() {
    for version in ["1.4", "3.2", "6.0", "7.8", "8.8", "9.3"] {
        for target in ["sm_20", "compute_52", "sm_90a", "sm_121f, debug"] {
            let text =
                format!(".version {version}\n.target {target}\n.address_size 64\n.entry k() {{ ret; }}");
            let module = Module::parse(&text).unwrap();
            assert_eq!(module.check(1), Ok(()));
            assert_eq!(module.kernels().len(), 1);
        }
    }
}
