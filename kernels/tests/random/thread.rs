//! One thread walks through lines until it needs others or is done. It knows nothing of how others get on.

use super::forms::{self, CELLS, ELEMENTS};
use super::lines::{ARGUMENTS, Arrival, LOCAL_BYTES, Line, OUT_BYTES, RESULTS, Routine, What};
use super::tree::{Callee, Class, Guard, Kernel, Reg, Source, Space};

/// More steps than these are too long a test.
pub const MOST_STEPS: usize = 400_000;

/// All memory that outlives a thread.
pub struct Memory {
    pub out: Vec<u8>,
    pub input: Vec<u8>,
    pub cells: Vec<u8>,
    /// Of the block.
    pub shared: Vec<u8>,
}

/// What a thread stopped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Done,
    /// A line that its warp executes together.
    Warp,
    /// It arrives at a barrier: number and count.
    Barrier(u8, Option<u32>),
}

struct Frame {
    routine: usize,
    at: usize,
    regs: [Vec<u64>; 6],
    local: Vec<u8>,
    /// Where the caller wants the results.
    to: [Reg; 2],
}

pub struct Thread<'k> {
    kernel: &'k Kernel,
    routines: &'k [Routine],
    frames: Vec<Frame>,
    /// Its number in the block.
    pub number: u32,
    block: u32,
    pub stop: Option<Stop>,
}

impl<'k> Thread<'k> {
    pub fn new(kernel: &'k Kernel, routines: &'k [Routine], block: u32, number: u32) -> Self {
        let mut thread = Thread { kernel, routines, frames: Vec::new(), number, block, stop: None };
        thread.enter(0, RESULTS);
        thread
    }

    fn enter(&mut self, routine: usize, to: [Reg; 2]) {
        let regs = self.routines[routine].counts.map(|count| vec![0xbad0_bad0_bad0_bad0; count.into()]);
        self.frames.push(Frame { routine, at: 0, regs, local: vec![0; LOCAL_BYTES as usize], to });
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a thread that runs has a frame")
    }

    /// The line it stands at, and which it is.
    pub fn line(&self) -> Option<(&'k Line, (usize, usize, usize))> {
        let frame = self.frames.last()?;
        let line = &self.routines[frame.routine].lines[frame.at];
        Some((line, (frame.routine, frame.at, self.frames.len())))
    }

    pub fn get(&self, source: Source) -> u64 {
        match source {
            Source::Number(bits) => bits,
            Source::Reg(reg) => {
                self.frames.last().map_or(0, |frame| frame.regs[reg.0 as usize][reg.1 as usize])
            }
        }
    }

    pub fn set(&mut self, reg: Reg, value: u64) {
        self.frame().regs[reg.0 as usize][reg.1 as usize] = value & reg.0.mask();
    }

    fn holds(&self, guard: Option<Guard>) -> bool {
        guard.is_none_or(|guard| (self.get(Source::Reg(guard.reg)) == 1) != guard.negated)
    }

    /// Goes on behind the line that it stopped at.
    pub fn resume(&mut self) {
        self.stop = None;
        self.frame().at += 1;
    }

    /// Walks until it stops; each line costs a step.
    pub fn run(&mut self, memory: &mut Memory, steps: &mut usize) -> Result<(), String> {
        while self.stop.is_none() {
            *steps += 1;
            if *steps > MOST_STEPS {
                return Err("too long".to_owned());
            }
            let (routines, frame) = (self.routines, self.frame());
            let line = &routines[frame.routine].lines[frame.at];
            self.step(line, memory);
        }
        Ok(())
    }

    fn step(&mut self, line: &Line, memory: &mut Memory) {
        match line {
            Line::Label(_) => {}
            Line::Do { form, to, from, guard } if self.holds(*guard) => {
                let mut values = [0; 6];
                for (value, &from) in values.iter_mut().zip(from) {
                    *value = self.get(from);
                }
                let form = &forms::all()[*form];
                // A number may be wider than its type.
                values.iter_mut().zip(&form.from).for_each(|(value, class)| *value &= class.mask());
                let result = (form.run)(&values[..from.len()]);
                to.iter().zip(result).for_each(|(&to, value)| self.set(to, value));
            }
            Line::Tell(to, what) => self.tell(*to, *what),
            Line::Move { store, space, element, regs, at, guard, .. } if self.holds(*guard) => {
                self.access((*store, *space), *element, regs, self.get(*at) as usize, memory);
            }
            Line::Atomic { shared, cell, value, guard, .. } if self.holds(*guard) => {
                let (_, class, run) = CELLS[*cell];
                let place = if *shared { &mut memory.shared } else { &mut memory.cells };
                let value = self.get(Source::Reg(*value));
                let (at, bytes) = (cell * 8, class.bytes());
                let old = read(place, at, bytes);
                write(place, at, bytes, run(old, value));
            }
            Line::Jump { to, guard, .. } if self.holds(*guard) => return self.jump(*to),
            Line::Table { on, labels } => return self.jump(labels[self.get(Source::Reg(*on)) as usize]),
            Line::Call { callee, from, to, guard } if self.holds(*guard) => {
                let function = match *callee {
                    Callee::Pointer(on) => self.kernel.table[self.get(Source::Reg(on)) as usize],
                    Callee::Direct(at) => at,
                    Callee::Myself => unreachable!("lowering names the function"),
                };
                let values = from.map(|from| self.get(from));
                self.enter(function + 1, *to);
                ARGUMENTS.into_iter().zip(values).for_each(|(reg, value)| self.set(reg, value));
                return;
            }
            Line::Return(guard) if self.holds(*guard) => {
                let values = RESULTS.map(|reg| self.get(Source::Reg(reg)));
                let to = self.frame().to;
                self.frames.pop();
                to.into_iter().zip(values).for_each(|(to, value)| self.set(to, value));
            }
            Line::Exit(guard, _) if self.holds(*guard) => {
                self.frames.clear();
                self.stop = Some(Stop::Done);
                return;
            }
            Line::Barrier { id, count, guard, .. } if self.holds(*guard) => {
                self.stop = Some(Stop::Barrier(*id, *count));
                return;
            }
            Line::Warp { .. } => {
                self.stop = Some(Stop::Warp);
                return;
            }
            _ => {}
        }
        self.frame().at += 1;
    }

    fn jump(&mut self, label: usize) {
        let routines = self.routines;
        let frame = self.frame();
        frame.at = routines[frame.routine].labels[label];
    }

    fn tell(&mut self, to: Reg, what: What) {
        let value = match what {
            What::Lane => self.number % 32,
            What::Thread => self.number,
            What::Global => self.block * self.kernel.threads() + self.number,
            What::Warp => self.number / 32,
            What::BlockIndex => self.block,
            What::Scalar => self.kernel.scalar,
        };
        self.set(to, value.into());
    }

    fn access(
        &mut self,
        (store, space): (bool, Space),
        element: usize,
        regs: &[Reg],
        at: usize,
        memory: &mut Memory,
    ) {
        let (_, bytes, signed, _) = ELEMENTS[element];
        let own = (self.block * self.kernel.threads() + self.number) as usize * OUT_BYTES as usize;
        for (index, &reg) in regs.iter().enumerate() {
            let mut at = at + index * bytes as usize;
            let value = self.get(Source::Reg(reg));
            let place = match space {
                Space::Out => {
                    at += own;
                    &mut memory.out
                }
                Space::In => &mut memory.input,
                Space::Shared => &mut memory.shared,
                Space::Local => &mut self.frame().local,
            };
            if store {
                write(place, at, bytes, value);
                continue;
            }
            let value = read(place, at, bytes);
            let shift = 64 - 8 * bytes;
            self.set(reg, if signed { ((value << shift) as i64 >> shift) as u64 } else { value });
        }
    }
}

/// What the barrier line says besides its number.
pub fn arrival(line: &Line) -> Arrival {
    match line {
        Line::Barrier { kind, .. } => *kind,
        _ => Arrival::Wait,
    }
}

fn read(place: &[u8], at: usize, bytes: u32) -> u64 {
    place[at..at + bytes as usize].iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte))
}

fn write(place: &mut [u8], at: usize, bytes: u32, value: u64) {
    place[at..at + bytes as usize].copy_from_slice(&value.to_le_bytes()[..bytes as usize]);
}

/// The bits that a class of match compares.
pub fn cut(class: Class, value: u64) -> u64 {
    value & class.mask()
}
