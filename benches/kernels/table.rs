//! What was measured, as lines of tabs and as a table with the targets.

use std::collections::BTreeMap;

use crate::cases;

/// The contenders' names.
pub const OURS: &str = "ours";
pub const NATIVE: &str = "native";
pub const POCL: &str = "PoCL";
pub const INTEL: &str = "Intel";

/// Rows of the twelve kernels, how much of native's time they may take, and which of them count as one kernel.
const TARGETS: &[(&str, f64, &str)] = &[
    ("saxpy 64 MiB", 1.1, "saxpy"),
    ("saxpy in L2", 1.1, "saxpy"),
    ("sgemm 16x16", 1.6, "sgemm 16x16"),
    ("sgemm 32x32", 1.6, "sgemm 32x32"),
    ("n-body", 1.2, "n-body"),
    ("reduction", 1.7, "reduction"),
    ("histogram random", 1.6, "histogram"),
    ("histogram one bin", 4.5, "histogram"),
    ("Mandelbrot", 1.15, "Mandelbrot"),
    ("Black-Scholes", 1.4, "Black-Scholes"),
    ("stencil", 1.3, "stencil"),
    ("transpose", 1.5, "transpose"),
    ("scan", 2.0, "scan"),
    ("softmax", 1.4, "softmax"),
];

/// Kernels that must compile in so many milliseconds: the rows up to Mandelbrot.
const COMPILED: (usize, f64) = (9, 3.0);
/// How much of native's gain by a second core ours must reach.
const SECOND_CORE: f64 = 0.95;
/// Milliseconds a row takes at least for its gain by a second core to mean anything: waking a thread takes tens of microseconds.
const SHARED_MS: f64 = 0.1;
/// Of twelve kernels, how many must be faster than Intel's.
const FASTER_THAN_INTEL: usize = 9;
const EMPTY_US: f64 = 3.0;

/// How much of native's time a row may take.
pub fn target(row: &str) -> Option<f64> {
    TARGETS.iter().find(|(name, ..)| *name == row).map(|&(_, most, _)| most)
}

/// What a contender's row costs.
pub struct Cost {
    pub row: String,
    pub contender: String,
    pub cores: usize,
    /// Medians: of all threads of the process, of the calling thread, of the wall.
    pub cpu_ms: f64,
    pub thread_ms: f64,
    pub wall_ms: f64,
    /// The shortest of all rounds, which other work on the machine disturbs least.
    pub least_wall_ms: f64,
    /// Building and the first run, less a later run.
    pub compile_ms: f64,
    pub hash: u64,
}

impl Cost {
    /// As one line, to be read by [`Cost::read`].
    pub fn line(&self) -> String {
        let Cost { row, contender, cores, cpu_ms, thread_ms, wall_ms, least_wall_ms, compile_ms, hash } =
            self;
        format!(
            "cost\t{row}\t{contender}\t{cores}\t{cpu_ms}\t{thread_ms}\t{wall_ms}\t{least_wall_ms}\t{compile_ms}\t{hash}"
        )
    }

    /// From such a line; other lines are nothing.
    pub fn read(line: &str) -> Option<Cost> {
        let [row, contender, cores, cpu, thread, wall, least, compile, hash]: [&str; 9] =
            line.strip_prefix("cost\t")?.split('\t').collect::<Vec<_>>().try_into().ok()?;
        Some(Cost {
            row: row.into(),
            contender: contender.into(),
            cores: cores.parse().ok()?,
            cpu_ms: cpu.parse().ok()?,
            thread_ms: thread.parse().ok()?,
            wall_ms: wall.parse().ok()?,
            least_wall_ms: least.parse().ok()?,
            compile_ms: compile.parse().ok()?,
            hash: hash.parse().ok()?,
        })
    }
}

/// Costs by row, contender and cores.
pub struct Costs<'a>(BTreeMap<(&'a str, &'a str, usize), &'a Cost>);

impl<'a> Costs<'a> {
    /// For looking up.
    pub fn new(costs: &'a [Cost]) -> Costs<'a> {
        Costs(
            costs
                .iter()
                .map(|cost| ((cost.row.as_str(), cost.contender.as_str(), cost.cores), cost))
                .collect(),
        )
    }

    fn get(&self, row: &str, contender: &str, cores: usize) -> Option<&'a Cost> {
        self.0.get(&(row, contender, cores)).copied()
    }

    /// Processor time on one core as a multiple of native's.
    pub fn ratio(&self, row: &str, contender: &str) -> Option<f64> {
        Some(self.get(row, contender, 1)?.cpu_ms / self.get(row, NATIVE, 1)?.cpu_ms)
    }

    /// How many times as fast two cores are.
    fn gain(&self, row: &str, contender: &str) -> Option<f64> {
        Some(self.get(row, contender, 1)?.least_wall_ms / self.get(row, contender, 2)?.least_wall_ms)
    }

    /// How many of the twelve kernels are faster than a contender's in all their rows, and of how many.
    fn faster(&self, contender: &str) -> (usize, usize) {
        let mut kernels: BTreeMap<&str, bool> = BTreeMap::new();
        for &(row, _, kernel) in TARGETS {
            if let (Some(ours), Some(theirs)) = (self.get(row, OURS, 1), self.get(row, contender, 1)) {
                *kernels.entry(kernel).or_insert(true) &= ours.cpu_ms < theirs.cpu_ms;
            }
        }
        (kernels.values().filter(|&&faster| faster).count(), kernels.len())
    }
}

/// A line of tabs for each row, contender and number of cores.
pub fn tabs(costs: &[Cost]) {
    println!(
        "kernel\tcontender\tcores\tcpu ms\tthread ms\twall ms\tleast wall ms\tcpu to native one core\t\
         wall to native one core\tcompile ms\thash"
    );
    let by = Costs::new(costs);
    for cost in costs {
        let native = by.get(&cost.row, NATIVE, 1);
        let ratio = |of: fn(&Cost) -> f64| {
            native.map_or("-".into(), |native| format!("{:.3}", of(cost) / of(native)))
        };
        let Cost { row, contender, cores, cpu_ms, thread_ms, wall_ms, least_wall_ms, compile_ms, hash } =
            cost;
        println!(
            "{row}\t{contender}\t{cores}\t{cpu_ms:.5}\t{thread_ms:.5}\t{wall_ms:.5}\t{least_wall_ms:.5}\t{}\t{}\t\
             {compile_ms:.3}\t{hash:#018x}",
            ratio(|cost| cost.cpu_ms),
            ratio(|cost| cost.least_wall_ms),
        );
    }
}

const HEAD: [&str; 10] = [
    "kernel",
    "native, ms",
    "ours",
    "target",
    "met",
    "PoCL",
    "Intel",
    "second core, ours",
    "second core, native",
    "compile, ms",
];

/// A table with the targets, and what they say of all rows together; for a page or for a screen.
pub fn people(costs: &[Cost], markdown: bool) {
    let by = Costs::new(costs);
    let number = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.2}"));
    let mut lines = vec![HEAD.map(String::from)];
    for row in cases::NAMES.iter().filter(|row| target(row).is_some()) {
        let ratio = by.ratio(row, OURS);
        let met = ratio.zip(target(row)).map(|(ratio, most)| if ratio <= most { "yes" } else { "NO" });
        lines.push([
            row.to_string(),
            by.get(row, NATIVE, 1).map_or("-".into(), |cost| format!("{:.4}", cost.cpu_ms)),
            number(ratio),
            number(target(row)),
            met.unwrap_or("-").into(),
            number(by.ratio(row, POCL)),
            number(by.ratio(row, INTEL)),
            number(by.gain(row, OURS)),
            number(by.gain(row, NATIVE)),
            number(by.get(row, OURS, 1).map(|cost| cost.compile_ms)),
        ]);
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(i, (cell, &width))| match i {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        let cells: Vec<String> = cells.collect();
        match markdown {
            true => println!("| {} |", line.join(" | ")),
            false => println!("{}", cells.join("  ")),
        }
        if markdown && number == 0 {
            println!("|---|--:|--:|--:|---|--:|--:|--:|--:|--:|");
        }
    }
    println!();
    together(&by, if markdown { "- " } else { "" });
}

/// The targets that are about all rows.
fn together(by: &Costs<'_>, mark: &str) {
    let say = |met: bool, text: String| println!("{mark}{}: {text}", if met { "met" } else { "NOT met" });
    let (faster, all) = by.faster(POCL);
    if all > 0 {
        say(faster == all, format!("faster than PoCL on {faster} of {all} kernels, target all"));
    }
    let (faster, all) = by.faster(INTEL);
    if all > 0 {
        let least = FASTER_THAN_INTEL.min(all);
        say(faster >= least, format!("faster than Intel on {faster} of {all} kernels, target {least}"));
    }
    let long = |row: &str| by.get(row, NATIVE, 1).is_some_and(|cost| cost.cpu_ms >= SHARED_MS);
    let gains: Vec<(f64, &str)> = TARGETS
        .iter()
        .filter(|(row, ..)| long(row))
        .filter_map(|&(row, ..)| Some((by.gain(row, OURS)? / by.gain(row, NATIVE)?, row)))
        .collect();
    if let Some((least, row)) = gains.iter().min_by(|a, b| a.0.total_cmp(&b.0)) {
        let text = format!(
            "a second core brings at least {least:.2} of what it brings native, of rows from {SHARED_MS} ms on ({row})"
        );
        say(*least >= SECOND_CORE, format!("{text}, target {SECOND_CORE}"));
    }
    let (rows, most_ms) = COMPILED;
    let compiled =
        TARGETS[..rows].iter().filter_map(|(row, ..)| Some((by.get(row, OURS, 1)?.compile_ms, row)));
    if let Some((slowest, row)) = compiled.max_by(|a, b| a.0.total_cmp(&b.0)) {
        let text = format!("compiling the first seven kernels takes at most {slowest:.2} ms ({row})");
        say(slowest <= most_ms, format!("{text}, target {most_ms}"));
    }
    for contender in [OURS, POCL, INTEL] {
        let Some(cost) = by.get("empty", contender, 1) else { continue };
        let text =
            format!("1,024 empty blocks, {contender}: {:.1} us launched and waited for", cost.cpu_ms * 1e3);
        match contender {
            OURS => say(cost.cpu_ms * 1e3 <= EMPTY_US, format!("{text}, target {EMPTY_US}")),
            _ => println!("{mark}{text}"),
        }
    }
}
