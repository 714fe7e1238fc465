//! The device library's functions `__nv_*`, called through PTX: every row of the table has a test here.

mod calls;
mod exact;
mod real;

use std::collections::{BTreeMap, BTreeSet};

use stream_hal_kernels::libdevice;

use super::bench::Bench;

/// The seed of all random arguments here.
const SEED: u64 = 11;

/// Says whether an output is right: arguments, output, both as bits. The words are for the failure.
type Judge = Box<dyn Fn(&[u64], u64) -> Result<(), String>>;

/// The test of a function.
pub struct Case {
    pub name: &'static str,
    /// What it is called with.
    pub arguments: Vec<Vec<u64>>,
    /// For the result and for what goes through each pointer, in order.
    pub outputs: Vec<Judge>,
}

/// Register prefix and type of a letter of a signature.
fn register(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "h" => ("%h", "b16"),
        "i" => ("%r", "b32"),
        "f" => ("%f", "f32"),
        "d" => ("%g", "f64"),
        _ => ("%d", "b64"),
    }
}

/// Calls a function once a thread, as compilers write it; gives each thread's outputs.
pub fn call(name: &str, signature: &str, arguments: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let mut kinds = signature.split(' ');
    let result = kinds.next().filter(|&kind| kind != "-");
    let outputs = usize::from(result.is_some()) + signature.matches('*').count();
    let (mut formals, mut body, mut actuals) = (Vec::new(), String::new(), Vec::new());
    let (mut read, mut written) = (0, usize::from(result.is_some()));
    for (at, kind) in kinds.enumerate() {
        let (prefix, ty) = register(kind);
        let bits = ty.replace('f', "b");
        body += &format!(".param .{bits} p{at};\n");
        body += &if kind.ends_with('*') {
            written += 1;
            format!("add.u64 {prefix}{at}, %d41, {};\n", (written - 1) * 8)
        } else {
            read += 1;
            format!("ld.global.{ty} {prefix}{at}, [%d40+{}];\n", (read - 1) * 8)
        };
        body += &format!("st.param.{ty} [p{at}], {prefix}{at};\n");
        formals.push(format!(".param .{bits} a{at}"));
        actuals.push(format!("p{at}"));
    }
    let (formals, actuals) = (formals.join(", "), actuals.join(", "));
    let mut declared = format!(".extern .func {name}({formals});");
    match result.map(register) {
        None => body += &format!("call.uni {name}, ({actuals});\n"),
        Some((prefix, ty)) => {
            // A half comes back in a word, as LLVM passes it.
            let bits = if ty == "b16" { "b32".to_owned() } else { ty.replace('f', "b") };
            let (prefix, ty) = if ty == "b16" { ("%r", "b32") } else { (prefix, ty) };
            declared = format!(".extern .func (.param .{bits} o) {name}({formals});");
            body += &format!(".param .{bits} q; call.uni (q), {name}, ({actuals});\n");
            body += &format!("ld.param.{ty} {prefix}50, [q]; st.global.{ty} [%d41], {prefix}50;\n");
        }
    }
    let source = format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n{declared}\n.visible .entry k(.param .u64 a, .param .u64 b)\n{{
         .reg .b16 %h<60>; .reg .b32 %r<60>; .reg .b64 %d<60>; .reg .f32 %f<60>; .reg .f64 %g<60>;
         ld.param.u64 %d40, [a]; ld.param.u64 %d41, [b]; mov.u32 %r40, %ctaid.x; mov.u32 %r41, %tid.x;
         mad.lo.u32 %r40, %r40, 32, %r41; mul.wide.u32 %d42, %r40, 32; add.u64 %d40, %d40, %d42; add.u64 %d41, %d41, %d42;
         {body} ret;\n}}\n"
    );
    let mut bench = Bench::new(&source);
    let resources = bench.program.module().resources(0).unwrap();
    assert_eq!(resources.unsupported, None, "{name} {signature}");
    let padded = arguments.len().next_multiple_of(32);
    let flat = arguments.iter().flat_map(|row| (0..4).map(|at| row.get(at).copied().unwrap_or(0)));
    let input = bench.put_longs(flat.chain(std::iter::repeat_n(0, (padded - arguments.len()) * 4)));
    let output = bench.put_longs(std::iter::repeat_n(0, padded * 4));
    bench.run((padded / 32) as u32, 32, &[input, output]).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let values = bench.longs(output, arguments.len() * 4);
    values.chunks(4).map(|row| row[..outputs].to_vec()).collect()
}

fn run(case: &Case, signature: &str) -> Result<(), String> {
    assert!(!case.arguments.is_empty(), "{} is called with nothing", case.name);
    let results = call(case.name, signature, &case.arguments);
    for (row, result) in case.arguments.iter().zip(results) {
        assert_eq!(result.len(), case.outputs.len(), "{}: outputs and judges", case.name);
        for (output, (judge, &value)) in case.outputs.iter().zip(&result).enumerate() {
            let name = case.name;
            judge(row, value).map_err(|words| {
                format!("{name} output {output} of {row:#x?} (seed {SEED}): {value:#x}, {words}")
            })?;
        }
    }
    Ok(())
}

#[test]
fn every_function_of_the_table() {
    let signatures: BTreeMap<_, _> = libdevice::list().collect();
    assert_eq!(signatures.len(), libdevice::list().count(), "a name stands twice");
    assert!(signatures.len() >= 349, "{} functions", signatures.len());
    let mut cases = exact::cases();
    cases.extend(real::cases());
    let tested: BTreeSet<_> = cases.iter().map(|case| case.name).chain(calls::OWN_TESTS).collect();
    let missing: Vec<_> = signatures.keys().filter(|name| !tested.contains(*name)).collect();
    assert!(missing.is_empty(), "without a test: {missing:?}");
    let mut wrong = Vec::new();
    for case in &cases {
        let signature = signatures.get(case.name).unwrap_or_else(|| panic!("{} is not there", case.name));
        wrong.extend(run(case, signature).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
