//! `coverage.tsv` says of each form that real kernels use whether it is there and what tests it. It is kept true here;
//! `STREAM_HAL_UPDATE=1` writes it anew.
//!
//! `tests/data/forms_in_use.tsv` counts, for forms of instructions, how many of 3,601 kernels of real programs use them.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use stream_hal_kernels::forms::{self, State};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// All committed PTX: samples of several compilers, and what clients wrote.
fn texts(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "ptx") {
            into.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The forms of a text as they are written: the first word of a statement, behind its guard and label.
fn forms_of(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or("");
        for statement in line.split([';', '{', '}']) {
            let mut words =
                statement.split_whitespace().skip_while(|word| word.starts_with('@') || word.ends_with(':'));
            let form = words.next().unwrap_or("");
            if form.starts_with(|first: char| first.is_ascii_lowercase()) {
                found.insert(form);
            }
        }
    }
    found
}

/// How often the walk of the table takes a form: once if it is done, as it stands in the list.
fn walked(form: &str) -> u32 {
    u32::from(forms::row_of(form).is_some())
}

fn coverage() -> String {
    let mut all = Vec::new();
    texts(&here("samples"), &mut all);
    texts(&here("tests/data"), &mut all);
    assert!(all.len() > 20, "{} texts only", all.len());
    let mut in_texts: BTreeMap<&str, u32> = BTreeMap::new();
    for form in all.iter().flat_map(|text| forms_of(text)) {
        *in_texts.entry(form).or_default() += 1;
    }
    let mut table = "form\tkernels\tstate\ttests\n".to_owned();
    for line in std::fs::read_to_string(here("tests/data/forms_in_use.tsv")).unwrap().lines().skip(1) {
        let (form, kernels) = line.split_once('\t').unwrap();
        let state = match forms::state(form) {
            Some(State::Done) => "done",
            Some(State::Missing) => "missing",
            Some(State::Refused) => "refused",
            None => panic!("{form}: an unknown opcode"),
        };
        let tests = walked(form) + if state == "done" { in_texts.get(form).copied().unwrap_or(0) } else { 0 };
        writeln!(table, "{form}\t{kernels}\t{state}\t{tests}").unwrap();
    }
    table
}

#[test]
fn the_table_is_true() {
    let (path, table) = (here("coverage.tsv"), coverage());
    if std::env::var_os("STREAM_HAL_UPDATE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let changed: Vec<&str> =
        table.lines().filter(|line| !committed.lines().any(|old| old == *line)).collect();
    assert!(committed == table, "coverage.tsv is out of date (STREAM_HAL_UPDATE=1 writes it): {changed:#?}");
}

/// Textures, surfaces, clusters and tensor memory aside, what three kernels or more use is there and tested.
#[test]
fn what_three_kernels_use_is_there() {
    let table = coverage();
    let rows = table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let wanted = rows.filter(|row| row[1].parse::<u32>().unwrap() >= 3 && row[2] != "refused");
    let (mut count, mut lacking) = (0, Vec::new());
    for row in wanted {
        count += 1;
        if row[2] != "done" || row[3] == "0" {
            lacking.push(row.join(" "));
        }
    }
    assert!(count > 500 && lacking.is_empty(), "{count} forms, of which are not there: {lacking:#?}");
    // Refused are textures, surfaces and video instructions, and no more.
    for line in table.lines().filter(|line| line.contains("\trefused\t")) {
        let opcode = line.split(['.', '\t']).next().unwrap();
        assert!(["suld", "sust", "tex", "vabsdiff4"].contains(&opcode), "{line}");
    }
}
