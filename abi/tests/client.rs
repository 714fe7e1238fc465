//! A real client: the crate cudarc, which opens `libcuda.so` itself, in a process of its own.

mod built;

use std::path::Path;
use std::process::Command;

use cudarc::driver::sys::CUgraphInstantiate_flags_enum as Instantiate;
use cudarc::driver::sys::CUstreamCaptureMode;
use cudarc::driver::{CudaContext, LaunchConfig, PushKernelArg};
use cudarc::nvrtc::Ptx;

const VECTOR_ADD: &str = include_str!("../../kernels/samples/ptx/vector_add.ptx");

/// Runs one of the ignored tests below where the library is found under the vendor's name.
fn check(test: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("client");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    let link = folder.join("libcuda.so");
    let fresh = folder.join(format!("{test}-{}", std::process::id()));
    std::os::unix::fs::symlink(built::library(), &fresh).expect("links can be made here");
    std::fs::rename(&fresh, &link).expect("a link replaces a link");
    let mut child = Command::new(std::env::current_exe().expect("a running program has a path"));
    child.args(["--exact", test, "--ignored", "--nocapture"]).env("LD_LIBRARY_PATH", &folder);
    let output = child.output().expect("this program can be run again");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn cudarc_copies_and_launches() {
    check("client_copies_and_launches");
}

#[test]
#[ignore = "run by cudarc_copies_and_launches"]
fn client_copies_and_launches() {
    let context = CudaContext::new(0).unwrap();
    assert!(!context.name().unwrap().is_empty());
    let stream = context.new_stream().unwrap();
    let module = context.load_module(Ptx::from_src(VECTOR_ADD)).unwrap();
    let function = module.load_function("vector_add").unwrap();
    let count = 5000u32;
    let a: Vec<f32> = (0..count).map(|i| i as f32).collect();
    let b: Vec<f32> = (0..count).map(|i| 2.0 * i as f32).collect();
    let (a, b) = (stream.clone_htod(&a).unwrap(), stream.clone_htod(&b).unwrap());
    let mut sum = stream.alloc_zeros::<f32>(count as usize).unwrap();
    let start = context.new_event(Some(cudarc::driver::sys::CUevent_flags_enum::CU_EVENT_DEFAULT)).unwrap();
    start.record(&stream).unwrap();
    let mut launch = stream.launch_builder(&function);
    launch.arg(&a).arg(&b).arg(&mut sum).arg(&count);
    // SAFETY: the kernel takes three arrays and their length.
    unsafe { launch.launch(LaunchConfig::for_num_elems(count)) }.unwrap();
    let sum = stream.clone_dtoh(&sum).unwrap();
    stream.synchronize().unwrap();
    assert!(sum.iter().enumerate().all(|(i, &value)| value == 3.0 * i as f32));
    let end = stream.record_event(Some(cudarc::driver::sys::CUevent_flags_enum::CU_EVENT_DEFAULT)).unwrap();
    assert!(start.elapsed_ms(&end).unwrap() >= 0.0);
}

#[test]
fn cudarc_captures_a_graph() {
    check("client_captures_a_graph");
}

#[test]
#[ignore = "run by cudarc_captures_a_graph"]
fn client_captures_a_graph() {
    let context = CudaContext::new(0).unwrap();
    // What cudarc does besides, to keep track of its slices, cannot stand in a capture.
    // SAFETY: everything here happens on one stream.
    unsafe { context.disable_event_tracking() };
    let stream = context.new_stream().unwrap();
    let module = context.load_module(Ptx::from_src(VECTOR_ADD)).unwrap();
    let function = module.load_function("vector_add").unwrap();
    let one = stream.clone_htod(&[1.0f32; 100]).unwrap();
    let mut even = stream.alloc_zeros::<f32>(100).unwrap();
    let mut odd = stream.alloc_zeros::<f32>(100).unwrap();
    stream.synchronize().unwrap();
    stream.begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL).unwrap();
    let count = 100u32;
    let mut launch = stream.launch_builder(&function);
    launch.arg(&one).arg(&even).arg(&mut odd).arg(&count);
    // SAFETY: the kernel takes three arrays and their length.
    unsafe { launch.launch(LaunchConfig::for_num_elems(count)) }.unwrap();
    let mut launch = stream.launch_builder(&function);
    launch.arg(&one).arg(&odd).arg(&mut even).arg(&count);
    // SAFETY: as above.
    unsafe { launch.launch(LaunchConfig::for_num_elems(count)) }.unwrap();
    let flags = Instantiate::CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH;
    let graph = stream.end_capture(flags).unwrap().expect("something was captured");
    graph.upload().unwrap();
    for _ in 0..4 {
        graph.launch().unwrap();
    }
    assert_eq!(stream.clone_dtoh(&even).unwrap(), vec![8.0; 100]);
}
