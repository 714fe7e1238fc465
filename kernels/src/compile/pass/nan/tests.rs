//! Text before and after.

use crate::compile::pass::dce;
use crate::compile::ssa::Function;
use crate::compile::ssa::parse::check;
use crate::compile::ssa::verify::Stage;

fn becomes(before: &str, after: &str) {
    let pass = |function: &mut Function| {
        super::run(function);
        dce::run(function);
    };
    check(Stage::Threads, before, pass, after);
}

/// Around lines that know an address (v0) and two loaded words (v1, v2).
fn straight(before: &str, after: &str) {
    let around = |lines: &str| {
        format!(
            "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\nv2: i32 = load.global.4.ordered v0 + 4\n{lines}\nexit\n"
        )
    };
    becomes(&around(before), &around(after));
}

#[test]
fn what_is_stored_has_its_form() {
    straight(
        "v3: i32 = add.f32 v1, v2\nv4: i32 = mul.f32 v3, v2\nstore.global.4 v0, v4\nstore.global.4 v0, v4",
        "v3: i32 = add.f32 v1, v2\nv4: i32 = mul.f32 v3, v2\nv5: i32 = canonical.f32 v4\nstore.global.4 v0, v5\nstore.global.4 v0, v5",
    );
}

#[test]
fn loaded_bits_stay() {
    straight("v3: i32 = neg.f32 v1\nstore.global.4 v0, v3", "v3: i32 = neg.f32 v1\nstore.global.4 v0, v3");
}

/// The sign of the one NaN may be turned.
#[test]
fn signs_are_made_anew() {
    straight(
        "v3: i32 = add.f32 v1, v2\nv4: i32 = neg.f32 v3\nv5: i32 = mul.f32 v4, v4\nstore.global.4 v0, v4\nstore.global.4 v0, v5",
        "v3: i32 = add.f32 v1, v2\nv4: i32 = neg.f32 v3\nv5: i32 = mul.f32 v4, v4\nv6: i32 = canonical.f32 v3\nv7: i32 = neg.f32 v6\nstore.global.4 v0, v7\nv8: i32 = canonical.f32 v5\nstore.global.4 v0, v8",
    );
}

#[test]
fn a_choice_of_two_results_is_one() {
    straight(
        "v3: i32 = add.f32 v1, v2\nv4: i32 = sub.f32 v1, v2\nv5: i1 = compare.lt.f32 v1, v2\nv6: i32 = select v3, v4, v5\nstore.global.4 v0, v6",
        "v3: i32 = add.f32 v1, v2\nv4: i32 = sub.f32 v1, v2\nv5: i1 = compare.lt.f32 v1, v2\nv6: i32 = select v3, v4, v5\nv7: i32 = canonical.f32 v6\nstore.global.4 v0, v7",
    );
}

#[test]
fn a_choice_of_a_result_and_loaded_bits_is_of_exact_ones() {
    straight(
        "v3: i32 = add.f32 v1, v2\nv5: i1 = compare.lt.f32 v1, v2\nv6: i32 = select v3, v1, v5\nstore.global.4 v0, v6",
        "v3: i32 = add.f32 v1, v2\nv5: i1 = compare.lt.f32 v1, v2\nv7: i32 = canonical.f32 v3\nv6: i32 = select v7, v1, v5\nstore.global.4 v0, v6",
    );
}

#[test]
fn what_is_no_nan_needs_nothing() {
    let lines = "v3: i32 = add.f32 v1, v2\nv4: i1 = compare.nan.f32 v3, v3\nv5: i32 = const 0x7fff0000\nv6: i32 = select v5, v3, v4\nv7: i32 = const 16\nv8: i32 = shr.u32 v6, v7\nv9: i32 = convert.f32.s32 v1\nstore.global.4 v0, v8, v9";
    straight(lines, lines);
}

/// A sum that starts with a constant goes around as it is.
#[test]
fn a_loop_carries_rough_values() {
    becomes(
        "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\nv2: i32 = const 0\njump b1(v2)\nb1(v3: i32):\nv4: i32 = add.f32 v3, v1\nv5: i1 = compare.lt.f32 v4, v1\nbranch v5, b1(v4), b2\nb2:\nstore.global.4 v0, v3\nexit\n",
        "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\nv2: i32 = const 0\njump b1(v2)\nb1(v3: i32):\nv4: i32 = add.f32 v3, v1\nv5: i1 = compare.lt.f32 v4, v1\nbranch v5, b1(v4), b2\nb2:\nv6: i32 = canonical.f32 v3\nstore.global.4 v0, v6\nexit\n",
    );
}

/// The first time around they are loaded.
#[test]
fn a_loop_carries_exact_values_if_it_must() {
    becomes(
        "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\njump b1(v1)\nb1(v3: i32):\nv4: i32 = add.f32 v3, v1\nv5: i1 = compare.lt.f32 v4, v1\nbranch v5, b1(v4), b2\nb2:\nstore.global.4 v0, v3\nexit\n",
        "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\njump b1(v1)\nb1(v3: i32):\nv4: i32 = add.f32 v3, v1\nv5: i1 = compare.lt.f32 v4, v1\nv6: i32 = canonical.f32 v4\nbranch v5, b1(v6), b2\nb2:\nstore.global.4 v0, v3\nexit\n",
    );
}

/// Halves are rounded once more, from a number in its form; who computes on does not care.
#[test]
fn halves() {
    straight(
        "v3: i32 = add.f32 v1, v2\nv4: i32 = convert.f16.f32 v3\nv5: i32 = convert.f32.f16 v4\nv6: i32 = mul.f32 v5, v5\nstore.global.2 v0, v4\nstore.global.4 v0, v6",
        "v3: i32 = add.f32 v1, v2\nv4: i32 = convert.f16.f32 v3\nv5: i32 = convert.f32.f16 v4\nv6: i32 = mul.f32 v5, v5\nv7: i32 = canonical.f32 v3\nv8: i32 = convert.f16.f32 v7\nstore.global.2 v0, v8\nv9: i32 = canonical.f32 v6\nstore.global.4 v0, v9",
    );
}

/// A conversion of which the control word flushes what it takes.
#[test]
fn conversions_that_flush() {
    straight(
        "v3: i64 = convert.ftz.f64.f32 v1\nstore.global.8 v0, v3",
        "v3: i64 = convert.ftz.f64.f32 v1\nv4: i64 = canonical.f64 v3\nstore.global.8 v0, v4",
    );
}

/// What replaces denormals does not look at NaNs.
#[test]
fn flushing_is_no_look() {
    let lines = "v3: i32 = add.f32 v1, v2\nv4: i32 = const 0x7f800000\nv5: i32 = and.u32 v3, v4\nv6: i32 = const 0\nv7: i1 = compare.eq.u32 v5, v6\nv8: i32 = const 0x80000000\nv9: i32 = and.u32 v3, v8\nv10: i32 = select v9, v3, v7\nv11: i32 = mul.f32 v10, v10\n";
    straight(
        &format!("{lines}store.global.4 v0, v11"),
        &format!("{lines}v12: i32 = canonical.f32 v11\nstore.global.4 v0, v12"),
    );
}

/// Nobody looks at the bits of what goes around, so it need not be like what was loaded.
#[test]
fn a_loop_carries_what_nobody_looks_at_as_it_is() {
    let text = "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\njump b1(v1)\nb1(v3: i32):\nv4: i32 = add.f32 v3, v1\nv5: i1 = compare.lt.f32 v4, v1\nbranch v5, b1(v4), b2\nb2:\nv6: i32 = convert.s32.f32 v3\nstore.global.4 v0, v6\nexit\n";
    becomes(text, text);
}

/// What is clamped is a number, and what is computed of it, unless infinities may meet.
#[test]
fn bounded_numbers_have_their_form() {
    let bounded = "v3: i32 = const 0\nv4: i32 = max.f32 v1, v3\nv5: i32 = const 0x3f800000\nv6: i32 = min.f32 v4, v5\n\
                   v7: i32 = const 0x437c0000\nv8: i32 = const 0x4b400001\nv9: i32 = fma.rm.f32 v6, v7, v8\nstore.global.4 v0, v9";
    straight(bounded, bounded);
    straight(
        "v3: i32 = const 0\nv4: i32 = max.f32 v1, v3\nv5: i32 = sub.f32 v4, v4\nstore.global.4 v0, v5",
        "v3: i32 = const 0\nv4: i32 = max.f32 v1, v3\nv5: i32 = sub.f32 v4, v4\nv6: i32 = canonical.f32 v5\nstore.global.4 v0, v6",
    );
    let converted = "v3: i32 = convert.f32.s32 v1\nv4: i32 = mul.f32 v3, v3\nv5: i32 = sub.f32 v4, v3\nstore.global.4 v0, v5";
    straight(converted, converted);
}
