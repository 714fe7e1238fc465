//! Calls of every kind, and what kernels ask of the runtime: text, memory, to be stopped.

use fastrand::Rng;
use stream_hal_kernels::FaultKind;

use super::check::Argument::{Long, Word};
use super::check::{COUNTS, Check, Samples, check, cover, equal, floats, line, same, words};

pub const CHECKS: &[Check] = &[
    check("calls", &["calls_fibonacci", "calls_ackermann"], recursion),
    check("calls", &["calls_quicksort"], quicksort),
    check("calls", &["calls_queens"], queens),
    check("calls", &["calls_by_pointer"], by_pointer),
    check("calls", &["calls_virtual"], by_base),
    check("runtime", &["print_values"], print),
    check("runtime", &["heap_lists", "heap_block"], heap),
    check("runtime", &["assert_below"], assertion),
];

fn recursion(samples: &Samples) {
    let run = samples.start("calls");
    let n: Vec<u32> = (0..45).map(|i| i * 7 % 13).collect();
    let [at, out] = [run.upload(&n), run.zeros::<u32>(n.len())];
    run.launch("calls_fibonacci", cover(n.len(), 32), 0, &[Long(at), Long(out), Word(n.len() as u32)]);
    let fibonacci = |n: u32| (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0;
    let expect: Vec<u32> = n.into_iter().map(fibonacci).collect();
    equal("results", &run.download::<u32>(out, expect.len()), &expect);

    let out = run.zeros::<u32>(3 * 5);
    run.launch("calls_ackermann", [[1, 1, 1], [8, 4, 1]], 0, &[Long(out), Word(3), Word(5)]);
    let rows: [fn(u32) -> u32; 3] = [|n| n + 1, |n| n + 2, |n| 2 * n + 3];
    let expect: Vec<u32> = rows.iter().flat_map(|row| (0..5).map(row)).collect();
    equal("results", &run.download::<u32>(out, 15), &expect);
}

fn quicksort(samples: &Samples) {
    let run = samples.start("calls");
    for (seed, [each, count]) in [[1, 5], [17, 200], [40, 1000]].into_iter().enumerate() {
        let keys = words(&mut Rng::with_seed(seed as u64), count);
        let at = run.upload(&keys);
        let arguments = [Long(at), Word(each as u32), Word(count as u32)];
        run.launch("calls_quicksort", cover(count.div_ceil(each), 32), 0, &arguments);
        let mut expect = keys;
        expect.chunks_mut(each).for_each(<[u32]>::sort);
        equal(&format!("{count} by {each}"), &run.download::<u32>(at, count), &expect);
    }
}

fn queens(samples: &Samples) {
    let run = samples.start("calls");
    for (size, expect) in [(1, 1), (4, 2), (5, 10), (6, 4), (7, 40)] {
        let [ways, even] = [32; 2].map(|count| run.zeros::<u32>(count));
        run.launch("calls_queens", line(1, 32), 0, &[Long(ways), Long(even), Word(size)]);
        let got = run.download::<u32>(ways, 32);
        assert_eq!(got.iter().sum::<u32>(), expect, "{size} queens");
        assert!(
            (0..size as usize).all(|i| got[i] == got[size as usize - 1 - i]),
            "a board has a mirror: {got:?}"
        );
        let parity: Vec<u32> = (0..32).map(|i| 1 - i % 2).collect();
        assert_eq!(run.download::<u32>(even, 32), parity);
    }
}

fn by_pointer(samples: &Samples) {
    let run = samples.start("calls");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [a, b] = [0; 2].map(|_| floats(&mut random, count));
        let which = words(&mut random, count);
        let out = run.zeros::<f32>(count);
        let lists = [run.upload(&a), run.upload(&b), run.upload(&which), out].map(Long);
        let arguments = [lists.as_slice(), &[Word(count as u32)]].concat();
        run.launch("calls_by_pointer", cover(count, 64), 0, &arguments);
        let functions: [fn(f32, f32) -> f32; 4] =
            [|a, b| a + b, |a, b| a - b, |a, b| a * b, |a, b| a.mul_add(b, 1.0)];
        let expect: Vec<f32> = (0..count).map(|i| functions[which[i] as usize % 4](a[i], b[i])).collect();
        same(&format!("{count}"), &run.download(out, count), &expect);
    }
}

fn by_base(samples: &Samples) {
    let run = samples.start("calls");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let sizes = floats(&mut Rng::with_seed(seed as u64), count);
        let [at, out] = [run.upload(&sizes), run.zeros::<f32>(count)];
        run.launch("calls_virtual", cover(count, 64), 0, &[Long(at), Long(out), Word(count as u32)]);
        let both = |(i, &size): (usize, &f32)| {
            let outer = size + 1.0;
            let ring = 3.0 * (outer * outer - size * size);
            if i.is_multiple_of(3) { ring + ring * 2.0 * 2.0 } else { size * size + size * size * 2.0 }
        };
        let expect: Vec<f32> = sizes.iter().enumerate().map(both).collect();
        same(&format!("{count}"), &run.download(out, count), &expect);
    }
}

/// Text as C prints it, written down by hand: Rust's own formats are others.
fn print(samples: &Samples) {
    let run = samples.start("runtime");
    let numbers = [42, -7, i32::MAX];
    let fractions = [0.5, -1234.5678, 1e10];
    let arguments = [Long(run.upload(&numbers)), Long(run.upload(&fractions)), Word(3)];
    run.launch("print_values", line(1, 32), 0, &arguments);
    // One call of all lanes after the other: lines of the same kind stand together.
    let expect = "\
0: 42    42|42    |+42 0000002a 0 0
1: -7    -7|-7    |-7 fffffff9 01 1
2: 2147483647 2147483647|2147483647|+2147483647 7fffffff 02 2
above a      above|above   |ab % 42000000294 0 42
below b      below|below   |be % -7000000049 1099511627776 -7
above c      above|above   |ab % 2147483662032385529 2199023255552 -1
0.500000 0.500       0.50|0.5       |5.000000e-01 0.5 0.5 0x1p-1
-1234.567800 -1234.568   -1234.57|-1234.6   |-1.234568e+03 -1234.57 -1234.57 -0x1.34a456d5cfaadp+10
10000000000.000000 10000000000.000 10000000000.00|10000000000.0|1.000000e+10 1E+10 1e+10 0x1.2a05f2p+33
";
    assert_eq!(run.printed(), expect);
}

fn heap(samples: &Samples) {
    let run = samples.start("runtime");
    let count = 70;
    let [sums, longest] = [count, 1].map(|count| run.zeros::<u32>(count));
    run.launch("heap_lists", cover(count, 32), 0, &[Long(sums), Long(longest), Word(count as u32)]);
    let divisors = |i: u32| (1..=i).filter(move |divisor| i.is_multiple_of(*divisor));
    let expect: Vec<u32> = (0..count as u32).map(|i| divisors(i).sum()).collect();
    equal("results", &run.download::<u32>(sums, count), &expect);
    let most = (0..count as u32).map(|i| divisors(i).count() as u32).max();
    assert_eq!(run.download::<u32>(longest, 1), [most.unwrap()]);
    assert_eq!(run.held(), 0);

    // The device has 64 KiB for its kernels: blocks of 48 KiB fit one by one, blocks of 96 KiB do not.
    for (each, refused) in [(3, 0), (5, 0), (192, 0), (384, 5)] {
        let [sums, failures] = [5 * 64, 1].map(|count| run.zeros::<u32>(count));
        run.launch("heap_block", line(5, 64), 0, &[Long(sums), Word(each), Long(failures)]);
        let sum = |thread: u32| {
            (thread * each..(thread + 1) * each).fold(0_u32, |sum, at| sum.wrapping_add(at * at))
        };
        let expect: Vec<u32> = (0..5 * 64).map(|i| if refused == 0 { sum(i % 64) } else { 0 }).collect();
        equal(&format!("{each} words a thread"), &run.download::<u32>(sums, 5 * 64), &expect);
        assert_eq!(run.download::<u32>(failures, 1), [refused], "{each} words a thread");
        assert_eq!(run.held(), 0);
    }
}

fn assertion(samples: &Samples) {
    let run = samples.start("runtime");
    let values: Vec<u32> = (0..100).collect();
    let at = run.upload(&values);
    let attempt = |limit: u32| {
        let seen = run.zeros::<u32>(100);
        let arguments = [Long(at), Long(seen), Word(limit), Word(100)];
        (run.attempt("assert_below", line(4, 32), 0, &arguments), run.download::<u32>(seen, 100))
    };
    assert_eq!(attempt(100), (Ok(()), vec![1; 100]));
    let (fault, seen) = attempt(70);
    let fault = fault.unwrap_err();
    assert_eq!((fault.kind, fault.block, fault.thread), (FaultKind::Assert, [2, 0, 0], [6, 0, 0]));
    assert!(
        fault.words.contains("values[i] < limit") && fault.words.contains("runtime.cu"),
        "{}",
        fault.words
    );
    assert_eq!(seen[..64], [1; 64]);
    assert_eq!(seen[70..], [0; 30]);
}
