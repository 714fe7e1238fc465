//! What compilers write out for a function becomes the function, which has fewer ops here.
//!
//! So far `expf` of CUDA: ex2(r) · 2ⁿ, where n is ⌊a log₂ e⌋ held to ±126 and r the rest, without flushing. Only the approximate
//! ex2 gives room for another way: PTX lets it be off by 2^-22. What `exp32` of `device_power` gives is off from 2^r · 2ⁿ by less than
//! 2^-22.9, for all `f32` (tried one by one; `expand/accuracy.rs` tries a sample), and below the normal numbers by less than a last place.

use crate::compile::ssa::{Function, Inst, Op, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Conversion, Float, Int, Mode, Rounding};
use crate::libdevice::External;

/// Replaces them. What led to the result stays for others, or for `dce`.
pub fn run(function: &mut Function) {
    let Some(exp) = External::named("__nv_expf") else { return };
    let product = float(Float::Mul);
    for block in function.block_ids() {
        for id in function.block(block).insts.clone() {
            let inst = function.inst(id);
            if inst.op != product {
                continue;
            }
            if let Some(a) = exponent(function, inst) {
                let inst = function.inst_mut(id);
                inst.op = Op::Compute(Compute::External(exp));
                inst.args.clear();
                inst.args.push(a);
            }
        }
    }
}

/// An op on `f32`, rounded to nearest.
fn float(op: Float) -> Op {
    Op::Compute(Compute::Float(op, Kind::F32, Mode::default()))
}

/// The constants of `expf`: what n is made of, its steps, and log₂ e in two parts.
mod constant {
    pub const SCALE: u64 = 0x3bbb_989d;
    pub const HALF: u64 = 0x3f00_0000;
    pub const STEPS: u64 = 0x437c_0000;
    pub const ROUNDS: u64 = 0x4b40_0001;
    pub const BACK: u64 = 0xcb40_007f;
    pub const LOG2_E: u64 = 0x3fb8_aa3b;
    pub const LOG2_E_LOW: u64 = 0x32a5_7060;
    pub const EXPONENT: u64 = 23;
}

/// What a product is e to the power of.
fn exponent(function: &Function, product: &Inst) -> Option<Value> {
    let [a, b] = product.args[..] else { return None };
    raised(function, a, b).or_else(|| raised(function, b, a))
}

fn raised(function: &Function, power: Value, root: Value) -> Option<Value> {
    let power = function.maker(power)?;
    if !matches!(power.op, Op::Compute(Compute::Int(Int::Shl, kind)) if kind.bits() == 32) {
        return None;
    }
    let root = function.maker(root)?;
    if !matches!(root.op, Op::Compute(Compute::Float(Float::Ex2, Kind::F32, Mode { sat: false, .. }))) {
        return None;
    }
    let shifted = power.args[0];
    let is = |value: Value, number: u64| function.constant(value) == Some(number);
    let (a, rest) = fma(function, root.args[0], Rounding::Nearest, constant::LOG2_E_LOW)?;
    let (same, minus) = fma(function, rest, Rounding::Nearest, constant::LOG2_E)?;
    let whole = maker_of(function, minus, &float(Float::Neg))?.args[0];
    let whole = maker_of(function, whole, &float(Float::Add))?;
    let (clamped, rounds) = fma(function, shifted, Rounding::Down, constant::STEPS)?;
    let (third, half) = fma(function, saturated(function, clamped)?, Rounding::Nearest, constant::SCALE)?;
    let fits = is(power.args[1], constant::EXPONENT)
        && whole.args[..].contains(&shifted)
        && whole.args.iter().any(|&value| is(value, constant::BACK))
        && is(rounds, constant::ROUNDS)
        && is(half, constant::HALF)
        && a == same
        && a == third;
    fits.then_some(a)
}

/// Of a value clamped to [0, 1] the one that is clamped.
fn saturated(function: &Function, value: Value) -> Option<Value> {
    let plain = Conversion {
        to: Kind::F32,
        from: Kind::F32,
        mode: Mode { sat: true, ..Mode::default() },
        integral: false,
        finite: false,
    };
    Some(maker_of(function, value, &Op::Compute(Compute::Convert(plain)))?.args[0])
}

fn maker_of<'f>(function: &'f Function, value: Value, op: &Op) -> Option<&'f Inst> {
    function.maker(value).filter(|inst| inst.op == *op)
}

/// Of a · b + c with the constant b: a and c.
fn fma(function: &Function, value: Value, rounding: Rounding, b: u64) -> Option<(Value, Value)> {
    let op = Compute::Float(Float::Fma, Kind::F32, Mode { rounding, ..Mode::default() });
    let inst = maker_of(function, value, &Op::Compute(op))?;
    let is = |value: Value| function.constant(value) == Some(b);
    let [x, y, z] = inst.args[..] else { return None };
    match (is(x), is(y)) {
        (_, true) => Some((x, z)),
        (true, _) => Some((y, z)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::{parse, same};
    use crate::compile::ssa::verify::{Stage, verify};

    const EXP: &str = "function f
        b0:
        v0: i64 = const 0
        v1: i32 = load.param.4 v0
        v2: i32 = const 0x3f000000
        v3: i32 = const 0x3bbb989d
        v4: i32 = fma.f32 v1, v3, v2
        v5: i32 = convert.sat.f32.f32 v4
        v6: i32 = const 0x4b400001
        v7: i32 = const 0x437c0000
        v8: i32 = fma.rm.f32 v5, v7, v6
        v9: i32 = const 0xcb40007f
        v10: i32 = add.f32 v8, v9
        v11: i32 = neg.f32 v10
        v12: i32 = const 0x3fb8aa3b
        v13: i32 = fma.f32 v1, v12, v11
        v14: i32 = const 0x32a57060
        v15: i32 = fma.f32 v1, v14, v13
        v16: i32 = const 23
        v17: i32 = shl.b32 v8, v16
        v18: i32 = ex2.ftz.f32 v15
        v19: i32 = mul.f32 v18, v17
        store.global.4 v0, v19
        exit";

    const PRODUCT: &str = "v19: i32 = mul.f32 v18, v17";

    fn after(text: &str) -> String {
        let mut function = parse(text);
        run(&mut function);
        verify(&function, Stage::Threads).unwrap();
        function.to_string()
    }

    #[test]
    fn exp_is_the_librarys() {
        let mut function = parse(EXP);
        run(&mut function);
        verify(&function, Stage::Threads).unwrap();
        same(&function, &EXP.replace(PRODUCT, "v19: i32 = __nv_expf v1"));
        let turned = EXP
            .replace(PRODUCT, "v19: i32 = mul.f32 v17, v18")
            .replace("fma.f32 v1, v12, v11", "fma.f32 v12, v1, v11")
            .replace("add.f32 v8, v9", "add.f32 v9, v8");
        assert!(after(&turned).contains("__nv_expf v1"));
    }

    #[test]
    fn what_differs_stays() {
        for (from, to) in [
            ("mul.f32 v18", "mul.ftz.f32 v18"),
            ("mul.f32 v18", "mul.rz.f32 v18"),
            ("fma.rm.f32", "fma.f32"),
            ("convert.sat.f32.f32 v4", "copy v4"),
            ("fma.f32 v1, v14, v13", "fma.f32 v2, v14, v13"),
            ("fma.f32 v1, v3, v2", "fma.f32 v2, v3, v2"),
            ("add.f32 v8, v9", "add.f32 v5, v9"),
            ("shl.b32 v8", "shl.b32 v5"),
            ("neg.f32 v10", "abs.f32 v10"),
            ("ex2.ftz.f32 v15", "ex2.ftz.f32 v13"),
            ("const 23", "const 22"),
            ("0x3f000000", "0x3f000001"),
            ("0x4b400001", "0x4b400000"),
            ("0xcb40007f", "0xcb40007e"),
            ("0x437c0000", "0x437b0000"),
        ] {
            assert!(EXP.contains(from), "{from}");
            let text = EXP.replace(from, to);
            assert!(!after(&text).contains("__nv_expf"), "{to}");
        }
    }
}
