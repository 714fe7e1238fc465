//! Copies that need no waiting, and each op on an mbarrier by itself. How they work together: `mbarriers.rs`.

use stream_hal_kernels::FaultKind;

use super::super::bench::{Bench, kernel};
use super::{Form, walk};

#[test]
fn every_form() {
    walk("asynchronous", |form| match form.opcode.as_str() {
        "mbarrier" => mbarrier(form),
        _ if form.has("mbarrier") => {
            let counted = form.has("noinc");
            // With `.noinc` it is an arrival, else nothing changes.
            let out = one(&format!("{} mbarrier.init.shared.b64 [m], 2; {} [%d10];", place(form), form.text));
            assert_eq!(out, if counted { (1, 0) } else { (2, 0) }, "{}", form.text);
            true
        }
        _ if form.has("bulk") && (form.has("mbarrier::complete_tx::bytes") || form.has("bulk_group")) => {
            bulk(form)
        }
        _ if form.has("ca") || form.has("cg") => copy(form),
        _ => group(form),
    });
}

/// Ends and beginnings of groups, between copies that are there at once.
fn group(form: &Form) -> bool {
    let number = if form.has("wait_group") { " 3" } else { "" };
    let body = format!(
        ".shared .align 16 .b8 s[16]; ld.param.u64 %d1, [a]; cp.async.ca.shared.global [s], [%d1], 8; {}{number};
         ld.shared.u64 %d2, [s]; st.global.u64 [%d1+8], %d2; ret;",
        form.text
    );
    let mut bench = Bench::with_memory(&kernel("a", &body), 1 << 14);
    let at = bench.put_longs([12345, 0]);
    bench.run(1, 32, &[at]).unwrap();
    assert_eq!(bench.longs(at, 2), [12345, 12345]);
    true
}

/// All sizes, with and without a count of bytes to read or a predicate to read none.
fn copy(form: &Form) -> bool {
    const BYTES: usize = 16;
    let policy = if form.has("L2::cache_hint") { ", %d9" } else { "" };
    let sizes: &[usize] = if form.has("cg") { &[16] } else { &[4, 8, 16] };
    for &size in sizes {
        // What is asked for, and how many bytes of it come.
        let cases = [("", size), (", %r2", 0), (", %p1", 0), (", !%p1", 0), (", 3", 3)];
        for (source, fixed) in cases {
            let body = format!(
                ".shared .align 16 .b8 s[{}]; mov.u32 %r1, %tid.x; ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; mov.u64 %d9, 5;
                 mad.wide.u32 %d2, %r1, {BYTES}, %d2; mad.wide.u32 %d1, %r1, {BYTES}, %d1; mul.lo.u32 %r3, %r1, {BYTES};
                 mov.u32 %r4, s; add.u32 %r3, %r3, %r4; st.shared.v2.b64 [%r3], {{-1, -1}}; rem.u32 %r2, %r1, {};
                 and.b32 %r5, %r1, 1; setp.ne.u32 %p1, %r5, 0;\n{} [%r3], [%d1], {size}{source}{policy};\n
                 cp.async.wait_all; ld.shared.v2.b64 {{%d3, %d4}}, [%r3]; st.global.v2.b64 [%d2], {{%d3, %d4}}; ret;",
                40 * BYTES,
                size + 1,
                form.text
            );
            let mut bench = Bench::with_memory(&kernel("a b", &body), 1 << 14);
            let mut random = fastrand::Rng::with_seed(size as u64);
            let data: Vec<u8> = (0..40 * BYTES).map(|_| random.u8(..)).collect();
            let input = bench.put(&data);
            let output = bench.put(&[0; 40 * BYTES]);
            bench.run(1, 40, &[input, output]).unwrap_or_else(|fault| panic!("{} {fault}", form.text));
            for (thread, found) in bench.bytes(output, 40 * BYTES).chunks(BYTES).enumerate() {
                let read = match source {
                    ", %r2" => thread % (size + 1),
                    ", %p1" => {
                        if thread % 2 == 1 {
                            0
                        } else {
                            size
                        }
                    }
                    ", !%p1" => {
                        if thread % 2 == 0 {
                            0
                        } else {
                            size
                        }
                    }
                    _ => fixed,
                };
                let mut expected = [0xff; BYTES];
                expected[..size].fill(0);
                expected[..read].copy_from_slice(&data[thread * BYTES..][..read]);
                assert_eq!(found, expected, "{} {size}{source} thread {thread}", form.text);
            }
            // Where nothing is read any address will do, else it must be one.
            if form.words.len() < 5 && source == ", %p1" {
                bench.strays = true;
                let fault = bench.run(1, 40, &[1, output]).unwrap_err();
                assert_eq!((fault.kind, fault.thread), (FaultKind::MisalignedAddress, [0; 3]));
                let fault = bench.run(1, 40, &[1 << 44, output]).unwrap_err();
                assert_eq!((fault.kind, fault.thread), (FaultKind::IllegalAddress, [0; 3]));
                bench.run(1, 1, &[input, output + 8]).unwrap_err();
                bench.strays = false;
            }
        }
    }
    let too_many = format!("ld.param.u64 %d1, [a]; {} [0], [%d1], 16, 17{policy}; ret;", form.text);
    let mut bench = Bench::with_memory(&kernel("a", &too_many), 1 << 14);
    let at = bench.put(&[0; 32]);
    assert!(bench.run(1, 1, &[at]).is_err());
    true
}

/// Bytes in with a count at an mbarrier, bytes out with a group.
fn bulk(form: &Form) -> bool {
    let policy = if form.has("L2::cache_hint") { ", %d9" } else { "" };
    let inward = form.has("mbarrier::complete_tx::bytes");
    for bytes in [0u32, 16, 48, 8192] {
        let zero: String = "st.shared.u64 [s], 0; st.shared.u64 [s+40], 0;".into();
        let (instruction, after) = if inward {
            let expect = format!(
                "mbarrier.init.shared.b64 [m], 1; mbarrier.arrive.expect_tx.shared.b64 %d5, [m], {bytes};"
            );
            (
                format!("{zero} {expect} {} [s], [%d1], %r1, [m]{policy};", form.text),
                "mbarrier.test_wait.shared.b64 %p1, [m], %d5; selp.u64 %d6, 1, 0, %p1;",
            )
        } else {
            (
                format!(
                    "{zero} st.shared.u64 [s+8], 77; {} [%d2], [s], %r1{policy}; cp.async.bulk.commit_group;
                     cp.async.bulk.wait_group.read 0;",
                    form.text
                ),
                "mov.u64 %d6, 1;",
            )
        };
        let body = format!(
            ".shared .align 16 .b8 s[8192]; .shared .b64 m; ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; mov.u64 %d9, 1;
             mov.u32 %r1, {bytes}; {instruction} {after} ld.shared.u64 %d7, [s]; ld.shared.u64 %d8, [s+40];
             st.global.u64 [%d1+8192], %d6; st.global.u64 [%d1+8200], %d7; st.global.u64 [%d1+8208], %d8; ret;"
        );
        let mut bench = Bench::with_memory(&kernel("a b", &body), 1 << 16);
        let input = bench.put_longs(1000..2030);
        let output = bench.put_longs([1; 1030]);
        bench.run(1, 1, &[input, output]).unwrap_or_else(|fault| panic!("{} {bytes}: {fault}", form.text));
        let out = bench.longs(input + 8192, 3);
        if inward {
            assert_eq!(
                out,
                [1, if bytes > 0 { 1000 } else { 0 }, if bytes >= 48 { 1005 } else { 0 }],
                "{bytes}"
            );
        } else {
            assert_eq!(bench.longs(output, 2), if bytes > 0 { [0, 77] } else { [1, 1] }, "{bytes}");
            assert_eq!(bench.longs(output + u64::from(bytes), 1), [1], "{bytes}");
        }
    }
    true
}

/// The pending arrivals and whether phase 0 is over, after some instructions of one thread.
fn one(body: &str) -> (u64, u64) {
    let text = kernel(
        "a",
        &format!(
            ".shared .b64 m; ld.param.u64 %d1, [a]; mov.u64 %d10, m; {body}
             ld.shared.u64 %d2, [m]; mbarrier.pending_count.b64 %r1, %d2; mbarrier.test_wait.parity.shared.b64 %p1, [m], 0;
             selp.u32 %r2, 1, 0, %p1; st.global.v2.u32 [%d1], {{%r1, %r2}}; ret;"
        ),
    );
    let mut bench = Bench::with_memory(&text, 1 << 14);
    let at = bench.put_words([9; 2]);
    bench.run(1, 1, &[at]).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    let out = bench.words(at, 2);
    (u64::from(out[0]), u64::from(out[1]))
}

/// Forms without a space have generic addresses.
fn place(form: &Form) -> &'static str {
    if form.has("shared") || form.has("shared::cta") { "" } else { "cvta.shared.u64 %d10, %d10;" }
}

/// Each op on barriers of a known state.
fn mbarrier(form: &Form) -> bool {
    let text = &form.text;
    let place = place(form);
    let two = format!("{place} mbarrier.init.shared.b64 [m], 2;");
    let word = form.one_of(&[
        "init",
        "inval",
        "arrive",
        "arrive_drop",
        "expect_tx",
        "complete_tx",
        "pending_count",
        "test_wait",
        "try_wait",
    ]);
    match word {
        Some("init") => {
            assert_eq!(one(&format!("{place} {text} [%d10], 1048575;")), (1_048_575, 0));
            assert_eq!(one(&format!("{place} mov.u32 %r3, 7; {text} [%d10], %r3;")), (7, 0));
            assert_eq!(fault(&format!("{place} {text} [%d10], 0;")), FaultKind::IllegalInstruction);
            assert_eq!(fault(&format!("{place} {text} [%d10], 1048576;")), FaultKind::IllegalInstruction);
        }
        Some("inval") => {
            // The word is free for other uses.
            let reuse = format!(
                "{two} {text} [%d10]; st.shared.u64 [m], 55; ld.shared.u64 %d5, [m]; mbarrier.init.shared.b64 [m], 3;"
            );
            assert_eq!(one(&reuse), (3, 0));
            let late = format!("{two} {text} [%d10]; mbarrier.arrive.shared.b64 _, [m];");
            assert_eq!(fault(&late), FaultKind::IllegalInstruction);
        }
        Some("arrive" | "arrive_drop") => arrive(form, &two),
        Some("pending_count") => {
            let body = "mbarrier.init.shared.b64 [m], 5; mbarrier.arrive.noComplete.shared.b64 %d5, [m], 2;
                 mbarrier.arrive.noComplete.shared.b64 %d6, [m], 1;";
            let count = |state: &str| {
                one(&format!("{body} {text} %r5, {state}; mbarrier.init.shared.b64 [m], %r5;")).0
            };
            assert_eq!((count("%d5"), count("%d6")), (5, 3));
        }
        Some("expect_tx") => {
            let body = format!("{two} {text} [%d10], 64; mbarrier.arrive.shared.b64 _, [m], 2;");
            assert_eq!(one(&body), (0, 0), "bytes are missing");
            let body = format!("{body} mbarrier.complete_tx.shared.b64 [m], 64;");
            assert_eq!(one(&body), (2, 1), "{text}");
        }
        Some("complete_tx") => {
            // Bytes may come before they are announced.
            let body = format!("{two} {text} [%d10], 64; mbarrier.arrive.shared.b64 _, [m], 1;");
            assert_eq!(one(&body), (1, 0));
            let body = format!("{body} mbarrier.arrive.expect_tx.shared.b64 _, [m], 64;");
            assert_eq!(one(&body), (2, 1), "{text}");
        }
        Some("test_wait" | "try_wait") => wait(form, &two),
        _ => return false,
    }
    let misaligned = match word {
        Some("init") => format!("{place} {text} [%d10+4], 1;"),
        _ => return true,
    };
    assert_eq!(fault(&misaligned), FaultKind::MisalignedAddress);
    let elsewhere = format!("{text} [{}], 1;", if place.is_empty() { "0x100000" } else { "%d1" });
    assert_eq!(fault(&elsewhere), FaultKind::IllegalAddress);
    true
}

fn fault(body: &str) -> FaultKind {
    let text = kernel("a", &format!(".shared .b64 m; ld.param.u64 %d1, [a]; mov.u64 %d10, m;\n{body}\nret;"));
    let mut bench = Bench::with_memory(&text, 1 << 14);
    bench.strays = true;
    let at = bench.put_words([9; 2]);
    let fault = bench.run(1, 1, &[at]).unwrap_err();
    assert_eq!(fault.line, 12, "{fault}");
    fault.kind
}

fn arrive(form: &Form, two: &str) {
    let text = &form.text;
    let drops = form.has("arrive_drop");
    // The next phase expects as many fewer as were dropped.
    let next = |dropped: u64| if drops { 2 - dropped } else { 2 };
    if form.has("expect_tx") {
        let body = format!("{two} {text} %d5, [%d10], 32; mbarrier.arrive.shared.b64 _, [m];");
        assert_eq!(one(&body), (0, 0), "{text}");
        let body = format!("{body} mbarrier.complete_tx.shared.b64 [m], 32;");
        assert_eq!(one(&body), (next(1), 1), "{text}");
        return;
    }
    let count = if form.has("noComplete") { ", 1" } else { "" };
    let once = format!("{two} {text} %d5, [%d10]{count};");
    assert_eq!(one(&once), (1, 0), "{text}");
    assert_eq!(one(&format!("{once} mbarrier.arrive.shared.b64 _, [m];")), (next(1), 1), "{text}");
    // The state tells the phase that the arrival was in.
    let state = format!(
        "{once} mbarrier.arrive.shared.b64 %d6, [m]; mbarrier.test_wait.shared.b64 %p2, [m], %d5;
         selp.u32 %r5, 9, 3, %p2; mbarrier.init.shared.b64 [m], %r5;"
    );
    assert_eq!(one(&state), (9, 0), "{text}");
    if !form.has("noComplete") {
        assert_eq!(one(&format!("{two} {text} _, [%d10];")), (1, 0), "{text}");
        assert_eq!(one(&format!("{two} mov.u32 %r5, 2; {text} _, [%d10], %r5;")), (next(2), 1), "{text}");
    }
    assert_eq!(fault(&format!("{two} {text} %d5, [%d10], 3;")), FaultKind::IllegalInstruction, "{text}");
}

fn wait(form: &Form, two: &str) {
    let text = &form.text;
    let parity = form.has("parity");
    let hints: &[&str] = if form.has("try_wait") { &["", ", 1000"] } else { &[""] };
    for hint in hints {
        for arrivals in 0..6 {
            // The phase is half of the arrivals; each state and each parity is asked for.
            let arrive = "mbarrier.arrive.shared.b64 %d5, [m];".repeat(arrivals);
            let phase = arrivals / 2;
            let mut cases: Vec<(String, bool)> = Vec::new();
            if parity {
                cases.extend([0, 1].map(|parity| (parity.to_string(), phase % 2 != parity)));
            } else if arrivals > 0 {
                cases.push(("%d5".to_owned(), (arrivals - 1) / 2 != phase));
            }
            for (asked, over) in cases {
                let body = format!(
                    "{two} {arrive} {text} %p2, [%d10], {asked}{hint}; selp.u32 %r5, 9, 3, %p2; mbarrier.init.shared.b64 [m], %r5;"
                );
                assert_eq!(one(&body).0, if over { 9 } else { 3 }, "{text} {arrivals} arrivals, {asked}");
            }
        }
    }
}
