//! Does a program notice if a function does nothing? The library is built with the feature `mute`,
//! each function that a C program calls is muted in turn, and the program must fail, unless
//! `UNNOTICED` says why it cannot. A row that does not hold is an error as well.

#![cfg(feature = "mute")]

mod built;

use std::collections::BTreeSet;
use std::sync::Mutex;

use built::program::{self, PROGRAMS, Program};
use object::{Object, ObjectSymbol};

/// Muted, a function may leave a program waiting for ever.
const SECONDS: u64 = 5;

/// Functions, the programs that do not notice their loss, and why.
// table
const UNNOTICED: &[(&[&str], &[&str], &str)] = &[
    (
        &["cuEventDestroy_v2", "hipEventDestroy"],
        &["fork_join", "peer_copy", "pending"],
        "clean-up at the end; error_tour asks for an event that is destroyed",
    ),
    (
        &["cuStreamDestroy_v2", "hipStreamDestroy"],
        &["captured_graph", "explicit_graph", "fork_join", "peer_copy", "pending"],
        "clean-up at the end; error_tour waits for a stream that is destroyed",
    ),
    (
        &["cuGraphDestroy", "hipGraphDestroy"],
        &["captured_graph", "explicit_graph", "fork_join"],
        "an exec needs its graph no more; error_tour asks for the nodes of one that is destroyed",
    ),
    (
        &["cuGraphExecDestroy", "hipGraphExecDestroy"],
        &["captured_graph", "explicit_graph", "fork_join"],
        "clean-up at the end; error_tour launches one that is destroyed",
    ),
    (
        &["cuMemFree_v2", "hipFree"],
        &["captured_graph", "explicit_graph", "fork_join", "peer_copy", "pending", "vector_add"],
        "clean-up at the end; error_tour frees twice",
    ),
    (&["cuMemFreeHost", "hipHostFree"], &["captured_graph"], "clean-up at the end; error_tour frees twice"),
    (
        &["cuModuleUnload", "hipModuleUnload"],
        &["captured_graph", "explicit_graph", "fork_join", "peer_copy", "pending", "vector_add"],
        "clean-up at the end; error_tour asks a module that is unloaded for a function",
    ),
    (
        &["cuDevicePrimaryCtxRelease_v2"],
        &["captured_graph", "explicit_graph", "fork_join", "peer_copy", "pending", "vector_add"],
        "clean-up at the end; error_tour asks whether the context is active",
    ),
    (
        &["cuCtxSynchronize", "hipDeviceSynchronize"],
        &["vector_add"],
        "the copy back waits for the kernel as well",
    ),
    (
        &["cuCtxSynchronize", "hipDeviceSynchronize"],
        &["fork_join", "pending"],
        "a fill where nothing else runs is done when the call returns here; elsewhere it need not be",
    ),
    (
        &["cuStreamSynchronize", "hipStreamSynchronize"],
        &["pending"],
        "the copy into pageable memory waits here; elsewhere it need not",
    ),
    (
        &["hipInit"],
        &[
            "captured_graph",
            "error_tour",
            "explicit_graph",
            "fork_join",
            "peer_copy",
            "pending",
            "vector_add",
        ],
        "HIP starts at the first call, whichever it is",
    ),
    (
        &["hipSetDevice"],
        &["captured_graph", "explicit_graph", "fork_join", "pending", "vector_add"],
        "device 0 is current from the start; peer_copy asks which one is",
    ),
];

/// The functions of the APIs that a program was linked with.
fn calls(program: &Program) -> Vec<String> {
    let bytes = std::fs::read(&program.path).expect("it was compiled");
    let file = object::File::parse(&*bytes).expect("it is an ELF file");
    let names = file.dynamic_symbols().filter(|symbol| symbol.is_undefined());
    let names = names.map(|symbol| symbol.name().expect("names are text").to_owned());
    let mut names: Vec<String> =
        names.filter(|name| name.starts_with("cu") || name.starts_with("hip")).collect();
    names.sort();
    names.dedup();
    // They answer a text or are asked only once something has failed.
    names.retain(|name| !matches!(name.as_str(), "cuGetErrorName" | "hipGetErrorName"));
    names
}

/// Orders to run in: as it comes, then delayed by a seed. A wait that is left out shows in some.
const SEEDS: [&str; 4] = ["", "1", "2", "3"];

/// Whether a program still passes with a function muted, in every order.
fn passes_without(program: &Program, function: &str) -> bool {
    SEEDS.iter().all(|seed| {
        let path = program.path.to_string_lossy();
        let drawing = format!("{path}.{function}.dot");
        std::fs::remove_file(&drawing).ok();
        let mut settings = vec![("STREAM_HAL_MUTE", function), ("STREAM_HAL_CPU_DEVICES", "2")];
        if !seed.is_empty() {
            settings.push(("STREAM_HAL_SEED", *seed));
        }
        program::passed(&program::run(&[&*path, &drawing], SECONDS, &settings))
    })
}

/// What the table says goes unnoticed: program and function.
fn listed(programs: &[Program]) -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    for (functions, names, because) in UNNOTICED {
        assert!(!because.is_empty());
        for function in *functions {
            let api = if function.starts_with("hip") { "hip" } else { "cuda" };
            let rows = names.iter().map(|name| (format!("{api}/{name}"), (*function).to_owned()));
            let rows =
                rows.inspect(|(name, _)| assert!(programs.iter().any(|program| program.name == *name)));
            pairs.extend(rows);
        }
    }
    pairs
}

#[test]
fn every_program_notices_the_loss_of_what_it_calls() {
    if !program::has_compiler() {
        return built::skip("every_program_notices_the_loss_of_what_it_calls", "there is no C compiler");
    }
    let programs = program::compiled(&PROGRAMS);
    for program in &programs {
        assert!(passes_without(program, "nothing"), "{} fails as it is", program.name);
    }
    let mut todo: Vec<(&Program, String)> = Vec::new();
    for program in &programs {
        todo.extend(calls(program).into_iter().map(|function| (program, function)));
    }
    let listed = listed(&programs);
    let (todo, unnoticed) = (Mutex::new(todo), Mutex::new(BTreeSet::new()));
    let work = || {
        loop {
            let Some((program, function)) = todo.lock().expect("nobody panics").pop() else { return };
            // A lost wait goes unnoticed where the work happened to be done already: luck that does not last.
            let pair = (program.name.clone(), function);
            let tries = if listed.contains(&pair) { 1 } else { 5 };
            if (0..tries).all(|_| passes_without(program, &pair.1)) {
                unnoticed.lock().expect("nobody panics").insert(pair);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(work);
        }
    });
    let unnoticed = unnoticed.into_inner().expect("nobody panics");
    let surprising: Vec<_> = unnoticed.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&unnoticed).collect();
    assert!(surprising.is_empty(), "muted and not noticed: {surprising:#?}");
    assert!(stale.is_empty(), "listed as unnoticed, but noticed or not called: {stale:#?}");
}
