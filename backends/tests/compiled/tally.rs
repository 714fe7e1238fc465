//! What was compiled and what was refused, and the tables of that.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use stream_hal_backends::Alone;

/// How the launches of an item ran.
#[derive(Default)]
struct Count {
    compiled: u32,
    refused: BTreeMap<String, u32>,
}

/// By group and item.
static TALLY: Mutex<BTreeMap<(String, String), Count>> = Mutex::new(BTreeMap::new());

/// Notes a launch: compiled, or refused for a reason.
pub fn note(group: &str, item: &str, refused: Option<&str>) {
    let mut tally = TALLY.lock().unwrap_or_else(PoisonError::into_inner);
    let count = tally.entry((group.to_owned(), item.to_owned())).or_default();
    match refused {
        None => count.compiled += 1,
        Some(why) => *count.refused.entry(why.to_owned()).or_default() += 1,
    }
}

/// A group's items with what became of them.
fn rows(group: &str) -> Vec<(String, String)> {
    let tally = TALLY.lock().unwrap_or_else(PoisonError::into_inner);
    let own = tally.iter().filter(|((of, _), _)| of == group);
    own.map(|((_, item), count)| {
        let why = count.refused.keys().next();
        let state = match (why, count.compiled) {
            (None, _) => "compiled".to_owned(),
            (Some(why), 0) => why.clone(),
            (Some(why), _) => format!("in part: {why}"),
        };
        (item.clone(), state)
    })
    .collect()
}

/// Prints how many launches of a group were compiled, and why the others were not.
pub fn print(group: &str) {
    let tally = TALLY.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut compiled, mut refused) = (0, BTreeMap::<&str, u32>::new());
    for (_, count) in tally.iter().filter(|((of, _), _)| of == group) {
        compiled += count.compiled;
        count.refused.iter().for_each(|(why, times)| *refused.entry(why).or_default() += times);
    }
    println!("{group}: {compiled} launches compiled, {} interpreted", refused.values().sum::<u32>());
    refused.iter().for_each(|(why, times)| println!("    {times} {why}"));
}

/// Compares a group with its part of a table: each of its items, or how many were compiled or refused, for which reasons.
pub fn compare(table: &str, group: &str, all: bool) {
    print(group);
    if Alone::target().is_none() {
        println!("SKIPPED the table of {group}: no code is made for this machine");
        return;
    }
    let rows = rows(group);
    let compiled = rows.iter().filter(|(_, state)| state == "compiled").count();
    let mut found = format!("{group}\t{compiled} of {} compiled\n", rows.len());
    if all {
        rows.iter().for_each(|(item, state)| found += &format!("{group}\t{item}\t{state}\n"));
    } else {
        // Of thousands a count for each reason will do, and the first of them.
        let mut reasons: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
        for (item, state) in rows.iter().filter(|(_, state)| state != "compiled") {
            reasons.entry(state).or_insert((0, item)).0 += 1;
        }
        for (state, (count, first)) in reasons {
            found += &format!("{group}\t{count}\t{state}\t{first}\n");
        }
    }
    // One test at a time rewrites a table.
    static TABLES: Mutex<()> = Mutex::new(());
    let _alone = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compiled").join(table);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let own = |line: &&str| line.split('\t').next() == Some(group);
    let known: String = text.lines().filter(own).map(|line| format!("{line}\n")).collect();
    if std::env::var_os("STREAM_HAL_UPDATE").is_some() {
        let mut groups: BTreeMap<&str, String> = BTreeMap::new();
        for line in text.lines().filter(|line| !own(line)) {
            *groups.entry(line.split('\t').next().unwrap()).or_default() += &format!("{line}\n");
        }
        groups.insert(group, found);
        std::fs::write(&path, groups.into_values().collect::<String>()).unwrap();
        return;
    }
    let lost: Vec<&str> = known.lines().filter(|line| !found.lines().any(|other| other == *line)).collect();
    let new: Vec<&str> = found.lines().filter(|line| !known.lines().any(|other| other == *line)).collect();
    assert!(
        lost.is_empty() && new.is_empty(),
        "{table} is not true any more; STREAM_HAL_UPDATE=1 writes it. Not so:\n{}\nbut\n{}",
        lost[..lost.len().min(20)].join("\n"),
        new[..new.len().min(20)].join("\n")
    );
}
