//! Random kernels from a seed. What is written keeps to its place: barriers where all come, warp operations where the mask is known.

use super::forms::{self, CELLS, ELEMENTS, REDUCTIONS};
use super::tree::{
    Access, BlockOp, Callee, Class, Function, Guard, Kernel, Kind, Leave, Reg, Source, Space, Stmt, Style,
    WarpOp, Way,
};

/// Shapes of blocks: less than a warp, whole ones, a bit more, two dimensions.
const BLOCKS: &[[u32; 3]] = &[
    [1, 1, 1],
    [7, 1, 1],
    [32, 1, 1],
    [32, 1, 1],
    [33, 1, 1],
    [64, 1, 1],
    [64, 1, 1],
    [96, 1, 1],
    [8, 4, 1],
    [16, 5, 1],
    [11, 3, 1],
];

/// Makes the kernel of a seed.
pub fn kernel(seed: u64) -> Kernel {
    let mut random = fastrand::Rng::with_seed(seed);
    let block = *random.choice(BLOCKS).expect("there are some");
    let count = random.usize(..5).saturating_sub(1);
    let indirect = random.choice([Style::Params, Style::Packed, Style::Registers]).unwrap_or(Style::Params);
    let kinds: Vec<Kind> = (0..count)
        .map(|_| random.choice([Kind::Loose, Kind::Loose, Kind::Warp, Kind::Block]).unwrap_or(Kind::Loose))
        .collect();
    // The last loose ones may be called by address.
    let mut table: Vec<usize> = (0..count).filter(|&at| kinds[at] == Kind::Loose).rev().take(2).collect();
    random.shuffle(&mut table);
    let mut functions = Vec::new();
    for (at, &kind) in kinds.iter().enumerate() {
        let style = random.choice([Style::Params, Style::Packed, Style::Registers]).unwrap_or(Style::Params);
        let style = if table.contains(&at) { indirect } else { style };
        let budget = random.i32(2..10);
        let mut grow = Grow { random: &mut random, kinds: &kinds, table: &table, own: at as i64, budget };
        let place = Place { block: kind == Kind::Block, mask: kind != Kind::Loose, depth: 1, loops: 0 };
        let body = grow.statements(place, 10);
        functions.push(Function { kind, style, body });
    }
    let budget = *random.choice(&[6, 12, 20, 30]).expect("there are some");
    let mut grow = Grow { random: &mut random, kinds: &kinds, table: &table, own: -1, budget };
    let place = Place { block: true, mask: true, depth: 0, loops: 0 };
    let body = grow.statements(place, 30);
    Kernel {
        block,
        grid: random.u32(1..3),
        functions,
        table,
        body,
        keeps_first: random.bool(),
        dynamic: random.bool(),
        scalar: random.u32(..),
        input_seed: random.u64(..),
    }
}

struct Grow<'r> {
    random: &'r mut fastrand::Rng,
    kinds: &'r [Kind],
    table: &'r [usize],
    /// The function; -1 for the kernel.
    own: i64,
    /// Statements left.
    budget: i32,
}

/// What is known at a place of the tree.
#[derive(Clone, Copy)]
struct Place {
    block: bool,
    mask: bool,
    depth: u32,
    loops: usize,
}

impl Place {
    fn inside(self, way: Way) -> Place {
        let (block, mask) = match way {
            Way::Uniform => (self.block, self.mask),
            Way::Tracked => (false, self.mask),
            Way::Loose => (false, false),
        };
        Place { block, mask, depth: self.depth + 1, ..self }
    }
}

impl Grow<'_> {
    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.random.usize(..list.len())].clone()
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.u32(..100) < percent
    }

    /// Any register of a class.
    fn reg(&mut self, class: Class) -> Reg {
        Reg(class, self.random.u16(..class.pool()))
    }

    /// One that may be written anywhere.
    fn target(&mut self, class: Class) -> Reg {
        Reg(class, self.random.u16(Reg::uniforms(class)..class.pool()))
    }

    fn uniform(&mut self, class: Class) -> Reg {
        Reg(class, self.random.u16(..Reg::uniforms(class)))
    }

    fn number(&mut self, class: Class) -> u64 {
        match (class, self.random.u32(..6)) {
            (Class::F, _) => {
                let value = self.random.i32(-64..64) as f32 / 4.0;
                value.to_bits().into()
            }
            (Class::G, _) => (self.random.i32(-64..64) as f64 / 4.0).to_bits(),
            (_, 0..=2) => self.random.u64(..40),
            (_, 3) => class.mask() - self.random.u64(..4),
            (_, 4) => 1 << self.random.u32(..class.bytes() * 8),
            _ => self.random.u64(..) & class.mask(),
        }
    }

    fn source(&mut self, class: Class) -> Source {
        if class != Class::P && self.chance(25) {
            return Source::Number(self.number(class));
        }
        if class == Class::R && self.chance(15) {
            return Source::Reg(self.pick(&[Reg::LANE, Reg::THREAD, Reg::GLOBAL, Reg::WARP]));
        }
        Source::Reg(self.reg(class))
    }

    fn guard(&mut self) -> Guard {
        Guard { reg: self.reg(Class::P), negated: self.random.bool() }
    }

    fn sometimes(&mut self) -> Option<Guard> {
        if self.chance(20) { Some(self.guard()) } else { None }
    }

    fn statements(&mut self, place: Place, most: usize) -> Vec<Stmt> {
        let mut list = Vec::new();
        for _ in 0..self.random.usize(1..=most) {
            if self.budget <= 0 {
                break;
            }
            self.budget -= 1;
            self.statement(place, &mut list);
        }
        list
    }

    fn statement(&mut self, place: Place, list: &mut Vec<Stmt>) {
        let nests = place.depth < 4;
        let stmt = match self.random.u32(..100) {
            0..=9 => self.memory(),
            10..=14 => self.atomic(),
            15..=23 if nests => self.branch(place),
            24..=31 if nests => self.repeat(place),
            32..=35 if nests => self.switch(place),
            36..=40 => self.leave(place),
            41..=47 => self.call(),
            48..=58 if place.mask => self.warp(),
            59..=68 if place.block => self.block(),
            69..=71 if place.block && nests => self.split(place),
            72..=79 if place.block => self.uniform_op(),
            _ => {
                // What branches depend on is better fresh.
                list.push(self.op());
                self.op()
            }
        };
        list.push(stmt);
    }

    fn form(&mut self) -> usize {
        loop {
            let form = self.random.usize(..forms::all().len());
            // There are many of these.
            let text = &forms::all()[form].text;
            let frequent = text.contains("cvt") || text.starts_with("set");
            if !frequent || self.chance(30) {
                return form;
            }
        }
    }

    fn op(&mut self) -> Stmt {
        let form = self.form();
        let shape = &forms::all()[form];
        let mut to: Vec<Reg> = Vec::new();
        while to.len() < shape.to.len() {
            let reg = self.target(shape.to[to.len()]);
            if !to.contains(&reg) {
                to.push(reg);
            }
        }
        let mut from: Vec<Source> = Vec::new();
        while from.len() < shape.from.len() {
            let source = self.source(shape.from[from.len()]);
            // What is written first may not be read later.
            let clash = to.len() > 1 && to.iter().any(|&reg| source == Source::Reg(reg));
            if !clash {
                from.push(source);
            }
        }
        Stmt::Op { form, to, from, guard: self.sometimes() }
    }

    /// An operation on what is the same for all.
    fn uniform_op(&mut self) -> Stmt {
        loop {
            let form = self.form();
            let shape = &forms::all()[form];
            let fits = |class: &Class| Reg::uniforms(*class) > 0;
            if shape.to.len() > 1 || !shape.to.iter().all(fits) || !shape.from.iter().all(fits) {
                continue;
            }
            let mut from = Vec::new();
            for &class in &shape.from {
                let number = class != Class::P && self.chance(30);
                let source = if number {
                    Source::Number(self.number(class))
                } else {
                    Source::Reg(self.uniform(class))
                };
                from.push(source);
            }
            return Stmt::Op { form, to: vec![self.uniform(shape.to[0])], from, guard: None };
        }
    }

    fn memory(&mut self) -> Stmt {
        let space = self.pick(&[Space::Out, Space::In, Space::Local]);
        let store = space != Space::In && self.random.bool();
        let element = self.random.usize(..ELEMENTS.len());
        let (name, bytes, _, classes) = ELEMENTS[element];
        // A NaN in memory could be read as bits.
        let store = store && !name.starts_with('f');
        let class = self.pick(classes);
        let count = self.pick(&[1, 1, 2, 4]).min(16 / bytes as usize).min(class.pool() as usize);
        let mut regs: Vec<Reg> = Vec::new();
        while regs.len() < count {
            let reg = self.target(class);
            if !regs.contains(&reg) {
                regs.push(reg);
            }
        }
        let access = Access { space, element, regs, at: self.source(Class::R), style: self.random.u8(..8) };
        if store { Stmt::Store(access, self.sometimes()) } else { Stmt::Load(access, self.sometimes()) }
    }

    fn atomic(&mut self) -> Stmt {
        let cell = self.random.usize(..CELLS.len());
        let value = self.reg(CELLS[cell].1);
        let (shared, style) = (self.random.bool(), self.random.u8(..));
        Stmt::Atomic { shared, cell, value, style, guard: self.sometimes() }
    }

    /// How a branch goes, with a condition that fits.
    fn way(&mut self, place: Place) -> (Way, Guard) {
        let on = self.guard();
        match self.random.u32(..10) {
            0..=4 if place.block => {
                (Way::Uniform, Guard { reg: self.uniform(Class::P), negated: self.random.bool() })
            }
            0..=6 if place.mask => (Way::Tracked, on),
            _ => (Way::Loose, on),
        }
    }

    fn branch(&mut self, place: Place) -> Stmt {
        let (way, on) = self.way(place);
        let inside = place.inside(way);
        let then = self.statements(inside, 5);
        let other = if self.random.bool() { self.statements(inside, 4) } else { Vec::new() };
        Stmt::If { on, way, then, other }
    }

    fn repeat(&mut self, place: Place) -> Stmt {
        let (way, _) = self.way(place);
        let count = match way {
            Way::Uniform => Source::Reg(self.uniform(Class::R)),
            _ => self.source(Class::R),
        };
        let inside = Place { loops: place.loops + 1, ..place.inside(way) };
        let bits = if place.depth < 2 { self.random.u8(1..4) } else { self.random.u8(1..3) };
        let body = self.statements(inside, 6);
        Stmt::Loop { count, bits, way, bottom: self.random.bool(), body }
    }

    fn switch(&mut self, place: Place) -> Stmt {
        let (way, _) = self.way(place);
        let on = if way == Way::Uniform { self.uniform(Class::R) } else { self.reg(Class::R) };
        let inside = place.inside(way);
        let arms: Vec<Vec<Stmt>> = (0..self.random.usize(1..5)).map(|_| self.statements(inside, 3)).collect();
        let table = (0..self.random.usize(1..9)).map(|_| self.random.usize(..arms.len())).collect();
        Stmt::Switch { on, table, way, arms }
    }

    fn leave(&mut self, place: Place) -> Stmt {
        let what = match self.random.u32(..10) {
            0..=2 => Leave::Exit(self.random.bool()),
            3..=4 if self.own >= 0 => Leave::Return,
            5 if place.loops > 0 => Leave::Continue,
            _ if place.loops > 0 => Leave::Break(self.random.usize(..place.loops)),
            _ => Leave::Exit(self.random.bool()),
        };
        let uniform = place.block && self.random.bool();
        let on = if uniform {
            Guard { reg: self.uniform(Class::P), negated: self.random.bool() }
        } else {
            self.guard()
        };
        Stmt::Leave { on, what }
    }

    fn call(&mut self) -> Stmt {
        let next = (self.own + 1) as usize;
        let mut callee = Callee::Direct(self.random.usize(next..self.kinds.len().max(next + 1)));
        if !self.table.is_empty() && self.chance(30) {
            callee = Callee::Pointer(self.reg(Class::R));
        } else if self.own >= 0 && self.kinds[self.own as usize] == Kind::Loose && self.chance(40) {
            callee = Callee::Myself;
        }
        if self.kinds.is_empty() {
            return self.op();
        }
        let from = [self.reg(Class::R), self.reg(Class::R), self.reg(Class::D)];
        let to = [self.target(Class::R), self.target(Class::D)];
        Stmt::Call { callee, from, depth: self.reg(Class::R), to, guard: self.sometimes() }
    }

    fn warp(&mut self) -> Stmt {
        let row = self.random.u8(..REDUCTIONS.len() as u8);
        let class = self.pick(&[Class::R, Class::D]);
        let shuffle = WarpOp::Shuffle(self.random.u8(..3), self.random.u8(1..32), self.random.u8(..6));
        let op = self.pick(&[
            WarpOp::Ballot,
            WarpOp::All,
            WarpOp::Any,
            WarpOp::Same,
            shuffle,
            shuffle,
            WarpOp::ShuffleFrom,
            WarpOp::MatchAny(class),
            WarpOp::MatchAll(class),
            WarpOp::Reduce(row),
            WarpOp::ReduceGroups(row),
            WarpOp::Exchange,
        ]);
        let class = match op {
            WarpOp::MatchAny(class) | WarpOp::MatchAll(class) => class,
            _ => Class::R,
        };
        let from = [self.source(class), self.source(Class::R)];
        Stmt::Warp { op, to: self.target(Class::R), valid: self.target(Class::P), from }
    }

    fn block(&mut self) -> Stmt {
        let kind = self.random.u8(..3);
        let cell = self.random.u8(..CELLS.len() as u8);
        let op = self.pick(&[
            BlockOp::Sync,
            BlockOp::Exchange,
            BlockOp::Exchange,
            BlockOp::Reduce(kind),
            BlockOp::Reduce(kind),
            BlockOp::ReadCell(cell),
            BlockOp::Handshake,
            BlockOp::FirstWarps,
        ]);
        let class = if op == BlockOp::Reduce(1) || op == BlockOp::Reduce(2) { Class::P } else { Class::R };
        let reduces = matches!(op, BlockOp::Reduce(_));
        let to = if reduces && self.chance(60) { self.uniform(class) } else { self.target(class) };
        let mut on = self.guard();
        if op == BlockOp::Sync {
            on.reg = self.uniform(Class::P);
        }
        let from = [self.source(Class::R), self.source(Class::R)];
        Stmt::Block { op, id: self.random.u8(..16), style: self.random.u8(..4), to, from, on }
    }

    fn split(&mut self, place: Place) -> Stmt {
        let inside = place.inside(Way::Tracked);
        let on = self.guard();
        let before = [self.statements(inside, 2), self.statements(inside, 2)];
        let after = [self.statements(inside, 2), self.statements(inside, 2)];
        Stmt::Split { on, id: self.random.u8(..16), before, after }
    }
}
