//! Recording, building and launching graphs through the C API, against oneTBB on the same shapes.
//!
//! `cargo bench --bench graph`, with `-- --tsv` for a table of tabs. Each round runs every part of
//! ours and the peer in processes of their own, one after the other; the values are medians over
//! the rounds. Run by `cargo test` it does the same with tiny sizes and looks only whether all works.

mod clock;
mod driver;
mod ours;
mod peer;
mod shapes;

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::Command;

use ours::{LAUNCHED, PHASES, Sizes};
use peer::Peer;

const FULL: Sizes = Sizes { large: 1_000_000, small: 10_000, depth: 2_000, runs: 15 };
const TINY: Sizes = Sizes { large: 2_000, small: 200, depth: 50, runs: 2 };

/// Each part with the backend it runs on.
const PARTS: &[(&str, &str)] = &[
    ("cold", "null"),
    ("calls", "null"),
    ("build", "null"),
    ("launch", "null"),
    ("phases", "null"),
    ("fills", "cpu"),
];

/// Values by name, over the rounds.
type Values = BTreeMap<String, Vec<f64>>;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    // `cargo bench` says so; `cargo test` does not.
    let full = has("--bench");
    let sizes = if full { FULL } else { TINY };
    if let Some(at) = arguments.iter().position(|argument| argument == "--part") {
        return ours::run(&arguments[at + 1], sizes);
    }
    if has("--list") {
        if !has("--ignored") {
            println!("graph: test");
        }
        return;
    }
    shapes::check();
    let values = measure(sizes, full);
    let rows = rows(sizes, &values);
    if full {
        print(&rows, has("--tsv"));
    } else {
        println!("{} rows measured with tiny sizes; their values mean nothing", rows.len());
    }
}

fn measure(sizes: Sizes, full: bool) -> Values {
    let folder = folder();
    // Compiling the peer takes longer than a tiny run.
    let wanted = full || env::var_os("STREAM_HAL_REQUIRE_ALL").is_some();
    let peer = if wanted { Peer::new(&folder) } else { Peer::none("not compiled for a tiny run") };
    if let Some(why) = peer.missing() {
        println!("SKIPPED the peer, oneTBB: {why}");
        assert!(env::var_os("STREAM_HAL_REQUIRE_ALL").is_none(), "the peer was left out");
    }
    let mut values = Values::new();
    let mut hashes: BTreeMap<String, String> = BTreeMap::new();
    for _ in 0..if full { 5 } else { 2 } {
        for (part, backend) in PARTS {
            let (found, found_hashes) = part_values(part, backend, full);
            found.into_iter().for_each(|(name, value)| values.entry(name).or_default().push(value));
            for (name, hash) in found_hashes {
                let first = hashes.entry(name.clone()).or_insert_with(|| hash.clone()).clone();
                assert_eq!(first, hash, "{name}: two rounds wrote different words");
            }
        }
        for name in LAUNCHED {
            for nodes in [sizes.small / 10, sizes.small] {
                let found = peer.measure(name, nodes, sizes.runs, &folder).unwrap_or_default();
                for (what, value) in found {
                    values.entry(format!("peer.{what}.{name}.{nodes}")).or_default().push(value);
                }
            }
        }
    }
    hashes.iter().for_each(|(name, hash)| println!("{name} {hash}"));
    values
}

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("graph-bench");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// Runs a part of ours in a process of its own.
fn part_values(part: &str, backend: &str, full: bool) -> (BTreeMap<String, f64>, BTreeMap<String, String>) {
    let program = env::current_exe().expect("a running program has a path");
    let mut command = Command::new(program);
    command.args(["--part", part]).env("STREAM_HAL_BACKENDS", backend);
    if full {
        command.arg("--bench");
    }
    let output = command.output().expect("this program can be run again");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{part} on {backend}: {}\n{errors}", output.status);
    values(&String::from_utf8_lossy(&output.stdout))
}

/// Reads lines of a name and a value; what is no number is a hash.
pub fn values(text: &str) -> (BTreeMap<String, f64>, BTreeMap<String, String>) {
    let (mut numbers, mut hashes) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in text.lines().filter_map(|line| line.split_once(' ')) {
        match value.parse() {
            Ok(number) => drop(numbers.insert(name.to_string(), number)),
            Err(_) => drop(hashes.insert(name.to_string(), value.to_string())),
        }
    }
    (numbers, hashes)
}

struct Row {
    metric: String,
    ours: f64,
    unit: &'static str,
    peer: Option<f64>,
    /// At most this much, of ours or of ours over the peer's.
    target: Option<Target>,
}

#[derive(Clone, Copy)]
enum Target {
    Value(f64),
    OfPeer(f64),
}

impl Row {
    fn cells(&self) -> [String; 8] {
        let number = |value: f64| format!("{value:.1}");
        let ratio = self.peer.map(|peer| self.ours / peer);
        let met = match self.target {
            None => None,
            Some(Target::Value(most)) => Some(self.ours <= most),
            Some(Target::OfPeer(most)) => ratio.map(|ratio| ratio <= most),
        };
        let target = match self.target {
            None => "-".into(),
            Some(Target::Value(most)) => format!("<= {most}"),
            Some(Target::OfPeer(most)) => format!("ratio <= {most}"),
        };
        [
            self.metric.clone(),
            number(self.ours),
            self.unit.into(),
            self.peer.map_or("-".into(), |_| "oneTBB".into()),
            self.peer.map_or("-".into(), number),
            ratio.map_or("-".into(), |ratio| format!("{ratio:.3}")),
            target,
            met.map_or("-", |met| if met { "yes" } else { "NO" }).into(),
        ]
    }
}

// table
fn rows(sizes: Sizes, values: &Values) -> Vec<Row> {
    let median = |name: &str| values.get(name).map(|values| clock::median(values.clone()));
    let mut rows = Vec::new();
    let mut add = |metric: &str, name: &str, target: Option<f64>| {
        let ours = median(name).unwrap_or_else(|| panic!("{name} was not measured"));
        let target = target.map(Target::Value);
        rows.push(Row { metric: metric.into(), ours, unit: "ns", peer: None, target });
    };
    add("record a launch, warm", "record.warm", Some(40.0));
    add("record a launch, the first million", "record.cold", Some(60.0));
    add("record, end, instantiate, a node, captured in order", "build.ordered", Some(85.0));
    add("add, instantiate, a node, random graph", "build.random", None);
    add("add, instantiate, a node, random order of creation", "build.shuffled", Some(140.0));
    add("add, instantiate, a node, created last one first", "build.reverse", Some(140.0));
    add("eager launch call, 2,000 deep", "eager", Some(80.0));
    add("launch and synchronise, null", "turn", Some(1_000.0));
    add("graph launch call, 1 node, null", "launch.null", Some(200.0));
    add("graph launch call, 1 node, cpu", "launch.one", Some(200.0));
    add("graph launch call, 1,000,000 nodes, cpu", "launch.many", Some(200.0));
    add("graph launch call, 1 node, cpu, right after it ran", "launch.one.after", None);
    add("graph launch call, 1,000,000 nodes, cpu, right after it ran", "launch.many.after", None);
    add("eager fill call, 2,000 deep, cpu", "fill.eager", None);
    add("fill and synchronise, cpu, wall", "fill.turn", Some(1_000.0));
    for name in LAUNCHED {
        add(&format!("fills as a graph, {name}, a node, cpu, wall"), &format!("fill.{name}"), None);
    }
    let value = |name: &str| median(name).unwrap_or(f64::NAN);
    let mut ratio = |metric: String, ours: f64, most: f64| {
        rows.push(Row { metric, ours, unit: "ratio", peer: None, target: Some(Target::Value(most)) });
    };
    ratio("graph launch call, 1,000,000 nodes to 1".into(), value("launch.many") / value("launch.one"), 1.5);
    for phase in PHASES {
        let at = |nodes: usize| value(&format!("phase.{phase}.{nodes}"));
        ratio(format!("{phase}, a node at 1,000,000 to 10,000"), at(sizes.large) / at(sizes.small), 3.0);
    }
    for name in LAUNCHED {
        for nodes in [sizes.small / 10, sizes.small] {
            let peer = median(&format!("peer.run.{name}.{nodes}"));
            let ours = value(&format!("rerun.{name}.{nodes}"));
            let metric = format!("launch on null, {name} {nodes}, a node");
            rows.push(Row { metric, ours, unit: "ns", peer, target: Some(Target::OfPeer(0.25)) });
        }
    }
    rows
}

fn print(rows: &[Row], tabs: bool) {
    let head = ["metric", "ours", "unit", "peer", "peer's value", "ratio", "target", "met"].map(String::from);
    let lines: Vec<[String; 8]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..8).map(width).collect();
    for line in lines {
        if tabs {
            println!("{}", line.join("\t"));
        } else {
            let cells = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
    }
}
