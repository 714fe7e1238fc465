//! The C programs of `examples/c`, compiled against our headers and run on the library as any
//! program is: found by the vendor's name, one process each.

mod built;

use std::sync::OnceLock;

use built::program::{self, PROGRAMS, Program, root};

/// A program that takes longer hangs.
const SECONDS: u64 = 60;

/// Both families, compiled once.
fn programs() -> &'static [Program] {
    static COMPILED: OnceLock<Vec<Program>> = OnceLock::new();
    COMPILED.get_or_init(|| program::compiled(&PROGRAMS))
}

/// Runs all programs under some settings: each must say that it passed.
fn check(test: &str, settings: &[(&str, &str)]) {
    if !program::has_compiler() {
        return built::skip(test, "there is no C compiler");
    }
    let several = settings.iter().any(|(name, _)| *name == "STREAM_HAL_CPU_DEVICES");
    for Program { name, path } in programs() {
        let output = program::run(&[&path.to_string_lossy()], SECONDS, settings);
        let last = match name.ends_with("peer_copy") && !several {
            true => "peer_copy needs two devices, there is 1",
            false => "PASSED",
        };
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(
            output.status.success() && said.trim_end().ends_with(last),
            "{name} with {settings:?}: {}\n{said}{complained}",
            output.status
        );
    }
}

#[test]
fn every_program_is_listed() {
    for api in ["cuda", "hip"] {
        let files = std::fs::read_dir(root().join("examples/c").join(api)).expect("the folder is there");
        let names = files.map(|file| file.expect("its files can be listed").path());
        let mut found: Vec<String> =
            names.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
        found.sort();
        let mut listed = PROGRAMS.to_vec();
        listed.sort_unstable();
        assert_eq!(found, listed, "{api}");
    }
}

#[test]
fn the_kernels_are_those_of_the_samples() {
    let header = std::fs::read_to_string(root().join("examples/c/kernels.h")).expect("kernels.h is there");
    let tokens = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in ["vector_add", "saxpy"] {
        let (_, rest) = header.split_once(&format!("{name}_ptx[] =")).expect("the kernel is in the header");
        let (body, _) = rest.split_once("\n    ;").expect("the string ends");
        let lines = body.lines().map(|line| line.trim().trim_matches('"').trim_end_matches("\\n"));
        let embedded = lines.collect::<Vec<_>>().join("\n");
        let sample = std::fs::read_to_string(root().join(format!("kernels/samples/ptx/{name}.ptx")));
        let sample = sample.expect("the sample is there");
        let plain: Vec<&str> = sample.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
        assert_eq!(tokens(&embedded), tokens(&plain.join("\n")), "{name}");
    }
}

#[test]
fn on_the_cpu() {
    check("on_the_cpu", &[("STREAM_HAL_BACKENDS", "cpu")]);
}

#[test]
fn on_four_devices() {
    check("on_four_devices", &[("STREAM_HAL_CPU_DEVICES", "4")]);
}

#[test]
fn under_the_checker() {
    check("under_the_checker", &[("STREAM_HAL_BACKENDS", "checker+cpu"), ("STREAM_HAL_CPU_DEVICES", "4")]);
}

#[test]
fn in_seeded_orders() {
    for seed in 1..=10 {
        let seed = seed.to_string();
        check("in_seeded_orders", &[("STREAM_HAL_SEED", &seed), ("STREAM_HAL_CPU_DEVICES", "4")]);
    }
}
