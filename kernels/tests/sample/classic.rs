//! The first samples: element by element, tiles, reductions, a histogram, a fractal, bodies that pull at each other.

use fastrand::Rng;
use stream_hal_kernels::FaultKind;

use super::check::Argument::{Float, Long, Word};
use super::check::{COUNTS, Check, Samples, check, equal, floats, line, same};

pub const CHECKS: &[Check] = &[
    // First, for the folder that has this file alone, with other lines than the next check names.
    check("vector_add", &["vector_add"], vector_add),
    check("vector_add", &["vector_add"], stray_access),
    check("saxpy", &["saxpy"], saxpy),
    check("matmul_tiled", &["matmul_tiled_16", "matmul_tiled_dynamic"], matmul_tiled),
    check("reduce", &["reduce_sum_u32", "reduce_sum_f32", "reduce_max_u32"], reduce),
    check("histogram", &["histogram"], histogram),
    check("mandelbrot", &["mandelbrot"], mandelbrot),
    check("nbody", &["nbody_step"], nbody),
];

fn vector_add(samples: &Samples) {
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let (a, b) = (floats(&mut random, count), floats(&mut random, count));
        let run = samples.start("vector_add");
        let [at_a, at_b, at_out] = [&a, &b, &vec![0.0; count]].map(|values| run.upload(values));
        let arguments = [Long(at_a), Long(at_b), Long(at_out), Word(count as u32)];
        let blocks = count.div_ceil(128) as u32;
        run.launch("vector_add", line(blocks, 128), 0, &arguments);
        let expect: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        same(&format!("{count} elements"), &run.download(at_out, count), &expect);
    }
}

fn saxpy(samples: &Samples) {
    for (seed, count) in COUNTS.into_iter().enumerate() {
        for shape in [line(1, 32), line(3, 50), line(2, 1024)] {
            let mut random = Rng::with_seed(seed as u64);
            let (x, y) = (floats(&mut random, count), floats(&mut random, count));
            let run = samples.start("saxpy");
            let [at_x, at_y] = [&x, &y].map(|values| run.upload(values));
            let arguments = [Float(1.7), Long(at_x), Long(at_y), Word(count as u32)];
            run.launch("saxpy", shape, 0, &arguments);
            let expect: Vec<f32> = x.iter().zip(&y).map(|(&x, &y)| 1.7_f32.mul_add(x, y)).collect();
            same(&format!("{count} elements in {shape:?}"), &run.download(at_y, count), &expect);
        }
    }
}

fn matmul_tiled(samples: &Samples) {
    let sizes = [[1, 1, 1], [16, 16, 16], [17, 5, 33], [40, 19, 16], [3, 50, 7]];
    for (seed, size) in sizes.into_iter().enumerate() {
        for tile in [16, 1, 4, 7] {
            matmul(samples, seed as u64, size, tile, "matmul_tiled_dynamic");
        }
        matmul(samples, seed as u64, size, 16, "matmul_tiled_16");
    }
}

fn matmul(samples: &Samples, seed: u64, [rows, columns, inner]: [usize; 3], tile: u32, kernel: &str) {
    let mut random = Rng::with_seed(seed);
    let (a, b) = (floats(&mut random, rows * inner), floats(&mut random, inner * columns));
    let run = samples.start("matmul_tiled");
    let [at_a, at_b, at_out] = [&a, &b, &vec![0.0; rows * columns]].map(|values| run.upload(values));
    let [arg_rows, arg_columns, arg_inner] = [rows, columns, inner].map(|size| Word(size as u32));
    let arguments = [Long(at_a), Long(at_b), Long(at_out), arg_rows, arg_columns, arg_inner];
    let shape = [[(columns as u32).div_ceil(tile), (rows as u32).div_ceil(tile), 1], [tile, tile, 1]];
    let shared_bytes = if kernel == "matmul_tiled_16" { 0 } else { 2 * tile * tile * 4 };
    run.launch(kernel, shape, shared_bytes, &arguments);
    let cell = |row: usize, column: usize| {
        (0..inner).fold(0.0_f32, |sum, k| a[row * inner + k].mul_add(b[k * columns + column], sum))
    };
    let expect: Vec<f32> = (0..rows * columns).map(|index| cell(index / columns, index % columns)).collect();
    let case = format!("{kernel}, {rows}x{inner} by {inner}x{columns}, tile {tile}");
    same(&case, &run.download(at_out, rows * columns), &expect);
}

fn reduce(samples: &Samples) {
    for (seed, count) in COUNTS.into_iter().enumerate() {
        for [blocks, threads] in [[1, 32], [3, 64], [2, 1024]] {
            let case = format!("{count} values in {blocks} blocks of {threads}");
            let mut random = Rng::with_seed(seed as u64);
            let numbers: Vec<u32> = (0..count).map(|_| random.u32(..)).collect();
            let run = samples.start("reduce");
            let (at, out) = (run.upload(&numbers), run.upload(&[7_u32]));
            let arguments = [Long(at), Long(out), Word(count as u32)];
            let shape = line(blocks, threads);
            run.launch("reduce_sum_u32", shape, 0, &arguments);
            let sum = numbers.iter().fold(7_u32, |sum, &number| sum.wrapping_add(number));
            assert_eq!(run.download::<u32>(out, 1), [sum], "{case}");
            let largest = run.upload(&[0_u32]);
            let arguments = [Long(at), Long(largest), Word(count as u32)];
            run.launch("reduce_max_u32", shape, 0, &arguments);
            assert_eq!(run.download::<u32>(largest, 1), [*numbers.iter().max().unwrap()], "{case}");

            let values = floats(&mut random, count);
            let partial = run.upload(&vec![0.0_f32; blocks as usize]);
            let arguments = [Long(run.upload(&values)), Long(partial), Word(count as u32)];
            run.launch("reduce_sum_f32", shape, 0, &arguments);
            let expect = block_sums(&values, blocks as usize, threads as usize);
            same(&case, &run.download(partial, blocks as usize), &expect);
        }
    }
}

fn histogram(samples: &Samples) {
    for (seed, count) in [0, 1, 100, 5000].into_iter().enumerate() {
        for shape in [line(1, 32), line(4, 96), line(2, 512)] {
            let mut random = Rng::with_seed(seed as u64);
            // Few distinct values make the threads meet on the same bins.
            let data: Vec<u8> = (0..count).map(|_| random.u8(..) & random.u8(..)).collect();
            let run = samples.start("histogram");
            let (at, bins) = (run.upload(&data), run.upload(&[1_u32; 256]));
            let arguments = [Long(at), Word(count), Long(bins)];
            run.launch("histogram", shape, 0, &arguments);
            let mut expect = vec![1_u32; 256];
            data.iter().for_each(|&byte| expect[usize::from(byte)] += 1);
            equal(&format!("{count} bytes in {shape:?}"), &run.download::<u32>(bins, 256), &expect);
        }
    }
}

fn mandelbrot(samples: &Samples) {
    for [width, height, limit] in [[1, 1, 10], [33, 17, 60], [16, 8, 200]] {
        let run = samples.start("mandelbrot");
        let out = run.upload(&vec![0_u32; (width * height) as usize]);
        let [left, top, step] = [-2.0, -1.25, 2.5 / height as f32];
        let arguments =
            [Long(out), Word(width), Word(height), Float(left), Float(top), Float(step), Word(limit)];
        let shape = [[width.div_ceil(16), height.div_ceil(8), 1], [16, 8, 1]];
        run.launch("mandelbrot", shape, 0, &arguments);
        let pixel = |index: u32| {
            let place = |index: u32, from: f32| (index as f32).mul_add(step, from);
            iterations(place(index % width, left), place(index / width, top), limit)
        };
        let expect: Vec<u32> = (0..width * height).map(pixel).collect();
        equal(&format!("{width} x {height}"), &run.download::<u32>(out, expect.len()), &expect);
    }
}

fn nbody(samples: &Samples) {
    for (seed, count) in [1, 2, 33, 70].into_iter().enumerate() {
        for threads in [32, 48] {
            let mut random = Rng::with_seed(seed as u64);
            let (bodies, velocities) = (floats(&mut random, 4 * count), floats(&mut random, 4 * count));
            let run = samples.start("nbody");
            let [at, moved, speed] =
                [&bodies, &vec![0.0; 4 * count], &velocities].map(|values| run.upload(values));
            let arguments = [Long(at), Long(moved), Long(speed), Word(count as u32), Float(0.01)];
            let shape = line((count as u32).div_ceil(threads), threads);
            run.launch("nbody_step", shape, threads * 16, &arguments);
            let [got, got_speed] = [moved, speed].map(|at| run.download::<f32>(at, 4 * count));
            let (expect, expect_speed) = step(&bodies, &velocities, 0.01);
            for index in 0..4 * count {
                let near =
                    |got: f32, expect: f64| (f64::from(got) - expect).abs() <= 1e-3 * (1.0 + expect.abs());
                let case = format!("{count} bodies in blocks of {threads}, number {index}");
                assert!(near(got[index], expect[index]), "{case}: {} not {}", got[index], expect[index]);
                assert!(near(got_speed[index], expect_speed[index]), "{case}, velocity");
            }
        }
    }
}

/// One element too many: the kernel stops at the thread that leaves the allocation.
fn stray_access(samples: &Samples) {
    let run = samples.start("vector_add");
    let [a, b, out] = [&[1.0_f32; 40]; 3].map(|values| run.upload(values));
    let arguments = [Long(a), Long(b), Long(out), Word(41)];
    let fault = run.attempt("vector_add", line(2, 32), 0, &arguments).unwrap_err();
    assert_eq!(fault.kind, FaultKind::IllegalAddress);
    assert_eq!((fault.block, fault.thread), ([1, 0, 0], [8, 0, 0]));
    assert!([a, b, out].contains(&(fault.address - 160)), "{:#x}", fault.address);
    let line = samples.ptx("vector_add").lines().nth(fault.line as usize - 1).unwrap_or("").to_owned();
    assert!(line.contains(".global"), "line {} is {line:?}", fault.line);
}

/// The sum of each block in the kernel's order: threads stride over the values, lanes add from 16 apart down to
/// neighbours, then the first warp adds the warps.
fn block_sums(values: &[f32], blocks: usize, threads: usize) -> Vec<f32> {
    let of_thread =
        |thread: usize| values.iter().skip(thread).step_by(blocks * threads).fold(0.0, |sum, v| sum + v);
    let warp_sum = |lanes: &[f32]| {
        let mut lanes = lanes.to_vec();
        for apart in [16, 8, 4, 2, 1] {
            // A lane whose partner lies beyond the warp gets its own value.
            let before = lanes.clone();
            (0..32).for_each(|lane| lanes[lane] += *before[lane..].get(apart).unwrap_or(&before[lane]));
        }
        lanes[0]
    };
    let block = |block: usize| {
        let lanes: Vec<f32> = (0..threads).map(|thread| of_thread(block * threads + thread)).collect();
        let mut warps: Vec<f32> = lanes.chunks(32).map(warp_sum).collect();
        warps.resize(32, 0.0);
        warp_sum(&warps)
    };
    (0..blocks).map(block).collect()
}

fn iterations(real: f32, imaginary: f32, limit: u32) -> u32 {
    let (mut x, mut y, mut count) = (0.0_f32, 0.0_f32, 0);
    while count < limit && x * x + y * y <= 4.0 {
        (x, y) = (x * x - y * y + real, (2.0 * x).mul_add(y, imaginary));
        count += 1;
    }
    count
}

/// One step in double precision: bodies and velocities, four numbers each, the fourth unchanged.
fn step(bodies: &[f32], velocities: &[f32], seconds: f64) -> (Vec<f64>, Vec<f64>) {
    let mut moved: Vec<f64> = bodies.iter().copied().map(f64::from).collect();
    let mut speed: Vec<f64> = velocities.iter().copied().map(f64::from).collect();
    for (index, body) in bodies.chunks_exact(4).enumerate() {
        for other in bodies.chunks_exact(4) {
            let away = [0, 1, 2].map(|axis| f64::from(other[axis]) - f64::from(body[axis]));
            let squared = away.iter().map(|one| one * one).sum::<f64>() + 1e-3;
            let force = f64::from(other[3]) / (squared * squared.sqrt());
            (0..3).for_each(|axis| speed[4 * index + axis] += away[axis] * force * seconds);
        }
        (0..3).for_each(|axis| moved[4 * index + axis] += speed[4 * index + axis] * seconds);
    }
    (moved, speed)
}
