//! A module: PTX whose module level was read. Bodies are read when their kernel is first used, each once.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::interp::{code, decode};
use crate::ir::Function;
use crate::program::Program;
use crate::ptx::declared::{self, Declared};
use crate::ptx::forms::Seen;
use crate::ptx::lower::names::Binding;
use crate::ptx::lower::{self, Lowered, Scope};

/// Most static shared memory of a block: of one variable, and of all that a kernel reaches.
pub(crate) const MOST_SHARED: u32 = 1 << 20;

/// One complaint about a PTX text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// From 1; 0 when the text as a whole is meant.
    pub line: u32,
    /// From 1, in bytes; 0 with line 0.
    pub column: u32,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

/// All complaints about a PTX text, at least one; printed one a line as `line:column: what`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(pub Vec<Error>);

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if i == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

/// A form of instruction that is not implemented. The kernel that has it cannot be launched; others can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The opcode with its modifiers, as written.
    pub form: String,
    /// The line of the PTX text.
    pub line: u32,
}

/// A kernel of a module, as its header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The symbol.
    pub name: String,
    /// Each parameter's place in the packed buffer, in order.
    pub parameters: Vec<Parameter>,
    /// Their names.
    pub parameter_names: Vec<Box<str>>,
    /// Size of the packed parameters in bytes.
    pub parameter_bytes: u32,
    /// Most threads of a block: 1,024 or what `.maxntid` or `.reqntid` say.
    pub max_threads: u32,
    /// The block size it must be launched with (`.reqntid`).
    pub required_block: Option<[u32; 3]>,
}

/// What a kernel needs, as its body and those of all functions it may reach say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Static shared memory of a block in bytes.
    pub shared_bytes: u32,
    /// Local memory of a thread in bytes, its call frames included.
    pub local_bytes: u32,
    /// 32-bit registers of a thread, as a number to report: no more than a block of the most threads has, for which 65,536 are
    /// counted. So a block that has too many is one of too many threads.
    pub registers: u32,
    /// Why it cannot be launched, if so. It is refused when it is launched, not before.
    pub unsupported: Option<Unsupported>,
}

/// One kernel parameter in the packed buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Offset in bytes.
    pub offset: u32,
    /// Size in bytes.
    pub bytes: u32,
    /// Alignment in bytes.
    pub align: u32,
}

/// Where a variable of a module lives. Both are ordinary device memory, at addresses of the loader's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// `.global`
    Global,
    /// `.const`
    Const,
}

/// A variable of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// The symbol.
    pub name: String,
    /// Where it lives.
    pub space: Space,
    /// Size in bytes.
    pub bytes: u64,
    /// Alignment in bytes.
    pub align: u32,
    /// The first bytes of its initial value; the rest is zero.
    pub initial: Vec<u8>,
    /// Addresses to be written into the initial value; see [`Module::resolve`].
    pub relocations: Vec<Relocation>,
    /// Declared here and defined elsewhere (`.extern`): the loader must know the address from another module.
    pub external: bool,
    /// Visible by name to the application: not a name local to the module.
    pub visible: bool,
}

/// An address inside an initial value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Where in the initial value it is written.
    pub offset: u64,
    /// The variable or function meant.
    pub symbol: Box<str>,
    /// Added to the address.
    pub addend: i64,
    /// How many bytes are written: 8, or fewer of a part.
    pub bytes: u8,
    /// How many bits of the address are written: 64, or those of a part (`0xff00(x)`).
    pub bits: u8,
    /// From which bit on.
    pub shift: u8,
}

impl Relocation {
    /// The bytes to write for an address that [`Module::resolve`] gave.
    pub fn value(&self, address: u64) -> ([u8; 8], usize) {
        let address = address.wrapping_add_signed(self.addend) >> (self.shift & 63);
        let part = address & (u64::MAX >> (64 - u32::from(self.bits.clamp(1, 64))));
        (part.to_le_bytes(), usize::from(self.bytes))
    }
}

/// A PTX module: text that was read as far as its module level goes. It has no addresses yet.
///
/// Reading a module finds where functions begin and end. A body is read, checked and turned into IR at the first use of
/// a kernel that may reach it, from any thread, once. A body with errors takes down the kernels that reach it and no
/// others; [`Module::check`] asks for all complaints at once.
#[derive(Debug)]
pub struct Module {
    text: String,
    declared: Declared,
    kernels: Vec<Kernel>,
    /// For each kernel its function.
    functions: Vec<u32>,
    /// For each function what its body came to.
    lowered: Vec<OnceLock<Result<Lowered, Errors>>>,
    /// For each kernel what it reaches and needs.
    reached: Vec<OnceLock<Result<Reached, Errors>>>,
}

/// A kernel with all it may reach.
#[derive(Debug)]
struct Reached {
    /// Numbers of the functions, ascending.
    functions: Vec<u32>,
    /// For each of them where its shared variables lie.
    shared: Vec<Vec<u32>>,
    dynamic_start: u32,
    resources: Resources,
}

impl Module {
    /// Reads the module level of a PTX text. What is wrong there refuses the text; bodies are not looked at.
    pub fn parse(source: &str) -> Result<Module, Errors> {
        let declared = declared::declare(source)?;
        let functions = &declared.functions;
        let is_kernel = |index: &u32| {
            let function = &functions[*index as usize];
            function.kernel && function.body.is_some()
        };
        let mut of_kernels: Vec<u32> = (0..functions.len() as u32).filter(is_kernel).collect();
        of_kernels.shrink_to_fit();
        let kernels: Vec<Kernel> =
            of_kernels.iter().map(|&index| describe(&functions[index as usize])).collect();
        Ok(Module {
            lowered: functions.iter().map(|_| OnceLock::new()).collect(),
            reached: kernels.iter().map(|_| OnceLock::new()).collect(),
            text: source.to_owned(),
            declared,
            kernels,
            functions: of_kernels,
        })
    }

    /// Reads all bodies, on so many threads, and gives all complaints about them. A form of instruction that is not
    /// implemented is none: see [`Resources::unsupported`].
    pub fn check(&self, threads: usize) -> Result<(), Errors> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut forms = Seen::default();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                match self.declared.functions.get(index) {
                    Some(function) if function.body.is_some() => _ = self.lower(index as u32, &mut forms),
                    Some(_) => {}
                    None => return,
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let wrong = self.lowered.iter().filter_map(|lowered| lowered.get()?.as_ref().err());
        let mut errors: Vec<Error> = wrong.flat_map(|errors| errors.0.iter().cloned()).collect();
        errors.sort_by_key(|error| (error.line, error.column));
        if errors.is_empty() { Ok(()) } else { Err(Errors(errors)) }
    }

    /// How many statements all bodies have as written. Reads them anew, without looking at names and types; what is not
    /// even that right counts as none.
    pub fn count_statements(&self) -> usize {
        let functions = 0..self.declared.functions.len() as u32;
        let trees = functions.filter_map(|index| lower::read(self.scope(), index).ok());
        trees.map(|(_, tree)| tree.statements.len()).sum()
    }

    /// `.version`, major and minor.
    pub fn version(&self) -> (u32, u32) {
        self.declared.version
    }

    /// `.target`, the first one.
    pub fn target(&self) -> &str {
        &self.declared.target
    }

    /// The IR of a kernel or device function, if it has a body without errors; for people and tests.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.body_of(name)?.as_ref().ok().map(|lowered| &lowered.function)
    }

    /// Names of all functions with a body, kernels included, in the order of the text.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let with_body = self.declared.functions.iter().filter(|function| function.body.is_some());
        with_body.map(|function| &*function.name)
    }

    /// All kernels, in the order of the text.
    pub fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    /// What a kernel (an index into [`Module::kernels`]) needs. The first call reads its body and those of the
    /// functions it may reach; their complaints refuse the kernel.
    pub fn resources(&self, kernel: usize) -> Result<&Resources, &Errors> {
        self.reached(kernel).as_ref().map(|reached| &reached.resources)
    }

    /// The forms that are not implemented in the body of a kernel or device function, the first fifty, and what is wrong
    /// with the body. `None` if there is no such body.
    pub fn complaints(&self, name: &str) -> Option<Result<&[Unsupported], &Errors>> {
        Some(self.body_of(name)?.as_ref().map(|lowered| &*lowered.unsupported))
    }

    /// All variables in global and constant memory, in the order of the text.
    pub fn globals(&self) -> &[Global] {
        &self.declared.globals
    }

    /// The number to write for a relocation, its addend not included: a variable's address out of `addresses` (one
    /// per global, same order), or the code address of a device function. `None` if there is no such symbol.
    pub fn resolve(&self, symbol: &str, addresses: &[u64]) -> Option<u64> {
        match *self.declared.symbols.get(symbol)? {
            Binding::Global(index) => addresses.get(index as usize).copied(),
            Binding::Function(index) => Some(code::function_address(index as usize)),
            _ => None,
        }
    }

    /// Gives every variable its address (one per global, same order), so that kernels can be run.
    pub fn link(self: Arc<Module>, addresses: &[u64]) -> Result<Program, Errors> {
        if addresses.len() != self.globals().len() {
            let what = format!("{} addresses for {} variables", addresses.len(), self.globals().len());
            return Err(Errors(vec![Error { line: 0, column: 0, what }]));
        }
        Ok(Program::new(self, addresses))
    }

    /// What the body of a function of this name came to; `None` if there is no such body.
    fn body_of(&self, name: &str) -> Option<&Result<Lowered, Errors>> {
        let Some(&Binding::Function(index)) = self.declared.symbols.get(name) else { return None };
        self.declared.functions[index as usize].body?;
        Some(self.lowered(index))
    }

    /// Functions with their bodies, those that have no errors.
    fn bodies(&self, functions: &[u32]) -> Vec<&Lowered> {
        functions.iter().filter_map(|&function| self.lowered(function).as_ref().ok()).collect()
    }

    fn lowered(&self, function: u32) -> &Result<Lowered, Errors> {
        self.lower(function, &mut Seen::default())
    }

    fn lower<'a>(&'a self, function: u32, forms: &mut Seen<'a>) -> &'a Result<Lowered, Errors> {
        self.lowered[function as usize].get_or_init(|| lower::lower(self.scope(), function, forms))
    }

    fn scope(&self) -> Scope<'_> {
        Scope { text: &self.text, declared: &self.declared }
    }

    fn reached(&self, kernel: usize) -> &Result<Reached, Errors> {
        self.reached[kernel].get_or_init(|| self.reach(self.functions[kernel]))
    }

    fn reach(&self, kernel: u32) -> Result<Reached, Errors> {
        let functions = self.closure(kernel)?;
        let bodies = self.bodies(&functions);
        let (shared, shared_bytes) = lay_out(&bodies);
        let shared_bytes = match u32::try_from(shared_bytes) {
            Ok(bytes) if bytes <= MOST_SHARED => bytes,
            _ => return Err(self.too_much_shared(kernel)),
        };
        let align = bodies.iter().map(|body| body.dynamic_align).max().unwrap_or(1);
        let deepest = decode::deepest(&numbered(&functions, &bodies), kernel);
        let registers = bodies.iter().map(|body| body.registers).max().unwrap_or(1);
        let resources = Resources {
            shared_bytes,
            local_bytes: deepest.local_bytes,
            registers: registers
                .clamp(1, most_registers(most_threads(&self.declared.functions[kernel as usize]))),
            unsupported: bodies.iter().find_map(|body| body.unsupported.first().cloned()),
        };
        let dynamic_start = shared_bytes.next_multiple_of(align.max(self.declared.dynamic_align));
        Ok(Reached { functions, shared, dynamic_start, resources })
    }

    fn too_much_shared(&self, kernel: u32) -> Errors {
        let (line, column) = self.scope().header(kernel).map_or((0, 0), |header| header.place);
        let name = &self.declared.functions[kernel as usize].name;
        Errors(vec![Error {
            line,
            column,
            what: format!("'{name}' has more than {MOST_SHARED} bytes of shared memory"),
        }])
    }

    /// The kernel and all functions it may reach, ascending. One that calls through pointers may reach every function
    /// that can be called at all.
    fn closure(&self, kernel: u32) -> Result<Vec<u32>, Errors> {
        let mut seen = vec![false; self.declared.functions.len()];
        let mut forms = Seen::default();
        let (mut open, mut found, mut indirect) = (vec![kernel], Vec::new(), false);
        while let Some(function) = open.pop() {
            if std::mem::replace(&mut seen[function as usize], true) {
                continue;
            }
            found.push(function);
            let body = self.lower(function, &mut forms).as_ref().map_err(Clone::clone)?;
            let has_body = |number: &u32| self.declared.functions[*number as usize].body.is_some();
            open.extend(body.mentions.iter().filter(|number| has_body(number)));
            if body.indirect && !indirect {
                indirect = true;
                open.extend(self.callable(&mut forms));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Device functions whose bodies, and all bodies that these mention, are as they should be.
    fn callable<'a>(&'a self, forms: &mut Seen<'a>) -> Vec<u32> {
        let functions = &self.declared.functions;
        let (mut callers, mut good) = (vec![Vec::new(); functions.len()], vec![false; functions.len()]);
        let mut bad = Vec::new();
        let with_bodies = functions.iter().enumerate().filter(|(_, one)| one.body.is_some() && !one.kernel);
        for (number, _) in with_bodies {
            match self.lower(number as u32, forms) {
                Ok(lowered) if lowered.unsupported.is_empty() => {
                    good[number] = true;
                    lowered.mentions.iter().for_each(|&callee| callers[callee as usize].push(number));
                }
                _ => bad.push(number),
            }
        }
        while let Some(callee) = bad.pop() {
            for &caller in &callers[callee] {
                if std::mem::replace(&mut good[caller], false) {
                    bad.push(caller);
                }
            }
        }
        (0..functions.len() as u32).filter(|&number| good[number as usize]).collect()
    }

    /// The code of a kernel that has no errors and nothing that is not implemented.
    pub(crate) fn decode(&self, kernel: usize, addresses: &[u64]) -> Result<code::Program, &Errors> {
        Ok(decode::decode(&self.source(kernel, addresses)?))
    }

    /// What turning a kernel into code of any kind starts from.
    pub(crate) fn source<'m: 'a, 'a>(
        &'m self,
        kernel: usize,
        addresses: &'a [u64],
    ) -> Result<decode::Source<'a>, &'m Errors> {
        let reached = self.reached(kernel).as_ref()?;
        let bodies = self.bodies(&reached.functions);
        let globals = self.globals().iter().zip(addresses).filter(|(global, _)| global.space == Space::Const);
        let mut constants: Vec<(u64, u64)> =
            globals.map(|(global, &at)| (at, at.saturating_add(global.bytes))).collect();
        constants.sort_unstable();
        Ok(decode::Source {
            constants,
            functions: numbered(&reached.functions, &bodies),
            kernel: self.functions[kernel],
            addresses,
            shared: &reached.shared,
            dynamic_start: reached.dynamic_start,
        })
    }
}

fn numbered<'a>(functions: &[u32], bodies: &[&'a Lowered]) -> Vec<(u32, &'a Function)> {
    functions.iter().copied().zip(bodies.iter().map(|body| &body.function)).collect()
}

/// Where the shared variables of each function lie, and how many bytes they take: those of the module once, however
/// many functions name them.
fn lay_out(bodies: &[&Lowered]) -> (Vec<Vec<u32>>, u64) {
    let mut of_module = std::collections::HashMap::new();
    let mut end = 0u64;
    let mut place = |shared: &crate::ir::Shared| {
        let offset = end.next_multiple_of(shared.align.into());
        end = offset + u64::from(shared.bytes);
        // One that is cut off here is in too much memory: the kernel is refused.
        offset as u32
    };
    let offsets = bodies
        .iter()
        .map(|body| {
            let offset = |shared: &crate::ir::Shared| match shared.of_module {
                Some(number) => *of_module.entry(number).or_insert_with(|| place(shared)),
                None => place(shared),
            };
            body.function.shared.iter().map(offset).collect()
        })
        .collect();
    (offsets, end)
}

fn describe(function: &declared::Function) -> Kernel {
    let end = function.parameters.last().map_or(0, |last| last.offset + last.bytes);
    Kernel {
        name: function.name.clone().into(),
        parameters: function.parameters.clone(),
        parameter_names: function.parameter_names.clone(),
        parameter_bytes: end,
        max_threads: most_threads(function),
        required_block: function.required_block,
    }
}

/// Most threads of a block.
fn most_threads(function: &declared::Function) -> u32 {
    if function.max_threads == 0 { 1024 } else { function.max_threads.min(1024) }
}

/// Registers of a thread of so large a block, which has whole warps.
fn most_registers(threads: u32) -> u32 {
    (65_536 / threads.next_multiple_of(32)).min(255)
}

#[cfg(test)]
mod tests {
    use super::Module;

    /// A block of the most threads has registers for all.
    #[test]
    fn registers_fit_the_largest_block() {
        for (bound, most) in
            [("", 64), (".maxntid 256, 1, 1", 255), (".reqntid 10, 10, 6", 107), (".maxntid 1", 255)]
        {
            for count in [3, 4000] {
                let moves: String = (1..count).map(|at| format!("mov.u32 %r{at}, {at};\n")).collect();
                let text = format!(
                    ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry f() {bound} {{\n.reg .b32 %r<{count}>;\n{moves}ret;\n}}"
                );
                let module = Module::parse(&text).unwrap();
                let registers = module.resources(0).unwrap().registers;
                assert!(
                    (1..=most).contains(&registers) && (count == 3 || registers == most),
                    "{bound}: {registers}"
                );
            }
        }
    }
}
