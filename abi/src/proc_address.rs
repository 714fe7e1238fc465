//! From a function's base name and an API version to the symbol that serves it.

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::sync::LazyLock;

use stream_hal::error::{Error, Result, What};
use stream_hal::rules::Api;

use crate::arg::{In, Out, Text};
use crate::entry::{Cx, entries};
use crate::names;

/// Flags of a request.
const LEGACY_STREAM: u64 = 1;
const PER_THREAD_STREAM: u64 = 2;

/// What the search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The symbol to use.
    Symbol(&'static str),
    /// No function of that name.
    No,
    /// The function came with a later version.
    TooOld,
}

impl Found {
    /// As `CUdriverProcAddressQueryResult` and its HIP twin number it.
    fn status(self) -> c_int {
        match self {
            Found::Symbol(_) => 0,
            Found::No => 1,
            Found::TooOld => 2,
        }
    }
}

/// One form of a CUDA function.
struct Form {
    symbol: &'static str,
    /// The CUDA version from which this form is the answer.
    since: u32,
    /// Its twin for per-thread default streams, and since when.
    twin: Option<(&'static str, u32)>,
}

/// Every CUDA function with its forms, oldest first.
static FORMS: LazyLock<HashMap<&'static str, Vec<Form>>> = LazyLock::new(|| {
    let mut forms: HashMap<&str, Vec<Form>> = HashMap::new();
    for line in include_str!("../tables/cuda_symbol_versions.tsv").lines().skip(1) {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        let (function, symbol, since, twin, twin_since) = (cell(), cell(), cell(), cell(), cell());
        let Ok(since) = since.parse() else { continue };
        let twin = twin_since.parse().ok().map(|since| (twin, since));
        forms.entry(function).or_default().push(Form { symbol, since, twin });
    }
    // From CUDA 12 on this name means another function.
    let instantiate = Form { symbol: "cuGraphInstantiateWithFlags", since: 12_000, twin: None };
    forms.entry("cuGraphInstantiate").or_default().push(instantiate);
    for all in forms.values_mut() {
        all.sort_by_key(|form| form.since);
    }
    forms
});

/// The CUDA symbol for a base name at a version.
fn cuda(name: &str, version: u32, per_thread: bool) -> Found {
    let Some(forms) = FORMS.get(name) else {
        // Functions without versions (graphics, profiler) are served under their own name.
        return exported(name).map_or(Found::No, Found::Symbol);
    };
    let Some(form) = forms.iter().rev().find(|form| form.since <= version) else {
        return Found::TooOld;
    };
    match form.twin {
        Some((twin, since)) if per_thread && since <= version => Found::Symbol(twin),
        _ => Found::Symbol(form.symbol),
    }
}

/// The HIP symbol for a name at a version.
fn hip(name: &str, version: u32, per_thread: bool) -> Found {
    let newer = match name {
        "hipGetDeviceProperties" | "hipChooseDevice" if version >= 600 => format!("{name}R0600"),
        _ if per_thread => format!("{name}_spt"),
        _ => String::new(),
    };
    exported(&newer).or_else(|| exported(name)).map_or(Found::No, Found::Symbol)
}

/// The exported name equal to this one.
fn exported(name: &str) -> Option<&'static str> {
    names::get(name).map(|(name, _)| name)
}

/// Answers a request: the address, and how the search went.
fn answer(
    cx: &Cx,
    name: Text,
    address: Out<*mut c_void>,
    version: c_int,
    flags: u64,
    status: Out<c_int>,
) -> Result {
    let name = name.get("symbol")?;
    let address = address.place("pfn")?;
    // One of two flags, or none.
    if !matches!(flags, 0 | LEGACY_STREAM | PER_THREAD_STREAM) {
        return Err(Error::value("flags", format!("{flags:#x} is no flag of this function")));
    }
    let version = u32::try_from(version).map_err(|_| Error::value("version", "a version is not negative"))?;
    let per_thread = flags == PER_THREAD_STREAM || (flags == 0 && cx.symbol.per_thread);
    let found = match cx.symbol.api {
        Api::Cuda => cuda(&name, version, per_thread),
        Api::Hip => hip(&name, version, per_thread),
    };
    status.write(found.status());
    let Found::Symbol(symbol) = found else {
        address.write(std::ptr::null_mut());
        return Err(Error::of(
            What::NotFound,
            "symbol",
            format!("no function \"{name}\" at version {version}"),
        ));
    };
    let (_, function) = names::get(symbol)
        .ok_or_else(|| Error::of(What::NotFound, "symbol", format!("{symbol} is not exported")))?;
    address.write(function);
    Ok(())
}

entries! {
    fn cuGetProcAddress (cx, symbol: Text, pfn: Out<*mut c_void>, version: c_int, flags: u64) {
        answer(cx, symbol, pfn, version, flags, Out::nowhere())
    }

    fn cuGetProcAddress_v2 | hipGetProcAddress | hipGetProcAddress_spt (
        cx, symbol: Text, pfn: Out<*mut c_void>, version: c_int, flags: u64, status: Out<c_int>
    ) {
        answer(cx, symbol, pfn, version, flags, status)
    }

    fn hipGetDriverEntryPoint | hipGetDriverEntryPoint_spt (
        cx, symbol: Text, pfn: Out<*mut c_void>, flags: u64, status: Out<c_int>
    ) {
        answer(cx, symbol, pfn, 700, flags, status)
    }

    // Tables of undocumented functions: there are none here.
    fn cuGetExportTable (_cx, table: Out<*mut c_void>, _id: In<[u8; 16]>) {
        table.place("ppExportTable")?.write(std::ptr::null_mut());
        Err(Error::of(What::NotFound, "pExportTableId", "this library has no such table"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, version: u32, per_thread: bool, expect: Found) {
        assert_eq!(cuda(name, version, per_thread), expect, "{name} at {version}");
    }

    #[test]
    fn the_version_decides_the_form() {
        check("cuCtxCreate", 2000, false, Found::Symbol("cuCtxCreate"));
        check("cuCtxCreate", 3020, false, Found::Symbol("cuCtxCreate_v2"));
        check("cuCtxCreate", 13_000, false, Found::Symbol("cuCtxCreate_v4"));
        check("cuMemAlloc", 12_000, false, Found::Symbol("cuMemAlloc_v2"));
    }

    #[test]
    fn instantiate_means_with_flags_since_12() {
        check("cuGraphInstantiate", 10_000, false, Found::Symbol("cuGraphInstantiate"));
        check("cuGraphInstantiate", 11_080, false, Found::Symbol("cuGraphInstantiate_v2"));
        check("cuGraphInstantiate", 12_000, false, Found::Symbol("cuGraphInstantiateWithFlags"));
    }

    #[test]
    fn the_per_thread_flag_gives_the_twin_where_there_is_one() {
        check("cuStreamQuery", 12_000, true, Found::Symbol("cuStreamQuery_ptsz"));
        check("cuMemcpyHtoD", 12_000, true, Found::Symbol("cuMemcpyHtoD_v2_ptds"));
        check("cuMemAlloc", 12_000, true, Found::Symbol("cuMemAlloc_v2"));
    }

    #[test]
    fn what_is_not_there_says_why() {
        check("", 12_000, false, Found::No);
        check("cuFrobnicate", 12_000, false, Found::No);
        check("cuGraphAddNode", 11_000, false, Found::TooOld);
        check("cuProfilerStart", 2000, false, Found::Symbol("cuProfilerStart"));
    }

    #[test]
    fn every_form_is_exported() {
        for form in FORMS.values().flatten() {
            assert!(exported(form.symbol).is_some(), "{}", form.symbol);
            assert!(form.twin.is_none_or(|(twin, _)| exported(twin).is_some()), "twin of {}", form.symbol);
        }
    }

    #[test]
    fn hip_names_are_served_as_they_are() {
        assert_eq!(hip("hipMalloc", 700, false), Found::Symbol("hipMalloc"));
        assert_eq!(hip("hipStreamQuery", 700, true), Found::Symbol("hipStreamQuery_spt"));
        assert_eq!(hip("hipGetDeviceProperties", 700, false), Found::Symbol("hipGetDevicePropertiesR0600"));
        assert_eq!(hip("hipGetDeviceProperties", 500, false), Found::Symbol("hipGetDeviceProperties"));
        assert_eq!(hip("hipNothing", 700, false), Found::No);
    }
}
