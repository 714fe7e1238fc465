//! The versions of a kernel: which are known, and that each is compiled once whoever asks when.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use stream_hal_kernels::compile::{Refusal, Shape};
use stream_hal_kernels::{Module, Program};

use super::super::super::code::LoadedKernel;
use super::super::cache::{Cache, Compiler, MOST};
use super::{TARGET, codes};

/// How often each shape was compiled.
type Made = Arc<Mutex<BTreeMap<(u32, bool), u32>>>;

fn shape(threads: u32) -> Shape {
    Shape { block: [threads, 1, 1], small_grid: true }
}

fn kernel() -> LoadedKernel {
    let module = Arc::new(Module::parse(&codes::source()).unwrap());
    let program: Arc<Program> = Arc::new(module.link(&[]).unwrap());
    LoadedKernel { program, index: 0, device: 0, versions: Cache::default() }
}

/// A compiler that counts. What blocks of one thread need it refuses.
fn counting(made: &Made, hook: impl Fn() + Send + Sync + 'static) -> Compiler {
    let made = made.clone();
    Compiler::with(Some(TARGET), false, move |_, _, shape, _, _| {
        *made.lock().unwrap().entry((shape.block[0], shape.small_grid)).or_default() += 1;
        hook();
        if shape.block[0] == 1 {
            return Err(Refusal::new(3, "it is plain"));
        }
        Ok(codes::code("mark", false).unwrap())
    })
}

#[test]
fn what_is_known_is_what_was_compiled_for_that_shape_and_asking_compiles_nothing() {
    let (made, kernel) = (Made::default(), kernel());
    let compiler = counting(&made, || ());
    let cache = &kernel.versions;
    let large = Shape { small_grid: false, ..shape(7) };
    let turned = Shape { block: [1, 7, 1], ..shape(7) };
    assert!(cache.known(shape(7)).is_none());
    let version = cache.version(shape(7)).unwrap();
    assert!(cache.known(shape(7)).is_none() && !version.is_made(), "a version is not its code");
    let native = version.code(&compiler, &kernel).unwrap();
    assert!(cache.known(shape(7)).is_some_and(|known| std::ptr::eq(known, native)) && version.is_made());
    assert!(cache.known(large).is_none() && cache.known(turned).is_none());
    let other = cache.version(large).unwrap().code(&compiler, &kernel).unwrap();
    assert!(!std::ptr::eq(other, native));
    assert!(cache.known(large).is_some_and(|known| std::ptr::eq(known, other)));
    // A refusal is no code, and is not asked for again.
    for _ in 0..3 {
        assert!(cache.version(shape(1)).unwrap().code(&compiler, &kernel).is_none());
        assert!(cache.known(shape(1)).is_none());
    }
    assert_eq!(*made.lock().unwrap(), BTreeMap::from([((1, true), 1), ((7, false), 1), ((7, true), 1)]));
}

/// Versions beyond the first few lie elsewhere; those beyond the last one are nowhere.
#[test]
fn all_versions_there_are_are_known() {
    let (made, kernel) = (Made::default(), kernel());
    let compiler = counting(&made, || ());
    let cache = &kernel.versions;
    let threads = 2..MOST as u32 + 2;
    for (at, count) in threads.clone().enumerate() {
        cache.version(shape(count)).unwrap().code(&compiler, &kernel).unwrap();
        let known = threads.clone().filter(|&count| cache.known(shape(count)).is_some()).count();
        assert_eq!(known, at + 1);
    }
    let more = shape(MOST as u32 + 2);
    assert!(cache.version(more).is_none() && cache.known(more).is_none());
    assert!(made.lock().unwrap().len() == MOST && made.lock().unwrap().values().all(|&times| times == 1));
}

/// Whoever looks while it is compiled sees nothing, and does not wait.
#[test]
fn what_is_being_compiled_is_not_known() {
    let (made, kernel) = (Made::default(), Arc::new(kernel()));
    let looked = Arc::new(Mutex::new(Vec::new()));
    let hook = {
        let (kernel, looked) = (kernel.clone(), looked.clone());
        move || {
            // On another thread: the one that compiles could not wait for itself.
            let known = std::thread::scope(|scope| {
                let look = || [2, 3].map(|threads| kernel.versions.known(shape(threads)).is_some());
                scope.spawn(look).join().unwrap()
            });
            looked.lock().unwrap().push(known);
        }
    };
    let compiler = counting(&made, hook);
    for threads in [2, 3] {
        kernel.versions.version(shape(threads)).unwrap().code(&compiler, &kernel).unwrap();
    }
    assert_eq!(*looked.lock().unwrap(), [[false, false], [true, false]]);
}

/// The code that each shape has, by its threads, as an address.
fn codes_of(kernel: &LoadedKernel, compiler: &Compiler, first: u32) -> BTreeMap<u32, usize> {
    let all = (0..8).map(|at| 2 + (at + first) % 8);
    let code = |threads| kernel.versions.version(shape(threads)).unwrap().code(compiler, kernel).unwrap();
    all.map(|threads| (threads, &raw const *code(threads) as usize)).collect()
}

/// What is seen of them until somebody says stop, and that it stays the same.
fn watch(kernel: &LoadedKernel, over: &AtomicBool) -> BTreeMap<u32, usize> {
    let mut seen = BTreeMap::new();
    loop {
        let last = over.load(Ordering::Relaxed);
        for threads in 2..10 {
            if let Some(known) = kernel.versions.known(shape(threads)) {
                let address = &raw const *known as usize;
                assert_eq!(*seen.entry(threads).or_insert(address), address);
            }
        }
        if last {
            return seen;
        }
    }
}

#[test]
fn threads_at_once_compile_a_version_once_and_all_see_the_same() {
    const THREADS: usize = 8;
    for round in 0..8 {
        let (made, kernel) = (Made::default(), kernel());
        let compiler = counting(&made, || std::thread::sleep(Duration::from_millis(2)));
        let (together, over) = (Barrier::new(THREADS), AtomicBool::new(false));
        let (codes, seen) = std::thread::scope(|scope| {
            let watch = scope.spawn(|| watch(&kernel, &over));
            let (kernel, compiler, together) = (&kernel, &compiler, &together);
            // Each begins with another one.
            let work = |thread| {
                move || {
                    together.wait();
                    codes_of(kernel, compiler, thread)
                }
            };
            let all: Vec<_> = (0..THREADS as u32).map(|thread| scope.spawn(work(thread))).collect();
            let codes: Vec<_> = all.into_iter().map(|thread| thread.join().unwrap()).collect();
            over.store(true, Ordering::Relaxed);
            (codes, watch.join().unwrap())
        });
        assert!(codes.iter().all(|one| *one == codes[0]), "round {round}: {codes:x?}");
        assert_eq!(seen, codes[0], "round {round}");
        let made = made.lock().unwrap();
        assert!(made.len() == 8 && made.values().all(|&times| times == 1), "round {round}: {made:?}");
    }
}
