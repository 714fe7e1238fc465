//! Read-modify-writes, scalar and lane by lane, alone and among others.

use super::program::{RESULTS, check, check_with};

const OPS: &[&str] = &[
    "add",
    "addfloat",
    "and",
    "or",
    "xor",
    "exchange",
    "compareexchange",
    "minsigned",
    "maxsigned",
    "minunsigned",
    "maxunsigned",
    "incrementwrap",
    "decrementwrap",
];

fn done(body: String) -> String {
    format!("{body}v999: i32 = const 0\nreturn v999")
}

/// Every op on every width, with numbers from memory and constants, with and without old value.
#[test]
fn scalars() {
    for (op, bytes) in OPS.iter().flat_map(|op| [2, 4, 8].map(|bytes| (op, bytes))) {
        if *op == "addfloat" && bytes == 2 {
            continue;
        }
        let ty = if bytes == 8 { "i64" } else { "i32" };
        let wide = if bytes == 8 { 8 } else { 4 };
        for (space, guard) in
            ["generic", "shared"].iter().flat_map(|space| ["", "[v4]", "[v5]"].map(|guard| (space, guard)))
        {
            let mut body =
                "v3: i32 = const 9\nv4: i1 = compare.eq.u32 v3, v3\nv5: i1 = not.pred v4\n".to_owned();
            for at in 0..12 {
                let v = 10 + at * 10;
                let from = at * 32;
                let place = RESULTS + at * 16;
                body += &format!(
                    "v{v}: {ty} = load.generic.{wide} v2 + {from}
                    v{}: {ty} = load.generic.{wide} v2 + {}
                    v{}: {ty} = load.generic.{wide} v2 + {}
                    store.generic.{wide} v2 + {place}, v{}\n",
                    v + 1,
                    from + 8,
                    v + 2,
                    from + if at % 3 == 0 { 8 } else { 16 },
                    v + 2,
                );
                let (a, b) = (v, v + 1);
                let operand = if at % 4 == 3 {
                    body += &format!("v{}: {ty} = const {}\n", v + 3, [1, 0x7f, 0x80, 0xffff][at / 4 % 4]);
                    v + 3
                } else {
                    a
                };
                if at % 2 == 0 {
                    body += &format!(
                        "v{}: {ty} = atomic.{space}.{bytes}.{op} v2 + {place}, v{operand}, v{b} {guard}
                        store.generic.{wide} v2 + {}, v{}\n",
                        v + 4,
                        place + 4096,
                        v + 4,
                    );
                } else {
                    body += &format!("atomic.{space}.{bytes}.{op} v2 + {place}, v{operand}, v{b} {guard}\n");
                }
            }
            check(&done(body));
        }
    }
}

#[test]
fn lanes() {
    lanes_at(
        "table 5, 3, 3, 0xfffffff9, 0, 40, 5, 12, 5, 9, 22, 23, 24, 0xffffffe2, 31, 3
        table 5, 3, 3, 0xfffffff9, 0, 40, 5, 12
        table 5, 3, 3, 0xfffffffffffffff9, 0, 40, 5, 12",
    );
}

#[test]
fn lanes_at_one_place() {
    let all = |index: &str, count| format!("table {}\n", vec![index; count].join(", "));
    let far = all("0xfffffffffffffff9", 8);
    lanes_at(&format!("{}{}{far}", all("0xfffffff9", 16), all("7", 8)));
}

fn lanes_at(indexes: &str) {
    let shapes = [
        ("v16x32", "v16x32", 0, 16, 4),
        ("v8x64", "v8x64", 2, 8, 8),
        ("v8x64", "v8x32", 1, 8, 8),
        ("v8x32", "v8x64", 2, 8, 4),
    ];
    for (op, (ty, index, table, lanes, bytes)) in OPS.iter().flat_map(|op| shapes.map(|shape| (op, shape))) {
        for (locked, mask) in ["", ".locked"]
            .iter()
            .flat_map(|locked| [None, Some(0u32), Some(0xffff), Some(0xa5a6)].map(|mask| (locked, mask)))
        {
            for (wanted, constant) in [(true, false), (true, true), (false, false), (false, true)] {
                let mut body = format!(
                    "v3: {index} = table.{table}
                    v4: {ty} = load.generic.{bytes} v2 + 1024
                    v5: {ty} = load.generic.{bytes} v2 + 2048\n"
                );
                if constant {
                    body += &format!("v14: {ty} = const 3\n");
                }
                let operand = if constant { "v14" } else { "v4" };
                let under = match mask {
                    None => "",
                    Some(mask) => {
                        body += &format!("v6: i32 = const {mask}\nv7: m{lanes} = bitsmask v6\n");
                        "[v7]"
                    }
                };
                let place = RESULTS + 512;
                let result = if wanted { format!("v8: {ty} = ") } else { String::new() };
                body += &format!(
                    "{result}atomiclanes.{bytes}.{op}{locked} v2, v3 * 8 + {place}, {operand}, v5 {under}\n"
                );
                if wanted {
                    body += &format!("store.generic.{bytes} v2 + {}, v8\n", RESULTS + 4096);
                }
                check_with(indexes, &done(body));
            }
        }
    }
}

#[test]
fn pairs_of_bytes_in_lanes() {
    let indexes = "table 5, 3, 3, 0xfffffff9, 0, 40, 5, 12, 5, 9, 22, 23, 24, 0xffffffe2, 31, 3";
    for op in OPS.iter().filter(|op| **op != "addfloat") {
        for locked in ["", ".locked"] {
            check_with(
                indexes,
                &done(format!(
                    "v3: v16x32 = table.0
                    v4: v16x32 = load.generic.4 v2 + 1024
                    v5: v16x32 = load.generic.4 v2 + 2048
                    v8: v16x32 = atomiclanes.2.{op}{locked} v2, v3 * 2 + {}, v4, v5
                    store.generic.4 v2 + {}, v8\n",
                    RESULTS + 512,
                    RESULTS + 4096,
                )),
            );
        }
    }
}
