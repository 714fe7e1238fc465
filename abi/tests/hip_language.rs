//! A program in the HIP language: clang's start-up code registers its kernels, `<<<…>>>` launches them.

mod built;

use std::path::Path;
use std::process::Command;

/// The kernel's body is the sample's PTX; the host side only needs its name and parameters.
const PROGRAM: &str = r#"
#include <hip/hip_runtime.h>
#include <stdio.h>
extern "C" __attribute__((global)) void vector_add(const float *, const float *, float *, unsigned) {}
int main() {
    float *a, *b, *sum, host[1000];
    if (hipMalloc(&a, 4000) || hipMalloc(&b, 4000) || hipMalloc(&sum, 4000)) return 1;
    for (int i = 0; i < 1000; i++) host[i] = i;
    hipMemcpy(a, host, 4000, hipMemcpyHostToDevice);
    hipMemcpy(b, host, 4000, hipMemcpyHostToDevice);
    vector_add<<<dim3(8), dim3(128)>>>(a, b, sum, 1000);
    if (hipGetLastError() || hipMemcpy(host, sum, 4000, hipMemcpyDeviceToHost)) return 2;
    for (int i = 0; i < 1000; i++) if (host[i] != 2 * i) return 3;
    hipFuncAttributes attributes;
    if (hipFuncGetAttributes(&attributes, (const void *)vector_add)) return 4;
    if (hipFuncGetAttributes(&attributes, (const void *)main) != hipErrorInvalidDeviceFunction) return 5;
    hipFunction_t function;
    if (hipGetFuncBySymbol(&function, (const void *)vector_add) || !function) return 6;
    puts("PASSED");
    return 0;
}
"#;

fn compiler() -> Option<&'static str> {
    let there = |name: &&str| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    ["clang-19", "clang-22", "clang"].into_iter().find(there)
}

#[test]
fn a_compiled_program_registers_and_launches() {
    let Some(clang) = compiler() else {
        return built::skip("a_compiled_program_registers_and_launches", "there is no clang");
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hip_language");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    std::fs::write(folder.join("program.hip"), PROGRAM).expect("the target folder is writable");
    let mut command = Command::new(clang);
    command.args(["-x", "hip", "--cuda-host-only", "-nogpulib", "-nogpuinc", "-O1"]);
    command.args(["-Xclang", "-fcuda-include-gpubinary", "-Xclang"]);
    command.arg(root.join("kernels/samples/ptx/vector_add.ptx"));
    command.arg("-I").arg(root.join("abi/include")).arg("-c").arg(folder.join("program.hip"));
    command.arg("-o").arg(folder.join("program.o"));
    let output = command.output().expect("the compiler was asked for its version");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let library = built::library();
    let folder_of_library = library.parent().expect("a file lies in a folder");
    let status = Command::new("c++")
        .arg(folder.join("program.o"))
        .arg("-o")
        .arg(folder.join("program"))
        .arg(&library)
        .arg(format!("-Wl,-rpath,{}", folder_of_library.display()))
        .status();
    if !status.is_ok_and(|status| status.success()) {
        return built::skip("a_compiled_program_registers_and_launches", "there is no C++ linker");
    }
    let output = Command::new(folder.join("program")).env_remove("STREAM_HAL_BACKENDS").output();
    let output = output.expect("the program was linked");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim() == "PASSED", "{}: {said}", output.status);
}
