//! The Gate with real threads; `model.rs` has every interleaving of small programs.

use stream_hal::gate::Gate;

#[test]
fn a_taken_gate_refuses_and_a_left_one_does_not() {
    let mut gate = Gate::new(1);
    let held = gate.lock();
    assert!(gate.try_lock().is_none());
    drop(held);
    *gate.try_lock().expect("nobody holds it") += 1;
    assert_eq!((*gate.get_mut(), gate.into_inner()), (2, 2));
}

#[test]
fn threads_take_turns_through_spins_yields_and_naps() {
    let gate = Gate::new((0u64, 0u64));
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let gate = &gate;
            scope.spawn(move || {
                for turn in 0..2_000u64 {
                    let mut pair = gate.lock();
                    assert_eq!(pair.0, pair.1);
                    pair.0 += 1;
                    // Some holders are slow, so that the others reach their naps.
                    if turn % 500 == thread {
                        std::thread::sleep(std::time::Duration::from_micros(300));
                    }
                    pair.1 += 1;
                }
            });
        }
    });
    assert_eq!(gate.into_inner(), (8_000, 8_000));
}

#[test]
fn a_panic_leaves_the_gate_free() {
    let gate = Gate::new(0);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _held = gate.lock();
        panic!("on purpose");
    }));
    assert!(result.is_err());
    assert!(gate.try_lock().is_some());
}
