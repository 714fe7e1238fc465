//! The types of each op's arguments and results.

use super::Stage;
use crate::compile::ssa::signature::{self, Slot};
use crate::compile::ssa::{Access, Function, Inst, Op, Type, Value};
use crate::ir::compute::{Float, Int};
use crate::ir::matrix::{Product, Role};
use crate::ir::op::{Reduction, Space, Vote};
use crate::ir::{Compute, Type as Kind};

/// One inst under test.
pub struct Check<'f> {
    /// Its function.
    pub function: &'f Function,
    /// How far that is.
    pub stage: Stage,
    /// It.
    pub inst: &'f Inst,
}

type Checked = Result<(), String>;

fn fail(what: impl Into<String>) -> Checked {
    Err(what.into())
}

use Type::{I1, I32, I64};

impl Check<'_> {
    fn ty(&self, value: Value) -> Type {
        self.function.ty(value)
    }

    fn arg(&self, place: usize) -> Type {
        self.ty(self.inst.args[place])
    }

    fn result(&self, place: usize) -> Type {
        self.ty(self.inst.results[place])
    }

    fn counts(&self, args: usize, results: usize) -> Checked {
        let (have_args, have_results) = (self.inst.args.len(), self.inst.results.len());
        if (have_args, have_results) == (args, results) {
            return Ok(());
        }
        fail(format!("{have_args} arguments and {have_results} results, not {args} and {results}"))
    }

    /// These arguments and results, no others.
    fn are(&self, args: &[Type], results: &[Type]) -> Checked {
        self.counts(args.len(), results.len())?;
        let values = self.inst.args.iter().chain(&self.inst.results);
        for (&value, &want) in values.zip(args.iter().chain(results)) {
            if self.ty(value) != want {
                return fail(format!("{value} is {}, not {want}", self.ty(value)));
            }
        }
        Ok(())
    }

    fn want(&self, fine: bool, what: &str) -> Checked {
        if fine { Ok(()) } else { fail(what) }
    }

    /// The first rule that is broken.
    pub fn types(&self) -> Checked {
        self.mask()?;
        match &self.inst.op {
            Op::Const(number) => self.number(*number),
            Op::Frame(_) => {
                self.counts(0, 1)?;
                let ty = self.function.ty(self.inst.results[0]);
                self.want(matches!(ty, I32 | I64), "an offset has 32 or 64 bits")
            }
            Op::Compute(compute) => self.compute(*compute),
            Op::Canonical(ty) | Op::Exponent(ty) | Op::Mantissa(ty) => self.floats(*ty, 1),
            Op::Scale(ty) | Op::Bound(ty) => self.floats(*ty, 2),
            Op::Special(special) => self.are(&[], &[signature::of_special(*special)]),
            Op::Load(access) => self.load(access),
            Op::Store(access) => self.store(access),
            Op::Atomic { access, .. } => self.atomic(access),
            Op::Fence | Op::WarpBarrier | Op::Barrier | Op::Trap | Op::NoTarget | Op::Poll => {
                self.are(&[], &[])
            }
            Op::Prefetch(_) => self.are(&[I64], &[]),
            Op::BarrierReduce { op, .. } => self.are(&[I1], &[if *op == Reduction::Popc { I32 } else { I1 }]),
            Op::Shuffle(_) => self.are(&[I32; 3], &[I32, I1]),
            Op::Vote { mode, .. } => self.are(&[I1, I32], &[if *mode == Vote::Ballot { I32 } else { I1 }]),
            Op::Match { all } => {
                self.counts(2, if *all { 2 } else { 1 })?;
                let value = self.arg(0);
                self.want(matches!(value, I32 | I64), "a value of 32 or 64 bits is matched")?;
                if *all { self.are(&[value, I32], &[I32, I1]) } else { self.are(&[value, I32], &[I32]) }
            }
            Op::Reduce(..) => self.are(&[I32, I32], &[I32]),
            Op::ActiveMask => self.are(&[], &[I32]),
            Op::IsSpace(_) => self.are(&[I64], &[I1]),
            Op::ToGeneric(_) | Op::FromGeneric(_) => self.are(&[I64], &[I64]),
            Op::Runtime(_) => self.want(self.inst.results.len() <= 1, "more than one result"),
            Op::Matrix(product) => self.matrix(product),
            _ => self.of_later_stages(),
        }
    }

    /// So many floats and a result like them.
    fn floats(&self, ty: Kind, count: usize) -> Checked {
        self.counts(count, 1)?;
        let like = self.result(0);
        self.want(
            matches!(ty, Kind::F32 | Kind::F64) && like.bits() == ty.bits(),
            "floats of another width",
        )?;
        self.are(&[like; 2][..count], &[like])
    }

    fn of_later_stages(&self) -> Checked {
        let slot = |number: u32| {
            let ty = self.function.slots.get(number as usize).copied();
            ty.ok_or_else(|| format!("slot {number} does not exist"))
        };
        match &self.inst.op {
            Op::Entered => self.are(&[], &[I1]),
            Op::Any => self.are(&[I1], &[I1]),
            Op::Count => self.are(&[I1], &[I32]),
            Op::Total(number) => {
                self.want(slot(*number)? == I32, "a slot of something else than numbers")?;
                self.are(&[], &[I32])
            }
            Op::Restore(number) => self.are(&[], &[slot(*number)?]),
            Op::Save(number) => self.are(&[slot(*number)?], &[]),
            Op::Context => self.are(&[], &[I64]),
            Op::Argument(number) => {
                self.want(*number < 2, "there are two arguments")?;
                self.are(&[], &[I64])
            }
            Op::Table(number) => {
                self.counts(0, 1)?;
                let Some(table) = self.function.tables.get(*number as usize) else {
                    return fail("the table does not exist");
                };
                self.want(lanes(self.result(0)) == Some(table.len() as u8), "the table has other lanes")
            }
            Op::Gather { bytes, scale, .. } => {
                self.counts(2, 1)?;
                self.lanes_access(*scale, self.result(0))?;
                self.want(self.result(0).bits() == u32::from(*bytes) * 8, "lanes of another width")
            }
            Op::Scatter { bytes, scale, .. } => {
                self.counts(3, 0)?;
                self.lanes_access(*scale, self.arg(2))?;
                self.want(self.arg(2).bits() >= u32::from(*bytes) * 8, "lanes too narrow")
            }
            Op::AtomicLanes { scale, bytes, .. } => {
                self.want(self.inst.args.len() == 4, "four arguments are needed")?;
                self.lanes_access(*scale, self.arg(2))?;
                let ty = self.arg(2);
                self.want(ty.bits() == wide(*bytes).bits(), "lanes of another width")?;
                self.want(self.arg(3) == ty, "operand and compare differ")?;
                let results = &self.inst.results;
                self.want(results.len() < 2 && results.iter().all(|&old| self.ty(old) == ty), "its results")
            }
            Op::Call(number) => {
                self.want((*number as usize) < self.function.calls.len(), "the call does not exist")
            }
            _ => self.shapes(),
        }
    }

    /// Ops that change the shape of values.
    fn shapes(&self) -> Checked {
        let op = &self.inst.op;
        let args = match op {
            Op::Join | Op::Permute => 2,
            Op::Permute2 => 3,
            _ => 1,
        };
        self.counts(args, 1)?;
        let (from, to) = (self.arg(0), self.result(0));
        let fine = match op {
            Op::Broadcast => from.is_scalar() && scalar_of(to) == from && lanes(to).is_some(),
            Op::Extract(lane) => lanes(from).is_some_and(|count| *lane < count) && scalar_of(from) == to,
            Op::Half(half) => *half < 2 && with_lanes(from, |lanes| lanes / 2) == Some(to),
            Op::Join => self.arg(1) == from && with_lanes(from, |lanes| lanes * 2) == Some(to),
            Op::MaskBits => matches!(from, Type::M { lanes: ..=32 }) && to == I32,
            Op::BitsMask => from == I32 && matches!(to, Type::M { lanes: ..=32 }),
            Op::MaskAny | Op::MaskAll => matches!(from, Type::M { .. }) && to == I1,
            Op::Permute => matches!(to, Type::V { .. }) && from == to && self.arg(1) == to,
            Op::Permute2 => {
                matches!(to, Type::V { .. }) && from == to && self.arg(1) == to && self.arg(2) == to
            }
            _ => return fail("an unknown op"),
        };
        self.want(fine, "types do not fit")
    }

    /// A mask has the type that the stage and the op want.
    fn mask(&self) -> Checked {
        let Some(mask) = self.inst.mask else { return Ok(()) };
        let have = self.ty(mask);
        if self.stage != Stage::Vectors {
            return self.want(have == I1, "the mask is no i1");
        }
        let of = |value: Option<&Value>| value.and_then(|&value| lanes(self.ty(value)));
        let lanes = match &self.inst.op {
            Op::Load(_) => match of(self.inst.results.first()) {
                Some(lanes) => Some(lanes),
                None => return fail("a scalar load has no mask"),
            },
            Op::Store(_) => of(self.inst.args.get(1)),
            Op::Atomic { .. } => None,
            Op::Gather { .. } | Op::Scatter { .. } | Op::AtomicLanes { .. } => of(self.inst.args.get(1)),
            _ => return fail("no mask here"),
        };
        let want = lanes.map_or(I1, |lanes| Type::M { lanes });
        self.want(have == want, &format!("the mask is {have}, not {want}"))
    }

    fn number(&self, number: u64) -> Checked {
        self.counts(0, 1)?;
        let bits = match self.result(0) {
            Type::M { lanes } => lanes.into(),
            ty => ty.bits(),
        };
        self.want(bits >= 64 || number >> bits == 0, &format!("{number:#x} does not fit"))
    }

    fn compute(&self, compute: Compute) -> Checked {
        let signature = signature::of(compute);
        self.counts(signature.args.len(), 1)?;
        // The processor's estimates of 32 bits stand for themselves: level 1 has those of 64 only.
        let estimate =
            matches!(compute, Compute::Float(Float::RcpGross | Float::RsqrtGross, crate::ir::Type::F32, _));
        let known = estimate || crate::interp::meaning(compute).is_some();
        self.want(known, "this op has no meaning")?;
        let count = lanes(self.result(0));
        let values = self.inst.args.iter().chain(&self.inst.results);
        let mut same = None;
        for (place, (&value, slot)) in
            values.zip(signature.args.iter().chain([&signature.result])).enumerate()
        {
            let ty = self.ty(value);
            if lanes(ty) != count {
                return fail(format!("{value} is {ty}, others have other lanes"));
            }
            let fine = match slot {
                Slot::Is(want) => scalar_of(ty) == *want || self.may_be_wide(compute, place, ty),
                Slot::Same => *same.get_or_insert(ty) == ty,
                Slot::Free => scalar_of(ty) != I1,
            };
            if !fine {
                return fail(format!("{value} is {ty}, not as {slot:?}"));
            }
        }
        Ok(())
    }

    /// Lanes of 64 bits may hold what is 32 bits wide for a scalar where the instruction wants it so.
    fn may_be_wide(&self, compute: Compute, place: usize, ty: Type) -> bool {
        let place_is_wide = match compute {
            Compute::Int(Int::MulWide, _) => place < 2,
            Compute::Int(Int::Shl | Int::Shr, _) => place == 1,
            _ => false,
        };
        place_is_wide && matches!(ty, Type::V { bits: 64, .. })
    }

    /// The address and the space.
    fn place(&self, access: &Access) -> Checked {
        self.want(matches!(access.bytes, 1 | 2 | 4 | 8), "elements have 1, 2, 4 or 8 bytes")?;
        self.want(!self.inst.args.is_empty(), "no address")?;
        let own = matches!(access.space, Space::Shared | Space::Local | Space::Param);
        let address = self.arg(0);
        let fine = address == I64 || (address == I32 && own && self.stage != Stage::Vectors);
        self.want(fine, &format!("an address is no {address}"))
    }

    fn element(&self, access: &Access, ty: Type) -> Checked {
        let fine = ty.bits() >= u32::from(access.bytes) * 8 && !matches!(ty, Type::M { .. });
        self.want(fine, &format!("{ty} has no room for {} bytes", access.bytes))
    }

    fn load(&self, access: &Access) -> Checked {
        self.place(access)?;
        self.counts(1, self.inst.results.len().max(1))?;
        self.inst.results.iter().try_for_each(|&result| self.element(access, self.ty(result)))?;
        self.one_vector(&self.inst.results)
    }

    fn store(&self, access: &Access) -> Checked {
        self.place(access)?;
        self.counts(self.inst.args.len().max(2), 0)?;
        self.inst.args[1..].iter().try_for_each(|&value| self.element(access, self.ty(value)))?;
        self.one_vector(&self.inst.args[1..])
    }

    fn one_vector(&self, values: &[Value]) -> Checked {
        let vectors = values.iter().any(|&value| lanes(self.ty(value)).is_some());
        self.want(!vectors || values.len() == 1, "one vector at a time")
    }

    fn atomic(&self, access: &Access) -> Checked {
        self.place(access)?;
        self.want(access.bytes > 1, "atomics have 2, 4 or 8 bytes")?;
        let ty = wide(access.bytes);
        let results = [ty];
        let old = self.inst.results.len().min(1);
        self.are(&[self.inst.args.first().map_or(I64, |&address| self.ty(address)), ty, ty], &results[..old])
    }

    /// Base and index of an access lane by lane.
    fn lanes_access(&self, scale: u8, value: Type) -> Checked {
        self.want(matches!(scale, 1 | 2 | 4 | 8), "scales are 1, 2, 4 or 8")?;
        self.want(self.arg(0) == I64, "the base is an i64")?;
        let index = self.arg(1);
        self.want(matches!(index, Type::V { .. }) && lanes(index) == lanes(value), "lanes differ")
    }

    fn matrix(&self, product: &Product) -> Checked {
        let of = |role| {
            let fragment = product.fragment(role);
            let ty = Type::of_register(fragment.element.register_bits());
            std::iter::repeat_n(ty, fragment.registers())
        };
        let args: Vec<Type> = of(Role::A).chain(of(Role::B)).chain(of(Role::C)).collect();
        self.are(&args, &of(Role::D).collect::<Vec<_>>())
    }
}

/// How many lanes a vector or mask has.
fn lanes(ty: Type) -> Option<u8> {
    match ty {
        Type::V { lanes, .. } | Type::M { lanes } => Some(lanes),
        _ => None,
    }
}

/// What is in a lane.
fn scalar_of(ty: Type) -> Type {
    match ty {
        Type::V { bits: 32, .. } => I32,
        Type::V { .. } => I64,
        Type::M { .. } => I1,
        scalar => scalar,
    }
}

fn with_lanes(ty: Type, change: impl Fn(u8) -> u8) -> Option<Type> {
    match ty {
        Type::V { bits, lanes } => Some(Type::V { bits, lanes: change(lanes) }),
        Type::M { lanes } => Some(Type::M { lanes: change(lanes) }),
        _ => None,
    }
}

/// The scalar that holds so many bytes.
fn wide(bytes: u8) -> Type {
    if bytes == 8 { I64 } else { I32 }
}
