//! The committed instruction counts, and how a measured one is shown.

use std::collections::HashMap;
use std::process::Command;

use crate::child::CALLS;
use crate::tracer::Measured;

/// Rows of scene, backend and instructions; the first line names the compiler they were counted with.
const FIGURES: &str = include_str!("figures.tsv");

/// Prints what was measured, and compares it with the committed figure where the two are of one kind: a
/// release build by the same compiler.
pub fn show(scene: &str, backend: &str, measured: &Measured) {
    let typical = &measured.typical;
    let (own, others, writes) = (typical.own.len() as u64, typical.others, typical.writes.len());
    println!(
        "{scene} on {backend}: {own} instructions and {others} outside, {writes} read-modify-writes; \
         {} allocations and {} system calls in {CALLS}",
        measured.allocations, measured.syscalls
    );
    if std::env::var_os("STREAM_HAL_RENEW").is_some() {
        println!("{}{}row\t{scene}\t{backend}\t{own}", places(&typical.writes), functions(&typical.own));
    } else if !cfg!(debug_assertions) {
        compare(scene, backend, own);
    }
}

fn compare(scene: &str, backend: &str, own: u64) {
    let compiler = FIGURES.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
    let here = Command::new("rustc").arg("--version").output();
    if !here.is_ok_and(|here| here.stdout.starts_with(compiler.as_bytes())) {
        println!("not compared: the figures are of {compiler}");
        return;
    }
    let row = format!("{scene}\t{backend}\t");
    let figure = FIGURES.lines().find_map(|line| line.strip_prefix(&row));
    let figure: u64 = figure
        .unwrap_or_else(|| panic!("no row for {scene} on {backend}"))
        .parse()
        .expect("a figure is a number");
    assert!(
        own.abs_diff(figure) * 20 <= figure,
        "{scene} on {backend}: {own} instructions, {figure} in figures.tsv; renew it if this is meant"
    );
}

/// The functions at offsets of the library, a line each, inlined ones by their own names.
pub fn places(offsets: &[u64]) -> String {
    let mut command = Command::new("addr2line");
    command.args(["-f", "-C", "-p", "-s", "-e"]).arg(crate::built::library());
    command.args(offsets.iter().map(|offset| format!("{offset:#x}")));
    match command.output() {
        Ok(output) if !offsets.is_empty() => String::from_utf8_lossy(&output.stdout).into_owned(),
        _ => offsets.iter().map(|offset| format!("{offset:#x}\n")).collect(),
    }
}

/// How many of the offsets are in each function: the twelve with the most.
fn functions(offsets: &[u64]) -> String {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for line in places(offsets).lines() {
        let name = line.split(" at ").next().unwrap_or_default();
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.iter().take(12).map(|(name, count)| format!("{count:6} {name}\n")).collect()
}
