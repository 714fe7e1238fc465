//! Branches and ends.

use super::super::ast::{Operand as Written, Table};
use super::names::Binding;
use super::step::{Done, Step};
use crate::ir::{End, Op, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// `bra`
pub fn bra(step: &mut S<'_, '_, '_, '_>) -> Done {
    let Written::Name(name) = *step.written(0)? else { return step.error("expected a label") };
    let Some(target) = step.body.label(name) else { return step.error(format!("no label '{name}'")) };
    let line = step.place.0;
    match step.guard {
        None => step.body.blocks.end(End::Jump(target), line),
        Some(guard) => {
            let next = step.body.blocks.reserve();
            step.body.blocks.end(End::Branch(guard, target, next), line);
            step.body.blocks.start(next, line);
        }
    }
    Ok(())
}

/// `brx.idx`
pub fn brx(step: &mut S<'_, '_, '_, '_>) -> Done {
    let index = step.source(0, Type::U32)?;
    let Written::Name(name) = *step.written(1)? else { return step.error("expected a list of labels") };
    let table = match step.body.symbol(name) {
        Some(Binding::Table(table)) => step.body.tables[table as usize],
        _ => return step.error(format!("no list of labels '{name}'")),
    };
    let Table::Targets(_, labels) = table else { return step.error(format!("'{name}' is a prototype")) };
    // Many branches by one long table would be more than the text is worth.
    step.body.targets += labels.len();
    if step.body.targets > step.body.scope.text.len() {
        return step.error("too many targets of branches");
    }
    let mut targets = Vec::with_capacity(labels.len());
    for label in labels {
        match step.body.label(label) {
            Some(block) => targets.push(block),
            None => return step.error(format!("no label '{label}'")),
        }
    }
    step.end(End::Table(index, targets));
    Ok(())
}

/// `ret`
pub fn ret(step: &mut S<'_, '_, '_, '_>) -> Done {
    let line = step.place.0;
    step.guarded(|step| {
        step.body.end_return(line);
        Ok(())
    })
}

/// `exit` and `trap`
pub fn leave(step: &mut S<'_, '_, '_, '_>) -> Done {
    let end = if step.form.opcode == "exit" { End::Exit } else { End::Trap };
    step.end(end);
    Ok(())
}

/// `nanosleep`
pub fn nanosleep(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.source(0, Type::U32)?;
    step.emit(Op::Sleep);
    Ok(())
}

/// Nothing to be done: `brkpt`, as there is no debugger to stop for; `pmevent`, as nobody counts; `griddepcontrol`, as a
/// grid starts when those it depends on have ended; `setmaxnreg`, as registers are not shared out.
pub fn nothing(_: &mut S<'_, '_, '_, '_>) -> Done {
    Ok(())
}
