//! Lowering of what threads do together, so that the result is defined whoever has left.

use super::lines::{Arrival, Line, Together};
use super::lower::{Here, Lower};
use super::tree::{BlockOp, Class, Guard, Reg, Source, WarpOp};

const ZERO: Source = Source::Number(0);

impl Lower<'_> {
    pub fn warp(&mut self, op: WarpOp, to: Reg, valid: Reg, from: [Source; 2], here: Here) {
        let Some(mask) = here.mask else { return };
        if to.uniform() || valid.uniform() {
            return;
        }
        let [a, b] = from;
        let now = |op, to, valid, from| Line::Warp { op, mask: Source::Reg(mask), to, valid, from };
        match op {
            WarpOp::Ballot => self.push(now(Together::Ballot, to, None, [Source::Reg(valid), ZERO, ZERO])),
            WarpOp::All => self.push(now(Together::All, valid, None, [Source::Reg(valid), ZERO, ZERO])),
            WarpOp::Any => self.push(now(Together::Any, valid, None, [Source::Reg(valid), ZERO, ZERO])),
            WarpOp::Same => self.push(now(Together::Same, valid, None, [Source::Reg(valid), ZERO, ZERO])),
            WarpOp::Shuffle(mode, by, segment) => self.shuffle((mode, by, segment), to, valid, a, mask),
            WarpOp::ShuffleFrom => self.shuffle_from(to, valid, from, mask),
            WarpOp::MatchAny(class) => self.push(now(Together::MatchAny(class), to, None, [a, ZERO, ZERO])),
            WarpOp::MatchAll(class) => {
                self.push(now(Together::MatchAll(class), to, Some(valid), [a, ZERO, ZERO]));
            }
            WarpOp::Reduce(op) => self.push(now(Together::Reduce(op), to, None, [a, ZERO, ZERO])),
            WarpOp::ReduceGroups(op) => {
                let key = self.value("and.b32", &[b, Source::Number(3)]);
                let group = self.fresh(Class::R);
                let from = [Source::Reg(key), ZERO, ZERO];
                self.push(now(Together::MatchAny(Class::R), group, None, from));
                let mask = Source::Reg(group);
                let from = [a, ZERO, ZERO];
                self.push(Line::Warp { op: Together::Reduce(op), mask, to, valid: None, from });
            }
            WarpOp::Exchange => self.exchange(to, from, mask),
        }
    }

    /// Who is here of a mask.
    fn present(&mut self, mask: Reg) -> Reg {
        let yes = self.value("setp.eq.u32", &[ZERO, ZERO]);
        self.ballot(yes, mask)
    }

    /// Whether the lane of a register is in a mask.
    fn has(&mut self, mask: Reg, lane: Reg) -> Reg {
        let bit = self.value("shr.u32", &[Source::Reg(mask), Source::Reg(lane)]);
        let bit = self.value("and.b32", &[Source::Reg(bit), Source::Number(1)]);
        self.value("setp.ne.u32", &[Source::Reg(bit), ZERO])
    }

    /// What comes from a lane that is not there has no meaning: one's own value is taken instead.
    fn shuffle(&mut self, (mode, by, segment): (u8, u8, u8), to: Reg, valid: Reg, value: Source, mask: Reg) {
        let present = self.present(mask);
        let own = self.value("mov.b32", &[value]);
        let segments = 32 - (1u64 << (segment % 6));
        let clamp = segments << 8 | if mode == 0 { 0 } else { 31 };
        let from = [Source::Reg(own), Source::Number(by.into()), Source::Number(clamp)];
        let got = self.fresh(Class::R);
        let op = Together::Shuffle(mode);
        let mask = Source::Reg(mask);
        self.push(Line::Warp { op, mask, to: got, valid: Some(valid), from });
        let name = ["sub.u32", "add.u32", "xor.b32"][mode as usize];
        let lane = self.value(name, &[Source::Reg(Reg::LANE), Source::Number(by.into())]);
        let lane = self.value("and.b32", &[Source::Reg(lane), Source::Number(31)]);
        let there = self.has(present, lane);
        let bad = self.value("not.pred", &[Source::Reg(there)]);
        let bad = self.value("and.pred", &[Source::Reg(bad), Source::Reg(valid)]);
        self.to(to, "selp.b32", &[Source::Reg(own), Source::Reg(got), Source::Reg(bad)]);
    }

    fn shuffle_from(&mut self, to: Reg, valid: Reg, [value, lane]: [Source; 2], mask: Reg) {
        let present = self.present(mask);
        let lane = self.value("and.b32", &[lane, Source::Number(31)]);
        let there = self.has(present, lane);
        let from = [Source::Reg(lane), Source::Reg(Reg::LANE), Source::Reg(there)];
        let lane = self.value("selp.b32", &from);
        let from = [value, Source::Reg(lane), Source::Number(31)];
        let mask = Source::Reg(mask);
        self.push(Line::Warp { op: Together::Shuffle(3), mask, to, valid: Some(valid), from });
    }

    fn meet(&mut self, mask: Reg) {
        let (mask, to, from) = (Source::Reg(mask), Reg::TRASH[0], [ZERO; 3]);
        self.push(Line::Warp { op: Together::Meet, mask, to, valid: None, from });
    }

    /// Through slots of shared memory, from a lane of the mask.
    fn exchange(&mut self, to: Reg, [value, lane]: [Source; 2], mask: Reg) {
        let present = self.present(mask);
        let lane = self.value("and.b32", &[lane, Source::Number(31)]);
        let there = self.has(present, lane);
        let from = [Source::Reg(lane), Source::Reg(Reg::LANE), Source::Reg(there)];
        let lane = self.value("selp.b32", &from);
        let value = self.value("mov.b32", &[value]);
        let mine = self.slot(Source::Reg(Reg::THREAD));
        self.shared(true, mine, value);
        self.meet(mask);
        let from = [Source::Reg(Reg::WARP), Source::Number(32), Source::Reg(lane)];
        let thread = self.value("mad.lo.u32", &from);
        let at = self.slot(Source::Reg(thread));
        self.shared(false, at, to);
        self.meet(mask);
    }

    fn wait(&mut self, (id, style): (u8, u8), count: Option<u32>, kind: Arrival) {
        self.push(Line::Barrier { id, count, kind, style, guard: None });
    }

    pub fn block(&mut self, op: BlockOp, how: (u8, u8), to: Reg, [value, from]: [Source; 2], on: Guard) {
        let warps = self.kernel.warps();
        // Barrier 0 is where all meet again.
        let counted = (how.0.max(1), how.1);
        match op {
            BlockOp::Sync => {
                let guard = on.reg.uniform().then_some(on);
                let (id, style) = how;
                self.push(Line::Barrier { id, count: None, kind: Arrival::Wait, style, guard });
            }
            BlockOp::Reduce(kind) => {
                let whole = if kind % 3 == 0 { to.0 == Class::R } else { to.0 == Class::P };
                if whole {
                    self.wait(how, None, Arrival::Reduce(kind % 3, to, on.reg));
                }
            }
            _ if to.uniform() || to.0 != Class::R => {}
            BlockOp::Exchange => {
                self.publish(value);
                self.wait(how, None, Arrival::Wait);
                let threads = self.kernel.threads();
                self.fetch(to, from, threads);
                self.wait(how, None, Arrival::Wait);
            }
            BlockOp::ReadCell(cell) => {
                self.wait(how, None, Arrival::Wait);
                let cells = u64::from(super::lines::CELLS);
                let at = self.value("mov.b32", &[Source::Number(u64::from(cell) % cells * 8)]);
                self.shared(false, at, to);
                self.wait(how, None, Arrival::Wait);
            }
            BlockOp::Handshake if warps >= 2 && self.kernel.keeps_first => {
                self.handshake(counted, to, [value, from], warps);
            }
            BlockOp::FirstWarps if warps >= 2 && self.kernel.keeps_first => {
                let few = Source::Number((warps - 1).into());
                let others = self.value("setp.ge.u32", &[Source::Reg(Reg::WARP), few]);
                let past = self.label();
                self.jump(past, Some(Guard { reg: others, negated: false }));
                let count = Some((warps - 1) * 32);
                self.publish(value);
                self.wait(counted, count, Arrival::Wait);
                self.fetch(to, from, (warps - 1) * 32);
                self.wait(counted, count, Arrival::Wait);
                self.place(past);
                self.wait((0, 0), None, Arrival::Wait);
            }
            BlockOp::Handshake | BlockOp::FirstWarps => {}
        }
    }

    /// Even warps give, odd ones take. Then all meet, so that slots may be written again.
    fn handshake(&mut self, how: (u8, u8), to: Reg, [value, from]: [Source; 2], warps: u32) {
        let bit = self.value("and.b32", &[Source::Reg(Reg::WARP), Source::Number(1)]);
        let odd = self.value("setp.ne.u32", &[Source::Reg(bit), ZERO]);
        let (taker, out) = (self.label(), self.label());
        self.jump(taker, Some(Guard { reg: odd, negated: false }));
        self.publish(value);
        self.wait(how, Some(warps * 32), Arrival::Pass);
        self.jump(out, None);
        self.place(taker);
        self.wait(how, Some(warps * 32), Arrival::Wait);
        self.fetch(to, from, 32);
        self.place(out);
        self.wait((0, 0), None, Arrival::Wait);
    }

    fn publish(&mut self, value: Source) {
        let value = self.value("mov.b32", &[value]);
        let mine = self.slot(Source::Reg(Reg::THREAD));
        self.shared(true, mine, value);
    }

    /// The slot of one of the first threads, which a value picks.
    fn fetch(&mut self, to: Reg, pick: Source, count: u32) {
        let cut = self.value("and.b32", &[pick, Source::Number(127)]);
        let last = count.min(self.kernel.threads()) - 1;
        let thread = self.value("min.u32", &[Source::Reg(cut), Source::Number(last.into())]);
        let at = self.slot(Source::Reg(thread));
        self.shared(false, at, to);
    }
}
