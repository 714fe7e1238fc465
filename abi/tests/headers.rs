//! Our C headers against the structs of the library: what a C compiler makes of them.

mod built;

use std::path::Path;
use std::process::Command;

/// Sizes in bytes, and where fields lie, as the library reads and writes them. `types/layout.rs`
/// holds the library to the same numbers. // table
const LAYOUTS: &str = r#"
SIZE(CUdevprop, 56)
SIZE(CUDA_KERNEL_NODE_PARAMS_v1, 56)
SIZE(CUDA_KERNEL_NODE_PARAMS, 72)
PLACE(CUDA_KERNEL_NODE_PARAMS, kernelParams, 40)
SIZE(CUDA_MEMSET_NODE_PARAMS, 40)
SIZE(CUDA_HOST_NODE_PARAMS, 16)
SIZE(CUDA_MEMCPY2D, 128)
SIZE(CUDA_MEMCPY3D, 200)
PLACE(CUDA_MEMCPY3D, WidthInBytes, 176)
SIZE(CUDA_MEMCPY3D_PEER, 200)
SIZE(CUgraphNodeParams, 256)
PLACE(CUgraphNodeParams, kernel, 16)
SIZE(CUlaunchConfig, 56)
SIZE(CUlaunchAttribute, 72)
SIZE(CUDA_GRAPH_INSTANTIATE_PARAMS, 32)
SIZE(CUgraphEdgeData, 8)
SIZE(CUgraphExecUpdateResultInfo, 24)
SIZE(CUctxCreateParams, 24)
SIZE(CUuuid, 16)
"#;

const LAYOUTS_HIP: &str = r#"
SIZE(dim3, 12)
SIZE(hipKernelNodeParams, 64)
PLACE(hipKernelNodeParams, func, 24)
SIZE(hipMemsetParams, 48)
PLACE(hipMemsetParams, height, 16)
SIZE(hipHostNodeParams, 16)
SIZE(hipMemcpy3DParms, 160)
SIZE(hipPitchedPtr, 32)
SIZE(hipPointerAttribute_t, 32)
SIZE(hipFuncAttributes, 56)
SIZE(hipDeviceProp_t, 1472)
PLACE(hipDeviceProp_t, gcnArchName, 1160)
SIZE(hipGraphNodeParams, 256)
SIZE(hipLaunchConfig_t, 56)
SIZE(hipGraphInstantiateParams, 32)
SIZE(hipDeviceArch_t, 4)
"#;

fn compile(name: &str, language: &str, flags: &[&str], text: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join(format!("{name}.{language}"));
    std::fs::write(&source, text).expect("the target folder is writable");
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let output = Command::new(if language == "c" { "cc" } else { "c++" })
        .args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only"])
        .args(flags)
        .arg("-I")
        .arg(include)
        .arg(&source)
        .output()
        .expect("the compiler was asked for its version");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

fn has(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().is_ok_and(|output| output.status.success())
}

const ASSERTIONS: &str = "
#define SIZE(type, bytes) _Static_assert(sizeof(type) == bytes, #type);
#define PLACE(type, field, at) _Static_assert(offsetof(type, field) == at, #type);
";

#[test]
fn sizes_and_places_are_those_of_the_library() {
    if !has("cc") {
        return built::skip("sizes_and_places_are_those_of_the_library", "there is no C compiler");
    }
    for (name, header, layouts) in [("cuda", "cuda.h", LAYOUTS), ("hip", "hip/hip_runtime.h", LAYOUTS_HIP)] {
        let text = format!("#include <{header}>\n{ASSERTIONS}{layouts}");
        compile(&format!("layout_{name}"), "c", &["-std=c11", "-pedantic"], &text);
    }
}

/// Every function of a header named once, so that one that the library lacks is found at link time.
#[test]
fn every_declared_function_is_exported() {
    let known: Vec<&str> = built::names(built::CUDA).into_iter().chain(built::names(built::HIP)).collect();
    let headers = [
        include_str!("../include/stream_hal/cuda/functions.h"),
        include_str!("../include/stream_hal/hip/functions.h"),
    ];
    let mut declared = 0;
    for line in headers.iter().flat_map(|text| text.lines()).filter(|line| line.ends_with(");")) {
        let words = line.replace("STREAM_HAL_PTSZ(", " ").replace("STREAM_HAL_PTDS(", " ");
        let words = words.replace("STREAM_HAL_SPT(", " ").replace(['(', ')', '*'], " ");
        let name = words.split_whitespace().find(|word| {
            word.starts_with("hip") && !word.ends_with("_t")
                || word.starts_with("cu")
                || word.starts_with("__hip")
        });
        let name = name.unwrap_or_else(|| panic!("no function in {line}"));
        assert!(known.contains(&name), "{name} is declared and in no table");
        declared += 1;
    }
    assert!(declared > 700, "{declared} functions are declared");
}

#[test]
fn names_mean_the_newest_symbols() {
    if !has("cc") || !has("c++") {
        return built::skip("names_mean_the_newest_symbols", "there is no C and C++ compiler");
    }
    let text = r#"
        #include <cuda.h>
        #include <string.h>
        #define TEXT(name) #name
        #define SPELL(name) TEXT(name)
        #define MEANS(name, symbol) typedef char check_##symbol[sizeof(SPELL(name)) == sizeof(#symbol) ? 1 : -1];
    "#;
    let plain = "MEANS(cuMemAlloc, cuMemAlloc_v2)\nMEANS(cuGraphInstantiate, cuGraphInstantiateWithFlags)\n\
        MEANS(cuCtxCreate, cuCtxCreate_v4)\nMEANS(cuStreamQuery, cuStreamQuery)\n";
    compile("macros", "c", &["-std=c99"], &format!("{text}\n{plain}"));
    let twins = "MEANS(cuStreamQuery, cuStreamQuery_ptsz)\nMEANS(cuMemcpyHtoD, cuMemcpyHtoD_v2_ptds)\n";
    let flag = "-DCUDA_API_PER_THREAD_DEFAULT_STREAM";
    compile("macros_per_thread", "c", &["-std=c99", flag], &format!("{text}\n{twins}"));
    let both = "#include <cuda.h>\n#include <hip/hip_runtime.h>\nint main() { return hipStreamQuery(0) + cuInit(0); }\n";
    compile("both", "cpp", &[], both);
}
