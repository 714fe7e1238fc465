//! Planes, volumes and matrices: transposes, stencils, cells that live and die.

use fastrand::Rng;

use super::check::Argument::{Bytes, Double, Float, Long, Word};
use super::check::{Check, Samples, check, cover, equal, floats, line, plane, same, same_doubles, words};

pub const CHECKS: &[Check] = &[
    check("transpose", &["transpose_naive", "transpose_tiled"], transpose),
    check("transpose", &["transpose_bits"], transpose_bits),
    check("stencil", &["stencil_2d"], stencil_2d),
    check("stencil", &["stencil_3d"], stencil_3d),
    check("stencil", &["stencil_heat_f64"], heat),
    check("life", &["life_bytes", "life_bits"], life),
];

const PLANES: [[usize; 2]; 5] = [[1, 1], [16, 16], [17, 5], [40, 33], [3, 50]];

fn transpose(samples: &Samples) {
    let run = samples.start("transpose");
    for (seed, [columns, rows]) in PLANES.into_iter().enumerate() {
        let values = floats(&mut Rng::with_seed(seed as u64), rows * columns);
        let expect: Vec<f32> =
            (0..rows * columns).map(|at| values[at % rows * columns + at / rows]).collect();
        for kernel in ["transpose_naive", "transpose_tiled"] {
            let (from, to) = (run.upload(&values), run.zeros::<f32>(rows * columns));
            let [mut shape, threads] = plane([columns, rows], [32, 8]);
            if kernel == "transpose_tiled" {
                shape[1] = (rows as u32).div_ceil(32);
            }
            let arguments = [Long(from), Long(to), Word(rows as u32), Word(columns as u32)];
            run.launch(kernel, [shape, threads], 0, &arguments);
            let case = format!("{kernel}, {rows} x {columns}");
            same(&case, &run.download(to, rows * columns), &expect);
        }
    }
}

fn transpose_bits(samples: &Samples) {
    let run = samples.start("transpose");
    let values = words(&mut Rng::with_seed(0), 5 * 64);
    let (from, to) = (run.upload(&values), run.zeros::<u32>(values.len()));
    run.launch("transpose_bits", line(5, 64), 0, &[Long(from), Long(to)]);
    let bit = |at: usize, row: usize| values[at / 32 * 32 + row] >> (at % 32) & 1;
    let expect: Vec<u32> =
        (0..values.len()).map(|at| (0..32).fold(0, |word, row| word | bit(at, row) << row)).collect();
    equal("results", &run.download::<u32>(to, values.len()), &expect);
}

fn stencil_2d(samples: &Samples) {
    let run = samples.start("stencil");
    for (seed, [width, height]) in PLANES.into_iter().enumerate() {
        let values = floats(&mut Rng::with_seed(seed as u64), width * height);
        let (from, to) = (run.upload(&values), run.zeros::<f32>(width * height));
        let sizes = [Word(width as u32), Word(height as u32)];
        let [arg_width, arg_height] = sizes;
        let arguments = [Long(from), Long(to), arg_width, arg_height, Float(0.6), Float(0.1)];
        run.launch("stencil_2d", plane([width, height], [16, 16]), 0, &arguments);
        let cell = |x: i32, y: i32| {
            let inside = (0..width as i32).contains(&x) && (0..height as i32).contains(&y);
            if inside { values[y as usize * width + x as usize] } else { 0.0 }
        };
        let point = |at: usize| {
            let (x, y) = ((at % width) as i32, (at / width) as i32);
            let sides = (cell(x, y - 1) + cell(x, y + 1)) + (cell(x - 1, y) + cell(x + 1, y));
            0.1_f32.mul_add(sides, 0.6 * cell(x, y))
        };
        let expect: Vec<f32> = (0..width * height).map(point).collect();
        same(&format!("{width} x {height}"), &run.download(to, width * height), &expect);
    }
}

fn stencil_3d(samples: &Samples) {
    let run = samples.start("stencil");
    for (seed, size) in [[1, 1, 1], [8, 4, 5], [17, 9, 3], [5, 6, 12]].into_iter().enumerate() {
        let [width, height, depth]: [usize; 3] = size;
        let count = width * height * depth;
        let values = floats(&mut Rng::with_seed(seed as u64), count);
        let (from, to) = (run.upload(&values), run.zeros::<f32>(count));
        let by_value = size.iter().flat_map(|&size| (size as u32).to_le_bytes()).collect();
        let arguments = [Long(from), Long(to), Bytes(by_value), Float(0.5), Float(0.08)];
        run.launch("stencil_3d", plane([width, height], [8, 4]), 0, &arguments);
        let cell = |place: [i32; 3]| {
            let inside = place.iter().zip(size).all(|(&at, size)| (0..size as i32).contains(&at));
            let [x, y, z] = place.map(|at| at as usize);
            if inside { values[(z * height + y) * width + x] } else { 0.0 }
        };
        let point = |at: usize| {
            let [x, y, z] = [at % width, at / width % height, at / width / height].map(|at| at as i32);
            let mut sides = cell([x, y, z - 1]) + cell([x, y, z + 1]);
            sides += cell([x - 1, y, z]) + cell([x + 1, y, z]);
            sides += cell([x, y - 1, z]) + cell([x, y + 1, z]);
            0.08_f32.mul_add(sides, 0.5 * cell([x, y, z]))
        };
        let expect: Vec<f32> = (0..count).map(point).collect();
        same(&format!("{size:?}"), &run.download(to, count), &expect);
    }
}

fn heat(samples: &Samples) {
    let run = samples.start("stencil");
    for (seed, count) in [1, 2, 33, 200].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let mut line_of: Vec<f64> = (0..count).map(|_| random.f64()).collect();
        let at = run.upload(&line_of);
        let arguments = [Long(at), Word(count as u32), Word(10), Double(0.2)];
        run.launch("stencil_heat_f64", line(1, 224), 0, &arguments);
        for _ in 0..10 {
            let before = line_of.clone();
            let cell = |at: usize| *before.get(at).unwrap_or(&0.0);
            for (i, cell_now) in line_of.iter_mut().enumerate() {
                let left = if i > 0 { before[i - 1] } else { 0.0 };
                *cell_now = before[i] + 0.2 * (left - 2.0 * before[i] + cell(i + 1));
            }
        }
        same_doubles(&format!("{count}"), &run.download(at, count), &line_of);
    }
}

/// Both kernels side by side for some generations.
fn life(samples: &Samples) {
    let run = samples.start("life");
    for (seed, [words_wide, height]) in [[1_usize, 3_usize], [2, 9], [3, 40]].into_iter().enumerate() {
        let width = words_wide * 32;
        let mut random = Rng::with_seed(seed as u64);
        let mut cells: Vec<u8> = (0..width * height).map(|_| u8::from(random.u8(..3) == 0)).collect();
        let mut bytes = [run.upload(&cells), run.zeros::<u8>(cells.len())];
        let mut bits = [run.upload(&packed(&cells)), run.zeros::<u32>(cells.len() / 32)];
        for generation in 0..3 {
            let [[from, to], [arg_width, arg_height]] =
                [bytes.map(Long), [width, height].map(|n| Word(n as u32))];
            let shape = plane([width, height], [16, 4]);
            run.launch("life_bytes", shape, 0, &[from, to, arg_width, arg_height.clone()]);
            let [from, to] = bits.map(Long);
            let arguments = [from, to, Word(words_wide as u32), arg_height];
            run.launch("life_bits", cover(words_wide * height, 32), 0, &arguments);
            cells = next_generation(&cells, width);
            let case = format!("{width} x {height}, generation {generation}");
            assert_eq!(run.download::<u8>(bytes[1], cells.len()), cells, "{case}");
            assert_eq!(run.download::<u32>(bits[1], cells.len() / 32), packed(&cells), "{case}");
            bytes.reverse();
            bits.reverse();
        }
    }
}

fn packed(cells: &[u8]) -> Vec<u32> {
    let word = |cells: &[u8]| cells.iter().rev().fold(0, |word, &cell| word << 1 | u32::from(cell));
    cells.chunks(32).map(word).collect()
}

fn next_generation(cells: &[u8], width: usize) -> Vec<u8> {
    let height = cells.len() / width;
    let alive = |x: usize, y: usize| cells[y % height * width + x % width];
    let next = |at: usize| {
        let (x, y) = (at % width + width, at / width + height);
        let around = (0..9).filter(|&one| one != 4).map(|one| alive(x + one % 3 - 1, y + one / 3 - 1));
        let count: u8 = around.sum();
        u8::from(count == 3 || count == 2 && alive(x, y) == 1)
    };
    (0..cells.len()).map(next).collect()
}
