//! Kernels without what a compiler may refuse: what threads of a block do together, and calls that are not direct.

use super::tree::{Callee, Kernel, Stmt};

/// The kernel without all that.
pub fn mild(mut kernel: Kernel) -> Kernel {
    let functions = kernel.functions.iter_mut().map(|function| &mut function.body);
    functions.chain([&mut kernel.body]).for_each(list);
    kernel
}

fn list(body: &mut Vec<Stmt>) {
    body.retain(|statement| match statement {
        Stmt::Block { .. } | Stmt::Split { .. } | Stmt::Atomic { shared: true, .. } => false,
        Stmt::Call { callee, .. } => matches!(callee, Callee::Direct(_)),
        _ => true,
    });
    for statement in body {
        match statement {
            Stmt::If { then, other, .. } => [then, other].into_iter().for_each(list),
            Stmt::Loop { body, .. } => list(body),
            Stmt::Switch { arms, .. } => arms.iter_mut().for_each(list),
            _ => {}
        }
    }
}
