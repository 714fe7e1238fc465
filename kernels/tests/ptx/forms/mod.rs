//! The table of forms is the list of tests: each family's forms are walked, and a form without a check fails.

mod asynchronous;
mod atomic;
mod barrier;
mod control;
mod convert;
mod exact;
mod float;
mod float_order;
mod float_rows;
mod integer;
mod logic;
mod matrix;
mod memory;
mod spaces;
pub mod values;
mod warp;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use stream_hal_kernels::forms::shape::{Kind, Shape};
use stream_hal_kernels::forms::{self, Row};
use stream_hal_kernels::ir::Type;

use crate::runner;

/// A form taken apart.
pub struct Form {
    /// As written.
    pub text: String,
    /// The first word.
    pub opcode: String,
    /// The others.
    pub words: Vec<String>,
    /// Those that are types.
    pub types: Vec<Type>,
    /// Its row's operands.
    pub shape: Shape,
}

impl Form {
    fn new(text: String, row: &Row) -> Form {
        let mut words = text.split('.').map(str::to_owned);
        let opcode = words.next().unwrap();
        let words: Vec<String> = words.collect();
        let types = words.iter().filter_map(|word| Type::named(word)).collect();
        Form { opcode, types, shape: Shape::new(row.operands), words, text }
    }

    /// Whether it has a modifier.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|have| have == word)
    }

    /// The one of these modifiers it has.
    pub fn one_of<'w>(&self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.has(word))
    }

    /// The type of an operand, or of what stands behind its bar.
    pub fn operand(&self, kind: Kind) -> Type {
        kind.ty(&self.types).unwrap_or_else(|| panic!("{}: an operand without a type", self.text))
    }
}

/// Forms that kernels of real programs use.
fn in_use() -> impl Iterator<Item = &'static str> {
    let table = include_str!("../../data/forms_in_use.tsv");
    table.lines().skip(1).filter_map(|line| line.split('\t').next())
}

/// Calls `check` with every form of a family; false means that there is no test for it.
pub fn walk(family: &str, check: impl Fn(&Form) -> bool + Sync) {
    let name = family;
    let family = forms::families().iter().find(|known| known.name == family).expect("a family of that name");
    let own = family.rows.iter().filter(|row| row.done());
    let own = own.flat_map(|row| row.forms().into_iter().map(move |text| (text, row)));
    // What real kernels use is tested as they write it, also where a row has too many forms to test them all.
    let used = in_use().filter_map(|text| {
        let (name, row) = forms::row_of(text)?;
        (name == family.name).then(|| (text.to_owned(), row))
    });
    let mut seen = std::collections::HashSet::new();
    let all: Vec<Form> = own
        .chain(used)
        .filter(|(text, _)| seen.insert(text.clone()) && runner::takes(name, text))
        .map(|(text, row)| Form::new(text, row))
        .collect();
    assert!(!all.is_empty());
    let (next, without, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(form) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    runner::form_begins(name, &form.text);
                    match catch_unwind(AssertUnwindSafe(|| check(form))) {
                        Ok(true) => {}
                        Ok(false) => without.lock().unwrap().push(form.text.clone()),
                        Err(_) => wrong.lock().unwrap().push(form.text.clone()),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} forms are wrong: {}", wrong.len(), all.len(), wrong.join(" "));
    let without = without.into_inner().unwrap();
    assert!(
        without.is_empty(),
        "{} of {} forms have no test: {}",
        without.len(),
        all.len(),
        without[..without.len().min(20)].join(" ")
    );
    runner::family_ends(name);
}

#[test]
fn refused_forms_refuse_their_kernel_alone() {
    for row in forms::families().iter().flat_map(|family| family.rows).filter(|row| !row.done()) {
        let text = super::bench::kernel("a", &format!("{}.b32 %r1, %r2; ret;", row.pattern));
        let other = text.replace(".entry k", ".entry other").replace(row.pattern, "not");
        let other = other.split_once(".address_size 64").unwrap().1;
        let module = stream_hal_kernels::Module::parse(&format!("{text}{other}")).unwrap();
        let unsupported = module.resources(0).unwrap().unsupported.as_ref().expect("it is refused");
        let line = text.lines().position(|line| line.starts_with(row.pattern)).unwrap() as u32 + 1;
        assert_eq!((unsupported.form.as_str(), unsupported.line), (&*format!("{}.b32", row.pattern), line));
        assert_eq!(module.resources(1).unwrap().unsupported, None);
    }
}
