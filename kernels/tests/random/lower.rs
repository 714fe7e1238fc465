//! From the tree to lines. A statement that means nothing at its place (a barrier where threads have parted) becomes none.

use super::forms::{self, ELEMENTS};
use super::lines::{ARGUMENTS, Arrival, LOCAL_BYTES, Line, OUT_BYTES, OUT_USED, Routine, Together, What};
use super::tree::{
    Access, CLASSES, Callee, Class, Guard, Kernel, Kind, Leave, Reg, Source, Space, Stmt, Way,
};

/// What is known where a statement stands.
#[derive(Clone, Copy)]
pub struct Here {
    /// All live threads of the block come here.
    pub block: bool,
    /// Holds the lanes that come here.
    pub mask: Option<Reg>,
    /// Directly in the body of the innermost loop, or of the function outside of loops.
    pub top: bool,
}

struct Ring {
    out: usize,
    next: usize,
    here: Here,
}

pub struct Lower<'k> {
    pub kernel: &'k Kernel,
    /// The function; none for the kernel.
    pub function: Option<usize>,
    lines: Vec<Line>,
    labels: usize,
    counts: [u16; 6],
    rings: Vec<Ring>,
}

pub fn routine(kernel: &Kernel, function: Option<usize>) -> Routine {
    let counts = CLASSES.map(Reg::first_own);
    let mut lower = Lower { kernel, function, lines: Vec::new(), labels: 0, counts, rings: Vec::new() };
    let kind = function.map_or(Kind::Block, |at| kernel.functions[at].kind);
    let mask = (kind != Kind::Loose).then_some(Reg::MASK);
    lower.start();
    let here = Here { block: kind == Kind::Block, mask, top: true };
    let body = function.map_or(&kernel.body, |at| &kernel.functions[at].body);
    lower.statements(body, here);
    lower.finish();
    let mut labels = vec![0; lower.labels];
    for (at, line) in lower.lines.iter().enumerate() {
        if let Line::Label(label) = line {
            labels[*label] = at;
        }
    }
    Routine { lines: lower.lines, labels, counts: lower.counts }
}

impl Lower<'_> {
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub fn fresh(&mut self, class: Class) -> Reg {
        let count = &mut self.counts[class as usize];
        *count += 1;
        Reg(class, *count - 1)
    }

    pub fn label(&mut self) -> usize {
        self.labels += 1;
        self.labels - 1
    }

    pub fn place(&mut self, label: usize) {
        self.push(Line::Label(label));
    }

    /// A form by name into a register.
    pub fn to(&mut self, to: Reg, name: &str, from: &[Source]) {
        let form = forms::named(name);
        self.push(Line::Do { form, to: vec![to], from: from.to_vec(), guard: None });
    }

    /// A form by name into a new register of its class.
    pub fn value(&mut self, name: &str, from: &[Source]) -> Reg {
        let to = self.fresh(forms::all()[forms::named(name)].to[0]);
        self.to(to, name, from);
        to
    }

    pub fn jump(&mut self, to: usize, guard: Option<Guard>) {
        self.push(Line::Jump { to, guard, uniform: false });
    }

    pub fn ballot(&mut self, pred: Reg, mask: Reg) -> Reg {
        let to = self.fresh(Class::R);
        let from = [Source::Reg(pred), Source::Number(0), Source::Number(0)];
        self.push(Line::Warp { op: Together::Ballot, mask: Source::Reg(mask), to, valid: None, from });
        to
    }

    /// The guard as a predicate that is true.
    fn plain(&mut self, guard: Guard) -> Reg {
        if guard.negated { self.value("not.pred", &[Source::Reg(guard.reg)]) } else { guard.reg }
    }

    fn start(&mut self) {
        let tell = [
            (Reg::LANE, What::Lane),
            (Reg::THREAD, What::Thread),
            (Reg::GLOBAL, What::Global),
            (Reg::WARP, What::Warp),
            (Reg(Class::R, 0), What::BlockIndex),
        ];
        for (reg, what) in tell {
            self.push(Line::Tell(reg, what));
        }
        let kernel = self.function.is_none();
        if kernel {
            self.push(Line::Tell(Reg(Class::R, 1), What::Scalar));
            self.to(Reg::DEPTH, "mov.b32", &[Source::Number(0)]);
            self.to(Reg::MASK, "mov.b32", &[Source::Number(0xffff_ffff)]);
        }
        self.to(Reg::LATER, "setp.ne.u32", &[Source::Reg(Reg::LANE), Source::Number(0)]);
        let mut seed = self.function.map_or(1, |at| at as u64 + 2);
        for class in CLASSES {
            for number in 0..class.pool() {
                let reg = Reg(class, number);
                let given = if kernel { reg.1 < 2 && class == Class::R } else { ARGUMENTS.contains(&reg) };
                if given || (class == Class::R && number == 0) {
                    continue;
                }
                seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
                self.fill(reg, seed, kernel);
            }
        }
        self.clear_memory(kernel);
    }

    /// A first value: from the input if it may differ, else a number.
    fn fill(&mut self, reg: Reg, seed: u64, load: bool) {
        let name = ["mov.b16", "mov.b32", "mov.b64", "", "mov.f32", "mov.f64"][reg.0 as usize];
        match reg.0 {
            Class::P => {
                let from =
                    [if reg.uniform() { Source::Reg(Reg(Class::R, 0)) } else { Source::Reg(Reg::GLOBAL) }];
                let bit = self.value("and.b32", &[from[0], Source::Number(1 << (seed % 6))]);
                self.to(reg, "setp.ne.u32", &[Source::Reg(bit), Source::Number(0)]);
            }
            class if load && !reg.uniform() => {
                let step = Source::Number(class.bytes().into());
                let at =
                    self.value("mad.lo.u32", &[Source::Reg(Reg::GLOBAL), step, Source::Number(seed & 0xff8)]);
                let element = ["u16", "u32", "u64", "", "f32", "f64"][class as usize];
                let element = forms::element(element);
                let access =
                    Access { space: Space::In, element, regs: vec![reg], at: Source::Reg(at), style: 0 };
                self.access(&access, false, None);
            }
            // A number that is no NaN.
            Class::F => self.to(reg, name, &[Source::Number(0x3f80_0000 | (seed & 0x3f_ffff))]),
            Class::G => self.to(reg, name, &[Source::Number(0x3ff0_0000_0000_0000 | (seed & 0xf_ffff))]),
            class => self.to(reg, name, &[Source::Number(seed & class.mask())]),
        }
    }

    /// Local memory of the routine, and in a kernel shared memory too, so that nothing is read before it is written.
    fn clear_memory(&mut self, kernel: bool) {
        let long = forms::element("u64");
        for at in (0..LOCAL_BYTES).step_by(16) {
            let regs = vec![Reg(Class::D, 0), Reg(Class::D, 1)];
            let at = Source::Number(at.into());
            let (store, space) = (true, Space::Local);
            self.push(Line::Move { store, space, element: long, regs, at, style: 0, guard: None });
        }
        if !kernel {
            return;
        }
        let mine = self.slot(Source::Reg(Reg::THREAD));
        self.shared(true, mine, Reg::THREAD);
        let first = self.value("setp.ne.u32", &[Source::Reg(Reg::THREAD), Source::Number(0)]);
        let past = self.label();
        self.jump(past, Some(Guard { reg: first, negated: false }));
        for cell in 0..super::lines::CELLS {
            let regs = vec![Reg(Class::D, 1)];
            self.to(regs[0], "mov.b64", &[Source::Number(u64::from(cell) * 77)]);
            let at = Source::Number(u64::from(cell) * 8);
            let (store, space) = (true, Space::Shared);
            self.push(Line::Move { store, space, element: long, regs, at, style: 0, guard: None });
        }
        self.place(past);
        self.to(Reg(Class::D, 1), "mov.b64", &[Source::Number(99)]);
        self.push(Line::Barrier { id: 0, count: None, kind: Arrival::Wait, style: 0, guard: None });
    }

    /// The offset of a thread's slot in shared memory.
    pub fn slot(&mut self, thread: Source) -> Reg {
        self.value("mad.lo.u32", &[thread, Source::Number(4), Source::Number(super::lines::SLOTS.into())])
    }

    /// A word of shared memory.
    pub fn shared(&mut self, store: bool, at: Reg, value: Reg) {
        let element = forms::element("b32");
        let (space, at, style) = (Space::Shared, Source::Reg(at), at.1 as u8);
        self.push(Line::Move { store, space, element, regs: vec![value], at, style, guard: None });
    }

    /// All registers to the output at the kernel's end; functions just return.
    fn finish(&mut self) {
        if self.function.is_some() {
            return self.push(Line::Return(None));
        }
        let mut at = OUT_USED;
        for class in CLASSES {
            for number in 0..class.pool() {
                let reg = Reg(class, number);
                let (reg, element) = match class {
                    Class::H => (reg, "u16"),
                    Class::R => (reg, "b32"),
                    Class::D => (reg, "b64"),
                    Class::P => {
                        let from = [Source::Number(1), Source::Number(0), Source::Reg(reg)];
                        (self.value("selp.b32", &from), "u8")
                    }
                    Class::F => (self.number(reg, ["setp.nan.f32", "selp.f32"], 0x7fff_ffff), "f32"),
                    Class::G => (self.number(reg, ["setp.nan.f64", "selp.f64"], !0 >> 1), "f64"),
                };
                let element = forms::element(element);
                at = at.next_multiple_of(8);
                let (store, space, from) = (true, Space::Out, Source::Number(at.into()));
                self.push(Line::Move {
                    store,
                    space,
                    element,
                    regs: vec![reg],
                    at: from,
                    style: 0,
                    guard: None,
                });
                at += class.bytes();
            }
        }
        assert!(at <= OUT_BYTES, "{at} bytes are written at the end");
        self.push(Line::Exit(None, true));
    }

    /// A float with one NaN for all.
    fn number(&mut self, reg: Reg, [test, pick]: [&str; 2], nan: u64) -> Reg {
        let bad = self.value(test, &[Source::Reg(reg); 2]);
        self.value(pick, &[Source::Number(nan), Source::Reg(reg), Source::Reg(bad)])
    }

    pub fn statements(&mut self, body: &[Stmt], here: Here) {
        for stmt in body {
            self.statement(stmt, here);
        }
    }

    fn statement(&mut self, stmt: &Stmt, here: Here) {
        match stmt {
            Stmt::Op { form, to, from, guard } => self.op(*form, to, from, *guard, here),
            Stmt::Load(access, guard) if !access.regs.iter().any(|reg| reg.uniform()) => {
                self.access(access, false, *guard);
            }
            Stmt::Store(access, guard) => self.access(access, true, *guard),
            Stmt::Load(..) => {}
            &Stmt::Atomic { shared, cell, value, style, guard } => {
                self.push(Line::Atomic { shared, cell, value, style, guard });
            }
            Stmt::If { on, way, then, other } => self.branch(*on, *way, [then, other], here),
            Stmt::Loop { count, bits, way, bottom, body } => {
                self.repeat((*count, *bits), *way, *bottom, body, here);
            }
            Stmt::Switch { on, table, way, arms } => self.switch(*on, table, *way, arms, here),
            Stmt::Leave { on, what } => self.leave(*on, *what, here),
            Stmt::Call { callee, from, depth, to, guard } => {
                self.call(*callee, *from, *depth, *to, *guard, here);
            }
            Stmt::Warp { op, to, valid, from } => self.warp(*op, *to, *valid, *from, here),
            Stmt::Block { op, id, style, to, from, on } if here.block => {
                self.block(*op, (*id, *style), *to, *from, *on);
            }
            Stmt::Block { .. } => {}
            Stmt::Split { on, id, before, after } => self.split(*on, *id, before, after, here),
        }
    }

    fn op(&mut self, form: usize, to: &[Reg], from: &[Source], guard: Option<Guard>, here: Here) {
        if to.iter().any(|reg| reg.uniform()) {
            let same =
                from.iter().all(|source| source.uniform()) && guard.is_none_or(|guard| guard.reg.uniform());
            if !here.block || !same {
                return;
            }
        }
        self.push(Line::Do { form, to: to.to_vec(), from: from.to_vec(), guard });
    }

    fn access(&mut self, access: &Access, store: bool, guard: Option<Guard>) {
        let region = match access.space {
            Space::Out => OUT_USED,
            Space::In => super::lines::IN_BYTES,
            Space::Local => LOCAL_BYTES,
            Space::Shared => return,
        };
        if store && access.space == Space::In {
            return;
        }
        let Access { space, element, ref regs, style, .. } = *access;
        let bytes = ELEMENTS[element].1 * regs.len() as u32;
        let cut = u64::from((region - 1) & !(bytes - 1));
        let at = match access.at {
            Source::Number(at) => Source::Number(at & cut),
            at => Source::Reg(self.value("and.b32", &[at, Source::Number(cut)])),
        };
        self.push(Line::Move { store, space, element, regs: regs.clone(), at, style, guard });
    }

    /// What holds inside of a branch that goes this way.
    fn way(&self, way: Way, on: Guard, here: Here) -> Way {
        match way {
            Way::Uniform if here.block && on.reg.uniform() => Way::Uniform,
            Way::Loose => Way::Loose,
            _ if here.mask.is_some() => Way::Tracked,
            _ => Way::Loose,
        }
    }

    fn branch(&mut self, on: Guard, way: Way, arms: [&Vec<Stmt>; 2], here: Here) {
        let way = self.way(way, on, here);
        let (other, out) = (self.label(), self.label());
        let (mut first, mut second) = (Here { top: false, ..here }, Here { top: false, ..here });
        let mut late = None;
        match (way, here.mask) {
            (Way::Tracked, Some(mask)) => {
                let pred = self.plain(on);
                let came = self.ballot(pred, mask);
                (first, second) = (inside(Some(came)), inside(None));
                late = Some((mask, came));
            }
            (Way::Uniform, _) => {}
            _ => (first, second) = (inside(None), inside(None)),
        }
        let not = Guard { negated: !on.negated, ..on };
        self.push(Line::Jump { to: other, guard: Some(not), uniform: way == Way::Uniform });
        self.statements(arms[0], first);
        if arms[1].is_empty() {
            return self.place(other);
        }
        self.push(Line::Jump { to: out, guard: None, uniform: way != Way::Loose });
        self.place(other);
        if let Some((mask, came)) = late {
            second.mask = Some(self.without(mask, came));
        }
        self.statements(arms[1], second);
        self.place(out);
    }

    /// A mask without those of another.
    fn without(&mut self, mask: Reg, gone: Reg) -> Reg {
        let rest = self.value("not.b32", &[Source::Reg(gone)]);
        self.value("and.b32", &[Source::Reg(mask), Source::Reg(rest)])
    }

    fn repeat(&mut self, (count, bits): (Source, u8), way: Way, bottom: bool, body: &[Stmt], here: Here) {
        let most = self.value("and.b32", &[count, Source::Number((1 << bits) - 1)]);
        let done = self.value("mov.b32", &[Source::Number(0)]);
        // The count is uniform if what it comes from is.
        let uniform = Reg(Class::P, if count.uniform() { 0 } else { Class::P.pool() });
        let way = self.way(way, Guard { reg: uniform, negated: false }, here);
        let (head, next, out) = (self.label(), self.label(), self.label());
        let mut in_body = Here { top: true, ..here };
        match (way, here.mask) {
            (Way::Tracked, Some(mask)) => {
                in_body = Here { top: true, ..inside(Some(self.value("mov.b32", &[Source::Reg(mask)]))) };
            }
            (Way::Uniform, _) => {}
            _ => in_body = Here { top: true, ..inside(None) },
        }
        self.place(head);
        if !bottom {
            self.go_on(done, most, "setp.lt.u32", way, in_body.mask, (None, out));
        }
        self.rings.push(Ring { out, next, here: in_body });
        self.statements(body, in_body);
        self.rings.pop();
        self.place(next);
        self.to(done, "add.u32", &[Source::Reg(done), Source::Number(1)]);
        if bottom {
            self.go_on(done, most, "setp.le.u32", way, in_body.mask, (Some(head), out));
        } else {
            self.jump(head, None);
        }
        self.place(out);
    }

    /// Lanes that have rounds left go on, at the next line or a label; the others leave.
    fn go_on(
        &mut self,
        done: Reg,
        most: Reg,
        compare: &str,
        way: Way,
        mask: Option<Reg>,
        (again, out): (Option<usize>, usize),
    ) {
        let on = self.value(compare, &[Source::Reg(done), Source::Reg(most)]);
        if let (Way::Tracked, Some(mask)) = (way, mask) {
            let came = self.ballot(on, mask);
            self.to(mask, "mov.b32", &[Source::Reg(came)]);
        }
        let (to, negated) = (again.unwrap_or(out), again.is_none());
        let guard = Some(Guard { reg: on, negated });
        self.push(Line::Jump { to, guard, uniform: way == Way::Uniform });
    }

    fn switch(&mut self, on: Reg, table: &[usize], way: Way, arms: &[Vec<Stmt>], here: Here) {
        if arms.is_empty() || table.is_empty() {
            return;
        }
        let last = Source::Number(table.len() as u64 - 1);
        let index = match table.len() {
            1 => self.value("mov.b32", &[Source::Number(0)]),
            2 | 4 | 8 => self.value("and.b32", &[Source::Reg(on), last]),
            _ => {
                let cut = self.value("and.b32", &[Source::Reg(on), Source::Number(7)]);
                self.value("min.u32", &[Source::Reg(cut), last])
            }
        };
        let uniform = Reg(Class::P, if on.uniform() { 0 } else { Class::P.pool() });
        let way = self.way(way, Guard { reg: uniform, negated: false }, here);
        let mut within = Here { top: false, ..here };
        match (way, here.mask) {
            (Way::Tracked, Some(mask)) => {
                // Lanes of one index know each other, even if another index leads to the same arm.
                let to = self.fresh(Class::R);
                let from = [Source::Reg(index), Source::Number(0), Source::Number(0)];
                let op = Together::MatchAny(Class::R);
                self.push(Line::Warp { op, mask: Source::Reg(mask), to, valid: None, from });
                within = inside(Some(to));
            }
            (Way::Uniform, _) => {}
            _ => within = inside(None),
        }
        let labels: Vec<usize> = arms.iter().map(|_| self.label()).collect();
        let out = self.label();
        let targets = table.iter().map(|&arm| labels[arm % arms.len()]).collect();
        self.push(Line::Table { on: index, labels: targets });
        for (arm, &label) in arms.iter().zip(&labels) {
            self.place(label);
            self.statements(arm, within);
            self.jump(out, None);
        }
        self.place(out);
    }

    fn leave(&mut self, on: Guard, what: Leave, here: Here) {
        match what {
            Leave::Exit(ret) => {
                let mut on = on;
                if self.kernel.keeps_first {
                    let pred = self.plain(on);
                    let both = self.value("and.pred", &[Source::Reg(pred), Source::Reg(Reg::LATER)]);
                    on = Guard { reg: both, negated: false };
                }
                self.push(Line::Exit(Some(on), ret && self.function.is_none()));
            }
            Leave::Return => match self.function.map(|at| self.kernel.functions[at].kind) {
                Some(Kind::Loose) => self.push(Line::Return(Some(on))),
                Some(Kind::Warp) if here.top && self.rings.is_empty() => {
                    self.part(on, here);
                    self.push(Line::Return(Some(on)));
                }
                _ => {}
            },
            Leave::Break(more) => {
                let Some(ring) = self.rings.len().checked_sub(more + 1).map(|at| &self.rings[at]) else {
                    return;
                };
                let (out, known, block) = (ring.out, ring.here.mask.is_some(), ring.here.block);
                if known && !(more == 0 && here.top) {
                    return;
                }
                if block && !on.reg.uniform() {
                    return;
                }
                if known && !block {
                    self.part(on, here);
                }
                self.jump(out, Some(on));
            }
            Leave::Continue => {
                let Some(ring) = self.rings.last() else { return };
                if ring.here.mask.is_none() {
                    let next = ring.next;
                    self.jump(next, Some(on));
                }
            }
        }
    }

    /// Those of the guard leave those that are here.
    fn part(&mut self, on: Guard, here: Here) {
        let Some(mask) = here.mask else { return };
        let pred = self.plain(on);
        let gone = self.ballot(pred, mask);
        let rest = self.without(mask, gone);
        self.to(mask, "mov.b32", &[Source::Reg(rest)]);
    }

    fn call(
        &mut self,
        callee: Callee,
        from: [Reg; 3],
        depth: Reg,
        to: [Reg; 2],
        guard: Option<Guard>,
        here: Here,
    ) {
        let own = self.function.map_or(-1, |at| at as i64);
        let kind = match callee {
            Callee::Direct(at) if at as i64 > own && at < self.kernel.functions.len() => {
                self.kernel.functions[at].kind
            }
            Callee::Pointer(_) if self.kernel.table.iter().all(|&at| at as i64 > own) => Kind::Loose,
            Callee::Myself if own >= 0 => self.kernel.functions[own as usize].kind,
            _ => return,
        };
        if to.iter().any(|reg| reg.uniform()) || (callee == Callee::Myself && kind != Kind::Loose) {
            return;
        }
        let guard = match kind {
            Kind::Loose => guard,
            Kind::Warp if here.mask.is_some() => None,
            Kind::Block if here.block => None,
            _ => return,
        };
        let past = self.label();
        let depth = if callee == Callee::Myself {
            let end = self.value("setp.eq.u32", &[Source::Reg(Reg::DEPTH), Source::Number(0)]);
            self.jump(past, Some(Guard { reg: end, negated: false }));
            self.value("sub.u32", &[Source::Reg(Reg::DEPTH), Source::Number(1)])
        } else {
            self.value("and.b32", &[Source::Reg(depth), Source::Number(3)])
        };
        let mask = match (kind, here.mask) {
            (Kind::Loose, _) | (_, None) => Source::Number(0),
            (_, Some(mask)) => Source::Reg(mask),
        };
        let [a, b, c] = from.map(Source::Reg);
        let callee = match callee {
            Callee::Pointer(on) => {
                let bits = Source::Number((self.kernel.table.len() as u64 - 1).min(1));
                Callee::Pointer(self.value("and.b32", &[Source::Reg(on), bits]))
            }
            Callee::Myself => Callee::Direct(own as usize),
            callee => callee,
        };
        self.push(Line::Call { callee, from: [a, b, c, Source::Reg(depth), mask], to, guard });
        self.place(past);
    }

    fn split(&mut self, on: Guard, id: u8, before: &[Vec<Stmt>; 2], after: &[Vec<Stmt>; 2], here: Here) {
        let barrier = |style| Line::Barrier { id, count: None, kind: Arrival::Wait, style, guard: None };
        let (Some(mask), true) = (here.mask, here.block) else { return };
        let pred = self.plain(on);
        let came = self.ballot(pred, mask);
        let rest = self.without(mask, came);
        let (other, out) = (self.label(), self.label());
        self.jump(other, Some(Guard { negated: !on.negated, ..on }));
        for (arm, mask) in [came, rest].into_iter().enumerate() {
            self.statements(&before[arm], inside(Some(mask)));
            // Threads of a warp come one by one: the form that is not aligned.
            self.push(barrier(1));
            self.statements(&after[arm], inside(Some(mask)));
            if arm == 0 {
                self.jump(out, None);
                self.place(other);
            }
        }
        self.place(out);
    }
}

fn inside(mask: Option<Reg>) -> Here {
    Here { block: false, mask, top: false }
}
