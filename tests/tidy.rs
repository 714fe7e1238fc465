//! The house rules that a machine can hold: lengths, where `unsafe` is, who names whom, words,
//! files that nobody uses, symbols spelled once. Each finding says where and what to do instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MOST_FILE_LINES: usize = 600;
const MOST_FUNCTION_LINES: usize = 70;

/// Files and folders (by the start of their path) that may hold `unsafe`, each for a reason.
const UNSAFE: &[(&str, &str)] = &[
    ("abi/", "C hands in pointers"),
    ("backends/", "mappings, signals, machine code, drivers"),
    ("benches/", "calls the C surface as C does"),
    ("examples/", "launches and raw copies are unsafe to call"),
    ("kernels/benches/compile.rs", "an allocator that counts"),
    ("kernels/tests/native", "maps and runs the machine code it tests"),
    ("src/api", "launches and raw copies are unsafe to call"),
    ("src/gate.rs", "one word guards a value"),
    ("src/handle", "objects that outlive their handles"),
    ("src/sync.rs", "one system call"),
    ("tests/", "launches and raw copies are unsafe to call"),
];

/// Crates that forbid `unsafe` as a whole.
const SAFE: &[&str] = &["capture", "scheduler", "kernels"];

/// Which packages of ours each package may name as normal dependencies.
const ARROWS: &[(&str, &[&str])] = &[
    ("abi", &["stream-hal"]),
    (".", &["stream-hal-capture", "stream-hal-scheduler", "stream-hal-backends", "stream-hal-kernels"]),
    ("backends", &["stream-hal-capture", "stream-hal-scheduler", "stream-hal-kernels"]),
    ("scheduler", &["stream-hal-capture"]),
    ("capture", &[]),
    ("kernels", &[]),
];

/// Files of these names have no meaning yet.
const NO_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "manager", "misc"];

/// Words, and what to write instead. Written apart, so that this list does not find itself.
const WORDS: &[(&str, &str, &str)] = &[
    ("black", "list", "a list named by what it refuses"),
    ("white", "list", "a list named by what it allows"),
    ("TO", "DO", "an issue, and a sentence on what is missing"),
    ("FIX", "ME", "an issue, and a sentence on what is wrong"),
    ("XX", "X", "an issue"),
    ("obvi", "ously", "nothing"),
    ("san", "ity", "check"),
];

/// Text that only makes sense on one machine, or in one registry.
const NO_TEXT: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/fa", "rm/"),
    ("/ro", "ot/"),
    ("../sha", "red"),
    ("sha", "red/notes"),
    ("crates", ".io"),
    ("py", "pi.org"),
    ("proxy.go", "lang.org"),
    ("npm", "js.org"),
];

struct File {
    /// Relative to the repository, with forward slashes.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches" | "examples"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of the repository that are text of ours.
fn files() -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the repository can be read").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if name == ".git" || name == "target" || name == "corpus" || name == "Cargo.lock" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(root()).expect("it lies below the root");
                files.push(File { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 50, "the walk missed the repository");
    files
}

fn rust_files() -> impl Iterator<Item = File> {
    files().into_iter().filter(File::is_rust)
}

/// Fails with all findings at once.
fn report(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

/// A line without its comment and without what its plain string literals say.
fn code(line: &str) -> String {
    let mut code = String::new();
    let (mut in_text, mut last) = (false, ' ');
    for letter in line.chars() {
        if !in_text && letter == '/' && last == '/' {
            code.pop();
            break;
        }
        if letter == '"' && last != '\\' && last != '\'' {
            in_text = !in_text;
        }
        if !in_text {
            code.push(letter);
        }
        last = if last == '\\' && letter == '\\' { ' ' } else { letter };
    }
    code
}

/// Whether the word stands alone in the text.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).any(|part| part == word)
}

#[test]
fn files_are_short_and_open_with_their_charter() {
    let mut findings = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        if lines > MOST_FILE_LINES {
            findings.push(format!("{}: {lines} lines, at most {MOST_FILE_LINES}", file.path));
        }
        if !file.text.starts_with("//!") {
            findings.push(format!("{}: does not open with `//!` and what it is for", file.path));
        }
        let stem = Path::new(&file.path).file_stem().unwrap_or_default().to_string_lossy();
        if NO_NAMES.contains(&&*stem) {
            findings.push(format!("{}: name it by what it holds", file.path));
        }
    }
    report(findings);
}

#[test]
fn functions_are_short() {
    let mut findings = Vec::new();
    for file in rust_files() {
        let lines: Vec<&str> = file.text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if !is_function(line) || marked_table(&lines, start) {
                continue;
            }
            let end = format!("{}}}", " ".repeat(indent));
            let Some(length) = lines[start..].iter().position(|line| line.trim_end() == end) else {
                continue;
            };
            if length + 1 > MOST_FUNCTION_LINES && !line.trim_end().ends_with(';') {
                let at = start + 1;
                let length = length + 1;
                findings.push(format!("{}:{at}: {length} lines, at most {MOST_FUNCTION_LINES}", file.path));
            }
        }
    }
    report(findings);
}

fn is_function(line: &str) -> bool {
    let code = code(line);
    let before = code.split("fn ").next().unwrap_or_default();
    code.contains("fn ")
        && before.split_whitespace().all(|word| {
            matches!(word, "pub" | "const" | "unsafe" | "extern" | "async" | "default")
                || word.starts_with("pub(")
        })
        && !code.trim_end().ends_with(['}', ';'])
}

/// Rows and nothing else: says so in the lines above, or on the line itself.
fn marked_table(lines: &[&str], at: usize) -> bool {
    let above = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with(['/', '#']));
    above.chain([&lines[at]]).any(|line| line.contains("// table"))
}

#[test]
fn unsafe_is_a_place() {
    let mut findings = Vec::new();
    for file in rust_files() {
        if UNSAFE.iter().any(|(place, _)| file.path.starts_with(place)) {
            continue;
        }
        for (number, line) in (1..).zip(file.text.lines()) {
            if has_word(&code(line), "unsafe") {
                findings.push(format!("{}:{number}: `unsafe` is not for this file", file.path));
            }
        }
    }
    for package in SAFE {
        let text = fs::read_to_string(root().join(package).join("src/lib.rs")).expect("each package has one");
        if !text.contains("#![forbid(unsafe_code)]") {
            findings.push(format!("{package}/src/lib.rs: needs #![forbid(unsafe_code)]"));
        }
    }
    report(findings);
}

#[test]
fn packages_name_only_what_lies_below_them() {
    let mut findings = Vec::new();
    for (package, may_name) in ARROWS {
        let path = root().join(package).join("Cargo.toml");
        let text = fs::read_to_string(path).expect("each package has one");
        for name in dependencies(&text) {
            if name.starts_with("stream-hal") && !may_name.contains(&name) {
                findings.push(format!("{package}: must not depend on {name}"));
            }
        }
    }
    report(findings);
}

/// The names in `[dependencies]` and its variants for targets and builds, but not for tests.
fn dependencies(text: &str) -> Vec<&str> {
    let (mut names, mut inside) = (Vec::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.ends_with("dependencies")
                && !section.ends_with("dev-dependencies")
                && section != "workspace.dependencies";
            names.extend(section.strip_prefix("dependencies."));
        } else if inside && !line.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            names.extend((!name.is_empty()).then_some(name));
        }
    }
    names
}

#[test]
fn dependencies_are_read_from_all_sections() {
    let text = "[dependencies]\na.workspace = true\n# b = 1\n[dependencies.c]\nversion = \"1\"\n\
                [dev-dependencies]\nd = \"1\"\n[target.'cfg(unix)'.dependencies]\ne = \"1\"\n";
    assert_eq!(dependencies(text), ["a", "c", "e"]);
}

#[test]
fn no_star_imports_outside_tests() {
    let mut findings = Vec::new();
    for file in rust_files().filter(|file| !file.is_test()) {
        let before_tests = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in (1..).zip(before_tests.lines()) {
            let line = code(line);
            let line = line.trim();
            if line.starts_with("use ") && line.ends_with("::*;") {
                findings.push(format!("{}:{number}: import the module and name what you use", file.path));
            }
        }
    }
    report(findings);
}

#[test]
fn words_are_the_houses() {
    let mut findings = Vec::new();
    for file in files() {
        for (number, line) in (1..).zip(file.text.lines()) {
            for (head, tail, instead) in WORDS {
                let word = format!("{head}{tail}");
                if has_word(line, &word) || has_word(&line.to_lowercase(), &word) {
                    findings.push(format!("{}:{number}: not `{word}` but {instead}", file.path));
                }
            }
        }
    }
    report(findings);
}

#[test]
fn nothing_names_this_machine() {
    let mut findings = Vec::new();
    for file in files() {
        for (number, line) in (1..).zip(file.text.lines()) {
            for (head, tail) in NO_TEXT {
                let text = format!("{head}{tail}");
                if line.contains(&text) {
                    findings.push(format!("{}:{number}: `{text}` means nothing elsewhere", file.path));
                }
            }
        }
    }
    report(findings);
}

#[test]
fn a_symbol_is_spelled_once() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in rust_files().filter(|file| file.path.starts_with("abi/src/")) {
        let text: String = file.text.lines().map(|line| code(line) + "\n").collect();
        let listed = text.split_once("missing! {").map_or("", |(_, list)| list);
        let listed = listed.split('}').next().unwrap_or_default();
        let entries = text.split("fn ").skip(1).filter_map(|entry| entry.split_once('('));
        let names = entries.flat_map(|(names, _)| names.split('|')).chain(listed.split_whitespace());
        for name in names.map(str::trim).filter(|name| is_symbol(name)) {
            places.entry(name.to_string()).or_default().push(file.path.clone());
        }
    }
    let twice = places.iter().filter(|(_, files)| files.len() > 1);
    report(twice.map(|(name, files)| format!("{name}: in {}", files.join(" and "))).collect());
    assert!(places.len() > 500, "only {} symbols were found: is the list read right?", places.len());
}

/// An exported name: `cuInit`, `hipInit`, `hiprtcVersion`, `__hipRegisterVar`.
fn is_symbol(name: &str) -> bool {
    let name = name.strip_prefix("__").unwrap_or(name);
    let rest = ["hiprtc", "hip", "cu"].iter().find_map(|family| name.strip_prefix(family));
    rest.is_some_and(|rest| rest.starts_with(char::is_uppercase))
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

#[test]
fn every_rust_file_is_used() {
    let files: BTreeMap<String, String> = rust_files().map(|file| (file.path, file.text)).collect();
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = files.keys().filter(|path| is_crate_root(path)).cloned().collect();
    while let Some(path) = open.pop() {
        let Some(text) = files.get(&path) else { continue };
        if reached.insert(path.clone()) {
            open.extend(modules(&path, text));
        }
    }
    let unused = files.keys().filter(|path| !reached.contains(*path));
    report(unused.map(|path| format!("{path}: no crate has it")).collect());
}

fn is_crate_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let folder = parts.len().checked_sub(2).map_or("", |at| parts[at]);
    let above = parts.len().checked_sub(3).map_or("", |at| parts[at]);
    let file = parts[parts.len() - 1];
    matches!(file, "build.rs" if !path.contains("/src/"))
        || folder == "src" && matches!(file, "lib.rs" | "main.rs")
        || matches!(folder, "bin" | "fuzz_targets")
        || matches!(folder, "tests" | "benches" | "examples") && !path.contains("src/")
        || matches!(above, "benches" | "examples" | "bin" | "tests") && file == "main.rs"
        || path.ends_with("/fuzz/main.rs")
}

/// The files that this file's `mod` lines and `#[path]` name.
fn modules(path: &str, text: &str) -> Vec<String> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let own = if is_crate_root(path) || file == "mod.rs" {
        folder.to_string()
    } else {
        format!("{folder}/{}", file.trim_end_matches(".rs"))
    };
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(named) = line.strip_prefix("#[path = \"").and_then(|line| line.strip_suffix("\"]")) {
            found.push(tidy_path(&format!("{folder}/{named}")));
        }
        let name = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
        let name = name.trim_start_matches("pub ").strip_prefix("mod ");
        if let Some(name) = name.and_then(|name| name.strip_suffix(';')) {
            found.extend([format!("{own}/{name}.rs"), format!("{own}/{name}/mod.rs")]);
        }
    }
    found
}

/// The path without `..`.
fn tidy_path(path: &str) -> String {
    let mut tidy = PathBuf::new();
    for part in path.split('/') {
        if part == ".." {
            tidy.pop();
        } else {
            tidy.push(part);
        }
    }
    tidy.to_string_lossy().into_owned()
}
