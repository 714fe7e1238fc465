//! What each form of image is taken for, and that no bytes whatever do harm.

mod build;
mod mutation;

use super::*;
use build::{Entry, Packed};

const PTX: &str = ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry f() { ret; }\n";
const SPIRV: &[u8] = b"\x03\x02\x23\x07\0\x06\x01\0";

fn text_for(architecture: &str) -> String {
    PTX.replace("sm_80", architecture)
}

#[track_caller]
fn check(image: &[u8], inventory: &str) {
    match sniff(image) {
        Ok(found) => {
            assert_eq!(found.inventory(), inventory);
            for code in found.codes() {
                let _ = found.unpack(code);
            }
        }
        Err(error) => assert_eq!(format!("error: {error}"), inventory),
    }
}

/// Reads `image` step by step as the C layer does; `None` for text.
#[track_caller]
fn discovered(image: &[u8]) -> Result<Option<usize>, Error> {
    let mut have = 0;
    loop {
        match needed(&image[..have])? {
            Needed::Known(bytes) => return Ok(Some(bytes)),
            Needed::Text => return Ok(None),
            Needed::More(bytes) => {
                assert!(bytes > have, "asks for {bytes} when {have} are there");
                assert!(bytes <= image.len(), "asks for {bytes} of {} bytes", image.len());
                have = bytes;
            }
        }
    }
}

#[test]
fn text_is_told_by_its_first_directive() {
    check(PTX.as_bytes(), "PTX for sm_80");
    check(format!("{PTX}\0").as_bytes(), "PTX for sm_80");
    check(format!("{PTX}\0\x7fELF rubbish").as_bytes(), "PTX for sm_80");
    check(format!("// a\n /* b .target sm_1 \n*/\r\n\t{PTX}").as_bytes(), "PTX for sm_80");
    check(b".version 8.5\n.target  sm_90a, debug\n", "PTX for sm_90a");
    check(b".version 8.5", "PTX");
    check(b"", "error: the image is empty");
    check(b"\0", "error: the image is empty");
    check(b" // nothing\n/* more */ ", "error: the image is empty");
    check(b"/* never closed", "error: the image is empty");
    check(b"/*/ .version", "error: the image is empty");
    check(b"not ptx", "error: not a code image: it starts with 6e 6f 74 20 70 74 78 (\"not ptx\")");
    check(b".", "error: not a code image: it starts with 2e (\".\")");
    check(b"\xff\xfe.v", "error: not a code image: it starts with ff fe 2e 76 (\"\\xff\\xfe.v\")");
}

#[test]
fn text_reaches_the_parser_without_its_nul() {
    assert_eq!(ptx(format!("{PTX}\0\0").as_bytes()).unwrap(), PTX);
    assert!(matches!(ptx(PTX.as_bytes()).unwrap(), Cow::Borrowed(_)));
    assert_eq!(ptx(b"// \xe9\n.version 7.0").unwrap(), "// \u{fffd}\n.version 7.0");
}

#[test]
fn single_codes_are_told_by_their_magic() {
    check(SPIRV, "SPIR-V");
    check(b"\x07\x23\x02\x03\0\x01\x06\0", "SPIR-V");
    check(b"BC\xc0\xde....", "LLVM bitcode");
    check(&build::elf(190, 8, 0x0600_5a04), "ELF for sm_90");
    check(&build::elf(190, 7, 0x0050_0550), "ELF for sm_80");
    check(&build::elf(224, 3, 0x22f), "ELF for gfx906");
    check(&build::elf(224, 3, 0xff), "ELF for an unknown AMD processor");
    check(&build::elf(62, 0, 0), "ELF for x86-64");
    check(&build::elf(40, 0, 0), "ELF");
    check(b"\x7fELF\x02", "error: the ELF header is cut off: 64 bytes are needed, 5 are there");
    let mut small = build::elf(62, 0, 0);
    small[4] = 1;
    check(&small, "error: ELF that is not 64-bit little-endian is not supported");
}

#[test]
fn a_wrapper_gives_its_address() {
    let mut wrapper = [0; 24];
    wrapper[..4].copy_from_slice(&CUDA_WRAPPER.to_le_bytes());
    wrapper[8..16].copy_from_slice(&0x1234_5678_9abc_u64.to_le_bytes());
    assert_eq!(wrapped(&wrapper), Some(0x1234_5678_9abc));
    assert_eq!(needed(&wrapper), Ok(Needed::Known(24)));
    check(&wrapper, "error: this is the structure that points to an image, not the image");
    wrapper[..4].copy_from_slice(&HIP_WRAPPER.to_le_bytes());
    assert_eq!(wrapped(&wrapper), Some(0x1234_5678_9abc));
    assert_eq!(wrapped(&wrapper[..12]), None);
    assert_eq!(wrapped(PTX.as_bytes()), None);
}

#[test]
fn the_best_ptx_is_the_newest_that_the_device_reaches() {
    let [old, fit, new, newest] = ["sm_52", "sm_80", "sm_90", "sm_120a"].map(text_for);
    let texts = [(120, &newest), (52, &old), (90, &new), (80, &fit)];
    let entries = texts.map(|(architecture, text)| Entry {
        kind: 1,
        architecture,
        packed: Packed::Plain,
        payload: text.as_bytes(),
    });
    let image = build::fatbin(&entries);
    assert_eq!(ptx(&image).unwrap(), fit);
    for (level, expect) in [(30, &old), (75, &old), (86, &fit), (90, &new), (100, &new), (121, &newest)] {
        assert_eq!(&ptx_for(&image, level).unwrap(), expect, "level {level}");
    }
}

#[test]
fn fatbins_of_every_packing_unpack() {
    let cubin = build::elf(190, 8, 0x5004);
    for packed in [Packed::Plain, Packed::Lz4, Packed::Zstd] {
        let image = build::fatbin(&[
            Entry { kind: 2, architecture: 80, packed, payload: &cubin },
            Entry { kind: 1, architecture: 70, packed, payload: PTX.as_bytes() },
            Entry { kind: 8, architecture: 70, packed, payload: b"who knows" },
        ]);
        check(&image, "ELF for sm_80, PTX for sm_70, unknown code for fatbin entry of kind 8");
        assert_eq!(ptx(&image).unwrap(), PTX, "{packed:?}");
        assert_eq!(discovered(&image), Ok(Some(image.len())));
        let found = sniff(&image).unwrap();
        let unpacked = found.unpack(&found.codes()[0]).unwrap();
        assert_eq!(unpacked[..cubin.len()], cubin, "{packed:?}");
    }
    check(&build::fatbin(&[]), "no code");
}

#[test]
fn a_fatbin_without_ptx_says_what_it_holds() {
    let cubin = build::elf(190, 8, 0x5004);
    let entry = |architecture| Entry { kind: 2, architecture, packed: Packed::Zstd, payload: &cubin };
    let error = ptx(&build::fatbin(&[entry(80), entry(90)])).unwrap_err();
    assert_eq!(error.to_string(), "no PTX in the image; it holds ELF for sm_80, ELF for sm_90");
    assert_eq!(ptx(SPIRV).unwrap_err().to_string(), "no PTX in the image; it holds SPIR-V");
}

#[test]
fn broken_fatbins_are_told() {
    let image =
        build::fatbin(&[Entry { kind: 1, architecture: 80, packed: Packed::Zstd, payload: PTX.as_bytes() }]);
    let with = |at: usize, bytes: &[u8]| {
        let mut image = image.clone();
        image[at..at + bytes.len()].copy_from_slice(bytes);
        image
    };
    check(&image[..9], "error: the fatbin's header is cut off: 16 bytes are needed, 9 are there");
    let (length, short) = (image.len(), image.len() - 1);
    let cut = format!("error: the fatbin is cut off: {length} bytes are needed, {short} are there");
    check(&image[..short], &cut);
    check(&with(6, &[4, 0]), "error: the fatbin is corrupt: its header has 4 bytes");
    check(
        &with(8, &[0xff; 8]),
        &format!("error: the fatbin is cut off: {} bytes are needed, {length} are there", u64::MAX),
    );
    check(&with(20, &[3, 0, 0, 0]), "error: a fatbin entry is corrupt: its header has 3 bytes");
    let payload = length - 16 - 64;
    check(
        &with(32, &[0xff, 0xff, 0, 0]),
        &format!("error: a fatbin entry is corrupt: 65535 compressed bytes in a payload of {payload}"),
    );
    let unpacking = |image: &[u8]| ptx(image).unwrap_err().to_string();
    assert_eq!(
        unpacking(&with(16 + 56, &u64::MAX.to_le_bytes())),
        format!(
            "the zstd data is too large: {} bytes, the limit is {}",
            u64::MAX,
            stored_bytes(&image) * 4096
        )
    );
    let (bytes, more) = (PTX.len(), PTX.len() as u64 + 1);
    assert_eq!(
        unpacking(&with(16 + 56, &more.to_le_bytes())),
        format!("the zstd data is corrupt: it holds {bytes} bytes or more, {more} were announced")
    );
    let less = (PTX.len() as u64 - 1).to_le_bytes();
    assert!(unpacking(&with(16 + 56, &less)).starts_with("the zstd data is corrupt"));
    assert!(unpacking(&with(16 + 64, &[0; 4])).starts_with("the zstd data is corrupt"));
}

#[test]
fn broken_joint_entries_are_told() {
    let image = include_bytes!("../../tests/data/images/fatbin_joint.bin");
    // The table of the first entry stands behind its header of 64 bytes.
    let with = |at: usize, value: u32| {
        let mut image = image.to_vec();
        image[16 + 64 + at..][..4].copy_from_slice(&value.to_le_bytes());
        image
    };
    check(&with(0, 3), "error: a fatbin entry is corrupt: its table has 3 rows in 168 bytes");
    check(&with(0, 0), "error: a fatbin entry is corrupt: its table has 0 rows in 168 bytes");
    check(&with(4, 4), "error: a fatbin entry is corrupt: its table has 2 rows in 4 bytes");
    check(
        &with(4, 0xffff_fff8),
        "error: the table of a fatbin entry is cut off: 4294967352 bytes are needed, 232 are there",
    );
    let error = ptx_for(&with(8 + 8, 5000), 75).unwrap_err().to_string();
    assert_eq!(error, "a piece of a joint fatbin entry is cut off: 5000 bytes are needed, 1888 are there");
}

fn stored_bytes(image: &[u8]) -> u64 {
    u32::from_le_bytes(image[32..36].try_into().unwrap()).into()
}

#[test]
fn bundles_list_the_device_entries() {
    let (old, new) = (text_for("sm_70"), text_for("sm_80"));
    let gpu = build::elf(224, 3, 0x22f);
    let entries: &[(&str, &[u8])] = &[
        ("hip-nvptx64-nvidia-cuda--sm_70", old.as_bytes()),
        ("hip-nvptx64-nvidia-cuda-unknown-sm_80", new.as_bytes()),
        ("hip-spirv64-amd-amdhsa--amdgcnspirv", SPIRV),
        ("hip-spirv64----generic", SPIRV),
        ("hipv4-amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-", &gpu),
        ("hip-x86_64-unknown-linux-gnu-cpu", b"?"),
        ("odd", &gpu),
        ("hip-nvptx64-nvidia-cuda--sm_60", b""),
    ];
    let listed = "PTX for sm_70, PTX for sm_80, SPIR-V for amdgcnspirv, SPIR-V for generic, \
                  ELF for gfx90a:sramecc+:xnack-, unknown code for cpu, ELF for gfx906";
    let plain = build::bundle(entries);
    check(&plain, listed);
    assert_eq!(ptx(&plain).unwrap(), new);
    assert_eq!(discovered(&plain), Ok(Some(plain.len())));
    for (version, method) in [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)] {
        let image = build::compressed(version, method, &plain);
        check(&image, listed);
        assert_eq!(ptx(&image).unwrap(), new, "version {version}, method {method}");
        match (version, method) {
            (1, 0) => assert!(matches!(discovered(&image), Err(Error::NoLength { .. }))),
            _ => assert_eq!(discovered(&image), Ok(Some(image.len())), "version {version}, method {method}"),
        }
    }
}

#[test]
fn a_fatbin_may_lie_in_a_bundle() {
    let fatbin =
        build::fatbin(&[Entry { kind: 1, architecture: 80, packed: Packed::Lz4, payload: PTX.as_bytes() }]);
    let image = build::bundle(&[("hip-nvptx64-nvidia-cuda--", &fatbin)]);
    check(&image, "PTX for sm_80");
    assert_eq!(ptx(&image).unwrap(), PTX);
}

#[test]
fn broken_bundles_are_told() {
    let plain = build::bundle(&[("hip-nvptx64-nvidia-cuda--sm_80", PTX.as_bytes())]);
    check(&plain[..30], "error: the bundle's header is cut off: 32 bytes are needed, 30 are there");
    check(&plain[..40], "error: the bundle's table is cut off: 56 bytes are needed, 40 are there");
    let (length, short) = (plain.len(), plain.len() - 1);
    let cut =
        format!("error: an entry of the bundle is cut off: {length} bytes are needed, {short} are there");
    check(&plain[..short], &cut);
    let mut many = plain.clone();
    many[24..32].copy_from_slice(&[0xff; 8]);
    check(&many, &format!("error: the bundle is corrupt: it announces {} entries", u64::MAX));
    assert!(matches!(needed(&many), Err(Error::Corrupt { .. })));

    let image = build::compressed(2, 1, &plain);
    check(&image[..5], "error: the compressed bundle's header is cut off: 8 bytes are needed, 5 are there");
    let (length, short) = (image.len(), image.len() - 1);
    let cut =
        format!("error: the compressed bundle is cut off: {length} bytes are needed, {short} are there");
    check(&image[..short], &cut);
    let with = |at: usize, value: u8| {
        let mut image = image.clone();
        image[at] = value;
        image
    };
    check(&with(4, 9), "error: version 9 of the compressed bundle is not supported");
    check(&with(6, 7), "error: compression method 7 of the compressed bundle is not supported");
    let nested = build::compressed(2, 1, &image);
    check(
        &nested,
        "error: the compressed bundle is corrupt: no offload bundle came out of the compressed data",
    );
}

#[test]
fn a_small_file_cannot_ask_for_much_memory() {
    let bomb = vec![0; 8 << 20];
    let image = build::compressed(3, 1, &bomb);
    assert!(image.len() < 2048, "{} bytes", image.len());
    assert!(matches!(sniff(&image), Err(Error::TooLarge { .. })));
    let mut claim = build::compressed(3, 0, b"x");
    claim[16..24].copy_from_slice(&(MAX_UNPACKED_BYTES + 1).to_le_bytes());
    assert!(matches!(sniff(&claim), Err(Error::TooLarge { .. })));
}

#[test]
fn images_without_a_length_are_read_step_by_step() {
    for text in ["", "_", "__CLANG_OFF", "B", "C", "CC", "FPI", ".version 7.0", "\x7fEL"] {
        let with_nul = format!("{text}\0");
        assert_eq!(discovered(with_nul.as_bytes()), Ok(None), "{text:?}");
    }
    let elf = build::elf(190, 8, 0x5004);
    assert_eq!(discovered(&elf), Ok(Some(elf.len())));
    assert_eq!(needed(SPIRV), Err(Error::NoLength { what: "SPIR-V" }));
    let mut vast = build::fatbin(&[]);
    vast[8..16].copy_from_slice(&MAX_IMAGE_BYTES.to_le_bytes());
    assert!(matches!(needed(&vast), Err(Error::TooLarge { .. })));
    let mut frame = build::compressed(1, 1, &build::bundle(&[]));
    // Magic, a descriptor for one byte of content size, that byte.
    frame.truncate(20);
    frame.extend([0x28, 0xb5, 0x2f, 0xfd, 0x20, 9]);
    frame.resize(4096, 0);
    assert!(matches!(discovered(&frame), Err(Error::Corrupt { .. })));
}

/// Images made by the vendors' own tools; `kernels/tests/data/images/generate.sh` says how.
const REAL: [(&str, &[u8], &str); 8] = [
    (
        "fatbin_none",
        include_bytes!("../../tests/data/images/fatbin_none.bin"),
        "ELF for sm_80, PTX for sm_75, PTX for sm_80",
    ),
    (
        "fatbin_size",
        include_bytes!("../../tests/data/images/fatbin_size.bin"),
        "ELF for sm_80, PTX for sm_75, PTX for sm_80",
    ),
    (
        "fatbin_speed",
        include_bytes!("../../tests/data/images/fatbin_speed.bin"),
        "ELF for sm_80, PTX for sm_75, PTX for sm_80",
    ),
    (
        "fatbin_cubins",
        include_bytes!("../../tests/data/images/fatbin_cubins.bin"),
        "ELF for sm_80, ELF for sm_90",
    ),
    (
        "fatbin_joint",
        include_bytes!("../../tests/data/images/fatbin_joint.bin"),
        "PTX for sm_75, PTX for sm_80, ELF for sm_80, ELF for sm_90",
    ),
    (
        "bundle_zstd_3",
        include_bytes!("../../tests/data/images/bundle_zstd_3.bin"),
        "PTX for sm_70, PTX for sm_80, ELF for gfx906",
    ),
    (
        "bundle",
        include_bytes!("../../tests/data/images/bundle.bin"),
        "PTX for sm_70, PTX for sm_80, ELF for gfx906",
    ),
    (
        "bundle_zstd",
        include_bytes!("../../tests/data/images/bundle_zstd.bin"),
        "PTX for sm_70, PTX for sm_80, ELF for gfx906",
    ),
];

/// The words of a text without its comments, which NVIDIA's tool drops.
fn words(text: &str) -> Vec<&str> {
    text.lines().flat_map(|line| line.split("//").next().unwrap_or("").split_whitespace()).collect()
}

#[test]
fn real_images_give_the_ptx_that_went_in() {
    let [saxpy, vector_add] =
        [include_str!("../../samples/ptx/saxpy.ptx"), include_str!("../../samples/ptx/vector_add.ptx")];
    for (name, image, inventory) in REAL {
        check(image, inventory);
        let found = sniff(image).unwrap();
        for code in found.codes() {
            let bytes = found.unpack(code).unwrap();
            assert_eq!(single(&bytes).unwrap().kind, code.kind, "{name}: {code}");
        }
        assert_eq!(discovered(image), Ok(Some(image.len())), "{name}");
        if name == "fatbin_cubins" {
            continue;
        }
        assert_eq!(words(&ptx(image).unwrap()), words(vector_add), "{name}");
        assert_eq!(words(&ptx_for(image, 75).unwrap()), words(saxpy), "{name}");
    }
}
