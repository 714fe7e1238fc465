//! Loads and stores against bytes in an array: every width into registers of every width, in every space, side by side
//! and apart, with the faults of addresses that are misaligned or nowhere.

use stream_hal_kernels::ir::Type;
use stream_hal_kernels::{FaultKind, KernelFault, Launch};

use super::super::bench::Bench;
use super::{Form, spaces, walk};
use crate::runner;

/// More than a warp, and no multiple of one.
const THREADS: usize = 40;
/// Bytes that belong to each thread.
const OWN: usize = 64;
/// The thread whose address is spoiled when that is asked for.
const SPOILED: u32 = 35;
/// What is where nothing was written.
const FILL: u8 = 0xee;

#[test]
fn every_form() {
    walk("memory", |form| match form.opcode.as_str() {
        "ld" | "ldu" => load(form),
        "st" if form.has("bulk") => spaces::store_bulk(form),
        "st" => store(form),
        _ => spaces::others(form),
    });
}

/// A number out of a form's text, to choose among ways to use it.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
        >> 7
}

/// How a form is used.
struct Plan<'f> {
    form: &'f Form,
    /// Where the bytes are.
    space: &'static str,
    /// The address says so, not the form.
    generic: bool,
    ty: Type,
    count: usize,
    hash: u64,
    data: Vec<u8>,
}

impl<'f> Plan<'f> {
    fn new(form: &'f Form) -> Plan<'f> {
        let hash = hash(&form.text);
        let known =
            ["const", "global", "local", "param", "param::entry", "param::func", "shared", "shared::cta"];
        let loads = form.opcode != "st";
        let (space, generic) = match form.one_of(&known) {
            None => (["global", "shared", "local"][hash as usize % 3], true),
            Some("param") => (if loads && hash & 1 == 0 { "entry" } else { "func" }, false),
            Some("param::entry") => ("entry", false),
            Some("param::func") => ("func", false),
            Some("shared::cta") => ("shared", false),
            Some(space) => (space, false),
        };
        let count = match form.one_of(&["v2", "v4", "v8"]) {
            Some("v2") => 2,
            Some("v4") => 4,
            Some(_) => 8,
            None => 1,
        };
        let mut random = fastrand::Rng::with_seed(hash);
        let data = (0..THREADS * OWN).map(|_| random.u8(..)).collect();
        Plan { form, space, generic, ty: form.types[0], count, hash, data }
    }

    fn bytes(&self) -> usize {
        self.ty.bytes() as usize
    }

    fn size(&self) -> usize {
        self.bytes() * self.count
    }

    /// From one thread's access to the next.
    fn stride(&self) -> usize {
        if self.space == "global" && self.hash >> 3 & 1 == 0 { self.size() } else { OWN }
    }

    /// Added to the address.
    fn offset(&self) -> usize {
        if self.stride() == OWN { (self.hash >> 4) as usize % (OWN / self.size()) * self.size() } else { 0 }
    }

    /// The register of an element: name and width.
    fn register(&self, element: usize) -> (String, u32) {
        let bits = self.ty.bits();
        let widths: &[u32] = match bits {
            _ if self.ty.float() => &[bits],
            8 | 16 => &[16, 32, 64],
            32 => &[32, 64],
            _ => &[64],
        };
        let width = widths[(self.hash >> (6 + element)) as usize % widths.len()];
        match width {
            16 => (format!("%h{element}"), 16),
            32 => (format!("%r{element}"), 32),
            _ => (format!("%d{}", 10 + element), 64),
        }
    }

    /// The element that is not wanted.
    fn sink(&self) -> Option<usize> {
        let at = (self.hash >> 14) as usize % (self.count * 3);
        (self.count > 1 && at < self.count && self.form.opcode != "st").then_some(at)
    }

    fn policy(&self) -> &'static str {
        if self.form.has("L2::cache_hint") { ", %d9" } else { "" }
    }

    /// Where a thread's access starts among all bytes.
    fn place(&self, thread: usize) -> usize {
        let thread = if self.space == "entry" { 0 } else { thread };
        thread * self.stride() + self.offset()
    }

    /// The whole text around an instruction that names its address as `@`; what is before and after it in the kernel.
    fn text(&self, instruction: &str, after: &str) -> String {
        let stride = self.stride();
        let own = format!("mad.wide.u32 %d2, %r40, {stride}, %d2; add.u64 %d2, %d2, %d8;");
        let copy_in = |space: &str| -> String {
            (0..OWN / 8)
                .map(|at| format!("ld.global.u64 %d60, [%d42+{0}]; st.{space}.u64 [%d2+{0}], %d60;", at * 8))
                .collect()
        };
        let (before, declared) = match self.space {
            "const" => (
                format!("mov.u64 %d2, c; {own}"),
                format!(
                    ".const .align 32 .b8 c[{}] = {{{}}};",
                    self.data.len(),
                    self.data.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
                ),
            ),
            "shared" => (
                format!(
                    "mov.u64 %d2, s; mad.wide.u32 %d2, %r40, {stride}, %d2; {} {} add.u64 %d2, %d2, %d8;",
                    copy_in("shared"),
                    if self.generic { "cvta.shared.u64 %d2, %d2;" } else { "" }
                ),
                format!(".shared .align 32 .b8 s[{}];", THREADS * OWN),
            ),
            "local" => (
                format!(
                    ".local .align 32 .b8 l[{OWN}]; mov.u64 %d2, l; {} {} add.u64 %d2, %d2, %d8;",
                    copy_in("local"),
                    if self.generic { "cvta.local.u64 %d2, %d2;" } else { "" }
                ),
                String::new(),
            ),
            _ => (format!("mov.u64 %d2, %d40; {own}"), String::new()),
        };
        let offset = self.offset();
        let address = if self.space == "entry" { format!("[p+{offset}]") } else { format!("[%d2+{offset}]") };
        let instruction = instruction.replace('@', &address);
        format!(
            "{HEADER}{declared}\n.entry k(.param .u64 a, .param .u64 b, .param .u64 bad, .param .align 32 .b8 p[{OWN}]) {{\n\
             {REGISTERS}\n{PROLOGUE} {before}\n{instruction}\n{after} ret; }}"
        )
    }

    /// Runs it; `bad` spoils an address.
    fn run(&self, text: &str, bad: u64) -> (Bench, u64, Result<(), KernelFault>) {
        let mut bench = Bench::with_memory(text, 1 << 15);
        // Far away in global memory an access faults by itself.
        let far = bad.is_multiple_of(32) && matches!(self.space, "global" | "const");
        bench.strays = bad != 0 && !far;
        let input = bench.put(&self.data);
        let output = bench.put(&[FILL; THREADS * OWN]);
        let mut parameters: Vec<u8> =
            [input, output, bad, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
        parameters.extend(&self.data[..OWN]);
        let launch = Launch { block: [THREADS as u32, 1, 1], parameters: &parameters, ..Launch::default() };
        let result = bench.launch("k", &launch);
        (bench, output, result)
    }

    /// Addresses that are wrong for one thread, on forms without hints, where it makes no difference.
    fn faults(&self, text: &str) {
        if self.form.words.len() > 4 || matches!(self.space, "entry" | "func") {
            return;
        }
        let line = text.lines().position(|line| line.starts_with(&format!("{} ", self.form.text))).unwrap()
            as u32
            + 1;
        let own = !self.generic && matches!(self.space, "shared" | "local");
        let far = if own && runner::CUTS_OFFSETS { [1u64 << 24, 1 << 23] } else { [1 << 41, 1 << 40] };
        let mut cases =
            vec![(far[0], FaultKind::IllegalAddress), (far[1].wrapping_neg(), FaultKind::IllegalAddress)];
        if self.size() > 1 {
            cases.push((self.size() as u64 / 2, FaultKind::MisalignedAddress));
            cases.push((1, FaultKind::MisalignedAddress));
        }
        for (bad, kind) in cases {
            let fault = self.run(text, bad).2.unwrap_err();
            let place = (fault.kind, fault.thread, fault.line);
            assert_eq!(
                place,
                (kind, [SPOILED, 0, 0], line),
                "{} with {bad:#x}: {fault}\n{text}",
                self.form.text
            );
        }
    }
}

const HEADER: &str = ".version 8.8\n.target sm_100\n.address_size 64\n";
const REGISTERS: &str =
    ".reg .pred %p<4>; .reg .b16 %h<50>; .reg .b32 %r<50>; .reg .b64 %d<70>; .reg .b128 %q<4>;";
/// Input and output in `%d40` and `%d41`, both of this thread in `%d42` and `%d43`, what spoils its address in `%d8`.
const PROLOGUE: &str =
    "mov.u32 %r40, %tid.x; ld.param.u64 %d40, [a]; ld.param.u64 %d41, [b]; ld.param.u64 %d8, [bad];
    setp.ne.u32 %p0, %r40, 35; selp.u64 %d8, 0, %d8, %p0; mad.wide.u32 %d42, %r40, 64, %d40;
    mad.wide.u32 %d43, %r40, 64, %d41; createpolicy.fractional.L2::evict_last.b64 %d9, 0f3F800000;";

fn load(form: &Form) -> bool {
    let plan = Plan::new(form);
    let mut targets = Vec::new();
    let mut after = String::new();
    for element in 0..plan.count {
        if plan.ty == Type::B128 {
            targets.push("%q0".to_owned());
            after += "mov.b128 {%d10, %d11}, %q0; st.global.v2.b64 [%d43], {%d10, %d11};";
        } else if plan.sink() == Some(element) {
            targets.push("_".to_owned());
        } else {
            let (name, width) = plan.register(element);
            let at = element * 8;
            after += &match width {
                64 => format!("st.global.b64 [%d43+{at}], {name};"),
                // Packing shows whether there is more in a register than its width.
                32 => format!("mov.b64 %d60, {{{name}, 0}}; st.global.b64 [%d43+{at}], %d60;"),
                _ => format!("mov.b64 %d60, {{{name}, 0, 0, 0}}; st.global.b64 [%d43+{at}], %d60;"),
            };
            targets.push(name);
        }
    }
    let targets = if plan.count == 1 { targets.remove(0) } else { format!("{{{}}}", targets.join(", ")) };
    let instruction = format!("{} {targets}, @{};", form.text, plan.policy());
    let text = match plan.space {
        "func" => called_load(&plan, &instruction, &after),
        _ => plan.text(&instruction, &after),
    };
    let (bench, output, result) = plan.run(&text, 0);
    result.unwrap_or_else(|fault| panic!("{}: {fault}\n{text}", form.text));
    let found = bench.bytes(output, THREADS * OWN);
    for (thread, found) in found.chunks(OWN).enumerate() {
        let mut expected = vec![FILL; OWN];
        let bytes = plan.bytes();
        for element in (0..plan.count).filter(|&element| plan.sink() != Some(element)) {
            let from = &plan.data[plan.place(thread) + element * bytes..][..bytes];
            if bytes == 16 {
                expected[..16].copy_from_slice(from);
                continue;
            }
            // Signs fill the register, the rest of the word is zero.
            let negative = plan.ty.signed() && from[bytes - 1] >> 7 == 1;
            let width = plan.register(element).1 as usize / 8;
            let to = &mut expected[element * 8..][..8];
            to.fill(0);
            to[..width].fill(if negative { 255 } else { 0 });
            to[..bytes].copy_from_slice(from);
        }
        assert_eq!(found, expected, "{} thread {thread}\n{text}", form.text);
    }
    plan.faults(&text);
    true
}

/// A function that loads from its parameter.
fn called_load(plan: &Plan<'_>, instruction: &str, after: &str) -> String {
    let instruction = instruction.replace('@', &format!("[q+{}]", plan.offset()));
    let passed: String = (0..OWN / 8)
        .map(|at| format!("ld.global.u64 %d60, [%d42+{0}]; st.param.b64 [arg+{0}], %d60;", at * 8))
        .collect();
    format!(
        "{HEADER}.func f(.param .align 32 .b8 q[{OWN}], .param .b64 o) {{\n{REGISTERS}\n ld.param.u64 %d43, [o];\n\
         {instruction}\n{after} ret; }}\n\
         .entry k(.param .u64 a, .param .u64 b, .param .u64 bad, .param .align 32 .b8 p[{OWN}]) {{\n{REGISTERS}\n{PROLOGUE}\n\
         .param .align 32 .b8 arg[{OWN}]; .param .b64 place; .param .b8 pad[24]; {passed}\n\
         st.param.b64 [place], %d43; call.uni f, (arg, place); ret; }}"
    )
}

fn store(form: &Form) -> bool {
    let plan = Plan::new(form);
    let mut before = String::new();
    let mut sources = Vec::new();
    let immediate = plan.count == 1 && plan.ty != Type::B128 && !plan.ty.float() && plan.hash >> 20 & 7 == 0;
    for element in 0..plan.count {
        let at = element * 8;
        if immediate {
            sources.push("-77".to_owned());
        } else if plan.ty == Type::B128 {
            before += "ld.global.v2.b64 {%d10, %d11}, [%d42]; mov.b128 %q0, {%d10, %d11};";
            sources.push("%q0".to_owned());
        } else {
            let (name, width) = plan.register(element);
            before += &match width {
                64 => format!("ld.global.b64 {name}, [%d42+{at}];"),
                _ => format!("ld.global.b64 %d60, [%d42+{at}]; cvt.u{width}.u64 {name}, %d60;"),
            };
            sources.push(name);
        }
    }
    let sources = if plan.count == 1 { sources.remove(0) } else { format!("{{{}}}", sources.join(", ")) };
    let instruction = format!("{} @, {sources}{};", form.text, plan.policy());
    let text = match plan.space {
        "func" => called_store(&plan, &before, &instruction),
        "global" => {
            let text = plan.text(&format!("{before}\n{instruction}"), "");
            text.replace("mov.u64 %d2, %d40;", "mov.u64 %d2, %d41;")
        }
        space => {
            // What is there now is written out; generic addresses are those of the space again.
            let back = if plan.generic { format!("cvta.to.{space}.u64 %d2, %d2;") } else { String::new() };
            let out: String = (0..OWN / 8)
                .map(|at| format!("ld.{space}.u64 %d60, [%d2+{0}]; st.global.u64 [%d43+{0}], %d60;", at * 8))
                .collect();
            plan.text(&format!("{before}\n{instruction}"), &(back + &out))
        }
    };
    let (bench, output, result) = plan.run(&text, 0);
    result.unwrap_or_else(|fault| panic!("{}: {fault}\n{text}", form.text));
    // In other spaces the input was copied first.
    let mut expected = if plan.space == "global" { vec![FILL; THREADS * OWN] } else { plan.data.clone() };
    for thread in 0..THREADS {
        let bytes = plan.bytes();
        for element in 0..plan.count {
            let from = &plan.data[thread * OWN + element * 8..][..bytes];
            let to = &mut expected[plan.place(thread) + element * bytes..][..bytes];
            let number = (-77i128).to_le_bytes();
            to.copy_from_slice(if immediate { &number[..bytes] } else { from });
        }
    }
    assert_eq!(bench.bytes(output, THREADS * OWN), expected, "{}\n{text}", form.text);
    plan.faults(&text);
    true
}

/// A store into what is passed to a function, which writes it out.
fn called_store(plan: &Plan<'_>, before: &str, instruction: &str) -> String {
    let instruction = instruction.replace('@', &format!("[arg+{}]", plan.offset()));
    let passed: String = (0..OWN / 8)
        .map(|at| format!("ld.global.u64 %d60, [%d42+{0}]; st.param.b64 [arg+{0}], %d60;", at * 8))
        .collect();
    let out: String = (0..OWN / 8)
        .map(|at| format!("ld.param.u64 %d60, [q+{0}]; st.global.u64 [%d43+{0}], %d60;", at * 8))
        .collect();
    format!(
        "{HEADER}.func f(.param .align 32 .b8 q[{OWN}], .param .b64 o) {{\n{REGISTERS}\n ld.param.u64 %d43, [o]; {out} ret; }}\n\
         .entry k(.param .u64 a, .param .u64 b, .param .u64 bad, .param .align 32 .b8 p[{OWN}]) {{\n{REGISTERS}\n{PROLOGUE}\n\
         .param .align 32 .b8 arg[{OWN}]; .param .b64 place; {passed} {before}\n{instruction}\n\
         st.param.b64 [place], %d43; call.uni f, (arg, place); ret; }}"
    )
}
