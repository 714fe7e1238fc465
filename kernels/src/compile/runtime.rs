//! What calls of compiled code do, the same as the interpreter does.

use super::call::{Call, Form, What};
use crate::fault::{FaultKind, KernelFault};
use crate::interp::exchange::{matched, reduced, shuffled, voted};
use crate::interp::lanes::{Lanes, Meaning, WARP, each};
use crate::interp::meaning::{each as one, meaning};
use crate::interp::product::{Multiply, Room};
use crate::interp::text;
use crate::interp::trouble::{Outcome, Trouble, bad_access, first, memory_fault, trouble};
use crate::ir::Compute;
use crate::ir::matrix::Product;
use crate::ir::op::{Runtime, Special, Vote};
use crate::memory::{AtomicOp, Memory};
use crate::program::Host;

/// The side that runs compiled code, as a call sees it.
pub struct Env<'e> {
    /// The kernel's symbol.
    pub kernel: &'e str,
    /// Threads of a block in x, y and z.
    pub threads: [u32; 3],
    /// The block that runs.
    pub block: [u32; 3],
    /// The first thread of the gang that runs, counted within the block.
    pub first: u32,
    /// All memory, at the machine's own addresses.
    pub memory: &'e dyn Memory,
    /// The other side.
    pub host: &'e dyn Host,
    /// Where accesses may go, if they are checked.
    pub allocations: Option<&'e dyn Allocations>,
    /// What is kept from call to call.
    pub state: &'e mut State,
}

/// A table of allocations.
pub trait Allocations {
    /// What is wrong with an access of a thread, by its number in the block, in words that go on behind its address; `None`:
    /// nothing.
    fn complaint(&self, thread: u32, address: u64, bytes: u32, write: bool) -> Option<String>;
}

/// What a worker keeps from call to call.
#[derive(Debug, Default)]
pub struct State {
    clock: u64,
    room: Room,
    products: Vec<(Product, Multiply)>,
    sources: Vec<Lanes>,
    results: Vec<Lanes>,
    masks: Vec<u32>,
}

/// The values of a call, 32 lanes at a time.
struct Values<'v> {
    sources: &'v [Lanes],
    results: &'v mut [Lanes],
    /// How many pieces of 32 lanes a value has.
    pieces: usize,
    /// The piece that is worked on.
    piece: usize,
    /// Its lanes that are there.
    mask: u32,
}

const ZEROS: Lanes = [0; WARP];

impl Values<'_> {
    /// An argument without the mask; zeros where there are fewer.
    fn source(&self, at: usize) -> &Lanes {
        self.sources.get(at * self.pieces + self.piece).unwrap_or(&ZEROS)
    }

    /// Gives a result, if it is wanted.
    fn give(&mut self, at: usize, value: &Lanes) {
        if let Some(to) = self.results.get_mut(at * self.pieces + self.piece) {
            each(self.mask).for_each(|lane| to[lane] = value[lane]);
        }
    }

    fn count(&self) -> usize {
        self.sources.len() / self.pieces
    }
}

/// Does what a call asks for: takes the arguments from the context's buffer and leaves the results there. The floating
/// point control word must be the default.
pub fn call(call: &Call, buffer: &mut [u64], env: &mut Env<'_>) -> Result<(), KernelFault> {
    let State { sources, results, masks, .. } = &mut *env.state;
    let (mut sources, mut results) = (std::mem::take(sources), std::mem::take(results));
    let mut masks = std::mem::take(masks);
    let done = read(call, buffer, &mut sources, &mut masks)
        .and_then(|()| run(call, &sources, &mut results, &masks, env))
        .and_then(|()| write(call, buffer, &results));
    (env.state.sources, env.state.results, env.state.masks) = (sources, results, masks);
    done.map_err(|(piece, trouble)| fault(call, env, piece, *trouble))
}

/// A trouble and in which piece it is.
type Placed<T> = Result<T, (usize, Box<Trouble>)>;

fn run(
    call: &Call,
    sources: &[Lanes],
    results: &mut Vec<Lanes>,
    masks: &[u32],
    env: &mut Env<'_>,
) -> Placed<()> {
    let pieces = masks.len();
    results.clear();
    results.resize(call.results.len() * pieces, ZEROS);
    for (piece, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
        let mut values = Values { sources, results, pieces, piece, mask };
        env.act(&call.what, &mut values).map_err(|trouble| (piece, trouble))?;
    }
    Ok(())
}

fn fault(call: &Call, env: &Env<'_>, piece: usize, trouble: Trouble) -> KernelFault {
    let thread = env.first + (piece * WARP) as u32 + trouble.lane;
    let [x, y, _] = env.threads.map(|side| side.max(1));
    KernelFault {
        kind: trouble.kind,
        kernel: env.kernel.to_owned(),
        block: env.block,
        thread: [thread % x, thread / x % y, thread / x / y],
        line: call.line,
        address: trouble.address,
        words: trouble.words,
    }
}

/// Arguments in pieces of 32 lanes, and which lanes are there.
fn read(call: &Call, buffer: &[u64], sources: &mut Vec<Lanes>, masks: &mut Vec<u32>) -> Placed<()> {
    let pieces = (call.lanes as usize).div_ceil(WARP);
    sources.clear();
    masks.clear();
    masks
        .extend((0..pieces).map(|piece| u32::MAX >> (WARP - (call.lanes as usize - piece * WARP).min(WARP))));
    let mut at = 0;
    for (index, &form) in call.arguments.iter().enumerate() {
        let words = form.bytes(call.lanes) as usize / 8;
        let value = buffer.get(at..at + words).ok_or_else(no_room)?;
        at += words;
        let masks_here = index == 0 && call.masked;
        let form = match form {
            Form::Scalar(2..) if masks_here => Form::Mask,
            form => form,
        };
        for (piece, mask) in masks.iter_mut().enumerate() {
            let lanes: Lanes = std::array::from_fn(|lane| get(value, form, piece * WARP + lane));
            if !masks_here {
                sources.push(lanes);
                continue;
            }
            *mask &= lanes.iter().rev().fold(0, |bits, &lane| bits << 1 | lane as u32);
        }
    }
    Ok(())
}

/// One lane of a value; zero behind its end.
fn get(value: &[u64], form: Form, lane: usize) -> u64 {
    let word = |at: usize| value.get(at).copied().unwrap_or(0);
    match form {
        Form::Mask => word(lane / 64) >> (lane % 64) & 1,
        Form::Lanes32 => u64::from((word(lane / 2) >> (lane % 2 * 32)) as u32),
        Form::Lanes64 => word(lane),
        Form::Scalar(bits) => word(0) & (u64::MAX >> (64 - u32::from(bits.clamp(1, 64)))),
    }
}

fn write(call: &Call, buffer: &mut [u64], results: &[Lanes]) -> Placed<()> {
    let lanes = call.lanes as usize;
    let values = results.chunks(lanes.div_ceil(WARP).max(1));
    let mut at = 0;
    for (&form, value) in call.results.iter().zip(values) {
        let words = form.bytes(call.lanes) as usize / 8;
        let to = buffer.get_mut(at..at + words).ok_or_else(no_room)?;
        at += words;
        to.fill(0);
        for lane in 0..lanes {
            let number = value[lane / WARP][lane % WARP];
            match form {
                Form::Mask => to[lane / 64] |= (number & 1) << (lane % 64),
                Form::Lanes32 => to[lane / 2] |= u64::from(number as u32) << (lane % 2 * 32),
                Form::Lanes64 => to[lane] = number,
                // The same in all lanes that are there; zero in the others.
                Form::Scalar(_) => to[0] |= number,
            }
        }
    }
    Ok(())
}

#[cold]
fn no_room() -> (usize, Box<Trouble>) {
    let words = "a call whose values have no room in the buffer".to_owned();
    (0, Box::new(Trouble { kind: FaultKind::Unsupported, lane: 0, address: 0, words }))
}

impl Env<'_> {
    fn act(&mut self, what: &What, values: &mut Values<'_>) -> Outcome<()> {
        match what {
            What::Compute(compute) => pure(*compute, values),
            What::Special(special) => {
                let value = [self.special(*special, values.mask)?; WARP];
                values.give(0, &value);
                Ok(())
            }
            What::Runtime(runtime) => self.runtime(*runtime, values),
            What::Atomic(op, bytes) => self.atomic(*op, *bytes, values),
            What::Shuffle(mode) => {
                let [value, lane, clamp] = [0, 1, 2].map(|at| values.source(at));
                let (result, valid) = shuffled(*mode, value, lane, clamp, values.mask);
                values.give(0, &result);
                values.give(1, &valid);
                Ok(())
            }
            What::Vote(mode, negated) => {
                let votes = |value: &Lanes, part| {
                    let bits = value.iter().rev().fold(0, |bits, &lane| bits << 1 | (lane as u32 & 1));
                    voted(*mode, if *negated { !bits } else { bits } & part, part)
                };
                match mode {
                    Vote::Ballot => among_all(values, votes),
                    _ => among(values, |value, part| ([votes(value, part); WARP], false)),
                }
            }
            What::Match(all) => among(values, |value, part| matched(*all, value, part)),
            What::Reduce(op, ty) => among_all(values, |value, part| reduced(*op, *ty, value, part)),
            What::Matrix(product) => self.matrix(product, values),
            What::Check { bytes, align, write } => self.check((*bytes, *align), *write, values),
            What::Trap => trouble(FaultKind::Trap, first(values.mask), "trap"),
            What::NoTarget => {
                let words = "branch to a label behind the last one of its table";
                trouble(FaultKind::IllegalInstruction, first(values.mask), words)
            }
        }
    }

    fn special(&mut self, special: Special, mask: u32) -> Outcome<u64> {
        let now = self.host.clock_ns();
        // No two readings are the same.
        let mut tick = || {
            self.state.clock = now.max(self.state.clock.saturating_add(1));
            self.state.clock
        };
        Ok(match special {
            Special::Clock => tick() & 0xffff_ffff,
            Special::ClockHigh => tick() >> 32,
            Special::Clock64 => tick(),
            Special::GlobalTimer => now,
            Special::GlobalTimerLow => now & 0xffff_ffff,
            Special::GlobalTimerHigh => now >> 32,
            _ => {
                let words = format!("the register {special:?} is not the runtime's to know");
                return trouble(FaultKind::Unsupported, first(mask), words);
            }
        })
    }

    fn runtime(&mut self, runtime: Runtime, values: &mut Values<'_>) -> Outcome<()> {
        let (mut result, mut failed) = (ZEROS, None);
        for lane in each(values.mask) {
            let arguments: [u64; 5] = std::array::from_fn(|at| values.source(at)[lane]);
            let memory = self.memory;
            let mut read = |at: u64, into: &mut [u8]| -> Outcome<()> {
                memory.read(at, into).map_err(|fault| memory_fault(lane as u32, fault))
            };
            match runtime {
                Runtime::Vprintf => {
                    let (text, count) = text::printed(&mut read, arguments[0], arguments[1])?;
                    if arguments[0] != 0 {
                        self.host.print(&text);
                    }
                    result[lane] = count;
                }
                Runtime::AssertFail => {
                    let thread = self.thread(values.piece, lane);
                    let words = text::assertion(&mut read, &arguments, self.block, thread)?;
                    self.host.complain(format!("{words}.\n").as_bytes());
                    failed = failed.or(trouble::<()>(FaultKind::Assert, lane as u32, words).err());
                }
                Runtime::Malloc => result[lane] = self.host.malloc(arguments[0]),
                Runtime::Free => self.host.free(arguments[0]),
                Runtime::SetConditional => {
                    if !self.host.set_conditional(arguments[0], arguments[1] as u32) {
                        let words = format!("{:#x} is no conditional handle here", arguments[0]);
                        return trouble(FaultKind::IllegalInstruction, lane as u32, words);
                    }
                }
            }
        }
        values.give(0, &result);
        failed.map_or(Ok(()), Err)
    }

    fn thread(&self, piece: usize, lane: usize) -> [u64; 3] {
        let thread = u64::from(self.first) + (piece * WARP + lane) as u64;
        let [x, y, _] = self.threads.map(|side| u64::from(side.max(1)));
        [thread % x, thread / x % y, thread / x / y]
    }

    fn atomic(&self, op: AtomicOp, bytes: u32, values: &mut Values<'_>) -> Outcome<()> {
        let [addresses, operands, compares] = [0, 1, 2].map(|at| values.source(at));
        aligned(addresses, bytes, values.mask)?;
        let mut old = ZEROS;
        for lane in each(values.mask) {
            let seen = self.memory.atomic(addresses[lane], bytes, op, operands[lane], compares[lane]);
            old[lane] = seen.map_err(|fault| memory_fault(lane as u32, fault))?;
        }
        values.give(0, &old);
        Ok(())
    }

    fn matrix(&mut self, product: &Product, values: &mut Values<'_>) -> Outcome<()> {
        let mask = values.mask;
        if mask != u32::MAX {
            let words = format!("a matrix instruction in lanes {mask:#x} only");
            return trouble(FaultKind::IllegalInstruction, first(mask), words);
        }
        let State { products, room, .. } = &mut *self.state;
        let at = products.iter().position(|(known, _)| known == product).unwrap_or_else(|| {
            products.push((*product, Multiply::new(product)));
            products.len() - 1
        });
        room.sources.clear();
        room.sources.extend((0..values.count()).map(|at| *values.source(at)));
        if !products[at].1.run(room) {
            return trouble(FaultKind::Unsupported, 0, "a product that is not supported");
        }
        for (at, result) in room.results.iter().enumerate() {
            values.give(at, result);
        }
        Ok(())
    }

    fn check(&self, (bytes, align): (u32, u32), write: bool, values: &Values<'_>) -> Outcome<()> {
        let addresses = values.source(0);
        aligned(addresses, align, values.mask)?;
        let Some(allocations) = self.allocations else { return Ok(()) };
        for lane in each(values.mask) {
            let address = addresses[lane];
            let thread = self.first + (values.piece * WARP + lane) as u32;
            if let Some(complaint) = allocations.complaint(thread, address, bytes, write) {
                let words = format!("illegal access of {bytes} bytes at {address:#x}: {complaint}");
                let kind = FaultKind::IllegalAddress;
                return Err(Box::new(Trouble { kind, lane: lane as u32, address, words }));
            }
        }
        Ok(())
    }
}

fn aligned(addresses: &Lanes, bytes: u32, mask: u32) -> Outcome<()> {
    match each(mask).find(|&lane| !addresses[lane].is_multiple_of(u64::from(bytes))) {
        Some(lane) => bad_access(lane as u32, addresses[lane], bytes, true),
        None => Ok(()),
    }
}

/// A pure op on all lanes that are there.
fn pure(compute: Compute, values: &mut Values<'_>) -> Outcome<()> {
    let Some(meaning) = meaning(compute) else {
        let words = format!("{compute} is not supported");
        return trouble(FaultKind::Unsupported, first(values.mask), words);
    };
    let mut result = ZEROS;
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| values.source(at));
    match meaning {
        Meaning::One(run) => run(&mut result, a),
        Meaning::Two(run) => run(&mut result, a, b),
        Meaning::Three(run) => run(&mut result, a, b, c),
        Meaning::Four(run) => run(&mut result, a, b, c, d),
        Meaning::Each(compute) => {
            each(values.mask).for_each(|lane| result[lane] = one(compute, [a[lane], b[lane], c[lane]]));
        }
    }
    values.give(0, &result);
    Ok(())
}

/// Lets lanes with one member mask do something together, each such part for itself. Members that are not there do not
/// count: they have exited, or went another way.
fn among(values: &mut Values<'_>, act: impl Fn(&Lanes, u32) -> (Lanes, bool)) -> Outcome<()> {
    let (value, members) = (*values.source(0), *values.source(1));
    let (mut result, mut flags) = (ZEROS, ZEROS);
    let mut left = values.mask;
    while left != 0 {
        let own = members[first(left) as usize];
        let part = each(left).filter(|&lane| members[lane] == own).fold(0, |part, lane| part | 1 << lane);
        left &= !part;
        let strangers = part & !(own as u32);
        if strangers != 0 {
            let words = format!("not in its member mask {:#x}", own as u32);
            return trouble(FaultKind::IllegalInstruction, first(strangers), words);
        }
        let (given, flag) = act(&value, part);
        for lane in each(part) {
            (result[lane], flags[lane]) = (given[lane], u64::from(flag));
        }
    }
    values.give(0, &result);
    values.give(1, &flags);
    Ok(())
}

/// The same of what is a number of the whole warp. If all that are there name the same members, lanes that are not there
/// get it too: the code takes such a value from any lane.
fn among_all(values: &mut Values<'_>, act: impl Fn(&Lanes, u32) -> u64) -> Outcome<()> {
    among(values, |value, part| ([act(value, part); WARP], false))?;
    if values.mask == 0 {
        return Ok(());
    }
    let (value, members) = (*values.source(0), *values.source(1));
    let own = members[first(values.mask) as usize];
    if each(values.mask).all(|lane| members[lane] == own) {
        let (mask, result) = (values.mask, [act(&value, values.mask); WARP]);
        values.mask = u32::MAX;
        values.give(0, &result);
        values.mask = mask;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
