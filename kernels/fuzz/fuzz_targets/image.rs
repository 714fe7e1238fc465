//! Any bytes as a code image: recognised, listed, unpacked and measured without harm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stream_hal_kernels::image::{self, Needed};

fuzz_target!(|bytes: &[u8]| {
    let _ = image::ptx(bytes);
    if let Ok(found) = image::sniff(bytes) {
        for code in found.codes() {
            let _ = found.unpack(code);
        }
    }
    let mut have = 0;
    while let Ok(Needed::More(more)) = image::needed(&bytes[..have]) {
        assert!(more > have);
        if more > bytes.len() {
            break;
        }
        have = more;
    }
});
