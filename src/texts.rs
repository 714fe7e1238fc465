//! The PTX texts of loaded images, each written once into the folder that `STREAM_HAL_PTX` names.

use std::fs;
use std::io;
use std::path::Path;

use parking_lot::Mutex;
use stream_hal_kernels::image;

use crate::settings::settings;

/// Keeps the text of an image about to be loaded, if that is asked for. What is no image is not kept: the load says
/// what is wrong with it. A text that is refused later is: it is the one somebody wants to see.
pub(crate) fn keep(bytes: &[u8]) {
    let Some(folder) = &settings().ptx else { return };
    let Ok(text) = image::ptx(bytes) else { return };
    if let Err(error) = write(folder, &text) {
        tracing::warn!("a PTX text was not written to {}: {error}", folder.display());
    }
}

/// Writes a text under its own name. Other processes may write the same one: it is renamed into place, whole.
fn write(folder: &Path, text: &str) -> io::Result<()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _writing = ONE_AT_A_TIME.lock();
    let path = folder.join(name(text));
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let fresh = folder.join(format!(".{}.{}", name(text), std::process::id()));
    fs::write(&fresh, text)?;
    fs::rename(&fresh, &path)
}

/// The name of a text: its 64-bit FNV-1a hash, the same on every machine.
fn name(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    format!("{:016x}.ptx", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_once_under_its_hash() {
        assert_eq!(name(""), "cbf29ce484222325.ptx");
        assert_eq!(name("a"), "af63dc4c8601ec8c.ptx");
        let folder = std::env::temp_dir().join(format!("stream-hal-texts-test-{}", std::process::id()));
        for text in ["a", "", "a"] {
            write(&folder, text).unwrap();
            assert_eq!(fs::read_to_string(folder.join(name(text))).unwrap(), text);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(folder).unwrap();
    }
}
