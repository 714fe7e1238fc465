//! Every name of both APIs is exported, once, and what has no body says so.

mod built;

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int};

use built::Opened;
use object::{Object, ObjectSymbol, SymbolKind};

#[test]
fn every_name_is_exported_once() {
    let bytes = std::fs::read(built::library()).expect("the library can be read");
    let file = object::File::parse(&*bytes).expect("the library is an ELF file");
    let mut count: HashMap<&str, u32> = HashMap::new();
    for symbol in file.dynamic_symbols().filter(|symbol| symbol.is_definition()) {
        if symbol.kind() == SymbolKind::Text {
            *count.entry(symbol.name().expect("names are text")).or_default() += 1;
        }
    }
    let mut wrong = Vec::new();
    for name in built::names(built::CUDA).into_iter().chain(built::names(built::HIP)) {
        if count.get(name) != Some(&1) {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "not exported once: {wrong:?}");
}

#[test]
fn nothing_else_of_the_vendors_is_exported_or_asked_for() {
    let bytes = std::fs::read(built::library()).expect("the library can be read");
    let file = object::File::parse(&*bytes).expect("the library is an ELF file");
    let known: Vec<&str> = built::names(built::CUDA).into_iter().chain(built::names(built::HIP)).collect();
    for symbol in file.dynamic_symbols() {
        let name = symbol.name().expect("names are text");
        let vendor = name.starts_with("cu") || name.starts_with("hip") || name.starts_with("__hip");
        assert!(!vendor || known.contains(&name), "{name} is in no table");
        assert!(!vendor || symbol.is_definition(), "{name} is asked of another library");
    }
}

/// The names without a body, as their list in the source says.
fn missing() -> Vec<&'static str> {
    let source = include_str!("../src/missing.rs");
    let list = source.split("\nmissing! {\n").nth(1).expect("the list begins so");
    let lines =
        list.lines().take_while(|line| *line != "}").filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(str::split_whitespace).collect()
}

#[test]
fn every_name_without_a_body_says_not_supported() {
    let library = Opened::new();
    let missing = missing();
    assert!(!missing.is_empty());
    for name in missing {
        assert_eq!(library.call_with_zeros(name), 801, "{name}");
    }
}

#[test]
fn names_and_texts_are_answered() {
    type Ask = extern "C" fn(c_int) -> *const c_char;
    let library = Opened::new();
    let ask = |function: &str, number: c_int| -> String {
        // SAFETY: these functions take a number and give a text that stays.
        let function: Ask = unsafe { std::mem::transmute(library.symbol(function)) };
        // SAFETY: as above.
        let text = unsafe { CStr::from_ptr(function(number)) };
        text.to_string_lossy().into_owned()
    };
    assert_eq!(ask("hipGetErrorName", 1), "hipErrorInvalidValue");
    assert_eq!(ask("hipGetErrorString", 600), "device not ready");
    assert_eq!(ask("hipGetErrorName", 12345), "hipErrorUnknown");
    assert_eq!(ask("hiprtcGetErrorString", 6), "HIPRTC_ERROR_COMPILATION");
}

#[test]
fn a_missing_name_leaves_hip_s_last_error() {
    type Last = extern "C" fn() -> c_int;
    let library = Opened::new();
    // SAFETY: the function takes nothing and gives a number.
    let last: Last = unsafe { std::mem::transmute(library.symbol("hipGetLastError")) };
    last();
    if let Some(name) = missing().into_iter().find(|name| name.starts_with("hip")) {
        assert_eq!((library.call_with_zeros(name), last(), last()), (801, 801, 0), "{name}");
    }
}
