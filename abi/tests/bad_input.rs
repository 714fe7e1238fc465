//! What a C caller can get wrong beyond single arguments: counts out of all reason, boxes that wrap
//! around, images that point to themselves, handles in the wrong place, processes that fork or end in
//! the middle. Nothing may crash or hang, and
//! every refusal is an error number.

mod built;

use std::ffi::{CString, c_int, c_void};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use built::calls::{Library, at};

const INVALID_VALUE: c_int = 1;
const INVALID_CONTEXT: c_int = 201;
const INVALID_HANDLE: c_int = 400;

#[test]
fn a_list_with_room_for_everything_is_refused_and_a_long_one_is_filled_up() {
    let library = Library::new();
    let graph = library.made("cuGraphCreate", &[0]);
    let mut first = library.made("cuGraphAddEmptyNode", &[graph, 0, 0]);
    let second = library.made("cuGraphAddEmptyNode", &[graph, at(&mut first), 1]);
    let mut places = [[7u64; 4]; 2];
    let (one, two) = (at(&mut places[0]), at(&mut places[1]));
    for room in [u64::MAX, 1 << 61, 1 << 60, 1 << 40, 1 << 28] {
        let mut count = room;
        library.refused(INVALID_VALUE, "cuGraphGetNodes", &[graph, one, at(&mut count)]);
        library.refused(INVALID_VALUE, "cuGraphGetRootNodes", &[graph, one, at(&mut count)]);
        library.refused(INVALID_VALUE, "cuGraphGetEdges", &[graph, one, two, at(&mut count)]);
        library.refused(INVALID_VALUE, "cuGraphNodeGetDependencies", &[second, one, at(&mut count)]);
        library.refused(INVALID_VALUE, "cuGraphNodeGetDependentNodes", &[first, one, at(&mut count)]);
        library.refused(INVALID_VALUE, "cuGraphAddDependencies", &[graph, one, two, room]);
        library.refused(INVALID_VALUE, "cuGraphAddEmptyNode", &[two, graph, one, room]);
    }
    let mut count = 4u64;
    library.fine("cuGraphGetEdges", &[graph, one, two, at(&mut count)]);
    assert_eq!((count, places), (1, [[first, 0, 0, 0], [second, 0, 0, 0]]));
    count = 4;
    library.fine("cuGraphGetNodes", &[graph, one, at(&mut count)]);
    assert_eq!((count, places[0]), (2, [first, second, 0, 0]));
    count = 1;
    library.fine("cuGraphGetNodes", &[graph, one, at(&mut count)]);
    assert_eq!((count, places[0]), (1, [first, second, 0, 0]), "what is behind the room stays");
}

#[test]
fn an_image_that_wraps_itself_is_none() {
    let library = Library::new();
    for magic in [0x4662_43b1_u64, 0x4849_5046] {
        let mut wrapper = [magic | 1 << 32, 0, 0, 0];
        wrapper[1] = at(&mut wrapper);
        let mut module = 0u64;
        library.refused(200, "cuModuleLoadData", &[at(&mut module), at(&mut wrapper)]);
        // A wrapper of a wrapper, and one of nothing.
        let mut outer = [magic | 1 << 32, at(&mut wrapper), 0, 0];
        library.refused(200, "cuModuleLoadData", &[at(&mut module), at(&mut outer)]);
        outer[1] = 0;
        library.refused(INVALID_VALUE, "cuModuleLoadData", &[at(&mut module), at(&mut outer)]);
    }
}

/// A box as the driver API describes it: source, target, size.
fn box_of(memory: u64, pitch: u64, height: u64, size: [u64; 3]) -> [u64; 25] {
    // x, y, z, level; kind; host, device, array, context; pitch, height.
    let side = [0, 0, 0, 0, 2, 0, memory, 0, 0, pitch, height];
    let mut words = [0; 25];
    words[..11].copy_from_slice(&side);
    words[11..22].copy_from_slice(&side);
    words[22..].copy_from_slice(&size);
    words
}

#[test]
fn a_box_that_wraps_around_is_refused() {
    let library = Library::new();
    let memory = library.memory(4096);
    let graph = library.made("cuGraphCreate", &[0]);
    let many = u64::MAX;
    let wrong = [
        (64, 1 << 58, [64, 1, 2]),
        (64, 1 << 58, [64, 1, many]),
        (many, many, [64, 1, 2]),
        (many, 1, [64, many, 1]),
        (64, 1, [64, many, 1]),
        (64, 1, [64, 1, many]),
        (64, 1, [many, 1, 1]),
        (64, many / 64 + 2, [64, 1, 3]),
    ];
    for (pitch, height, size) in wrong {
        let mut copy = box_of(memory, pitch, height, size);
        library.refused(INVALID_VALUE, "cuMemcpy3D_v2", &[at(&mut copy)]);
        library.refused(INVALID_VALUE, "cuMemcpy3DAsync_v2", &[at(&mut copy), 0]);
        let mut node = 0u64;
        library.refused(
            INVALID_VALUE,
            "cuGraphAddMemcpyNode",
            &[at(&mut node), graph, 0, 0, at(&mut copy), library.context],
        );
    }
    // Address, pitch, value and size of an element, width, height.
    for (pitch, width, height) in [(many, 1, 2), (4, 1, many), (many, many, many), (0, many / 4 + 2, 1)] {
        let mut fill = [memory, pitch, 4 << 32, width, height];
        let mut node = 0u64;
        library.refused(
            INVALID_VALUE,
            "cuGraphAddMemsetNode",
            &[at(&mut node), graph, 0, 0, at(&mut fill), library.context],
        );
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Pitched {
    address: u64,
    pitch: usize,
    width: usize,
    height: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Extent {
    width: usize,
    height: usize,
    depth: usize,
}

#[test]
fn a_fill_of_endless_slices_is_refused_at_once() {
    type Fill = unsafe extern "C" fn(Pitched, c_int, Extent) -> c_int;
    let library = Library::new();
    let address = library.memory(4096);
    // SAFETY: the symbol has this signature.
    let fill: Fill = unsafe { std::mem::transmute(library.opened.symbol("hipMemset3D")) };
    let call = |height: usize, size: [usize; 3]| {
        let [width, rows, depth] = size;
        let (at, extent) =
            (Pitched { address, pitch: 64, width: 64, height }, Extent { width, height: rows, depth });
        let start = Instant::now();
        // SAFETY: the structs are passed by value.
        let code = unsafe { fill(at, 5, extent) };
        assert!(start.elapsed() < Duration::from_secs(2), "{height} {size:?}");
        code
    };
    for (height, size) in [
        (0, [64, 1, usize::MAX]),
        (2, [65, 1, 2]),
        (1, [64, 2, 2]),
        (2, [64, 1, usize::MAX]),
        (2, [64, 1, usize::MAX / 128]),
        (usize::MAX, [64, 1, 2]),
        (usize::MAX / 2, [64, usize::MAX / 2, 3]),
        (2, [64, 1, 34]),
    ] {
        assert_eq!(call(height, size), INVALID_VALUE, "{height} {size:?}");
    }
    for (height, size) in
        [(2, [0, 1, usize::MAX]), (0, [64, 0, usize::MAX]), (2, [64, 1, 0]), (2, [64, 1, 32])]
    {
        assert_eq!(call(height, size), 0, "{height} {size:?}");
    }
    let mut bytes = [0u8; 4096];
    library.fine("cuMemcpyDtoH_v2", &[at(&mut bytes), address, 4096]);
    for (row, bytes) in bytes.chunks(64).enumerate() {
        assert_eq!(bytes, [if row % 2 == 0 { 5 } else { 0 }; 64], "row {row}");
    }
}

#[test]
fn parameters_that_are_missing_or_without_end_are_refused() {
    let library = Library::new();
    let function = library.function(library.module());
    let mut memory = library.memory(256);
    let mut count = 32u32;
    let launch = |parameters: u64, extra: u64| {
        library.call("cuLaunchKernel", &[function, 1, 1, 1, 32, 1, 1, 0, 0, parameters, extra])
    };
    for missing in 0..4 {
        let place = at(&mut memory);
        let mut parameters = [place, place, place, at(&mut count)];
        parameters[missing] = 0;
        assert_eq!(launch(at(&mut parameters), 0), INVALID_VALUE, "parameter {missing}");
    }
    let mut buffer = [memory, memory, memory, 32];
    let (mut room, mut short, mut vast) = (32u64, 27u64, u64::MAX);
    let (buffer, room) = (at(&mut buffer), at(&mut room));
    let lists: [([u64; 6], bool); 9] = [
        ([1, buffer, 2, room, 0, 0], true),
        ([2, room, 1, buffer, 0, 0], true),
        // As much as the kernel takes is read, however much is said to be there.
        ([1, buffer, 2, at(&mut vast), 0, 0], true),
        ([1, buffer, 2, at(&mut short), 0, 0], false),
        ([1, buffer, 2, room, 1, buffer], false),
        ([1, buffer, 0, 0, 0, 0], false),
        ([1, buffer, 2, 0, 0, 0], false),
        ([9, buffer, 2, room, 0, 0], false),
        ([0, 0, 0, 0, 0, 0], false),
    ];
    for (mut list, good) in lists {
        assert_eq!(launch(0, at(&mut list)) == 0, good, "{list:x?}");
    }
    let mut both = [1, buffer, 2, room, 0];
    let list = at(&mut both);
    assert_eq!(launch(list, list), INVALID_VALUE, "both forms");
    library.fine("cuCtxSynchronize", &[]);
}

#[test]
fn registered_memory_is_a_range_of_its_own() {
    const REGISTERED: c_int = 712;
    let library = Library::new();
    let mut bytes = vec![0u8; 1 << 16];
    let start = bytes.as_mut_ptr() as u64;
    let register = |address: u64, bytes: u64| library.call("cuMemHostRegister_v2", &[address, bytes, 0]);
    assert_eq!(register(start + 4096, 8192), 0);
    for (address, bytes) in [(start, 8192), (start + 8192, 64), (start, 1 << 16), (start + 4096, 8192)] {
        assert_eq!(register(address, bytes), REGISTERED, "{address:#x} {bytes}");
    }
    for (address, bytes) in [(start, u64::MAX), (u64::MAX, 1), (0, 64), (start, 0), (1, u64::MAX)] {
        assert_ne!(register(address, bytes), 0, "{address:#x} {bytes}");
    }
    // Next to it is free.
    assert_eq!((register(start, 4096), register(start + 12288, 4096)), (0, 0));
    library.refused(713, "cuMemHostUnregister", &[start + 1]);
    for address in [start, start + 4096, start + 12288] {
        library.refused(INVALID_VALUE, "cuMemFree_v2", &[address]);
        library.refused(INVALID_VALUE, "cuMemFreeHost", &[address]);
        library.fine("cuMemHostUnregister", &[address]);
        library.refused(713, "cuMemHostUnregister", &[address]);
    }
}

/// Objects of each kind: what makes one, what asks it, what it refuses others with, what ends it.
fn kinds(library: &Library) -> Vec<(&'static str, u64, &'static str, c_int, &'static str)> {
    let graph = library.made("cuGraphCreate", &[0]);
    let module = library.module();
    let handle = INVALID_HANDLE;
    vec![
        ("stream", library.made("cuStreamCreate", &[1]), "cuStreamQuery", handle, "cuStreamDestroy_v2"),
        ("event", library.made("cuEventCreate", &[0]), "cuEventQuery", handle, "cuEventDestroy_v2"),
        ("exec", exec_of(library, graph), "cuGraphLaunch", INVALID_VALUE, "cuGraphExecDestroy"),
        (
            "node",
            library.made("cuGraphAddEmptyNode", &[graph, 0, 0]),
            "cuGraphNodeGetType",
            INVALID_VALUE,
            "cuGraphDestroyNode",
        ),
        ("graph", graph, "cuGraphGetNodes", INVALID_VALUE, "cuGraphDestroy"),
        ("function", library.function(module), "cuFuncLoad", handle, ""),
        ("module", module, "cuModuleGetFunction", handle, "cuModuleUnload"),
        (
            "context",
            library.made("cuCtxCreate_v2", &[0, 0]),
            "cuCtxSetCurrent",
            INVALID_CONTEXT,
            "cuCtxDestroy_v2",
        ),
    ]
}

fn exec_of(library: &Library, graph: u64) -> u64 {
    library.made("cuGraphInstantiateWithFlags", &[graph, 0])
}

#[test]
fn a_handle_is_of_one_kind_and_dies_once() {
    let library = Library::new();
    let kinds = kinds(&library);
    library.fine("cuCtxSetCurrent", &[library.context]);
    let mut place = [0u64; 4];
    let asked = |ask: &str, handle: u64, place: u64| match ask {
        "cuGraphNodeGetType" => library.call(ask, &[handle, place]),
        "cuGraphGetNodes" => library.call(ask, &[handle, 0, place]),
        "cuModuleGetFunction" => library.call(ask, &[place, handle, c"vector_add".as_ptr() as u64]),
        _ => library.call(ask, &[handle]),
    };
    for (kind, handle, ask, refusal, _) in &kinds {
        for (other, wrong, ..) in &kinds {
            if other == kind {
                assert_eq!(asked(ask, *handle, at(&mut place)), 0, "{kind}");
                library.fine("cuCtxSetCurrent", &[library.context]);
            } else {
                assert_eq!(asked(ask, *wrong, at(&mut place)), *refusal, "{ask} of a {other}");
            }
        }
        for wild in [u64::MAX, 0xdead_beef, handle ^ 1 << 63, handle.wrapping_add(1 << 40), at(&mut place)] {
            assert_eq!(asked(ask, wild, at(&mut place)), *refusal, "{ask} of {wild:#x}");
        }
    }
    for (kind, handle, ask, refusal, end) in &kinds {
        if end.is_empty() {
            continue;
        }
        for (other, wrong, .., other_end) in &kinds {
            if other != kind && other_end != end {
                assert_ne!(library.call(end, &[*wrong]), 0, "{end} of a {other}");
            }
        }
        library.fine(end, &[*handle]);
        library.refused(*refusal, end, &[*handle]);
        assert_eq!(asked(ask, *handle, at(&mut place)), *refusal, "{ask} of a dead {kind}");
    }
    let memory = library.memory(64);
    library.fine("cuMemFree_v2", &[memory]);
    library.refused(INVALID_VALUE, "cuMemFree_v2", &[memory]);
}

#[test]
fn graphs_in_graphs_may_be_deep_and_may_not_be_endless() {
    let library = Library::new();
    // A chain of children, each inside the next.
    let nest = |levels: usize, width: usize| {
        let mut graph = library.made("cuGraphCreate", &[0]);
        library.made("cuGraphAddEmptyNode", &[graph, 0, 0]);
        for _ in 0..levels {
            let outer = library.made("cuGraphCreate", &[0]);
            for _ in 0..width {
                library.made("cuGraphAddChildGraphNode", &[outer, 0, 0, graph]);
            }
            library.fine("cuGraphDestroy", &[graph]);
            graph = outer;
        }
        graph
    };
    let deep = nest(20_000, 1);
    let exec = exec_of(&library, deep);
    library.fine("cuGraphLaunch", &[exec, 0]);
    library.fine("cuCtxSynchronize", &[]);
    library.fine("cuGraphExecDestroy", &[exec]);
    library.fine("cuGraphDestroy", &[deep]);
    // Twice the one before in each: too many nodes to ever be.
    for levels in [40, 70] {
        let wide = nest(levels, 2);
        let mut exec = 0u64;
        let code = library.call("cuGraphInstantiateWithFlags", &[at(&mut exec), wide, 0]);
        assert!(code != 0 && exec == 0, "{levels} levels: {code}");
        // Drawing it ends all the same.
        let drawing = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wide-{}.dot", std::process::id()));
        let path = CString::new(drawing.as_os_str().as_encoded_bytes()).expect("no zero in a path");
        library.fine("cuGraphDebugDotPrint", &[wide, path.as_ptr() as u64, 1]);
        std::fs::remove_file(drawing).expect("it was written");
        library.fine("cuGraphDestroy", &[wide]);
    }
    // A graph in itself is a copy of what it was.
    let graph = library.made("cuGraphCreate", &[0]);
    for _ in 0..10 {
        library.made("cuGraphAddChildGraphNode", &[graph, 0, 0, graph]);
    }
    library.fine("cuGraphLaunch", &[exec_of(&library, graph), 0]);
    library.fine("cuCtxSynchronize", &[]);
}

#[test]
fn a_process_may_fork_after_the_first_call() {
    let library = Library::new();
    let memory = library.memory(256);
    let function = library.function(library.module());
    assert_eq!(library.launch(function, 0, memory), 0);
    let (program, argument) = (c"/bin/true", [c"true".as_ptr(), std::ptr::null()]);
    for runs_a_program in [true, false] {
        // SAFETY: the child only calls what may be called between fork and exec.
        let child = unsafe { libc::fork() };
        if child == 0 {
            if runs_a_program {
                // SAFETY: as above; the texts end with a zero and the list with a null.
                unsafe { libc::execv(program.as_ptr(), argument.as_ptr()) };
            }
            // SAFETY: as above.
            unsafe { libc::_exit(if runs_a_program { 9 } else { 0 }) };
        }
        let mut status = 0;
        // SAFETY: the child is ours and the status is writable.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
        // The parent goes on.
        assert_eq!(library.launch(function, 0, memory), 0);
        library.fine("cuCtxSynchronize", &[]);
    }
}

extern "C" fn sleep_long(_data: *mut c_void) {
    std::thread::sleep(Duration::from_secs(100));
}

#[test]
#[ignore = "run by the next test in a process of its own"]
fn child_that_ends_in_the_middle() {
    let library = Library::new();
    let memory = library.memory(256);
    let function = library.function(library.module());
    for _ in 0..1000 {
        assert_eq!(library.launch(function, 0, memory), 0);
    }
    let stream = library.made("cuStreamCreate", &[1]);
    let sleep: extern "C" fn(*mut c_void) = sleep_long;
    library.fine("cuLaunchHostFunc", &[stream, sleep as usize as u64, 0]);
    // SAFETY: ends the process as a program does that returns from main.
    unsafe { libc::exit(7) };
}

#[test]
fn a_process_may_end_with_work_that_is_not_done() {
    let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
    command.args(["--exact", "child_that_ends_in_the_middle", "--ignored"]).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::null()).spawn().expect("it runs again");
    let until = Instant::now() + Duration::from_secs(20);
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
        if Instant::now() > until {
            child.kill().ok();
            panic!("the process does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(7), "{status}");
}
