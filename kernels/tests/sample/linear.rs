//! Matrices, sparse matrices, Fourier transforms and convolutions.

use fastrand::Rng;

use super::check::Argument::{Bytes, Long, Word};
use super::check::{Argument, COUNTS, Check, Samples, check, cover, equal, floats, line, near, plane, same};

pub const CHECKS: &[Check] = &[
    check(
        "matmul",
        &["matmul_naive", "matmul_transposed", "matmul_register_blocked", "matmul_vector"],
        matmul,
    ),
    check("matmul", &["matmul_warp_u64"], matmul_whole),
    check("sparse", &["sparse_csr_scalar", "sparse_csr_warp", "sparse_ell"], sparse),
    check("sparse", &["sparse_coo"], sparse_coordinates),
    check("fft", &["fft_block", "fft_stockham", "fft_roots"], fft),
    check("convolution", &["convolve_1d", "convolve_rows"], convolve),
    check("convolution", &["convolve_sharpen"], sharpen),
];

fn sizes(of: [usize; 3]) -> Argument {
    Bytes(of.iter().flat_map(|&size| (size as u32).to_le_bytes()).collect())
}

fn matmul(samples: &Samples) {
    let run = samples.start("matmul");
    let shapes =
        [[1, 4, 4], [16, 16, 16], [17, 8, 36], [40, 36, 20], [3, 52, 8], [1, 1, 1], [33, 7, 21], [5, 41, 10]];
    for (seed, [rows, columns, inner]) in shapes.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let (a, b) = (floats(&mut random, rows * inner), floats(&mut random, inner * columns));
        let turned: Vec<f32> = (0..inner * columns).map(|at| b[at % inner * columns + at / inner]).collect();
        let cell = |at: usize| {
            let (row, column) = (at / columns, at % columns);
            (0..inner).fold(0.0_f32, |sum, k| a[row * inner + k].mul_add(b[k * columns + column], sum))
        };
        let expect: Vec<f32> = (0..rows * columns).map(cell).collect();
        let [at_a, at_b, at_turned] = [&a, &b, &turned].map(|values| run.upload(values));
        let styles = [
            ("matmul_naive", at_b, plane([columns, rows], [8, 6])),
            ("matmul_transposed", at_turned, plane([columns, rows], [8, 6])),
            ("matmul_vector", at_b, plane([columns.div_ceil(4), rows], [4, 8])),
            ("matmul_register_blocked", at_b, [plane([columns, rows], [32, 32])[0], [8, 8, 1]]),
        ];
        // Loads of four want whole fours.
        let fours = columns % 4 == 0 && inner % 4 == 0;
        for (kernel, factor, shape) in styles.into_iter().filter(|style| fours || style.0 != "matmul_vector")
        {
            let out = run.zeros::<f32>(rows * columns);
            let size = sizes([rows, columns, inner]);
            run.launch(kernel, shape, 0, &[Long(at_a), Long(factor), Long(out), size]);
            let case = format!("{kernel}, {rows}x{inner} by {inner}x{columns}");
            same(&case, &run.download(out, rows * columns), &expect);
        }
    }
}

fn matmul_whole(samples: &Samples) {
    let run = samples.start("matmul");
    for (seed, [rows, columns, inner]) in [[1, 1, 1], [3, 5, 70], [7, 2, 32]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [a, b] = [rows * inner, inner * columns]
            .map(|count| -> Vec<u64> { (0..count).map(|_| random.u64(..)).collect() });
        let out = run.zeros::<u64>(rows * columns);
        let arguments =
            [Long(run.upload(&a)), Long(run.upload(&b)), Long(out), sizes([rows, columns, inner])];
        run.launch("matmul_warp_u64", cover(rows * columns * 32, 64), 0, &arguments);
        let cell = |at: usize| {
            let products =
                (0..inner).map(|k| a[at / columns * inner + k].wrapping_mul(b[k * columns + at % columns]));
            products.fold(0, u64::wrapping_add)
        };
        let expect: Vec<u64> = (0..rows * columns).map(cell).collect();
        equal("results", &run.download::<u64>(out, expect.len()), &expect);
    }
}

/// Rows of a sparse matrix: columns, ascending, with values.
type Sparse = Vec<Vec<(u32, f32)>>;

/// Some rows are empty, some longer than a warp.
fn sparse_matrix(random: &mut Rng, rows: usize, columns: usize) -> Sparse {
    let row = |random: &mut Rng| {
        let share = random.usize(..4);
        let picked: Vec<u32> = (0..columns as u32).filter(|_| random.usize(..4) < share).collect();
        picked.into_iter().map(|column| (column, random.f32() - 0.5)).collect()
    };
    (0..rows).map(|_| row(random)).collect()
}

fn sparse(samples: &Samples) {
    let run = samples.start("sparse");
    for (seed, [rows, columns]) in [[1, 1], [33, 20], [100, 90]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let matrix = sparse_matrix(&mut random, rows, columns);
        let x = floats(&mut random, columns);
        let mut starts = vec![0];
        matrix.iter().for_each(|row| starts.push(starts[starts.len() - 1] + row.len() as u32));
        let (of_column, values): (Vec<u32>, Vec<f32>) = matrix.iter().flatten().copied().unzip();
        let [at_starts, at_columns] = [&starts, &of_column].map(|list| run.upload(list));
        let [at_values, at_x] = [&values, &x].map(|list| run.upload(list));
        let in_order = |row: &Vec<(u32, f32)>| {
            row.iter().fold(0.0_f32, |sum, &(column, value)| value.mul_add(x[column as usize], sum))
        };
        let expect: Vec<f32> = matrix.iter().map(in_order).collect();
        let expect_warp: Vec<f32> = matrix.iter().map(|row| by_lanes(row, &x)).collect();
        for (kernel, shape, expect) in [
            ("sparse_csr_scalar", cover(rows, 32), &expect),
            ("sparse_csr_warp", cover(32 * rows, 96), &expect_warp),
        ] {
            let y = run.zeros::<f32>(rows);
            let lists = [at_starts, at_columns, at_values, at_x, y].map(Long);
            let arguments = [lists.as_slice(), &[Word(rows as u32)]].concat();
            run.launch(kernel, shape, 0, &arguments);
            same(&format!("{kernel}, {rows} x {columns}"), &run.download(y, rows), expect);
        }
        let width = matrix.iter().map(Vec::len).max().unwrap_or(0);
        let entry = |at: usize| matrix[at % rows].get(at / rows).copied().unwrap_or((u32::MAX, 0.0));
        let (of_column, values): (Vec<u32>, Vec<f32>) = (0..rows * width).map(entry).unzip();
        let y = run.zeros::<f32>(rows);
        let lists = [run.upload(&of_column), run.upload(&values), at_x, y].map(Long);
        let arguments = [lists.as_slice(), &[Word(rows as u32), Word(width as u32)]].concat();
        run.launch("sparse_ell", cover(rows, 64), 0, &arguments);
        same(&format!("ell, {rows} x {columns}"), &run.download(y, rows), &expect);
    }
}

/// The sum of a row in the order of a warp that adds across with everyone.
fn by_lanes(row: &[(u32, f32)], x: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 32];
    for (at, &(column, value)) in row.iter().enumerate() {
        lanes[at % 32] = value.mul_add(x[column as usize], lanes[at % 32]);
    }
    for apart in [16, 8, 4, 2, 1] {
        let before = lanes;
        (0..32).for_each(|lane| lanes[lane] += before[lane ^ apart]);
    }
    lanes[0]
}

fn sparse_coordinates(samples: &Samples) {
    let run = samples.start("sparse");
    for (seed, entries) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [rows, columns] =
            [7, 9].map(|most| -> Vec<u32> { (0..entries).map(|_| random.u32(..most)).collect() });
        let [values, x] = [entries, 9]
            .map(|count| -> Vec<f32> { (0..count).map(|_| random.i32(-20..20) as f32).collect() });
        let y = run.zeros::<f32>(7);
        let lists = [run.upload(&rows), run.upload(&columns), run.upload(&values), run.upload(&x), y];
        let arguments = [lists.map(Long).as_slice(), &[Word(entries as u32)]].concat();
        run.launch("sparse_coo", cover(entries, 64), 0, &arguments);
        let mut expect = vec![0.0; 7];
        for at in 0..entries {
            expect[rows[at] as usize] += values[at] * x[columns[at] as usize];
        }
        same(&format!("{entries}"), &run.download(y, 7), &expect);
    }
}

/// By the definition, in double precision.
fn transform(values: &[f32]) -> Vec<f64> {
    let count = values.len() / 2;
    let term = |k: usize, at: usize| {
        let angle = -std::f64::consts::TAU * (k * at % count) as f64 / count as f64;
        let (sin, cos) = angle.sin_cos();
        let (real, imaginary) = (f64::from(values[2 * at]), f64::from(values[2 * at + 1]));
        [real * cos - imaginary * sin, real * sin + imaginary * cos]
    };
    let sum = |k: usize| (0..count).map(|at| term(k, at)).fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
    (0..count).flat_map(sum).collect()
}

/// The bound is that of 24-bit numbers through 8 passes, far above what rounding adds up to.
fn fft(samples: &Samples) {
    let run = samples.start("fft");
    for power in [1, 3, 8] {
        let count = 1_usize << power;
        let mut random = Rng::with_seed(power);
        let roots: Vec<f32> = (0..count / 2)
            .flat_map(|at| {
                let (sin, cos) = (-std::f64::consts::TAU * at as f64 / count as f64).sin_cos();
                [cos as f32, sin as f32]
            })
            .collect();
        let at_roots = run.upload(&roots);
        let made = run.zeros::<f32>(count);
        run.launch("fft_roots", cover(count / 2, 64), 0, &[Long(made), Word(count as u32)]);
        let exact: Vec<f64> = roots.iter().copied().map(f64::from).collect();
        // The approximate sine and cosine are within 2^-20.5 of the true ones between -pi and pi.
        near("roots", &run.download(made, count), &exact, 1e-6);

        let values = floats(&mut random, 2 * 3 * count);
        let at = run.upload(&values);
        let arguments = [Long(at), Long(at_roots), Word(count as u32)];
        run.launch("fft_block", line(3, count as u32 / 2), 8 * count as u32, &arguments);
        let expect: Vec<f64> = values.chunks(2 * count).flat_map(transform).collect();
        near(&format!("{count} in a block"), &run.download(at, 2 * 3 * count), &expect, 1e-4);

        let one = &values[..2 * count];
        let [mut from, mut to] = [run.upload(one), run.zeros::<f32>(2 * count)];
        for half in (0..power).map(|pass| 1_u32 << pass) {
            let arguments = [Long(from), Long(to), Long(at_roots), Word(half), Word(count as u32)];
            run.launch("fft_stockham", cover(count / 2, 48), 0, &arguments);
            (from, to) = (to, from);
        }
        near(&format!("{count} in passes"), &run.download(from, 2 * count), &expect[..2 * count], 1e-4);
    }
}

fn convolve(samples: &Samples) {
    let run = samples.start("convolution");
    for (seed, [width, height, radius]) in
        [[1, 1, 0], [64, 2, 1], [65, 3, 5], [200, 2, 16]].into_iter().enumerate()
    {
        let mut random = Rng::with_seed(seed as u64);
        let weights = floats(&mut random, 2 * radius + 1);
        run.set("weights", &weights);
        let values = floats(&mut random, width * height);
        let along = |row: &[f32], at: usize| {
            let places = (0..=2 * radius).filter_map(|k| Some((k, row.get((at + k).checked_sub(radius)?)?)));
            places.fold(0.0_f32, |sum, (k, value)| weights[k].mul_add(*value, sum))
        };
        let [from, to] = [run.upload(&values), run.zeros::<f32>(values.len())];
        let arguments = [Long(from), Long(to), Word(values.len() as u32), Word(radius as u32)];
        run.launch("convolve_1d", cover(values.len(), 96), 0, &arguments);
        let expect: Vec<f32> = (0..values.len()).map(|at| along(&values, at)).collect();
        let case = format!("{width} x {height}, radius {radius}");
        same(&case, &run.download(to, values.len()), &expect);

        let arguments = [Long(from), Long(to), Word(width as u32), Word(radius as u32)];
        let shape = [[width.div_ceil(64) as u32, height as u32, 1], [64, 1, 1]];
        run.launch("convolve_rows", shape, 0, &arguments);
        let rows = values.chunks(width);
        let expect: Vec<f32> =
            rows.flat_map(|row| (0..width).map(|at| along(row, at)).collect::<Vec<_>>()).collect();
        let got: Vec<f32> = run.download(to, values.len());
        same(&case, &got, &expect);
    }
}

fn sharpen(samples: &Samples) {
    let run = samples.start("convolution");
    for (seed, [width, height]) in [[1, 1], [17, 9], [40, 3]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let image: Vec<u8> = (0..width * height).map(|_| random.u8(..)).collect();
        let [from, to] = [run.upload(&image), run.zeros::<u8>(image.len())];
        let arguments = [Long(from), Long(to), Word(width as u32), Word(height as u32)];
        run.launch("convolve_sharpen", plane([width, height], [8, 8]), 0, &arguments);
        let cell = |x: usize, y: usize| {
            if x < width && y < height { i32::from(image[y * width + x]) } else { 0 }
        };
        let point = |at: usize| {
            let (x, y) = (at % width, at / width);
            let around =
                cell(x.wrapping_sub(1), y) + cell(x + 1, y) + cell(x, y.wrapping_sub(1)) + cell(x, y + 1);
            (5 * cell(x, y) - around).clamp(0, 255) as u8
        };
        let expect: Vec<u8> = (0..image.len()).map(point).collect();
        equal(&format!("{width} x {height}"), &run.download::<u8>(to, image.len()), &expect);
    }
}
