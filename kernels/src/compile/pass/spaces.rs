//! Generic accesses whose space is known.
//!
//! Where a pointer comes from is found by an optimistic walk over the values: from `ToGeneric`, from the kernel's
//! parameters (which cannot point into a block's own memory), or from numbers that are no pointers. An access to shared or
//! local memory gets the offset back that its address was made of, if only sums stand in between.

use crate::compile::ssa::quick::Map;
use crate::compile::ssa::{Access, BlockId, Def, Function, InstId, Op, Type, Value};
use crate::ir::compute::{Compute, Int};
use crate::ir::op::Space;

/// Where a value points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Nobody has said so far.
    Open,
    /// A number, or nowhere known.
    Number,
    /// Into a space.
    In(Space),
    /// Into more than one, or out of memory.
    Any,
}

impl Origin {
    fn join(self, other: Origin) -> Origin {
        match (self, other) {
            (Origin::Open, one) | (one, Origin::Open) => one,
            (a, b) if a == b => a,
            _ => Origin::Any,
        }
    }

    /// Of a sum.
    fn plus(self, other: Origin) -> Origin {
        match (self, other) {
            (Origin::Number, one) | (one, Origin::Number) => one,
            (a, b) => a.join(b),
        }
    }
}

/// Resolves what it can.
pub fn run(function: &mut Function) {
    let origins = origins(function);
    for block in function.block_ids() {
        let insts = std::mem::take(&mut function.block_mut(block).insts);
        let mut resolver = Resolver { function, origins: &origins, insts: Vec::new(), made: Map::default() };
        for id in insts {
            resolver.inst(id);
        }
        let insts = resolver.insts;
        function.block_mut(block).insts = insts;
    }
}

fn origins(function: &Function) -> Vec<Origin> {
    let mut origins = vec![Origin::Open; function.values.len()];
    let blocks: Vec<BlockId> = function.block_ids().collect();
    loop {
        let mut changed = false;
        for &block in &blocks {
            for &id in &function.block(block).insts {
                changed |= transfer(function, id, &mut origins);
            }
            function.block(block).end.targets(|target| {
                for (&arg, &parameter) in target.args.iter().zip(&function.block(target.block).params) {
                    let joined = origins[parameter.0 as usize].join(origins[arg.0 as usize]);
                    changed |= std::mem::replace(&mut origins[parameter.0 as usize], joined) != joined;
                }
            });
        }
        if !changed {
            return origins;
        }
    }
}

fn transfer(function: &Function, id: InstId, origins: &mut [Origin]) -> bool {
    let inst = function.inst(id);
    let [result] = *inst.results else {
        // More than one element of memory, or a value and a flag.
        let found = if matches!(inst.op, Op::Load(_)) { Origin::Any } else { Origin::Number };
        return inst.results.iter().fold(false, |changed, value| {
            let at = value.0 as usize;
            std::mem::replace(&mut origins[at], found) != found || changed
        });
    };
    let of = |at: usize| origins[inst.args[at].0 as usize];
    let found = match &inst.op {
        _ if function.ty(result) != Type::I64 => Origin::Number,
        Op::ToGeneric(space) => Origin::In(known(*space)),
        Op::Load(Access { space: Space::Param, .. }) => Origin::In(Space::Global),
        Op::Compute(Compute::Copy) => of(0),
        Op::Compute(Compute::Int(Int::Add | Int::Sub, _)) => of(0).plus(of(1)),
        // Bits of a pointer that stays near.
        Op::Compute(Compute::Int(Int::And | Int::Or, _)) => of(0).plus(of(1)),
        Op::Compute(Compute::Select) => of(0).join(of(1)),
        Op::Compute(Compute::Int(..) | Compute::Float(..) | Compute::Convert(_)) => Origin::Number,
        Op::Const(_) | Op::Special(_) | Op::FromGeneric(_) => Origin::Number,
        _ => Origin::Any,
    };
    let at = result.0 as usize;
    let joined = origins[at].join(found);
    std::mem::replace(&mut origins[at], joined) != joined
}

/// Constants lie in global memory.
fn known(space: Space) -> Space {
    if space == Space::Const { Space::Global } else { space }
}

struct Resolver<'f> {
    function: &'f mut Function,
    origins: &'f [Origin],
    insts: Vec<InstId>,
    /// Offsets made in this block, by the address they are of.
    made: Map<Value, Value>,
}

impl Resolver<'_> {
    fn origin(&self, value: Value) -> Origin {
        self.origins.get(value.0 as usize).copied().unwrap_or(Origin::Any)
    }

    fn inst(&mut self, id: InstId) {
        let inst = self.function.inst(id);
        let space = match &inst.op {
            Op::Load(access) | Op::Store(access) | Op::Atomic { access, .. } => Some(access.space),
            _ => None,
        };
        match (&inst.op, space) {
            (Op::IsSpace(space), _) => self.is_space(id, *space),
            (
                Op::ToGeneric(Space::Global | Space::Const) | Op::FromGeneric(Space::Global | Space::Const),
                _,
            ) => {
                self.function.inst_mut(id).op = Op::Compute(Compute::Copy);
            }
            (_, Some(Space::Generic)) => self.access(id),
            _ => {}
        }
        self.insts.push(id);
    }

    fn is_space(&mut self, id: InstId, space: Space) {
        let Origin::In(origin) = self.origin(self.function.inst(id).args[0]) else { return };
        let number = match space {
            Space::Generic => 1,
            // Parameters are a part of global memory.
            Space::Global if origin == Space::Param => 1,
            // Which part of global memory is constant is known where it runs.
            Space::Const | Space::Global if origin == Space::Global => return,
            space => (space == origin).into(),
        };
        let inst = self.function.inst_mut(id);
        inst.op = Op::Const(number);
        inst.args.clear();
    }

    fn access(&mut self, id: InstId) {
        let address = self.function.inst(id).args[0];
        let Origin::In(space) = self.origin(address) else { return };
        let address = match space {
            Space::Global => Some(address),
            Space::Shared | Space::Local => self.offset(address, space, id, 0),
            _ => None,
        };
        let Some(address) = address else { return };
        let inst = self.function.inst_mut(id);
        inst.args[0] = address;
        if let Op::Load(access) | Op::Store(access) | Op::Atomic { access, .. } = &mut inst.op {
            access.space = space;
        }
    }

    /// The offset in a space that an address was made of.
    fn offset(&mut self, address: Value, space: Space, before: InstId, depth: u32) -> Option<Value> {
        if let Some(&made) = self.made.get(&address) {
            return Some(made);
        }
        let Def::Inst(maker, 0) = self.function.def(address) else { return None };
        let inst = self.function.inst(maker);
        let (op, args) = (inst.op.clone(), inst.args.clone());
        let offset = match op {
            Op::ToGeneric(of) if of == space => args[0],
            Op::Compute(Compute::Copy) if depth < 16 => self.offset(args[0], space, before, depth + 1)?,
            Op::Compute(Compute::Int(Int::Add | Int::Sub, _)) if depth < 16 => {
                let mut parts = [args[0], args[1]];
                for part in &mut parts {
                    if self.origin(*part) != Origin::Number {
                        *part = self.offset(*part, space, before, depth + 1)?;
                    }
                }
                self.make(op, &parts, before)
            }
            _ => return None,
        };
        self.made.insert(address, offset);
        Some(offset)
    }

    fn make(&mut self, op: Op, args: &[Value], before: InstId) -> Value {
        let line = self.function.inst(before).line;
        let id = self.function.add_inst(op, args, None, &[Type::I64], line);
        self.insts.push(id);
        self.function.inst(id).results[0]
    }
}

#[cfg(test)]
mod tests {
    use crate::compile::pass::dce;
    use crate::compile::ssa::Function;
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    fn resolves(before: &str, after: &str) {
        let pass = |function: &mut Function| {
            super::run(function);
            dce::run(function);
        };
        check(Stage::Threads, before, pass, after);
    }

    #[test]
    fn a_pointer_to_shared_memory_is_an_offset_again() {
        resolves(
            "function k
b0:
  v0: i64 = const 64
  v1: i64 = togeneric.shared v0
  v2: i32 = special.tid.0
  v3: i64 = convert.u64.u32 v2
  v4: i64 = add.s64 v1, v3
  v5: i32 = load.generic.4 v4 + 8
  v6: i1 = isspace.shared v4
  v7: i32 = select v5, v2, v6
  store.generic.4 v4, v7
  exit",
            "function k
b0:
  v0: i64 = const 64
  v2: i32 = special.tid.0
  v3: i64 = convert.u64.u32 v2
  v8: i64 = add.s64 v0, v3
  v5: i32 = load.shared.4 v8 + 8
  v6: i1 = const 1
  v7: i32 = select v5, v2, v6
  store.shared.4 v8, v7
  exit",
        );
    }

    #[test]
    fn parameters_point_into_global_memory_and_loaded_pointers_anywhere() {
        resolves(
            "function k
b0:
  v0: i64 = const 0
  v1: i64 = load.param.8 v0
  v2: i64 = load.generic.8 v1
  v3: i32 = load.generic.4 v2
  store.generic.4 v1, v3
  exit",
            "function k
b0:
  v0: i64 = const 0
  v1: i64 = load.param.8 v0
  v2: i64 = load.global.8 v1
  v3: i32 = load.generic.4 v2
  store.global.4 v1, v3
  exit",
        );
    }
}
