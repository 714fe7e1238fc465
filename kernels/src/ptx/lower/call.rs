//! Calls: arguments and results travel in the frame.

use std::rc::Rc;

use super::super::ast::{Formal, Header, Operand as Written, Table};
use super::cooperative::{self, Cooperative};
use super::names::Binding;
use super::operand::Width;
use super::step::{Done, Step};
use super::{Refusal, external};
use crate::ir::op::{Callee, Passed, Runtime};
use crate::ir::{Op, Operand, Reg, Type};
use crate::libdevice::External;

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// The callee, and the shape of what is called.
struct Target<'m, 'a> {
    callee: Called,
    formals: Formals<'m, 'a>,
}

/// Where results and parameters of a function are listed.
enum Formals<'m, 'a> {
    /// In a header, which all calls in the body share.
    Header(Rc<Header<'a>>),
    /// In a prototype.
    Prototype(&'m [Formal<'a>], &'m [Formal<'a>]),
}

impl<'a> Formals<'_, 'a> {
    fn returns(&self) -> &[Formal<'a>] {
        match self {
            Formals::Header(header) => &header.returns,
            Formals::Prototype(returns, _) => returns,
        }
    }

    fn parameters(&self) -> &[Formal<'a>] {
        match self {
            Formals::Header(header) => &header.parameters,
            Formals::Prototype(_, parameters) => parameters,
        }
    }
}

/// What is called.
enum Called {
    /// Something to go to.
    Code(Callee),
    /// A function of the device library: ops in place.
    External(External),
    /// A function of cooperative groups: ops in place.
    Cooperative(Cooperative),
}

/// `call (results), name, (arguments), prototype;` where all but the name may be missing.
pub fn call(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.guarded(unguarded)
}

fn unguarded(step: &mut S<'_, '_, '_, '_>) -> Done {
    let mut at = 0;
    let mut results: &[Written<'_>] = &[];
    if let Written::List(..) = step.written(0)? {
        results = step.elements(0)?;
        at = 1;
    }
    let callee_at = at;
    at += 1;
    let mut arguments: &[Written<'_>] = &[];
    if let Some(Written::List(..)) = step.operands.get(at) {
        arguments = step.elements(at)?;
        at += 1;
    }
    let prototype = step.operands.get(at).copied();
    step.count(callee_at + 1, at + usize::from(prototype.is_some()))?;
    let target = target(step, callee_at, prototype)?;
    let (returns, parameters) = (target.formals.returns(), target.formals.parameters());
    if arguments.len() != parameters.len() || results.len() != returns.len() {
        let (have, want) = (arguments.len(), parameters.len());
        return step.error(format!("{have} arguments for {want} parameters, or results that do not fit"));
    }
    let mut passed = Vec::new();
    for (written, formal) in arguments.iter().zip(parameters) {
        passed.push(argument(step, written, formal)?);
    }
    let mut returned = Vec::new();
    let mut loads: Vec<(Reg, Type, u32)> = Vec::new();
    for (written, formal) in results.iter().zip(returns) {
        returned.push(result(step, written, formal, &mut loads)?);
    }
    match target.callee {
        Called::Code(callee) => step.emit(Op::Call { callee, arguments: passed, results: returned }),
        Called::External(external) => external::call(step, external, &passed, &returned)?,
        Called::Cooperative(function) => cooperative::call(step, function, &passed, &returned)?,
    }
    for load in loads {
        step.body.take_formal(load, None, step.place.0);
    }
    Ok(())
}

fn target<'m, 'a>(
    step: &mut S<'_, '_, 'm, 'a>,
    at: usize,
    prototype: Option<Written<'a>>,
) -> Result<Target<'m, 'a>, Refusal> {
    let Written::Name(name) = *step.written(at)? else { return step.error("expected a function") };
    if let Some((reg, ty)) = step.body.register(name) {
        if ty.bits() != 64 {
            return step.error(format!("'{name}' is .{ty}, no function pointer"));
        }
        let Some(Written::Name(shape)) = prototype else { return step.error("expected a prototype") };
        let formals = shape_of(step, shape)?;
        let callee = Called::Code(Callee::Pointer(Operand::Reg(reg)));
        return Ok(Target { callee, formals });
    }
    let Some(Binding::Function(index)) = step.body.symbol(name) else {
        return step.error(format!("no function '{name}'"));
    };
    let declared = &step.body.scope.declared.functions[index as usize];
    let header = step.body.header(index)?;
    let callee = match (Runtime::named(name), External::named(name), Cooperative::named(name)) {
        _ if declared.kernel => return step.error(format!("'{name}' is a kernel")),
        // A module's own body of a known function is the one that counts.
        _ if declared.body.is_some() => Called::Code(Callee::Function(index)),
        (Some(runtime), ..) => Called::Code(Callee::Runtime(runtime)),
        (_, Some(external), _) => {
            external::check(external, &header.returns, &header.parameters).map_err(Refusal::Call)?;
            Called::External(external)
        }
        (.., Some(function)) if function.fits(&header.returns, &header.parameters) => {
            Called::Cooperative(function)
        }
        (.., Some(_)) => return Err(Refusal::Call(format!("{name}, declared with other types"))),
        (None, None, None) => return Err(Refusal::Call(format!("{name}, which is defined nowhere"))),
    };
    Ok(Target { callee, formals: Formals::Header(header) })
}

/// Results and parameters by the name of a prototype, of a list of functions, or of a table that holds their addresses.
fn shape_of<'m, 'a>(step: &mut S<'_, '_, 'm, 'a>, name: &'a str) -> Result<Formals<'m, 'a>, Refusal> {
    let binding = step.body.symbol(name);
    let scope = step.body.scope;
    let first = match binding {
        Some(Binding::Table(table)) => match step.body.tables[table as usize] {
            Table::Prototype(_, returns, parameters) => return Ok(Formals::Prototype(returns, parameters)),
            Table::Callees(_, names) => names.first().copied(),
            Table::Targets(..) => None,
        },
        Some(Binding::Global(index)) => {
            let relocations = &scope.declared.globals[index as usize].relocations;
            relocations.first().map(|relocation| &*relocation.symbol)
        }
        _ => None,
    };
    // All of a list are alike.
    match first.and_then(|first| scope.symbol(first)) {
        Some(Binding::Function(index)) => Ok(Formals::Header(step.body.header(index)?)),
        _ => step.error(format!("'{name}' is no prototype and no list of functions")),
    }
}

/// The variable that is passed, if it is one and fits.
fn variable<'a>(
    step: &mut S<'_, '_, '_, 'a>,
    written: &Written<'a>,
    bytes: u64,
) -> Result<Option<u32>, Refusal> {
    let Written::Name(name) = *written else { return Ok(None) };
    if step.body.register(name).is_some() {
        return Ok(None);
    }
    match step.body.symbol(name) {
        Some(Binding::Frame(frame, have, true)) if u64::from(have) == bytes => Ok(Some(frame)),
        Some(Binding::Frame(_, have, true)) => {
            step.error(format!("'{name}' has {have} bytes where {bytes} are passed"))
        }
        _ => Ok(None),
    }
}

/// The type of a formal that is one value.
pub fn scalar(formal: &Formal<'_>) -> Result<Type, Refusal> {
    match formal {
        Formal::Register(ty, _) => Ok(*ty),
        Formal::Param(v) if v.bytes == u64::from(v.element.bytes()) => Ok(v.element),
        Formal::Param(_) => Err(Refusal::Unsupported),
    }
}

fn argument<'a>(
    step: &mut S<'_, '_, '_, 'a>,
    written: &Written<'a>,
    formal: &Formal<'a>,
) -> Result<Passed, Refusal> {
    let (bytes, align) = formal.layout();
    // An array without a size takes as many as are given; no compiler that we know makes these.
    if bytes == 0 {
        return Err(Refusal::Unsupported);
    }
    if let Some(frame) = variable(step, written, bytes)? {
        return Ok(Passed { frame, bytes: bytes as u32 });
    }
    let ty = scalar(formal)?;
    let value = step.source_of(written, ty, Width::Exact)?;
    let Some(frame) = step.body.slot(bytes, align) else { return Err(Refusal::Unsupported) };
    step.body.give_formal((value, ty, frame), None, step.place.0);
    Ok(Passed { frame, bytes: bytes as u32 })
}

fn result<'a>(
    step: &mut S<'_, '_, '_, 'a>,
    written: &Written<'a>,
    formal: &Formal<'a>,
    loads: &mut Vec<(Reg, Type, u32)>,
) -> Result<Passed, Refusal> {
    let (bytes, align) = formal.layout();
    if let Some(frame) = variable(step, written, bytes)? {
        return Ok(Passed { frame, bytes: bytes as u32 });
    }
    let Some(frame) = step.body.slot(bytes, align) else { return Err(Refusal::Unsupported) };
    if *written != Written::Name("_") {
        let ty = scalar(formal)?;
        loads.push((step.target_of(written, ty, Width::Exact)?, ty, frame));
    }
    Ok(Passed { frame, bytes: bytes as u32 })
}
