//! `malloc` and `free` in kernels: the heap of a context, its limit and its end.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use stream_hal::context::Context;
use stream_hal::launch::{self, Shape};
use stream_hal::memory;
use stream_hal::module::Module;
use stream_hal::rules::CUDA;
use stream_hal::runtime::initialize;
use stream_hal::stream::Stream;

/// The number of `CU_LIMIT_MALLOC_HEAP_SIZE`.
const LIMIT: usize = 2;

const PTX: &str = r"
.version 7.0
.target sm_70
.address_size 64
.extern .func (.param .b64 o) malloc(.param .b64 n);
.extern .func free(.param .b64 p);

// Each thread allocates, writes its number at both ends and the address to out[number].
.visible .entry take(.param .u64 out, .param .u64 bytes)
{
    .reg .b32 %r<6>;
    .reg .b64 %d<9>;
    .reg .pred %p<2>;
    .param .b64 n; .param .b64 o;
    ld.param.u64 %d1, [out];
    ld.param.u64 %d2, [bytes];
    mov.u32 %r1, %ctaid.x;
    mov.u32 %r2, %ntid.x;
    mov.u32 %r3, %tid.x;
    mad.lo.u32 %r1, %r1, %r2, %r3;
    st.param.b64 [n], %d2;
    call.uni (o), malloc, (n);
    ld.param.b64 %d3, [o];
    mul.wide.u32 %d4, %r1, 8;
    add.u64 %d4, %d1, %d4;
    st.global.u64 [%d4], %d3;
    setp.eq.u64 %p1, %d3, 0;
    @%p1 ret;
    st.u32 [%d3], %r1;
    add.u64 %d5, %d3, %d2;
    st.u32 [%d5+-4], %r1;
    ret;
}

// Each thread adds to bad what is no longer its number at both ends, and frees its piece.
.visible .entry give(.param .u64 out, .param .u64 bytes, .param .u64 bad)
{
    .reg .b32 %r<6>;
    .reg .b64 %d<9>;
    .reg .pred %p<2>;
    .param .b64 p;
    ld.param.u64 %d1, [out];
    ld.param.u64 %d2, [bytes];
    ld.param.u64 %d6, [bad];
    mov.u32 %r1, %ctaid.x;
    mov.u32 %r2, %ntid.x;
    mov.u32 %r3, %tid.x;
    mad.lo.u32 %r1, %r1, %r2, %r3;
    mul.wide.u32 %d4, %r1, 8;
    add.u64 %d4, %d1, %d4;
    ld.global.u64 %d3, [%d4];
    ld.u32 %r4, [%d3];
    setp.ne.u32 %p1, %r4, %r1;
    @%p1 red.global.add.u32 [%d6], 1;
    add.u64 %d5, %d3, %d2;
    ld.u32 %r4, [%d5+-4];
    setp.ne.u32 %p1, %r4, %r1;
    @%p1 red.global.add.u32 [%d6], 1;
    st.param.b64 [p], %d3;
    call.uni free, (p);
    ret;
}

// Frees whatever it is told to.
.visible .entry loose(.param .u64 address)
{
    .reg .b64 %d<3>;
    .param .b64 p;
    ld.param.u64 %d1, [address];
    st.param.b64 [p], %d1;
    call.uni free, (p);
    ret;
}
";

struct World {
    context: Arc<Context>,
    stream: Arc<Stream>,
    module: Arc<Module>,
}

impl World {
    fn new() -> World {
        let device = initialize().and_then(|runtime| runtime.device(0)).unwrap();
        let context = Context::open(device, 0, false).unwrap();
        let stream = Stream::create(&context, false, 0).unwrap();
        let module = Module::load(&context, PTX.as_bytes()).unwrap();
        World { context, stream, module }
    }

    fn longs(&self, count: usize) -> u64 {
        let address = memory::allocate(&self.context, &CUDA, 8 * count as u64).unwrap();
        self.context.device.driver.write(address, &vec![0; 8 * count]).unwrap();
        address
    }

    fn read(&self, address: u64, count: usize) -> Vec<u64> {
        let mut bytes = vec![0; 8 * count];
        self.context.device.driver.read(address, &mut bytes).unwrap();
        bytes.chunks(8).map(|long| u64::from_le_bytes(long.try_into().unwrap())).collect()
    }

    fn run(&self, name: &str, blocks: u32, threads: u32, parameters: &[u64]) {
        let bytes: Vec<u8> = parameters.iter().flat_map(|long| long.to_le_bytes()).collect();
        let function = self.module.function(name).unwrap();
        let shape = Shape::linear(blocks * threads, threads);
        launch::launch(&self.stream, &function, &shape, &bytes, &CUDA).unwrap();
        self.stream.synchronize().unwrap();
    }

    /// One thread's allocation.
    fn take(&self, bytes: u64) -> u64 {
        let out = self.longs(1);
        self.run("take", 1, 1, &[out, bytes]);
        self.read(out, 1)[0]
    }
}

#[test]
fn threads_have_memory_of_their_own_until_a_later_kernel_frees_it() {
    let world = World::new();
    let (out, bad) = (world.longs(40 * 96), world.longs(1));
    // 1.4 MB a round: without `free` working the limit would be met in the sixth.
    for round in 0..10 {
        let bytes = 360 + round * 4;
        world.run("take", 40, 96, &[out, bytes]);
        let addresses: BTreeSet<u64> = world.read(out, 40 * 96).into_iter().collect();
        assert_eq!(addresses.len(), 40 * 96, "round {round}");
        assert!(addresses.iter().all(|address| address % 16 == 0 && *address != 0));
        let apart = addresses.iter().zip(addresses.iter().skip(1)).all(|(&one, &next)| one + bytes <= next);
        assert!(apart, "round {round}");
        world.run("give", 40, 96, &[out, bytes, bad]);
        assert_eq!(world.read(bad, 1), [0], "round {round}");
    }
    world.context.close().unwrap();
}

#[test]
fn the_limit_is_8_mib_until_it_is_set_and_then_stays() {
    let world = World::new();
    assert_eq!(world.take((8 << 20) + 1), 0);
    let whole = world.take(8 << 20);
    assert!(whole != 0 && world.take(16) == 0);
    world.run("loose", 1, 1, &[whole]);
    assert_ne!(world.take(4 << 20), 0);
    assert!(!world.context.set_limit(LIMIT, 32 << 20), "a kernel has allocated");
    assert_eq!(world.context.limit(LIMIT), None);

    let other = World::new();
    assert!(other.context.set_limit(LIMIT, 32 << 20));
    assert_eq!(other.context.limit(LIMIT), Some(32 << 20));
    assert!(other.take(20 << 20) != 0 && other.take(20 << 20) == 0);
    // Each context has its own.
    assert_ne!(world.take(2 << 20), 0);
    world.context.close().unwrap();
    assert_ne!(other.take(8 << 20), 0);
    other.context.close().unwrap();
}

#[test]
fn freeing_null_twice_or_what_is_no_allocation_harms_nothing() {
    let world = World::new();
    let (first, second) = (world.take(64), world.take(64));
    let elsewhere = world.longs(8);
    for address in [0, first, first, first + 16, second + 4, elsewhere, u64::MAX, 8] {
        world.run("loose", 1, 1, &[address]);
    }
    // The second is still taken; the first is free once, not twice.
    let later = [world.take(64), world.take(64), world.take(64)];
    assert_eq!(later.iter().filter(|&&one| one == first).count(), 1, "{later:x?} {first:x}");
    assert!(!later.contains(&second) && !later.contains(&0));
    assert_eq!(BTreeSet::from(later).len(), 3);
    assert_eq!(world.take(0), 0);
    world.context.close().unwrap();
}
