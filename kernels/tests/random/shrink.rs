//! Makes a kernel smaller while it still shows what it showed: statements go, branches become their arms, operands become numbers.

use super::tree::{Kernel, Source, Stmt};

/// No more tries than these.
const MOST_TRIES: usize = 4000;

/// The smallest kernel found for which the test still holds.
pub fn shrink(kernel: &Kernel, mut holds: impl FnMut(&Kernel) -> bool) -> Kernel {
    let mut best = kernel.clone();
    let mut tries = 0;
    let mut smaller = true;
    while smaller && tries < MOST_TRIES {
        smaller = false;
        let mut number = 0;
        while let Some(candidate) = edited(&best, number) {
            tries += 1;
            if tries >= MOST_TRIES {
                break;
            }
            if candidate != best && holds(&candidate) {
                best = candidate;
                smaller = true;
            } else {
                number += 1;
            }
        }
    }
    best
}

/// Counts edits down to the one that is wanted.
struct Edit(usize);

impl Edit {
    /// Whether this is it.
    fn now(&mut self) -> bool {
        let now = self.0 == 0;
        self.0 = self.0.wrapping_sub(1);
        now
    }
}

/// The kernel with its edit of a number; none when there are not so many.
fn edited(kernel: &Kernel, number: usize) -> Option<Kernel> {
    let mut edit = Edit(number);
    let mut kernel = kernel.clone();
    for function in &mut kernel.functions {
        if edit.now() {
            function.body.clear();
            return Some(kernel);
        }
    }
    if list(&mut kernel.body, &mut edit) {
        return Some(kernel);
    }
    for at in 0..kernel.functions.len() {
        if list(&mut kernel.functions[at].body, &mut edit) {
            return Some(kernel);
        }
    }
    if edit.now() {
        kernel.grid = 1;
        return Some(kernel);
    }
    for block in [[1, 1, 1], [2, 1, 1], [7, 1, 1], [32, 1, 1], [33, 1, 1], [64, 1, 1]] {
        if edit.now() {
            if block[0] >= kernel.threads() {
                return Some(kernel);
            }
            kernel.block = block;
            return Some(kernel);
        }
    }
    None
}

/// Does the edit if it lies in these statements.
fn list(body: &mut Vec<Stmt>, edit: &mut Edit) -> bool {
    for size in [8, 4, 2, 1] {
        for start in (0..body.len()).step_by(size).filter(|_| body.len() >= size) {
            if edit.now() {
                body.drain(start..body.len().min(start + size));
                return true;
            }
        }
    }
    for at in 0..body.len() {
        for child in 0..children(&mut body[at]).len() {
            if edit.now() {
                let inner = std::mem::take(children(&mut body[at])[child]);
                body.splice(at..=at, inner);
                return true;
            }
        }
        if simplify(&mut body[at], edit) || children(&mut body[at]).into_iter().any(|child| list(child, edit))
        {
            return true;
        }
    }
    false
}

fn children(stmt: &mut Stmt) -> Vec<&mut Vec<Stmt>> {
    match stmt {
        Stmt::If { then, other, .. } => vec![then, other],
        Stmt::Loop { body, .. } => vec![body],
        Stmt::Switch { arms, .. } => arms.iter_mut().collect(),
        Stmt::Split { before, after, .. } => before.iter_mut().chain(after).collect(),
        _ => Vec::new(),
    }
}

/// Guards go, sources become small numbers.
fn simplify(stmt: &mut Stmt, edit: &mut Edit) -> bool {
    match stmt {
        Stmt::Op { from, guard, .. } => {
            if guard.is_some() && edit.now() {
                *guard = None;
                return true;
            }
            let shape =
                |source: &Source| matches!(source, Source::Reg(reg) if reg.0 != super::tree::Class::P);
            for source in from.iter_mut().filter(|source| shape(source)) {
                if edit.now() {
                    *source = Source::Number(1);
                    return true;
                }
            }
        }
        Stmt::Load(access, guard) | Stmt::Store(access, guard) => {
            if guard.is_some() && edit.now() {
                *guard = None;
                return true;
            }
            if access.at != Source::Number(0) && edit.now() {
                access.at = Source::Number(0);
                return true;
            }
        }
        Stmt::Atomic { guard, .. } | Stmt::Call { guard, .. } if guard.is_some() && edit.now() => {
            *guard = None;
            return true;
        }
        Stmt::Loop { bits, .. } if *bits > 1 && edit.now() => {
            *bits = 1;
            return true;
        }
        Stmt::Switch { table, .. } if table.len() > 1 && edit.now() => {
            table.pop();
            return true;
        }
        _ => {}
    }
    false
}
