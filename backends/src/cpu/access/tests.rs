//! The checked accesses against plain Rust, and against addresses where nothing is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::*;
use crate::cpu::signal;

/// Addresses at which no program has anything: null's page, the upper half, non-canonical numbers.
const WILD: [u64; 8] = [0, 8, 4088, 1 << 47, 1 << 56, 1 << 57, 0xffff_8000_0000_0000, 0xffff_ffff_ffff_fff8];

fn address<T>(bytes: &mut [T]) -> u64 {
    bytes.as_mut_ptr().expose_provenance() as u64
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(bytes as u64);
    (0..bytes).map(|_| random.u8(..)).collect()
}

#[test]
fn copies_of_every_small_size_and_distance_move_like_memmove() {
    signal::install();
    for bytes in (0..70).chain([255, 256, 1023, 1024, 1025, 3000]) {
        for distance in (0..70).chain([500, 1100]) {
            for (to, from) in [(10, 10 + distance), (10 + distance, 10)] {
                let mut expected = noise(5000);
                let mut found = expected.clone();
                expected.copy_within(from..from + bytes, to);
                let base = address(&mut found);
                copy(base + to as u64, base + from as u64, bytes as u64).unwrap();
                assert!(found == expected, "{bytes} bytes from {from} to {to}");
            }
        }
    }
}

#[test]
fn fills_of_every_small_size_write_what_they_should_and_no_more() {
    signal::install();
    for element in [1u8, 2, 4] {
        for count in (0..150).chain([1000, 5000]) {
            for start in 0..5 {
                let value = 0x8192_a3b4u32;
                let mut expected = noise(25_000);
                let mut found = expected.clone();
                let length = count * element as usize;
                for at in (start..start + length).step_by(element as usize) {
                    let end = at + element as usize;
                    expected[at..end].copy_from_slice(&value.to_le_bytes()[..element as usize]);
                }
                let to = address(&mut found) + start as u64;
                fill(to, pattern(value, element), length as u64).unwrap();
                assert!(found == expected, "{count} elements of {element} at {start}");
            }
        }
    }
}

#[test]
fn streaming_fills_and_copies_do_the_same() {
    signal::install();
    for bytes in [0usize, 1, 63, 64, 65, 127, 128, 4000, 4004, 70_000] {
        for start in [0usize, 1, 2, 3, 4, 60, 63] {
            let (mut expected, source) = (noise(75_000), noise(70_000));
            let mut found = expected.clone();
            expected[start..start + bytes].copy_from_slice(&source[..bytes]);
            let to = address(&mut found) + start as u64;
            copy_streaming(to, source.as_ptr().expose_provenance() as u64, bytes as u64).unwrap();
            assert!(found == expected, "copy of {bytes} at {start}");
            let bytes = bytes & !3;
            for at in (start..start + bytes).step_by(4) {
                expected[at..at + 4].copy_from_slice(&[4, 3, 2, 1]);
            }
            fill_streaming(to, pattern(0x0102_0304, 4), bytes as u64).unwrap();
            assert!(found == expected, "fill of {bytes} at {start}");
        }
    }
}

#[test]
fn loads_and_stores_keep_to_their_width() {
    signal::install();
    for bytes in [1u32, 2, 4, 8] {
        let mut word = [u64::MAX; 3];
        let at = address(&mut word) + 8;
        Checked.store(at, bytes, 0x1122_3344_5566_7788).unwrap();
        let mask = u64::MAX >> (64 - 8 * bytes);
        assert_eq!(word, [u64::MAX, 0x1122_3344_5566_7788 & mask | !mask, u64::MAX]);
        assert_eq!(Checked.load(at, bytes).unwrap(), 0x1122_3344_5566_7788 & mask);
    }
}

#[test]
fn wild_pointers_are_errors_that_name_the_address() {
    signal::install();
    let mut buffer = [0u8; 64];
    let ours = address(&mut buffer);
    for at in WILD {
        for bytes in [1, 2, 4, 8] {
            let unmapped = MemoryFault { address: at, bytes, kind: MemoryFaultKind::Unmapped };
            assert_eq!(Checked.load(at, bytes), Err(unmapped));
            assert_eq!(Checked.store(at, bytes, 1), Err(unmapped));
            for op in [AtomicOp::Add, AtomicOp::Exchange, AtomicOp::CompareExchange, AtomicOp::MaxSigned] {
                if bytes > 1 {
                    assert_eq!(Checked.atomic(at, bytes, op, 1, 2), Err(unmapped));
                }
            }
        }
        for bytes in [1, 8, 40, 64] {
            let inside = |fault: MemoryFault| fault.address.wrapping_sub(at) < bytes as u64;
            assert!(inside(read(at, &mut buffer[..bytes]).unwrap_err()), "{at:#x}");
            assert!(inside(write(at, &buffer[..bytes]).unwrap_err()), "{at:#x}");
            assert!(inside(fill(at, 0, bytes as u64).unwrap_err()), "{at:#x}");
        }
        assert!(copy_streaming(at, ours, 64).is_err());
        assert!(fill_streaming(at & !63, 0, 64).is_err());
        assert!(copy(at, ours, 5000).is_err());
    }
    assert_eq!(copy(ours, 0, 0), Ok(()), "nothing is touched");
}

#[test]
fn misaligned_accesses_are_told_apart() {
    let mut word = [0u64; 2];
    let at = address(&mut word);
    for (bytes, offset) in [(2, 1), (4, 2), (8, 4), (8, 1)] {
        let fault = Checked.load(at + offset, bytes).unwrap_err();
        assert_eq!((fault.kind, fault.address), (MemoryFaultKind::Misaligned, at + offset));
        assert!(Checked.store(at + offset, bytes, 0).is_err());
        assert!(Checked.atomic(at + offset, bytes, AtomicOp::Add, 0, 0).is_err());
    }
}

/// Old value, operand, expected new value, of 4 bytes.
const ATOMICS: [(AtomicOp, u32, u32, u32); 15] = [
    (AtomicOp::Add, u32::MAX, 2, 1),
    (AtomicOp::And, 0b1100, 0b1010, 0b1000),
    (AtomicOp::Or, 0b1100, 0b1010, 0b1110),
    (AtomicOp::Xor, 0b1100, 0b1010, 0b0110),
    (AtomicOp::Exchange, 5, 6, 6),
    (AtomicOp::CompareExchange, 77, 6, 6),
    (AtomicOp::CompareExchange, 78, 6, 78),
    (AtomicOp::MinSigned, 3, u32::MAX, u32::MAX),
    (AtomicOp::MaxSigned, 3, u32::MAX, 3),
    (AtomicOp::MinUnsigned, 3, u32::MAX, 3),
    (AtomicOp::MaxUnsigned, 3, u32::MAX, u32::MAX),
    (AtomicOp::IncrementWrap, 3, 4, 4),
    (AtomicOp::IncrementWrap, 4, 4, 0),
    (AtomicOp::DecrementWrap, 0, 4, 4),
    (AtomicOp::AddFloat, 0x3f80_0000, 0x4000_0000, 0x4040_0000),
];

#[test]
fn atomics_do_what_their_table_says() {
    signal::install();
    for (op, old, operand, new) in ATOMICS {
        let mut words = [old, 0xdead_beef];
        let at = address(&mut words);
        let found = Checked.atomic(at, 4, op, u64::from(operand), 77).unwrap();
        assert_eq!((found, words), (u64::from(old), [new, 0xdead_beef]), "{op:?}");
    }
    let mut half = [7u16, 9, 9, 9];
    let at = address(&mut half);
    assert_eq!(Checked.atomic(at, 2, AtomicOp::MinSigned, 0xffff, 0), Ok(7));
    assert_eq!(half, [0xffff, 9, 9, 9]);
    let mut double = [1.5f64.to_bits()];
    let at = address(&mut double);
    Checked.atomic(at, 8, AtomicOp::AddFloat, 2.0f64.to_bits(), 0).unwrap();
    assert_eq!(f64::from_bits(double[0]), 3.5);
}

#[repr(align(16))]
struct Wide([u128; 2]);

#[test]
fn wide_exchanges_do_what_they_should() {
    signal::install();
    let first = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeffu128;
    for locked in [false, true] {
        let mut words = Wide([first, !0]);
        let at = address(&mut words.0);
        let exchange = |at: u64, new: u128, compare: Option<u128>| match locked {
            true => exchange_in_halves(&Checked, at, new, compare),
            false => Checked.exchange_wide(at, new, compare),
        };
        assert_eq!(exchange(at, 5, Some(first ^ 1 << 100)), Ok(first), "not that value");
        assert_eq!(exchange(at, 6 << 64, Some(first)), Ok(first));
        assert_eq!(exchange(at, 7, None), Ok(6 << 64));
        assert_eq!(words.0, [7, !0]);
        let misaligned = exchange(at + 8, 1, None).unwrap_err();
        assert_eq!((misaligned.kind, misaligned.bytes), (MemoryFaultKind::Misaligned, 16));
        for wild in WILD.into_iter().filter(|at| at % 16 == 0) {
            for compare in [None, Some(3)] {
                let fault = exchange(wild, 1, compare).unwrap_err();
                assert_eq!((fault.kind, fault.address), (MemoryFaultKind::Unmapped, wild), "{wild:#x}");
            }
        }
    }
}

#[test]
fn wide_exchanges_of_several_threads_lose_nothing() {
    signal::install();
    for locked in [false, true] {
        let mut words = Wide([0; 2]);
        let at = address(&mut words.0);
        thread::scope(|scope| {
            for number in 0..3u32 {
                scope.spawn(move || {
                    let mut seen = 0u128;
                    for _ in 0..5000 {
                        loop {
                            // Both halves count: a torn value would part them.
                            assert_eq!(seen as u64, (seen >> 64) as u64, "thread {number}");
                            let new = seen + (1 | 1 << 64);
                            let old = match locked {
                                true => exchange_in_halves(&Checked, at, new, Some(seen)),
                                false => Checked.exchange_wide(at, new, Some(seen)),
                            };
                            let old = old.unwrap();
                            if old == std::mem::replace(&mut seen, old) {
                                break;
                            }
                        }
                    }
                });
            }
        });
        assert_eq!(words.0[0], 15_000 | 15_000 << 64);
    }
}

#[test]
fn small_floats_of_several_threads_lose_nothing() {
    signal::install();
    let mut words = [0u64; 1];
    let at = address(&mut words);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                for _ in 0..250 {
                    // 1.0 as f16 in both halves of the low word, 1.0 as bf16 in the next, which holds up to 256.
                    Checked.atomic(at, 4, AtomicOp::AddHalf, 0x3c00_3c00, 0).unwrap();
                    Checked.atomic(at + 4, 2, AtomicOp::AddBrain, 0x3f80, 0).unwrap();
                    Checked.atomic(at + 6, 2, AtomicOp::MaxHalf, 0x3c00, 0).unwrap();
                }
            });
        }
    });
    assert_eq!(words[0], 0x3c00_4380_63d0_63d0);
}

#[test]
fn atomics_of_several_threads_lose_nothing() {
    signal::install();
    let word = AtomicU64::new(0);
    let at = word.as_ptr().expose_provenance() as u64;
    thread::scope(|scope| {
        for op in [AtomicOp::Add, AtomicOp::Xor, AtomicOp::Add, AtomicOp::Xor] {
            scope.spawn(move || {
                for _ in 0..10_000 {
                    // Bit 63 flips an even number of times.
                    let operand = if op == AtomicOp::Add { 1 } else { 1 << 63 };
                    Checked.atomic(at, 8, op, operand, 0).unwrap();
                }
            });
        }
    });
    assert_eq!(word.load(Ordering::SeqCst), 20_000);
}
