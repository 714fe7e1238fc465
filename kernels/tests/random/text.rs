//! Lines as PTX text.

use std::fmt::Write;

use super::forms::{self, CELLS, ELEMENTS, REDUCTIONS};
use super::lines::{
    self, ARGUMENTS, Arrival, LOCAL_BYTES, Line, OUT_BYTES, RESULTS, Routine, SLOTS, Together, What,
};
use super::tree::{CLASSES, Callee, Class, Function, Guard, Kernel, Reg, Source, Space, Style};

/// The pointers that every function is given besides its arguments.
const POINTERS: [&str; 3] = ["%aout", "%ain", "%acells"];

pub fn print(kernel: &Kernel, routines: &[Routine]) -> String {
    let mut text = String::from(".version 8.3\n.target sm_90\n.address_size 64\n\n");
    if kernel.dynamic {
        text += ".extern .shared .align 16 .b8 area[];\n";
    } else {
        text += &format!(".shared .align 16 .b8 area[{}];\n", shared_bytes(kernel));
    }
    for (at, function) in kernel.functions.iter().enumerate() {
        text += &format!("{};\n", head(at, function));
    }
    if !kernel.table.is_empty() {
        let names: Vec<String> = kernel.table.iter().map(|at| format!("f{at}")).collect();
        text += &format!(".global .align 8 .u64 table[{}] = {{{}}};\n", names.len(), names.join(", "));
    }
    for (at, routine) in routines.iter().enumerate().rev() {
        let mut printer = Printer { kernel, at, text: String::new(), calls: 0 };
        printer.routine(routine);
        text += &printer.text;
    }
    text
}

pub fn shared_bytes(kernel: &Kernel) -> u32 {
    SLOTS + 4 * kernel.threads()
}

fn type_of(reg: Reg) -> &'static str {
    if reg.0.bytes() == 8 { "b64" } else { "b32" }
}

/// The types of all parameters of a function, and where they lie if packed.
fn parameters() -> Vec<(&'static str, u32)> {
    let types = ARGUMENTS.map(type_of).into_iter().chain(POINTERS.map(|_| "b64"));
    let mut end = 0u32;
    types
        .map(|ty| {
            let bytes = if ty == "b64" { 8 } else { 4 };
            let at = end.next_multiple_of(bytes);
            end = at + bytes;
            (ty, at)
        })
        .collect()
}

fn packed_bytes() -> u32 {
    parameters().last().map_or(0, |last| last.1 + 8)
}

/// The signature around a name; `name` gives each parameter's.
fn signature(style: Style, name: &str, each: fn(&str, usize) -> String) -> String {
    let list = |letter: &str, types: &[&str]| -> String {
        let word = if style == Style::Registers { ".reg" } else { ".param" };
        let all = types.iter().enumerate().map(|(at, ty)| format!("{word} .{ty} {}", each(letter, at)));
        all.collect::<Vec<_>>().join(", ")
    };
    if style == Style::Packed {
        let (o, a) = (each("o", 0), each("a", 0));
        return format!("(.param .align 8 .b8 {o}[16]) {name} (.param .align 8 .b8 {a}[{}])", packed_bytes());
    }
    let types: Vec<&str> = parameters().into_iter().map(|(ty, _)| ty).collect();
    format!("({}) {name} ({})", list("o", &RESULTS.map(type_of)), list("a", &types))
}

fn head(at: usize, function: &Function) -> String {
    format!(".func {}", signature(function.style, &format!("f{at}"), |letter, at| format!("{letter}{at}")))
}

fn reg(reg: Reg) -> String {
    format!("%{}{}", reg.0.letter(), reg.1)
}

fn source(source: Source, class: Class) -> String {
    match source {
        Source::Reg(from) => reg(from),
        Source::Number(bits) => match class {
            Class::F => format!("0f{bits:08X}"),
            Class::G => format!("0d{bits:016X}"),
            _ => (bits & class.mask()).to_string(),
        },
    }
}

fn guard(guard: Option<Guard>) -> String {
    guard.map_or_else(String::new, |guard| {
        format!("@{}{} ", if guard.negated { "!" } else { "" }, reg(guard.reg))
    })
}

/// How the barrier instruction starts and ends.
fn barrier_words(style: u8) -> (&'static str, &'static str) {
    [("bar", ""), ("barrier", ""), ("barrier.cta", ".aligned"), ("bar.cta", "")][style as usize % 4]
}

struct Printer<'k> {
    kernel: &'k Kernel,
    /// 0 is the kernel.
    at: usize,
    text: String,
    calls: usize,
}

impl Printer<'_> {
    fn say(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.text, "    {};", line.as_ref());
    }

    fn label(&self, label: usize) -> String {
        format!("L{}_{label}", self.at)
    }

    fn routine(&mut self, routine: &Routine) {
        match lines::function(self.kernel, self.at) {
            Some(function) => self.text = format!("\n{}\n{{\n", head(self.at - 1, function)),
            None => {
                self.text = "\n.visible .entry k(.param .u64 out, .param .u64 input, .param .u64 cells, .param .u32 scalar)\n{\n"
                    .to_owned();
            }
        }
        for class in CLASSES {
            let ty = ["b16", "b32", "b64", "pred", "f32", "f64"][class as usize];
            self.say(format!(".reg .{ty} %{0}<{1}>, %{0}z", class.letter(), routine.counts[class as usize]));
        }
        self.say(".reg .b64 %a<4>, %aout, %ain, %acells");
        self.say(".reg .b32 %t<4>");
        self.say(format!(".local .align 16 .b8 depot[{LOCAL_BYTES}]"));
        self.arguments();
        let lines: Vec<&Line> = routine.lines.iter().collect();
        for line in lines {
            self.line(line);
        }
        self.text += "}\n";
    }

    fn arguments(&mut self) {
        let Some(function) = lines::function(self.kernel, self.at) else {
            for (pointer, name) in POINTERS.iter().zip(["out", "input", "cells"]) {
                self.say(format!("ld.param.u64 {pointer}, [{name}]"));
            }
            self.linear("%t0");
            self.say("mov.u32 %t1, %ctaid.x");
            self.say(format!("mad.lo.u32 %t0, %t1, {}, %t0", self.kernel.threads()));
            self.say(format!("mad.wide.u32 %aout, %t0, {OUT_BYTES}, %aout"));
            return;
        };
        let targets = ARGUMENTS.map(reg).into_iter().chain(POINTERS.map(str::to_owned));
        for (index, (target, (ty, at))) in targets.zip(parameters()).enumerate() {
            self.say(match function.style {
                Style::Params => format!("ld.param.{ty} {target}, [a{index}]"),
                Style::Packed => format!("ld.param.{ty} {target}, [a0+{at}]"),
                Style::Registers => format!("mov.{ty} {target}, a{index}"),
            });
        }
    }

    /// The number of the thread in its block.
    fn linear(&mut self, to: &str) {
        self.say("mov.u32 %t2, %tid.x");
        self.say(format!("mov.u32 {to}, %tid.y"));
        self.say("mov.u32 %t3, %ntid.x");
        self.say(format!("mad.lo.u32 {to}, {to}, %t3, %t2"));
    }

    fn line(&mut self, line: &Line) {
        match line {
            Line::Label(label) => {
                let _ = writeln!(self.text, "{}:", self.label(*label));
            }
            Line::Do { form, to, from, guard: on } => self.form(*form, to, from, *on),
            Line::Tell(to, what) => self.tell(*to, *what),
            Line::Move { store, space, element, regs, at, style, guard: on } => {
                self.access((*store, *space), *element, regs, *at, *style, *on);
            }
            Line::Atomic { shared, cell, value, style, guard: on } => {
                self.atomic((*shared, *cell), *value, *style, *on);
            }
            Line::Jump { to, guard: on, uniform } => {
                let uni = if *uniform { ".uni" } else { "" };
                self.say(format!("{}bra{uni} {}", guard(*on), self.label(*to)));
            }
            Line::Table { on, labels } => {
                self.calls += 1;
                let names: Vec<String> = labels.iter().map(|&label| self.label(label)).collect();
                let table = format!("T{}_{}", self.at, self.calls);
                let _ = writeln!(self.text, "{table}: .branchtargets {};", names.join(", "));
                self.say(format!("brx.idx {}, {table}", reg(*on)));
            }
            Line::Call { callee, from, to, guard: on } => self.call(*callee, from, *to, *on),
            Line::Return(on) => self.give_back(*on),
            Line::Exit(on, ret) => self.say(format!("{}{}", guard(*on), if *ret { "ret" } else { "exit" })),
            Line::Barrier { id, count, kind, style, guard: on } => {
                self.barrier(*id, *count, *kind, *style, *on)
            }
            Line::Warp { op, mask, to, valid, from } => self.warp(*op, *mask, *to, *valid, from),
        }
    }

    fn form(&mut self, form: usize, to: &[Reg], from: &[Source], on: Option<Guard>) {
        let form = &forms::all()[form];
        let mut text = form.text.clone();
        for (at, &to) in to.iter().enumerate() {
            text = text.replace(&format!("${at}"), &reg(to));
        }
        for (at, (&from, &class)) in from.iter().zip(&form.from).enumerate() {
            text = text.replace(&format!("${}", at + to.len()), &source(from, class));
        }
        for piece in text.split("; ") {
            self.say(format!("{}{piece}", guard(on)));
        }
    }

    fn tell(&mut self, to: Reg, what: What) {
        let to = reg(to);
        match what {
            What::Lane => self.say(format!("mov.u32 {to}, %laneid")),
            What::Thread => self.linear(&to),
            What::Global => {
                self.linear("%t0");
                self.say("mov.u32 %t1, %ctaid.x");
                self.say(format!("mad.lo.u32 {to}, %t1, {}, %t0", self.kernel.threads()));
            }
            What::Warp => self.say(format!("mov.u32 {to}, %warpid")),
            What::BlockIndex => self.say(format!("mov.u32 {to}, %ctaid.x")),
            What::Scalar => self.say(format!("ld.param.u32 {to}, [scalar]")),
        }
    }

    /// A line without a guard that leaves an address, and the words of the space.
    fn address(&mut self, space: Space, at: Source, style: u8) -> (String, &'static str) {
        let (word, base) = match space {
            Space::Out => ("global", "%aout"),
            Space::In => ("global", "%ain"),
            Space::Local => ("local", "depot"),
            Space::Shared => ("shared", "area"),
        };
        let generic = style & 1 == 1;
        if let (Source::Number(at), false) = (at, generic) {
            return (format!("[{base}+{at}]"), word);
        }
        self.say(format!("mov.u64 %a0, {base}"));
        if generic {
            self.say(format!("cvta.{word}.u64 %a0, %a0"));
        }
        match at {
            Source::Number(at) => self.say(format!("add.u64 %a0, %a0, {at}")),
            Source::Reg(at) => {
                self.say(format!("cvt.u64.u32 %a1, {}", reg(at)));
                self.say("add.u64 %a0, %a0, %a1");
            }
        }
        let place = if style & 2 == 2 {
            self.say("sub.u64 %a0, %a0, 24");
            "[%a0+24]"
        } else {
            "[%a0]"
        };
        (place.to_owned(), if generic { "" } else { word })
    }

    fn access(
        &mut self,
        (store, space): (bool, Space),
        element: usize,
        regs: &[Reg],
        at: Source,
        style: u8,
        on: Option<Guard>,
    ) {
        let (place, word) = self.address(space, at, style);
        let mut words = String::from(if store { "st" } else { "ld" });
        if style & 4 == 4 && matches!(space, Space::Out | Space::Shared) {
            words += ".volatile";
        }
        if !word.is_empty() {
            words += &format!(".{word}");
        }
        if style & 4 == 4 && space == Space::In && word == "global" {
            words += ".nc";
        }
        let names: Vec<String> = regs.iter().map(|&one| reg(one)).collect();
        let mut values = names.join(", ");
        if regs.len() > 1 {
            words += &format!(".v{}", regs.len());
            values = format!("{{{values}}}");
        }
        let (a, b) = if store { (place, values) } else { (values, place) };
        self.say(format!("{}{words}.{} {a}, {b}", guard(on), ELEMENTS[element].0));
    }

    fn atomic(&mut self, (shared, cell): (bool, usize), value: Reg, style: u8, on: Option<Guard>) {
        let (name, class, _) = CELLS[cell];
        let (place, space) = if shared {
            self.address(Space::Shared, Source::Number(cell as u64 * 8), style & 1)
        } else {
            (format!("[%acells+{}]", cell * 8), if style & 1 == 1 { "" } else { "global" })
        };
        let space = if space.is_empty() { String::new() } else { format!(".{space}") };
        let scope = ["", ".relaxed.gpu", ".gpu", ".acq_rel.cta"][style as usize / 8 % 4];
        let trash = reg(Reg::TRASH[usize::from(class == Class::D)]);
        let (word, to) = match style / 2 % 4 {
            0 | 1 => ("red", String::new()),
            2 => ("atom", format!("{trash}, ")),
            _ => ("atom", "_, ".to_owned()),
        };
        self.say(format!("{}{word}{scope}{space}.{name} {to}{place}, {}", guard(on), reg(value)));
    }

    fn barrier(&mut self, id: u8, count: Option<u32>, kind: Arrival, style: u8, on: Option<Guard>) {
        let (start, end) = barrier_words(style);
        let on = guard(on);
        let count = count.map_or_else(String::new, |count| format!(", {count}"));
        self.say(match kind {
            Arrival::Wait => format!("{on}{start}.sync{end} {id}{count}"),
            Arrival::Pass => format!("{on}{start}.arrive{end} {id}{count}"),
            Arrival::Reduce(op, to, value) => {
                let op = ["popc", "and", "or"][op as usize];
                let ty = if op == "popc" { "u32" } else { "pred" };
                format!("{on}{start}.red.{op}{end}.{ty} {}, {id}{count}, {}", reg(to), reg(value))
            }
        });
    }

    fn warp(&mut self, op: Together, mask: Source, to: Reg, valid: Option<Reg>, from: &[Source; 3]) {
        let mask = source(mask, Class::R);
        let word = |at: usize| source(from[at], Class::R);
        let both = valid.map_or_else(|| reg(to), |valid| format!("{}|{}", reg(to), reg(valid)));
        self.say(match op {
            Together::Ballot => format!("vote.sync.ballot.b32 {both}, {}, {mask}", word(0)),
            Together::All => format!("vote.sync.all.pred {both}, {}, {mask}", word(0)),
            Together::Any => format!("vote.sync.any.pred {both}, {}, {mask}", word(0)),
            Together::Same => format!("vote.sync.uni.pred {both}, {}, {mask}", word(0)),
            Together::Shuffle(mode) => {
                let mode = ["up", "down", "bfly", "idx"][mode as usize];
                format!("shfl.sync.{mode}.b32 {both}, {}, {}, {}, {mask}", word(0), word(1), word(2))
            }
            Together::MatchAny(class) => {
                format!("match.any.sync.b{} {both}, {}, {mask}", class.bytes() * 8, source(from[0], class))
            }
            Together::MatchAll(class) => {
                format!("match.all.sync.b{} {both}, {}, {mask}", class.bytes() * 8, source(from[0], class))
            }
            Together::Reduce(row) => {
                format!("redux.sync.{} {both}, {}, {mask}", REDUCTIONS[row as usize].0, word(0))
            }
            Together::Meet => format!("bar.warp.sync {mask}"),
        });
    }

    fn call(&mut self, callee: Callee, from: &[Source; 5], to: [Reg; 2], on: Option<Guard>) {
        self.calls += 1;
        let function = match callee {
            Callee::Direct(at) => at,
            _ => self.kernel.table[0],
        };
        let style = self.kernel.functions[function].style;
        let values = from.iter().zip(ARGUMENTS).map(|(&from, reg)| source(from, reg.0));
        let values: Vec<String> = values.chain(POINTERS.map(str::to_owned)).collect();
        let _ = writeln!(self.text, "    {{");
        let (results, arguments) = match style {
            Style::Registers => (to.map(reg).join(", "), values.join(", ")),
            Style::Packed => {
                self.say(format!(".param .align 8 .b8 x0[{}]", packed_bytes()));
                self.say(".param .align 8 .b8 y0[16]");
                for (value, (ty, at)) in values.iter().zip(parameters()) {
                    self.say(format!("st.param.{ty} [x0+{at}], {value}"));
                }
                ("y0".to_owned(), "x0".to_owned())
            }
            Style::Params => {
                for (at, (value, (ty, _))) in values.iter().zip(parameters()).enumerate() {
                    self.say(format!(".param .{ty} x{at}"));
                    self.say(format!("st.param.{ty} [x{at}], {value}"));
                }
                self.say(".param .b32 y0");
                self.say(".param .b64 y1");
                let names: Vec<String> = (0..values.len()).map(|at| format!("x{at}")).collect();
                ("y0, y1".to_owned(), names.join(", "))
            }
        };
        let on = guard(on);
        match callee {
            Callee::Pointer(index) => {
                self.say("mov.u64 %a0, table");
                self.say(format!("mad.wide.u32 %a0, {}, 8, %a0", reg(index)));
                self.say("ld.global.u64 %a0, [%a0]");
                let prototype = format!("P{}_{}", self.at, self.calls);
                let types = signature(style, "_", |_, _| "_".to_owned());
                let _ = writeln!(self.text, "{prototype}: .callprototype {types};");
                self.say(format!("{on}call ({results}), %a0, ({arguments}), {prototype}"));
            }
            _ => self.say(format!("{on}call ({results}), f{function}, ({arguments})")),
        }
        let second = match style {
            Style::Params => Some("y1"),
            Style::Packed => Some("y0+8"),
            Style::Registers => None,
        };
        if let Some(second) = second {
            self.say(format!("{on}ld.param.b32 {}, [y0]", reg(to[0])));
            self.say(format!("{on}ld.param.b64 {}, [{second}]", reg(to[1])));
        }
        let _ = writeln!(self.text, "    }}");
    }

    fn give_back(&mut self, on: Option<Guard>) {
        let [a, b] = RESULTS.map(reg);
        let style = lines::function(self.kernel, self.at).map_or(Style::Params, |function| function.style);
        let on = guard(on);
        match style {
            Style::Params => {
                self.say(format!("{on}st.param.b32 [o0], {a}"));
                self.say(format!("{on}st.param.b64 [o1], {b}"));
            }
            Style::Packed => {
                self.say(format!("{on}st.param.b32 [o0], {a}"));
                self.say(format!("{on}st.param.b64 [o0+8], {b}"));
            }
            Style::Registers => {
                self.say(format!("{on}mov.b32 o0, {a}"));
                self.say(format!("{on}mov.b64 o1, {b}"));
            }
        }
        self.say(format!("{on}ret"));
    }
}
