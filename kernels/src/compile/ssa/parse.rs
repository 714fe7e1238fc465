//! SSA out of the text that `print` writes, for tests.

mod names;
mod text;

use super::{Block, BlockId, Def, End, Function, Inst, InstId, Op, Target, Type, Value};
use text::{Line, Parsed};

/// A function out of its text; panics where that is wrong. Indentation, empty lines and what follows a `//` do not count.
/// Values and blocks keep their numbers; blocks that are not there exit.
#[track_caller]
pub fn parse(text: &str) -> Function {
    let mut reader = Reader::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.split("//").next().unwrap_or("").trim();
        if line.is_empty() {
            continue;
        }
        if let Err(what) = reader.line(line) {
            panic!("line {}: `{line}`: {what}", number + 1);
        }
    }
    reader.function
}

/// Runs a pass over the text of a function, which must give the other text, and be right for its stage before and after.
#[track_caller]
pub fn check(stage: super::verify::Stage, before: &str, pass: impl FnOnce(&mut Function), after: &str) {
    let mut function = parse(before);
    if let Err(what) = super::verify::verify(&function, stage) {
        panic!("before: {what}\n{function}");
    }
    pass(&mut function);
    if let Err(what) = super::verify::verify(&function, stage) {
        panic!("after: {what}\n{function}");
    }
    same(&function, after);
}

/// Whether a function has this text, indentation aside.
#[track_caller]
pub fn same(function: &Function, text: &str) {
    let plain = |text: &str| {
        let lines = text.lines().map(|line| line.split("//").next().unwrap_or("").trim());
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    let printed = function.to_string();
    if plain(&printed) != plain(text) {
        panic!("it is\n{printed}\nand should be\n{text}");
    }
}

#[derive(Default)]
struct Reader {
    function: Function,
    block: Option<BlockId>,
}

impl Reader {
    fn line(&mut self, text: &str) -> Parsed<()> {
        let mut line = Line::new(text);
        if self.block.is_none() && self.header(&mut line)? {
            return Ok(());
        }
        if text.ends_with(':') {
            return self.start(&mut line);
        }
        let block = self.block.ok_or("no block yet")?;
        let number = line.number_of_line()?;
        if let Some(end) = end(&mut line)? {
            let block = self.function.block_mut(block);
            (block.end, block.line) = (end, number);
            return line.done();
        }
        self.inst(block, number, line)
    }

    /// What stands before the blocks; false if this does not.
    fn header(&mut self, line: &mut Line<'_>) -> Parsed<bool> {
        if line.eat("function ") {
            self.function.name = line.rest().to_owned();
        } else if line.eat("local ") {
            self.function.local_bytes = line.number()? as u32;
        } else if line.eat("resumes ") {
            self.function.resumes = line.list(Line::block)?;
        } else if line.eat("slots ") {
            self.function.slots = line.list(Line::ty)?;
        } else if line.eat("table ") {
            let table = line.list(Line::number)?;
            self.function.tables.push(table);
        } else if line.eat("call ") {
            let call = names::call(line.rest())?;
            self.function.calls.push(call);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn start(&mut self, line: &mut Line<'_>) -> Parsed<()> {
        let id = line.block()?;
        while self.function.blocks.len() <= id.0 as usize {
            self.function.blocks.push(Block {
                params: Vec::new(),
                insts: Vec::new(),
                end: End::Exit,
                line: 0,
            });
        }
        if line.eat("(") {
            let params = line.list(typed)?;
            for (place, &(value, ty)) in (0..).zip(&params) {
                self.define(value, ty, Def::Param(id, place))?;
            }
            self.function.block_mut(id).params = params.iter().map(|param| param.0).collect();
            line.want(")")?;
        }
        line.want(":")?;
        self.block = Some(id);
        line.done()
    }

    fn define(&mut self, value: Value, ty: Type, def: Def) -> Parsed<()> {
        let values = &mut self.function.values;
        if values.len() <= value.0 as usize {
            values.resize(value.0 as usize + 1, (Type::I1, Def::Gone));
        }
        let old = std::mem::replace(&mut values[value.0 as usize], (ty, def));
        if old.1 == Def::Gone { Ok(()) } else { Err(format!("{value} is made twice")) }
    }

    fn inst(&mut self, block: BlockId, number: u32, mut line: Line<'_>) -> Parsed<()> {
        let id = InstId(self.function.insts.len() as u32);
        let mut results = Vec::new();
        if line.has_targets() {
            results = line.list(typed)?;
            line.want("=")?;
        }
        for (place, &(value, ty)) in (0..).zip(&results) {
            self.define(value, ty, Def::Inst(id, place))?;
        }
        let mut op = names::op(line.word())?;
        if let Op::Const(value) = &mut op {
            *value = line.number()?;
        }
        let args = args(&mut line, &mut op)?;
        let mask = if line.eat("[") {
            let mask = line.value()?;
            line.want("]")?;
            Some(mask)
        } else {
            None
        };
        line.done()?;
        let results = results.iter().map(|result| result.0).collect();
        self.function.insts.push(Inst { op, args: args.into(), mask, results, line: number });
        self.function.block_mut(block).insts.push(id);
        Ok(())
    }
}

fn typed(line: &mut Line<'_>) -> Parsed<(Value, Type)> {
    let value = line.value()?;
    line.want(":")?;
    Ok((value, line.ty()?))
}

/// Arguments with the parts of addresses between them, which go into the op.
fn args(line: &mut Line<'_>, op: &mut Op) -> Parsed<Vec<Value>> {
    let mut args = Vec::new();
    if !line.at('v') {
        return Ok(args);
    }
    loop {
        args.push(line.value()?);
        let times = if line.eat("*") { line.number()? as u8 } else { 1 };
        let added = line.offset()?;
        match op {
            Op::Load(access) | Op::Store(access) | Op::Atomic { access, .. } if args.len() == 1 => {
                access.offset = added;
            }
            Op::Gather { scale, offset, .. }
            | Op::Scatter { scale, offset, .. }
            | Op::AtomicLanes { scale, offset, .. }
                if args.len() == 2 =>
            {
                *scale = times;
                *offset = i32::try_from(added).map_err(|_| "the offset is too large")?;
            }
            _ if times != 1 || added != 0 => return Err("no address".to_owned()),
            _ => {}
        }
        if !line.eat(",") {
            return Ok(args);
        }
    }
}

fn target(line: &mut Line<'_>) -> Parsed<Target> {
    let block = line.block()?;
    let mut target = Target::to(block);
    if line.eat("(") {
        target.args = line.list(Line::value)?.into();
        line.want(")")?;
    }
    Ok(target)
}

fn end(line: &mut Line<'_>) -> Parsed<Option<End>> {
    Ok(Some(if line.eat("jump ") {
        End::Jump(target(line)?)
    } else if line.eat("branch ") {
        let condition = line.value()?;
        line.want(",")?;
        let yes = target(line)?;
        line.want(",")?;
        End::Branch(condition, yes, target(line)?)
    } else if line.eat("switch ") {
        let index = line.value()?;
        line.want(",")?;
        line.want("[")?;
        let targets = line.list(target)?;
        line.want("]")?;
        End::Switch(index, targets)
    } else if line.eat("exit") {
        End::Exit
    } else if line.eat("yield ") {
        End::Yield(line.number()? as u32)
    } else if line.eat("return ") {
        End::Return(line.value()?)
    } else {
        return Ok(None);
    }))
}

#[cfg(test)]
mod tests;
