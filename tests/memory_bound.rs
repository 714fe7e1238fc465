//! What reading PTX costs in memory: at most 64 times the text, for what compilers write and for what they never would.
//!
//! What the thread that reads holds of the heap is counted. A list that grows counts with its new size: large ones are not
//! copied but mapped anew.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use stream_hal_kernels::Module;

/// Times the length of the text.
const MOST: usize = 64;
/// For what there is in any case, whatever the text.
const CONSTANT: usize = 32 << 10;

/// The system's allocator, counting what each thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.set(HELD.get().wrapping_add(layout.size()));
        PEAK.set(PEAK.get().max(HELD.get()));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // What another thread made may be freed here: only what is held more than before counts.
        HELD.set(HELD.get().saturating_sub(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.set(HELD.get().saturating_sub(layout.size()).wrapping_add(size));
        PEAK.set(PEAK.get().max(HELD.get()));
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Reads a text and all of its bodies; the most that was held meanwhile, in bytes, and whether it was accepted.
fn read(text: &str) -> (usize, bool) {
    let before = HELD.get();
    PEAK.set(before);
    let accepted = match Module::parse(text) {
        Ok(module) => module.check(1).is_ok(),
        Err(_) => false,
    };
    (PEAK.get() - before, accepted)
}

/// A kernel around statements, with some registers.
fn kernel(body: &str) -> String {
    format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 a)\n{{\n\
         .reg .pred %p<9>; .reg .b32 %r<9>; .reg .b64 %d<9>; .reg .f32 %f<9>;\n{body}\n}}\n"
    )
}

fn module(items: &str) -> String {
    format!(".version 8.0\n.target sm_80\n.address_size 64\n{items}")
}

/// The number of a thing, in a name. Counts are just above powers of two, where lists have just grown.
fn numbered(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect()
}

fn check(name: &str, text: &str, accepted: Option<bool>) -> Option<String> {
    let (peak, found) = read(text);
    let times = peak as f64 / text.len() as f64;
    println!("{name}: {} bytes of text, {peak} held, {times:.1} times, accepted: {found}", text.len());
    if let Some(accepted) = accepted {
        assert_eq!(found, accepted, "{name}");
    }
    (peak > MOST * text.len() + CONSTANT).then(|| format!("{name}: {times:.1} times its text"))
}

fn report(findings: impl Iterator<Item = Option<String>>) {
    let findings: Vec<String> = findings.flatten().collect();
    assert!(findings.is_empty(), "more than {MOST} times:\n{}", findings.join("\n"));
}

#[test]
fn what_compilers_write() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/samples");
    let mut texts = Vec::new();
    for folder in std::fs::read_dir(samples).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
            let name = file.path().display().to_string();
            if name.ends_with(".ptx") {
                texts.push((name, std::fs::read_to_string(file.path()).unwrap()));
            }
        }
    }
    assert!(texts.len() > 20, "only {} samples", texts.len());
    report(texts.iter().map(|(name, text)| check(name, text, Some(true))));
}

/// Statements that are short for what they mean. // table
fn bodies() -> Vec<(&'static str, String, Option<bool>)> {
    vec![
        ("returns", "ret;".repeat(65_537), Some(true)),
        ("guarded returns", "@%p1 ret;".repeat(32_769), Some(true)),
        ("guarded exits", "@%p1 exit;".repeat(32_769), Some(true)),
        ("labels", numbered(32_769, |at| format!("a{at:x}:")), Some(true)),
        ("branches", "x:".to_owned() + &"bra x;".repeat(32_769), Some(true)),
        ("guarded branches", "x:".to_owned() + &"@%p1 bra x;".repeat(32_769), Some(true)),
        ("scopes in each other", "{".repeat(65_537) + &"}".repeat(65_537), Some(false)),
        ("scopes in a row", "{}".repeat(65_537), Some(true)),
        ("scopes with labels", numbered(16_385, |_| "{x:}".to_owned()), Some(true)),
        ("endless families", ".reg .b32 %q<4294967295>;".repeat(5_000), Some(true)),
        (
            "members of a family",
            ".reg .b32 %q<4294967295>;".to_owned() + &numbered(16_385, |at| format!("mov.u32 %q{at},1;")),
            Some(true),
        ),
        (
            "registers",
            ".reg .b32 ".to_owned() + &numbered(32_769, |at| format!("r{at:x},")) + "z;",
            Some(true),
        ),
        (
            "vector registers",
            ".reg .v4 .b32 ".to_owned() + &numbered(32_769, |at| format!("r{at:x},")) + "z;",
            Some(true),
        ),
        ("local variables", numbered(16_385, |at| format!(".local .b8 v{at:x};")), Some(true)),
        ("parameters of calls", numbered(16_385, |at| format!(".param .b8 v{at:x};")), Some(true)),
        ("shared variables", numbered(16_385, |at| format!(".shared .b8 v{at:x};")), Some(true)),
        ("huge shared variables", ".shared .b8 v[4294967295];".repeat(1_000), Some(false)),
        ("short moves", "mov.b32 %r1,1;".repeat(16_385), Some(true)),
        ("sums with carry", "madc.lo.cc.u32 %r1,1,1,1;".repeat(16_385), Some(true)),
        ("packing", "mov.b32 {%r1,_},%r1;".repeat(16_385), None),
        ("comparisons", "setp.eq.xor.f32 %p1|%p2,%f1,%f1,!%p1;".repeat(16_385), Some(true)),
        ("guarded comparisons", "@%p1 setp.eq.xor.f32 %p1|%p2,%f1,%f1,!%p1;".repeat(16_385), Some(true)),
        ("barriers", "@%p1 bar.sync 0;".repeat(16_385), Some(true)),
        ("votes", "vote.sync.any.pred %p1,%p1,-1;".repeat(16_385), Some(true)),
        ("tables", numbered(16_385, |at| format!("t{at:x}:.branchtargets x;")) + "x:", Some(true)),
        ("one table", "x:t:.branchtargets ".to_owned() + &"x,".repeat(65_537) + "x;", Some(true)),
        (
            "branches by one table",
            "x:t:.branchtargets ".to_owned() + &"x,".repeat(3_000) + "x;" + &"brx.idx %r1,t;".repeat(3_000),
            None,
        ),
        ("prototypes", numbered(16_385, |at| format!("t{at:x}:.callprototype _;")), Some(true)),
        ("operands without an end", "add.u32 ".to_owned() + &"1,".repeat(65_537) + "1;", Some(false)),
        ("a vector without an end", "add.u32 {".to_owned() + &"1,".repeat(65_537) + "1};", Some(false)),
        ("pairs", "add.u32 ".to_owned() + &"a|a,".repeat(32_769) + "a;", Some(false)),
        ("unknown instructions", "a;".repeat(65_537), Some(false)),
        ("unknown names", "bra y;".repeat(32_769), Some(false)),
        ("one long word", format!("{};", "a".repeat(200_000)), Some(false)),
        ("long words", format!("{} ;", "a".repeat(5_000)).repeat(100), Some(false)),
        ("long words in signs", format!("@{}@", "a".repeat(5_000)).repeat(100), Some(false)),
        ("guards", "@".repeat(100_000), Some(false)),
        ("calls", "call f;".repeat(16_385), Some(false)),
        ("modifiers", format!("add{};", ".u32".repeat(32_769)), None),
        ("instructions with modifiers", format!("add{};", ".u32".repeat(40)).repeat(1_000), None),
        ("addresses", "ld.u32 %r1,[%d1+0];".repeat(16_385), Some(true)),
        ("bad addresses", "ld.u32 %r1,[%d1,{%r1,%r1}];".repeat(16_385), None),
        ("locations", ".loc 1 1 1\n".repeat(16_385), Some(true)),
    ]
}

#[test]
fn bodies_that_no_compiler_writes() {
    report(bodies().into_iter().map(|(name, body, accepted)| check(name, &kernel(&body), accepted)));
}

/// Items of a module that are short for what they mean. // table
fn modules() -> Vec<(&'static str, String, Option<bool>)> {
    vec![
        ("declared functions", numbered(16_385, |at| format!(".func f{at:x}();")), Some(true)),
        ("functions", numbered(16_385, |at| format!(".func f{at:x}(){{}}")), Some(true)),
        ("kernels", numbered(16_385, |at| format!(".entry f{at:x}(){{}}")), Some(true)),
        (
            "kernels with a shared variable",
            ".shared .b8 s;".to_owned() + &numbered(16_385, |at| format!(".entry f{at:x}(){{st.u8 [s],0;}}")),
            Some(true),
        ),
        (
            "functions that call",
            numbered(16_385, |at| format!(".func f{at:x}(){{call f{at:x};}}")),
            Some(true),
        ),
        ("variables", numbered(16_385, |at| format!(".global .b8 v{at:x};")), Some(true)),
        ("shared variables", numbered(16_385, |at| format!(".shared .b8 v{at:x};")), Some(true)),
        (
            "variables in a row",
            ".global .b8 ".to_owned() + &numbered(16_385, |at| format!("v{at:x},")) + "z;",
            Some(true),
        ),
        ("a huge variable", ".global .b8 v[281474976710655];".to_owned(), Some(true)),
        (
            "an initial value of bytes",
            ".global .b8 v[]={".to_owned() + &"1,".repeat(100_000) + "1};",
            Some(true),
        ),
        (
            "an initial value of longs",
            ".global .b64 v[]={".to_owned() + &"1,".repeat(100_000) + "1};",
            Some(true),
        ),
        (
            "an initial value of addresses",
            ".global .b64 v[]={".to_owned() + &"v,".repeat(65_537) + "v};",
            Some(true),
        ),
        ("braces", ".global .b64 v=".to_owned() + &"{".repeat(100_000), Some(false)),
        ("dimensions", ".global .b8 v".to_owned() + &"[1]".repeat(65_537) + ";", Some(true)),
        (
            "parameters",
            ".func f(".to_owned() + &numbered(16_385, |at| format!(".reg .b8 a{at:x},")) + ".reg .b8 z);",
            None,
        ),
        (
            "parameters of a kernel",
            ".entry f(".to_owned()
                + &numbered(16_385, |at| format!(".param .b8 a{at:x},"))
                + ".param .b8 z){}",
            None,
        ),
        ("directives", ".pragma \"x\";".repeat(16_385), Some(true)),
        ("files", numbered(16_385, |at| format!(".file {at} \"x\"\n")), Some(true)),
        ("a section", format!(".section .debug {{{}}}", ".b8 1,1\n".repeat(16_385)), Some(true)),
        ("sections", ".section .d {}".repeat(16_385), Some(true)),
        ("aliases", ".func f(){}".to_owned() + &numbered(16_385, |at| format!(".alias a{at:x},f;")), None),
        ("dots", ".".repeat(100_000), Some(false)),
        ("bodies without an end", ".func f(){".repeat(16_385), Some(false)),
    ]
}

#[test]
fn modules_that_no_compiler_writes() {
    report(modules().into_iter().map(|(name, items, accepted)| check(name, &module(&items), accepted)));
}
