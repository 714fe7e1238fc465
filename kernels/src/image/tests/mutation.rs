//! Seeded damage to images of every form: whatever comes of it, nothing panics and nothing grows beyond its limit.

use super::build::{self, Entry, Packed};
use super::*;
use fastrand::Rng;

/// How many damaged images a test run looks at.
const ROUNDS: u64 = 60_000;

fn originals() -> Vec<Vec<u8>> {
    let cubin = build::elf(190, 8, 0x5004);
    let mut images: Vec<Vec<u8>> = REAL.iter().map(|(_, image, _)| image.to_vec()).collect();
    for packed in [Packed::Plain, Packed::Lz4, Packed::Zstd] {
        images.push(build::fatbin(&[
            Entry { kind: 2, architecture: 80, packed, payload: &cubin },
            Entry { kind: 1, architecture: 80, packed, payload: PTX.as_bytes() },
        ]));
    }
    let bundle =
        build::bundle(&[("hip-nvptx64-nvidia-cuda--sm_80", PTX.as_bytes()), ("hip-a-b-c-d-e", &cubin)]);
    for version in 1..=3 {
        images.extend([0, 1].map(|method| build::compressed(version, method, &bundle)));
    }
    images.extend([bundle, cubin, PTX.as_bytes().to_vec(), SPIRV.to_vec()]);
    images
}

/// One kind of damage: bits, whole fields of telling values, cuts, repetitions, a piece of another image.
fn damage(image: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Rng) {
    if image.is_empty() {
        return;
    }
    // Headers lie in front: half of the damage goes there.
    let reach = if random.bool() { image.len().min(128) } else { image.len() };
    let at = random.usize(..reach);
    match random.u8(..6) {
        0 => image[at] ^= 1 << random.u8(..8),
        1 => image[at] = random.u8(..),
        2 => {
            let field = [0, 1, 63, 64, u64::MAX, u64::MAX - 7, 1 << 31, 1 << 63, image.len() as u64];
            let bytes = field[random.usize(..field.len())].to_le_bytes();
            let width = [2, 4, 8][random.usize(..3)].min(image.len() - at);
            image[at..at + width].copy_from_slice(&bytes[..width]);
        }
        3 => image.truncate(at),
        4 => image.splice(at..at, vec![random.u8(..); random.usize(..70)]).for_each(drop),
        _ => {
            let other = &others[random.usize(..others.len())];
            let from = random.usize(..other.len());
            image.splice(at..at, other[from..].iter().copied().take(200)).for_each(drop);
        }
    }
}

/// Everything that may be done with untrusted bytes.
pub fn exercise(image: &[u8]) {
    let _ = ptx(image);
    let _ = wrapped(image);
    if let Ok(found) = sniff(image) {
        assert!(!found.inventory().is_empty());
        for code in found.codes() {
            if let Ok(bytes) = found.unpack(code) {
                assert!(bytes.len() as u64 <= MAX_UNPACKED_BYTES.max(image.len() as u64));
            }
        }
    }
    let mut have = 0;
    while let Ok(Needed::More(bytes)) = needed(&image[..have]) {
        assert!(bytes > have && bytes as u64 <= MAX_IMAGE_BYTES, "{have} then {bytes}");
        if bytes > image.len() {
            break;
        }
        have = bytes;
    }
}

#[test]
fn damaged_images_do_no_harm() {
    let originals = originals();
    for seed in 0..ROUNDS {
        let mut random = Rng::with_seed(seed);
        let mut image = originals[random.usize(..originals.len())].clone();
        for _ in 0..random.usize(1..4) {
            damage(&mut image, &originals, &mut random);
        }
        let outcome = std::panic::catch_unwind(|| exercise(&image));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[test]
fn every_cut_of_an_image_is_an_error_or_loses_nothing() {
    for image in originals() {
        let whole = sniff(&image).unwrap().inventory();
        for length in 0..image.len() {
            exercise(&image[..length]);
            let Ok(found) = sniff(&image[..length]) else { continue };
            // Only text and single codes do not say how long they are.
            let is_single = found.codes().len() == 1 && !image.starts_with(b"CCOB");
            assert!(is_single || found.inventory() == whole, "{whole} cut to {length} bytes");
        }
    }
}
