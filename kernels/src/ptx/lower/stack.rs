//! Local memory that a function adds while it runs.

use super::Refusal;
use super::step::{Done, Step};
use crate::ir::{Op, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// Alignment of added memory unless the text says more.
const ALIGN: u64 = 8;
/// Largest alignment that can be asked for.
const MOST_ALIGN: u64 = 4096;

fn address_type(step: &S<'_, '_, '_, '_>) -> Result<Type, Refusal> {
    // 32-bit pointers are for texts of 32-bit addresses.
    step.form.ty().and_then(|ty| if ty == Type::U64 { Ok(ty) } else { Err(Refusal::Unsupported) })
}

/// `alloca`
pub fn alloca(step: &mut S<'_, '_, '_, '_>) -> Done {
    let ty = address_type(step)?;
    step.count(2, 3)?;
    let align = if step.operands.len() == 3 { step.number(2)? } else { ALIGN };
    if !align.is_power_of_two() || align > MOST_ALIGN {
        return step.error(format!("alignment {align} is no power of two up to {MOST_ALIGN}"));
    }
    let to = step.target(0, ty)?;
    let bytes = step.source(1, ty)?;
    step.emit(Op::Alloca { to, bytes, align: align.max(ALIGN) as u32 });
    Ok(())
}

/// `stacksave`
pub fn save(step: &mut S<'_, '_, '_, '_>) -> Done {
    let ty = address_type(step)?;
    step.count(1, 1)?;
    let to = step.target(0, ty)?;
    step.emit(Op::StackSave { to });
    Ok(())
}

/// `stackrestore`
pub fn restore(step: &mut S<'_, '_, '_, '_>) -> Done {
    let ty = address_type(step)?;
    step.count(1, 1)?;
    let from = step.source(0, ty)?;
    step.emit(Op::StackRestore { from });
    Ok(())
}
