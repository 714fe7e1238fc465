//! Structs by value, arrays in local memory, switches.

use fastrand::Rng;

use super::check::Argument::{Bytes, Float, Long, Word};
use super::check::{COUNTS, Check, Samples, check, cover, equal, floats, plane, same, words};

pub const CHECKS: &[Check] = &[
    check("structs", &["structs_transform"], transform),
    check("structs", &["structs_particles"], particles),
    check("structs", &["structs_median"], median),
    check("structs", &["structs_inverse"], inverse),
    check("machine", &["machine_run"], machine),
    check("machine", &["machine_table"], table),
    check("machine", &["machine_scan"], scan),
];

fn transform(samples: &Samples) {
    let run = samples.start("structs");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let (rows, points) = (floats(&mut random, 12), floats(&mut random, 3 * count));
        let flip = seed % 2 == 1;
        let mut by_value: Vec<u8> = rows.iter().flat_map(|number| number.to_le_bytes()).collect();
        by_value.extend([u8::from(flip), 0xaa, 0xaa, 0xaa]);
        let to = run.zeros::<f32>(3 * count);
        let arguments = [Bytes(by_value), Long(run.upload(&points)), Long(to), Word(count as u32)];
        run.launch("structs_transform", cover(count, 64), 0, &arguments);
        let moved = |point: &[f32]| {
            let along = |row: &[f32]| {
                let sum =
                    row[0].mul_add(point[0], row[1].mul_add(point[1], row[2].mul_add(point[2], row[3])));
                if flip { -sum } else { sum }
            };
            rows.chunks(4).map(along).collect::<Vec<f32>>()
        };
        let expect: Vec<f32> = points.chunks(3).flat_map(moved).collect();
        same(&format!("{count}"), &run.download(to, 3 * count), &expect);
    }
}

/// 24 bytes each: place, speed, bounces, a kind, and three bytes of nothing.
fn particles(samples: &Samples) {
    let run = samples.start("structs");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let mut numbers: Vec<[f32; 4]> = (0..count)
            .map(|_| [random.f32(), random.f32(), random.f32() - 0.5, random.f32() * 4.0 - 2.0])
            .collect();
        let kinds: Vec<u8> = (0..count).map(|_| random.u8(..3)).collect();
        let mut bounces = vec![1_u32; count];
        let packed = |numbers: &[[f32; 4]], bounces: &[u32]| -> Vec<u8> {
            let one = |i: usize| {
                let mut bytes: Vec<u8> = numbers[i].iter().flat_map(|number| number.to_le_bytes()).collect();
                bytes.extend(bounces[i].to_le_bytes());
                bytes.extend([kinds[i], 0, 0, 0]);
                bytes
            };
            (0..numbers.len()).flat_map(one).collect()
        };
        let at = run.upload(&packed(&numbers, &bounces));
        let arguments = [Long(at), Float(0.25), Word(6), Word(count as u32)];
        run.launch("structs_particles", cover(count, 64), 0, &arguments);
        for i in 0..count {
            for _ in 0..6 {
                let one = &mut numbers[i];
                for axis in 0..2 {
                    one[axis] = one[axis + 2].mul_add(0.25, one[axis]);
                    if !(0.0..=1.0).contains(&one[axis]) {
                        let kept = if axis == 1 && kinds[i] == 1 { 0.5 } else { 1.0 };
                        one[axis + 2] = -one[axis + 2] * kept;
                        bounces[i] += 1;
                    }
                }
            }
        }
        // What fills a struct up may be anything.
        let clean = |mut bytes: Vec<u8>| {
            bytes.chunks_mut(24).for_each(|one| one[21..].fill(0));
            bytes
        };
        let got = clean(run.download::<u8>(at, 24 * count));
        equal(&format!("{count}"), &got, &packed(&numbers, &bounces));
    }
}

fn median(samples: &Samples) {
    let run = samples.start("structs");
    for (seed, [width, height]) in [[1, 1], [17, 9], [8, 30]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let image: Vec<u8> = (0..width * height).map(|_| random.u8(..)).collect();
        let to = run.zeros::<u8>(image.len());
        let arguments = [Long(run.upload(&image)), Long(to), Word(width as u32), Word(height as u32)];
        run.launch("structs_median", plane([width, height], [8, 4]), 0, &arguments);
        let pixel = |at: usize| {
            let (x, y) = (at % width, at / width);
            let near = |at: usize, step: usize, size: usize| (at + step).clamp(1, size) - 1;
            let mut around: Vec<u8> =
                (0..9).map(|one| image[near(y, one / 3, height) * width + near(x, one % 3, width)]).collect();
            around.sort();
            around[4]
        };
        let expect: Vec<u8> = (0..image.len()).map(pixel).collect();
        equal(&format!("{width} x {height}"), &run.download::<u8>(to, image.len()), &expect);
    }
}

/// The same steps in the same order; the product with the matrix shows that they are the right ones.
fn inverse(samples: &Samples) {
    let run = samples.start("structs");
    let count = 70;
    let mut matrices = floats(&mut Rng::with_seed(3), 16 * count);
    // One that has no inverse, one that needs its rows swapped.
    matrices[..16].fill(0.5);
    matrices[16] = 0.0;
    let (to, possible) = (run.zeros::<f32>(16 * count), run.zeros::<u32>(count));
    let arguments = [Long(run.upload(&matrices)), Long(to), Long(possible), Word(count as u32)];
    run.launch("structs_inverse", cover(count, 32), 0, &arguments);
    let got = run.download::<f32>(to, 16 * count);
    let expect: Vec<Option<Vec<f32>>> = matrices.chunks(16).map(inverse_of).collect();
    let have: Vec<u32> = expect.iter().map(|found| u32::from(found.is_some())).collect();
    equal("which have one", &run.download::<u32>(possible, count), &have);
    let filled: Vec<f32> = expect.iter().flat_map(|found| found.clone().unwrap_or(vec![0.0; 16])).collect();
    same("inverses", &got, &filled);
    for (of, inverse) in matrices.chunks(16).zip(got.chunks(16)).skip(1) {
        let size = inverse.iter().fold(1.0_f32, |most, number| most.max(number.abs()));
        for at in 0..16 {
            let sum: f32 = (0..4).map(|k| of[at / 4 * 4 + k] * inverse[4 * k + at % 4]).sum();
            let one = if at % 5 == 0 { 1.0 } else { 0.0 };
            assert!((sum - one).abs() < 1e-5 * size, "{of:?} by {inverse:?} has {sum} at {at}");
        }
    }
}

fn inverse_of(matrix: &[f32]) -> Option<Vec<f32>> {
    let mut rows: Vec<Vec<f32>> = matrix.chunks(4).map(|row| [row, &[0.0; 4]].concat()).collect();
    (0..4).for_each(|row| rows[row][row + 4] = 1.0);
    for pivot in 0..4 {
        let larger = |best: usize, row: usize| {
            if rows[row][pivot].abs() > rows[best][pivot].abs() { row } else { best }
        };
        let best = (pivot + 1..4).fold(pivot, larger);
        if rows[best][pivot] == 0.0 {
            return None;
        }
        rows.swap(pivot, best);
        let scale = rows[pivot][pivot];
        rows[pivot].iter_mut().for_each(|number| *number /= scale);
        let scaled = rows[pivot].clone();
        for row in (0..4).filter(|&row| row != pivot) {
            let factor = rows[row][pivot];
            rows[row]
                .iter_mut()
                .zip(&scaled)
                .for_each(|(number, by)| *number = (-factor).mul_add(*by, *number));
        }
    }
    Some(rows.iter().flat_map(|row| row[4..].to_vec()).collect())
}

/// An instruction of the small machine.
fn code(opcode: u32, number: u32) -> u32 {
    number << 8 | opcode
}

fn machine(samples: &Samples) {
    let run = samples.start("machine");
    // How many halvings and triplings lead to 1, then a few of the other operations on it.
    let collatz = [
        code(0, 0),
        code(1, 0),
        code(6, 0),
        code(14, u32::MAX >> 8),
        code(13, 1),
        code(10, 8),
        code(8, 0),
        code(15, 0),
        code(6, 0),
        code(12, 0),
        code(10, 13),
        code(13, 1),
        code(11, 17),
        code(0, 3),
        code(4, 0),
        code(14, 1),
        code(11, 17),
        code(6, 1),
        code(14, 1),
        code(7, 2),
        code(8, 0),
        code(11, 2),
    ];
    let mut random = Rng::with_seed(7);
    let mut programs = vec![collatz.to_vec()];
    for _ in 0..20 {
        let length = random.u32(1..30);
        let step = |random: &mut Rng| match random.u32(..17) {
            opcode @ (10 | 11) => code(opcode, random.u32(..length + 1)),
            opcode @ (6 | 7 | 13) => code(opcode, random.u32(..8)),
            opcode => code(opcode, random.u32(..1000)),
        };
        programs.push((0..length).map(|_| step(&mut random)).collect());
    }
    let inputs: Vec<u32> = (1..=70).collect();
    for program in programs {
        let out = run.zeros::<u32>(2 * inputs.len());
        let sizes = [Word(program.len() as u32), Word(300), Word(inputs.len() as u32)];
        let lists = [run.upload(&program), run.upload(&inputs), out].map(Long);
        run.launch("machine_run", cover(inputs.len(), 32), 0, &[lists, sizes].concat());
        let expect: Vec<u32> = inputs.iter().flat_map(|&input| ran(&program, input, 300)).collect();
        equal(&format!("{program:?}"), &run.download::<u32>(out, 2 * inputs.len()), &expect);
    }
}

/// The top of the stack and the number of steps.
fn ran(program: &[u32], input: u32, most_steps: u32) -> [u32; 2] {
    let mut stack = [0_u32; 16];
    let (mut top, mut at, mut steps) = (0_u32, 0_usize, 0);
    while at < program.len() {
        steps += 1;
        if steps > most_steps {
            break;
        }
        let (opcode, number) = (program[at] & 255, program[at] >> 8);
        at += 1;
        let slot = |back: u32| (top.wrapping_sub(back) & 15) as usize;
        let (here, below) = (stack[slot(0)], stack[slot(1)]);
        let mut push = None;
        match opcode {
            0 => push = Some(number),
            1 => push = Some(input),
            2..=5 => {
                stack[slot(1)] = match opcode {
                    2 => below.wrapping_add(here),
                    3 => below.wrapping_sub(here),
                    4 => below.wrapping_mul(here),
                    _ => below.checked_div(here).unwrap_or(0),
                };
                top = top.wrapping_sub(1);
            }
            6 => push = Some(stack[slot(number)]),
            7 => stack[slot(number)] = here,
            8 => top = top.wrapping_sub(1),
            9 => stack[slot(0)] = here ^ here << 13,
            10 if here != 0 => at = number as usize,
            10 => {}
            11 => at = number as usize,
            12 => stack[slot(0)] = here & 1,
            13 => stack[slot(0)] = here >> number,
            14 => stack[slot(0)] = here.wrapping_add(number),
            _ => at = program.len(),
        }
        if let Some(value) = push {
            top = top.wrapping_add(1);
            stack[top as usize & 15] = value;
        }
    }
    [stack[top as usize & 15], steps]
}

fn table(samples: &Samples) {
    let run = samples.start("machine");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [values, steps] = [0; 2].map(|_| words(&mut random, count));
        let out = run.zeros::<u32>(count);
        let lists = [run.upload(&values), run.upload(&steps), out].map(Long);
        let arguments = [lists.as_slice(), &[Word(count as u32)]].concat();
        run.launch("machine_table", cover(count, 64), 0, &arguments);
        let last = |(&value, &steps): (&u32, &u32)| {
            let digits = (0..8).map(|at| steps >> (4 * at)).take_while(|&left| left != 0);
            digits.fold(value, |value, left| match left & 3 {
                0 => value.wrapping_add(77),
                1 => value.wrapping_mul(3),
                2 => !value,
                _ => value ^ 0x5555,
            })
        };
        let expect: Vec<u32> = values.iter().zip(&steps).map(last).collect();
        equal(&format!("{count}"), &run.download::<u32>(out, count), &expect);
    }
}

fn scan(samples: &Samples) {
    let run = samples.start("machine");
    let mut random = Rng::with_seed(8);
    let mut texts: Vec<String> =
        ["", "12", "-3.5 7 .5 x1 + 4. 1..2", "   ", "1e5 +9 --1 00"].map(str::to_owned).to_vec();
    for _ in 0..60 {
        let length = random.usize(..40);
        texts.push((0..length).map(|_| char::from(b"01 9.-+ x 5 "[random.usize(..12)])).collect());
    }
    let mut starts = vec![0];
    texts.iter().for_each(|text| starts.push(starts[starts.len() - 1] + text.len() as u32));
    let out = run.zeros::<u32>(3 * texts.len());
    let lists = [run.upload(texts.concat().as_bytes()), run.upload(&starts), out].map(Long);
    let arguments = [lists.as_slice(), &[Word(texts.len() as u32)]].concat();
    run.launch("machine_scan", cover(texts.len(), 32), 0, &arguments);
    let kinds = |text: &String| {
        let mut counts = [0; 3];
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
            let digits_alone = (whole.to_owned() + fraction).bytes().all(|byte| byte.is_ascii_digit());
            let number = digits_alone && !(whole.is_empty() && fraction.is_empty()) && !digits.is_empty();
            counts[if !number { 2 } else { usize::from(digits.contains('.')) }] += 1;
        }
        counts
    };
    let expect: Vec<u32> = texts.iter().flat_map(kinds).collect();
    equal("texts", &run.download::<u32>(out, expect.len()), &expect);
    assert!(
        (0..3).all(|kind| expect.iter().skip(kind).step_by(3).any(|&count| count > 0)),
        "a kind is missing"
    );
}
