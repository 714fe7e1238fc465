//! Where PTX says the elements of an `mma` are: for each matrix and shape, row and column of element i of a lane.

use super::spec::Spec;

/// Product, row and column.
pub type At = (usize, usize, usize);

fn pick(first: bool, yes: usize, no: usize) -> usize {
    if first { yes } else { no }
}

/// Rows and columns of A, by shape and width.
fn a(spec: &Spec, lane: usize, i: usize) -> At {
    let (g, t) = (lane >> 2, lane % 4);
    let (m, _, k) = spec.shape;
    let (row, column) = match (m, k, spec.bits("a")) {
        (8, 4, 64) => (g, t),
        (8, 16, 8) => (g, t * 4 + i),
        (8, 32, 4) => (g, t * 8 + i),
        (8, 128, 1) => (g, t * 32 + i),
        (16, 4, _) => (pick(i == 0, g, g + 8), t),
        (16, 8, 16) => (pick(i < 2, g, g + 8), t * 2 + (i & 1)),
        (16, 8, _) => (pick(i == 0 || i == 2, g, g + 8), pick(i < 2, t, t + 4)),
        (16, 16, 16) => (pick(i < 2 || (4..6).contains(&i), g, g + 8), t * 2 + (i & 1) + pick(i < 4, 0, 8)),
        (16, 16, 64) => (pick(i.is_multiple_of(2), g, g + 8), t + [0, 0, 4, 4, 8, 8, 12, 12][i]),
        (16, 16, 8) => (pick(i < 4, g, g + 8), t * 4 + (i & 3)),
        (16, 32, 8) => (pick(i < 4 || (8..12).contains(&i), g, g + 8), t * 4 + (i & 3) + pick(i < 8, 0, 16)),
        (16, 32, 4) => (pick(i < 8, g, g + 8), t * 8 + (i & 7)),
        (16, 64, 4) => {
            (pick(i < 8 || (16..24).contains(&i), g, g + 8), t * 8 + (i & 7) + pick(i < 16, 0, 32))
        }
        (16, 128, 1) => (pick(i < 32, g, g + 8), t * 32 + (i & 31)),
        (16, 256, 1) => {
            (pick(i < 32 || (64..96).contains(&i), g, g + 8), t * 32 + (i & 31) + pick(i < 64, 0, 128))
        }
        other => panic!("no fragment of A for {other:?}"),
    };
    (0, row, column)
}

/// Rows and columns of B.
fn b(spec: &Spec, lane: usize, i: usize) -> At {
    let (g, t) = (lane >> 2, lane % 4);
    let (m, _, k) = spec.shape;
    let row = match (m, k, spec.bits("b")) {
        (_, 4, _) => t,
        (_, 8, 16) => t * 2 + i,
        (_, 8, _) => t + [0, 4][i],
        (_, 16, 16) => t * 2 + (i & 1) + pick(i < 2, 0, 8),
        (_, 16, 64) => t + [0, 4, 8, 12][i],
        (_, 16, 8) => t * 4 + i,
        (_, 32, 8) => t * 4 + (i & 3) + pick(i < 4, 0, 16),
        (_, 32, 4) => t * 8 + i,
        (_, 64, 4) => t * 8 + (i & 7) + pick(i < 8, 0, 32),
        (_, 128, 1) => t * 32 + i,
        (_, 256, 1) => t * 32 + (i & 31) + pick(i < 32, 0, 128),
        other => panic!("no fragment of B for {other:?}"),
    };
    (0, row, g)
}

/// Rows and columns of C and D.
fn c(spec: &Spec, lane: usize, i: usize) -> At {
    let (g, t) = (lane >> 2, lane % 4);
    match spec.shape.0 {
        8 => (0, g, t * 2 + i),
        _ => (0, pick(i < 2, g, g + 8), t * 2 + (i & 1)),
    }
}

/// `m8n8k4` of halves: lanes 4p to 4p+3 and 16 further do product p.
fn pair(spec: &Spec, role: &str, lane: usize, i: usize) -> At {
    let (low, l) = (lane < 16, lane % 4);
    let layout = match role {
        "a" => spec.layouts[0],
        "b" => spec.layouts[1],
        _ => "row",
    };
    let (row, column) = match (role, layout) {
        ("a", "row") => (pick(low, l, l + 4), i),
        ("a", _) => (pick(low, i, i + 4), l),
        ("b", "row") => (l, pick(low, i, i + 4)),
        ("b", _) => (i, pick(low, l, l + 4)),
        _ if spec.ty(role) == "f16" => (pick(low, l, l + 4), i),
        _ => {
            let x = (lane & 0b1) + (i & 0b10);
            (pick(low, x, x + 4), (i & 0b100) + (lane & 0b10) + (i & 0b1))
        }
    };
    ((lane / 4) % 4, row, column)
}

/// Where element i of a lane is.
pub fn place(spec: &Spec, role: &str, lane: usize, i: usize) -> At {
    if spec.pairs() {
        return pair(spec, role, lane, i);
    }
    match role {
        "a" => a(spec, lane, i),
        "b" => b(spec, lane, i),
        _ => c(spec, lane, i),
    }
}

/// Elements of a lane.
pub fn elements(spec: &Spec, role: &str) -> usize {
    let (rows, columns) = spec.size(role);
    rows * columns * spec.products() / 32
}
