//! What a program may rely on, told call by call: captures and what breaks them, graphs and their
//! execs, events, destroyed objects, faults. Each story has a context of its own.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use stream_hal::capture::{self, Mode};
use stream_hal::context::Context;
use stream_hal::dot;
use stream_hal::event::Event;
use stream_hal::exec::GraphExec;
use stream_hal::graph::Graph;
use stream_hal::launch::{self, Shape};
use stream_hal::memory::{self, Wait};
use stream_hal::module::Module;
use stream_hal::rules::CUDA;
use stream_hal::runtime::initialize;
use stream_hal::stream::Stream;
use stream_hal::{Node, Result, Style, What};
use stream_hal_capture::Op;
use stream_hal_capture::op::{Fill, Host};

/// `out[0] = value`, and `store` to an address that is nowhere.
const PTX: &str = r#"
.version 7.0
.target sm_70
.address_size 64
.visible .entry put(.param .u64 pout, .param .u32 pvalue)
{
    .reg .b32 %r<2>;
    .reg .b64 %rd<2>;
    ld.param.u64 %rd1, [pout];
    ld.param.u32 %r1, [pvalue];
    st.global.u32 [%rd1], %r1;
    ret;
}
.visible .entry wild()
{
    .reg .b64 %rd<2>;
    mov.u64 %rd1, 64;
    st.global.u64 [%rd1], %rd1;
    ret;
}
"#;

fn context() -> Arc<Context> {
    let device = initialize().and_then(|runtime| runtime.device(0)).expect("there is a cpu device");
    Context::open(device, 0, false).expect("a context opens")
}

fn stream(context: &Arc<Context>) -> Arc<Stream> {
    Stream::create(context, false, 0).expect("a stream is made")
}

fn event(context: &Arc<Context>) -> Arc<Event> {
    Event::create(context, true).expect("an event is made")
}

fn words(context: &Arc<Context>, n: u64) -> u64 {
    memory::allocate(context, &CUDA, 4 * n).expect("a few bytes are there")
}

fn fill(to: u64, value: u32) -> Op {
    Op::Fill(Fill { to, pitch: 0, width: 1, height: 1, value, element_bytes: 4 })
}

fn read(context: &Context, address: u64) -> u32 {
    let mut bytes = [0; 4];
    context.device.driver.read(address, &mut bytes).expect("the memory is there");
    u32::from_le_bytes(bytes)
}

#[track_caller]
fn refused<T>(result: Result<T>, what: What) {
    assert_eq!(result.err().map(|error| error.what), Some(what));
}

/// A host function that waits until it is let go.
struct Blocker {
    open: AtomicBool,
    entered: AtomicBool,
}

extern "C" fn block(data: *mut c_void) {
    // SAFETY: the story keeps the blocker alive until all its work is done.
    let blocker = unsafe { &*data.cast::<Blocker>() };
    blocker.entered.store(true, Ordering::Release);
    while !blocker.open.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_micros(50));
    }
}

impl Blocker {
    fn new() -> Box<Blocker> {
        Box::new(Blocker { open: AtomicBool::new(false), entered: AtomicBool::new(false) })
    }

    fn op(&self) -> Op {
        let function = block as extern "C" fn(*mut c_void) as usize as u64;
        let data = std::ptr::from_ref(self) as u64;
        Op::Host(Host { function, data, form: Host::PLAIN, stream: 0 })
    }

    fn open(&self) {
        self.open.store(true, Ordering::Release);
    }
}

#[test]
fn a_captured_graph_runs_as_often_as_it_is_launched() {
    let context = context();
    let (stream, cell) = (stream(&context), words(&context, 2));
    capture::begin(&stream, Mode::Relaxed, None).unwrap();
    stream.record(fill(cell, 1), &[]).unwrap();
    stream.record(fill(cell + 4, 2), &[]).unwrap();
    let graph = capture::end(&stream).unwrap();
    assert_eq!(graph.with(|dag| (dag.len(), dag.edge_count())), (2, 1));
    let exec = GraphExec::instantiate(&graph, context.device, 0).unwrap();
    assert_eq!(read(&context, cell + 4), read(&context, cell + 4));
    for _ in 0..2 {
        stream.record(fill(cell, 0), &[]).unwrap();
        exec.launch(&stream).unwrap();
        stream.synchronize().unwrap();
        assert_eq!((read(&context, cell), read(&context, cell + 4)), (1, 2));
    }
}

#[test]
fn an_event_forks_a_capture_and_another_joins_it() {
    let context = context();
    let (a, b) = (stream(&context), stream(&context));
    let (fork, join) = (event(&context), event(&context));
    let cell = words(&context, 1);
    capture::begin(&a, Mode::Relaxed, None).unwrap();
    a.record(fill(cell, 1), &[]).unwrap();
    fork.record(&a).unwrap();
    fork.wait(&b).unwrap();
    b.record(fill(cell, 2), &[]).unwrap();
    a.record(Op::Empty, &[]).unwrap();
    join.record(&b).unwrap();
    join.wait(&a).unwrap();
    a.record(fill(cell, 3), &[]).unwrap();
    let graph = capture::end(&a).unwrap();
    let edges: Vec<(u32, u32)> = graph.with(|dag| dag.edges().map(|(f, t, _)| (f.0, t.0)).collect());
    assert_eq!(edges, [(0, 1), (0, 2), (2, 3), (1, 3)]);
    assert!(capture::info(&b).unwrap().is_none(), "the joined stream is live again");
    refused(join.query(), What::CapturedEvent);
}

#[test]
fn a_fork_that_is_not_joined_ends_the_capture_with_an_error() {
    let context = context();
    let (a, b, fork) = (stream(&context), stream(&context), event(&context));
    capture::begin(&a, Mode::Relaxed, None).unwrap();
    fork.record(&a).unwrap();
    fork.wait(&b).unwrap();
    b.record(Op::Empty, &[]).unwrap();
    refused(capture::end(&b), What::CaptureUnmatched);
    refused(capture::end(&a), What::CaptureUnjoined);
    a.synchronize().unwrap();
    b.synchronize().unwrap();
}

#[test]
fn synchronising_breaks_the_capture_and_says_so_at_its_end() {
    let context = context();
    let a = stream(&context);
    capture::begin(&a, Mode::Relaxed, None).unwrap();
    refused(capture::begin(&a, Mode::Relaxed, None), What::IllegalState);
    a.record(Op::Empty, &[]).unwrap();
    refused(a.synchronize(), What::CaptureUnsupported);
    assert!(capture::info(&a).unwrap().unwrap().broken);
    refused(a.record(Op::Empty, &[]), What::CaptureInvalidated);
    let journal = capture::journal(&a);
    assert!(journal.iter().any(|line| line.contains("synchronising")), "{journal:?}");
    refused(capture::end(&a), What::CaptureInvalidated);
    refused(capture::end(&a), What::IllegalState);
    a.record(Op::Empty, &[]).unwrap();
}

#[test]
fn the_legacy_stream_cannot_be_captured_nor_used_beside_a_blocking_capture() {
    let context = context();
    let legacy = context.legacy().unwrap();
    refused(capture::begin(&legacy, Mode::Relaxed, None), What::CaptureUnsupported);
    let blocking = Stream::create(&context, true, 0).unwrap();
    capture::begin(&blocking, Mode::Relaxed, None).unwrap();
    refused(legacy.record(Op::Empty, &[]), What::CaptureImplicit);
    refused(capture::end(&blocking), What::CaptureInvalidated);
    legacy.record(Op::Empty, &[]).unwrap();
    let free = stream(&context);
    capture::begin(&free, Mode::Relaxed, None).unwrap();
    legacy.record(Op::Empty, &[]).unwrap();
    capture::end(&free).unwrap();
}

#[test]
fn captures_do_not_merge_and_live_work_stays_outside() {
    let context = context();
    let (a, b, live) = (stream(&context), stream(&context), stream(&context));
    let (inside, outside) = (event(&context), event(&context));
    outside.record(&live).unwrap();
    capture::begin(&a, Mode::Relaxed, None).unwrap();
    capture::begin(&b, Mode::Relaxed, None).unwrap();
    inside.record(&a).unwrap();
    refused(inside.wait(&b), What::CaptureMerge);
    refused(capture::end(&b), What::CaptureInvalidated);
    refused(capture::end(&a), What::CaptureInvalidated);
    capture::begin(&a, Mode::Relaxed, None).unwrap();
    refused(outside.wait(&a), What::CaptureIsolation);
    refused(capture::end(&a), What::CaptureInvalidated);
}

#[test]
fn only_the_thread_that_began_a_capture_ends_it_unless_relaxed() {
    let context = context();
    let a = stream(&context);
    capture::begin(&a, Mode::ThreadLocal, None).unwrap();
    let other = a.clone();
    let ended = std::thread::spawn(move || capture::end(&other)).join().unwrap();
    refused(ended, What::CaptureWrongThread);
    capture::end(&a).unwrap();
    capture::begin(&a, Mode::Relaxed, None).unwrap();
    let other = a.clone();
    std::thread::spawn(move || capture::end(&other)).join().unwrap().unwrap();
}

#[test]
fn destroying_a_capturing_stream_breaks_the_capture() {
    let context = context();
    let (a, b, fork) = (stream(&context), stream(&context), event(&context));
    capture::begin(&a, Mode::Relaxed, None).unwrap();
    fork.record(&a).unwrap();
    fork.wait(&b).unwrap();
    b.destroy().unwrap();
    refused(capture::end(&a), What::CaptureInvalidated);
    capture::begin(&a, Mode::Relaxed, None).unwrap();
    a.destroy().unwrap();
    refused(a.destroy(), What::InvalidHandle);
}

#[test]
fn work_behind_a_blocked_host_function_waits_and_other_streams_do_not() {
    let context = context();
    let (a, b) = (stream(&context), stream(&context));
    let (marker, cell) = (event(&context), words(&context, 2));
    let blocker = Blocker::new();
    a.record(blocker.op(), &[]).unwrap();
    for i in 0..1000 {
        a.record(fill(cell, i), &[]).unwrap();
    }
    marker.record(&a).unwrap();
    refused(a.query(), What::NotReady);
    refused(marker.query(), What::NotReady);
    b.record(fill(cell + 4, 7), &[]).unwrap();
    b.synchronize().unwrap();
    assert_eq!(read(&context, cell + 4), 7);
    assert!(a.hold().live().len() >= 1001, "the pending ops are in the live graph");
    let drawing = dot::streams(&[a.clone(), b.clone()], &Style::default());
    assert!(drawing.matches("dashed").count() >= 1000, "the pending ops are drawn as pending");
    blocker.open();
    marker.synchronize().unwrap();
    assert_eq!(read(&context, cell), 999);
    a.synchronize().unwrap();
    assert_eq!(a.hold().live().len(), 0);
}

#[test]
fn each_launch_sees_the_parameters_it_was_launched_with() {
    let context = context();
    let (a, cells) = (stream(&context), words(&context, 100));
    let graph = Graph::create().unwrap();
    let node = graph.add(fill(cells, 0), &[], &[]).unwrap();
    let exec = GraphExec::instantiate(&graph, context.device, 0).unwrap();
    let blocker = Blocker::new();
    a.record(blocker.op(), &[]).unwrap();
    for i in 0..100 {
        exec.set_op(node, fill(cells + 4 * u64::from(i), i + 1), &[]).unwrap();
        exec.launch(&a).unwrap();
    }
    blocker.open();
    a.synchronize().unwrap();
    let found: Vec<u32> = (0..100).map(|i| read(&context, cells + 4 * i)).collect();
    assert_eq!(found, (1..=100).collect::<Vec<u32>>());
}

#[test]
fn a_thousand_launches_need_no_wait_in_between() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    extern "C" fn count(_: *mut c_void) {
        CALLS.fetch_add(1, Ordering::Relaxed);
    }
    let context = context();
    let (a, b) = (stream(&context), stream(&context));
    let graph = Graph::create().unwrap();
    let function = count as extern "C" fn(*mut c_void) as usize as u64;
    let host = Op::Host(Host { function, data: 0, form: Host::PLAIN, stream: 0 });
    let first = graph.add(host, &[], &[]).unwrap();
    graph.add(host, &[], &[first]).unwrap();
    let exec = GraphExec::instantiate(&graph, context.device, 0).unwrap();
    for i in 0..1000 {
        exec.launch(if i % 2 == 0 { &a } else { &b }).unwrap();
    }
    context.synchronize().unwrap();
    assert_eq!(CALLS.load(Ordering::Relaxed), 2000);
}

#[test]
fn a_graph_is_refused_for_cycles_double_edges_and_foreign_nodes() {
    let context = context();
    let graph = Graph::create().unwrap();
    let a = graph.add(Op::Empty, &[], &[]).unwrap();
    let b = graph.add(Op::Empty, &[], &[a]).unwrap();
    refused(graph.add_edges(&[(a, b, 0)]), What::InvalidValue);
    refused(graph.add_edges(&[(a, Node(7), 0)]), What::InvalidValue);
    refused(graph.add(Op::Empty, &[], &[Node(9)]), What::InvalidValue);
    assert_eq!(graph.with(|dag| (dag.len(), dag.edge_count())), (2, 1));
    graph.add_edges(&[(b, a, 0)]).unwrap();
    refused(GraphExec::instantiate(&graph, context.device, 0), What::InvalidValue);
    graph.remove_edges(&[(b, a)]).unwrap();
    GraphExec::instantiate(&graph, context.device, 0).unwrap();
}

#[test]
fn an_exec_outlives_its_graph_and_module_and_stale_handles_are_refused() {
    let context = context();
    let (a, cell) = (stream(&context), words(&context, 1));
    let module = Module::load(&context, PTX.as_bytes()).unwrap();
    let function = module.function("put").unwrap();
    refused(module.function("nothing"), What::NotFound);
    let shape = Shape { grid: [1; 3], block: [1; 3], shared_bytes: 0, cooperative: false };
    let mut args = cell.to_le_bytes().to_vec();
    args.extend(42u32.to_le_bytes());
    let graph = Graph::create().unwrap();
    let op = launch::op(&function, &shape, args.len(), &CUDA).unwrap();
    let node = graph.add(op, &args, &[]).unwrap();
    let exec = GraphExec::instantiate(&graph, context.device, 0).unwrap();
    module.unload().unwrap();
    drop((module, function));
    refused(GraphExec::instantiate(&graph, context.device, 0), What::InvalidHandle);
    let handle = graph.node_handle(node).unwrap();
    graph.destroy().unwrap();
    refused(stream_hal::graph::node("hNode", handle), What::InvalidHandle);
    exec.launch(&a).unwrap();
    exec.destroy().unwrap();
    drop(exec);
    a.synchronize().unwrap();
    assert_eq!(read(&context, cell), 42);
}

#[test]
fn a_fault_stays_with_its_context_and_others_work_on() {
    let (broken, whole) = (context(), context());
    let module = Module::load(&broken, PTX.as_bytes()).unwrap();
    let wild = module.function("wild").unwrap();
    let (a, b, cell) = (stream(&broken), stream(&whole), words(&whole, 1));
    let shape = Shape { grid: [1; 3], block: [1; 3], shared_bytes: 0, cooperative: false };
    launch::launch(&a, &wild, &shape, &[], &CUDA).unwrap();
    let error = a.synchronize().unwrap_err();
    assert_eq!(error.what, What::IllegalAddress);
    assert!(error.because.contains("wild"), "{error}");
    refused(a.record(Op::Empty, &[]), What::IllegalAddress);
    refused(memory::allocate(&broken, &CUDA, 4), What::IllegalAddress);
    b.record(fill(cell, 5), &[]).unwrap();
    b.synchronize().unwrap();
    assert_eq!(read(&whole, cell), 5);
}

#[test]
fn events_order_streams_and_measure_time() {
    let context = context();
    let (a, b, cell) = (stream(&context), stream(&context), words(&context, 1));
    let (start, end, never) = (event(&context), event(&context), event(&context));
    let blocker = Blocker::new();
    start.record(&a).unwrap();
    a.record(blocker.op(), &[]).unwrap();
    a.record(fill(cell, 1), &[]).unwrap();
    end.record(&a).unwrap();
    end.wait(&b).unwrap();
    b.record(fill(cell, 2), &[]).unwrap();
    refused(b.query(), What::NotReady);
    refused(start.elapsed_ms(&end), What::NotReady);
    // The device may take its time to come to the first record.
    start.synchronize().unwrap();
    std::thread::sleep(Duration::from_millis(2));
    blocker.open();
    b.synchronize().unwrap();
    assert_eq!(read(&context, cell), 2);
    assert!(start.elapsed_ms(&end).unwrap() >= 1.0);
    assert!(end.elapsed_ms(&start).unwrap() <= -1.0);
    never.query().unwrap();
    refused(never.elapsed_ms(&end), What::InvalidHandle);
    let untimed = Event::create(&context, false).unwrap();
    untimed.record(&a).unwrap();
    untimed.synchronize().unwrap();
    refused(untimed.elapsed_ms(&end), What::InvalidHandle);
}

#[test]
fn copies_check_both_ends_and_take_pageable_memory_at_once() {
    let context = context();
    let (a, device) = (stream(&context), words(&context, 4));
    let mut host = [1u32, 2, 3, 4];
    let address = |host: &[u32; 4]| host.as_ptr() as u64;
    use stream_hal_capture::op::Direction::*;
    let blocker = Blocker::new();
    a.record(blocker.op(), &[]).unwrap();
    memory::copy(&a, device, address(&host), 16, HostToDevice, Wait::No).unwrap();
    host.fill(9);
    blocker.open();
    memory::copy(&a, host.as_mut_ptr() as u64, device, 16, DeviceToHost, Wait::No).unwrap();
    assert_eq!(host, [1, 2, 3, 4]);
    let copy = |to, from, bytes, direction| memory::copy(&a, to, from, bytes, direction, Wait::No);
    refused(copy(device + 4, address(&host), 16, HostToDevice), What::InvalidValue);
    refused(copy(device, 0, 16, HostToDevice), What::InvalidValue);
    refused(copy(address(&host), device, 16, HostToDevice), What::InvalidValue);
    refused(copy(device, address(&host), u64::MAX, HostToDevice), What::InvalidValue);
    memory::free(device).unwrap();
    refused(memory::free(device), What::InvalidValue);
    refused(copy(device, address(&host), 16, HostToDevice), What::InvalidValue);
}
