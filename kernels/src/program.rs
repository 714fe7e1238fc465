//! What a loaded PTX module is: kernels, variables, and the linked program whose blocks can be run.

use std::fmt;
use std::sync::Arc;

use crate::fault::{FaultKind, KernelFault};
use crate::interp::block::Target;
use crate::interp::{Scratch, code, decode};
use crate::ir::Function;
use crate::memory::Memory;
use crate::ptx::lower::{self, Lowered};
use crate::ptx::{ast, parse};

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

/// A kernel of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The symbol.
    pub name: String,
    /// Each parameter's place in the packed buffer, in order.
    pub parameters: Vec<Parameter>,
    /// Size of the packed parameters in bytes.
    pub parameter_bytes: u32,
    /// Static shared memory of a block in bytes.
    pub shared_bytes: u32,
    /// Local memory of a thread in bytes, its call frames included.
    pub local_bytes: u32,
    /// 32-bit registers of a thread, as a number to report.
    pub registers: u32,
    /// Most threads of a block: 1,024 or what `.maxntid` or `.reqntid` say.
    pub max_threads: u32,
    /// The block size it must be launched with (`.reqntid`).
    pub required_block: Option<[u32; 3]>,
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
    /// Addresses to be written into the initial value, 8 bytes each; see [`Module::resolve`].
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
    pub symbol: String,
    /// Added to the address.
    pub addend: i64,
}

/// A PTX module: text that was read and checked. It has no addresses yet.
#[derive(Debug)]
pub struct Module {
    kernels: Vec<Kernel>,
    globals: Vec<Global>,
    functions: Vec<Symbol>,
    /// For each kernel its function and where dynamic shared memory starts.
    targets: Vec<(u32, u32)>,
    version: (u32, u32),
}

/// A function of a module.
#[derive(Debug)]
struct Symbol {
    name: String,
    code: Option<Function>,
}

impl Module {
    /// Reads a PTX text. Syntax errors, undeclared names and wrong types refuse the whole text; an instruction
    /// form that is not implemented only marks its kernels as [`Kernel::unsupported`].
    pub fn parse(source: &str) -> Result<Module, Errors> {
        let unit = parse::parse(source)?;
        let code = lower::lower(&unit)?;
        let mut module = Module {
            kernels: Vec::new(),
            globals: code.globals,
            functions: Vec::new(),
            targets: Vec::new(),
            version: unit.version,
        };
        let blame = blame(&code.functions);
        for (index, (lowered, &tree)) in code.functions.into_iter().zip(&code.trees).enumerate() {
            let tree = &unit.functions[tree];
            if let (true, Some(lowered)) = (tree.kernel, &lowered) {
                let dynamic_start = lowered.shared_bytes.next_multiple_of(code.dynamic_align);
                module.targets.push((index as u32, dynamic_start));
                module.kernels.push(describe(tree, lowered, blame[index].clone()));
            }
            let code =
                lowered.filter(|lowered| lowered.unsupported.is_none()).map(|lowered| lowered.function);
            module.functions.push(Symbol { name: tree.name.to_owned(), code });
        }
        let depths = module.decode(&[]).kernels;
        for (kernel, depth) in module.kernels.iter_mut().zip(depths) {
            kernel.local_bytes = depth.local_bytes;
        }
        Ok(module)
    }

    fn decode(&self, addresses: &[u64]) -> code::Program {
        decode::decode(&decode::Source {
            functions: self.functions.iter().map(|symbol| symbol.code.as_ref()).collect(),
            addresses,
            kernels: self.targets.clone(),
        })
    }

    /// `.version`, major and minor.
    pub fn version(&self) -> (u32, u32) {
        self.version
    }

    /// The IR of a kernel or device function, if it has a body that is implemented; for people and tests.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|symbol| symbol.name == name)?.code.as_ref()
    }

    /// All kernels, in the order of the text.
    pub fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    /// All variables in global and constant memory, in the order of the text.
    pub fn globals(&self) -> &[Global] {
        &self.globals
    }

    /// The number to write for a relocation, its addend not included: a variable's address out of `addresses` (one
    /// per global, same order), or the code address of a device function. `None` if there is no such symbol.
    pub fn resolve(&self, symbol: &str, addresses: &[u64]) -> Option<u64> {
        if let Some(index) = self.globals.iter().position(|global| global.name == symbol) {
            return addresses.get(index).copied();
        }
        let index = self.functions.iter().position(|function| function.name == symbol)?;
        Some(code::function_address(index))
    }

    /// Gives every variable its address (one per global, same order) and makes the code ready to run.
    pub fn link(self: Arc<Module>, addresses: &[u64]) -> Result<Program, Errors> {
        if addresses.len() != self.globals.len() {
            let what = format!("{} addresses for {} variables", addresses.len(), self.globals.len());
            return Err(Errors(vec![Error { line: 0, column: 0, what }]));
        }
        let code = self.decode(addresses);
        Ok(Program { module: self, code })
    }
}

/// For each function the first form that is not implemented in it or in what it calls.
fn blame(functions: &[Option<Lowered>]) -> Vec<Option<Unsupported>> {
    use crate::ir::Op;
    use crate::ir::op::Callee;
    let mut blame: Vec<Option<Unsupported>> = functions
        .iter()
        .map(|lowered| lowered.as_ref().and_then(|lowered| lowered.unsupported.clone()))
        .collect();
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); functions.len()];
    for (caller, lowered) in functions.iter().enumerate() {
        let blocks = lowered.as_ref().map_or(&[][..], |lowered| &lowered.function.blocks);
        for inst in blocks.iter().flat_map(|block| &block.insts) {
            if let Op::Call { callee: Callee::Function(callee), .. } = inst.op {
                callers[callee as usize].push(caller);
            }
        }
    }
    let mut open: Vec<usize> = (0..functions.len()).filter(|&index| blame[index].is_some()).collect();
    while let Some(callee) = open.pop() {
        for &caller in &callers[callee] {
            if blame[caller].is_none() {
                blame[caller] = blame[callee].clone();
                open.push(caller);
            }
        }
    }
    blame
}

fn describe(tree: &ast::Function<'_>, lowered: &Lowered, unsupported: Option<Unsupported>) -> Kernel {
    let mut parameters = Vec::with_capacity(tree.parameters.len());
    let mut end = 0u32;
    for formal in &tree.parameters {
        let (bytes, align) = formal.layout();
        let offset = end.next_multiple_of(align.max(1));
        end = offset + bytes as u32;
        parameters.push(Parameter { offset, bytes: bytes as u32, align });
    }
    Kernel {
        name: tree.name.to_owned(),
        parameters,
        parameter_bytes: end,
        shared_bytes: lowered.shared_bytes,
        local_bytes: 0,
        registers: lowered.registers.clamp(1, 255),
        max_threads: if tree.max_threads == 0 { 1024 } else { tree.max_threads.min(1024) },
        required_block: tree.required_block,
        unsupported,
    }
}

/// One launch as every block of it sees it.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// Blocks in x, y and z; each at least 1.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z; each at least 1, 1,024 in all at most.
    pub block: [u32; 3],
    /// Dynamic shared memory of a block in bytes, besides the static.
    pub shared_bytes: u32,
    /// The packed parameters, at least [`Kernel::parameter_bytes`].
    pub parameters: &'a [u8],
    /// Launched as cooperative: `workspace` is set.
    pub cooperative: bool,
    /// For cooperative launches the address of 64 bytes of device memory, zero before the first block runs: the
    /// grid's barrier lives there.
    pub workspace: u64,
    /// Bytes of stack of a thread for kernels with recursion or calls through pointers; 0 for the default of 16 KiB.
    pub stack_bytes: u32,
    /// A number of this launch (`%gridid`).
    pub id: u64,
    /// The processor that runs the block, and how many there are (`%smid`, `%nsmid`).
    pub processor: [u32; 2],
}

impl Default for Launch<'_> {
    fn default() -> Self {
        Launch {
            grid: [1; 3],
            block: [1; 3],
            shared_bytes: 0,
            parameters: &[],
            cooperative: false,
            workspace: 0,
            stack_bytes: 0,
            id: 0,
            processor: [0, 1],
        }
    }
}

/// What kernels ask of the side that runs them.
pub trait Host: Sync {
    /// The formatted text of one `printf` call of one thread.
    fn print(&self, text: &[u8]);

    /// Nanoseconds of the device's clock (`%globaltimer`, `%clock64`).
    fn clock_ns(&self) -> u64;

    /// Asked now and then: true abandons the kernel with [`crate::FaultKind::Stopped`].
    fn should_stop(&self) -> bool;

    /// Device-side `malloc`: 16-byte aligned memory, or 0.
    fn malloc(&self, _bytes: u64) -> u64 {
        0
    }

    /// Device-side `free` of what [`Host::malloc`] gave.
    fn free(&self, _address: u64) {}

    /// `cudaGraphSetConditional`: the value of a conditional node's handle. False: there is no such thing here.
    fn set_conditional(&self, _handle: u64, _value: u32) -> bool {
        false
    }
}

/// How far [`Program::resume_block`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All threads of the block have exited.
    Done,
    /// Its threads only spin: other blocks should run before it is resumed.
    Yielded,
}

/// A module with addresses: its kernels can be run, block by block, from any thread.
#[derive(Debug)]
pub struct Program {
    module: Arc<Module>,
    code: code::Program,
}

impl Program {
    /// The module it was made from.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Runs one block from start to end on the calling thread. `kernel` is an index into [`Module::kernels`]; for one
    /// that is none the launch is invalid.
    ///
    /// Needs little stack of the caller, whatever the kernel does. No heap allocation when `scratch` has run a block
    /// of this kernel and shape before.
    pub fn run_block(
        &self,
        kernel: usize,
        launch: &Launch<'_>,
        block: [u32; 3],
        memory: &dyn Memory,
        host: &dyn Host,
        scratch: &mut Scratch,
    ) -> Result<(), KernelFault> {
        self.start_block(kernel, launch, block, scratch)?;
        while self.resume_block(launch, memory, host, scratch)? == Progress::Yielded {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Sets a block up in `scratch` without running it. Blocks of a cooperative launch are all started, each in its
    /// own scratch, then resumed in turn until each is done; so one thread can run any number of them.
    pub fn start_block(
        &self,
        kernel: usize,
        launch: &Launch<'_>,
        block: [u32; 3],
        scratch: &mut Scratch,
    ) -> Result<(), KernelFault> {
        scratch.forget();
        self.target(kernel)?.start(launch, block, scratch)
    }

    /// Runs the block that was started in `scratch` until it is done or only spins.
    pub fn resume_block(
        &self,
        launch: &Launch<'_>,
        memory: &dyn Memory,
        host: &dyn Host,
        scratch: &mut Scratch,
    ) -> Result<Progress, KernelFault> {
        self.target(scratch.kernel())?.resume(launch, memory, host, scratch)
    }

    fn target(&self, index: usize) -> Result<Target<'_>, KernelFault> {
        let kernel = self.module.kernels.get(index).ok_or_else(|| self.no_kernel(index))?;
        Ok(Target { code: &self.code, index, kernel })
    }

    #[cold]
    fn no_kernel(&self, index: usize) -> KernelFault {
        KernelFault {
            kind: FaultKind::InvalidLaunch,
            kernel: String::new(),
            block: [0; 3],
            thread: [0; 3],
            line: 0,
            address: 0,
            words: format!("kernel {index} of {}", self.module.kernels.len()),
        }
    }
}
