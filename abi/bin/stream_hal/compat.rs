//! The folder in which programs find the library under the vendors' names.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What programs ask for. All lead to one file: copies would be several runtimes in one process.
const NAMES: [&str; 8] = [
    "libcuda.so.1",
    "libcuda.so",
    "libamdhip64.so.7",
    "libamdhip64.so.6",
    "libamdhip64.so",
    "libhiprtc.so.7",
    "libhiprtc.so.6",
    "libhiprtc.so",
];

/// The folder `compat` beside the library, or, where that cannot be written, one of the user's.
pub fn folder(library: &Path) -> io::Result<PathBuf> {
    let library = library.canonicalize()?;
    let beside = library.with_file_name("compat");
    match fill(&beside, &library) {
        Ok(()) => Ok(beside),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            let own = std::env::temp_dir().join(format!("stream-hal-{}", std::process::id()));
            fill(&own, &library)?;
            Ok(own)
        }
    }
}

/// Makes the links that are not there or lead elsewhere. Other programs may run from the folder
/// meanwhile: a link is replaced by renaming, never missing.
fn fill(folder: &Path, library: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for name in NAMES {
        let link = folder.join(name);
        if std::fs::read_link(&link).is_ok_and(|target| target == library) {
            continue;
        }
        let fresh = folder.join(format!(".{name}.{}", std::process::id()));
        std::fs::remove_file(&fresh).ok();
        symlink(library, &fresh)?;
        std::fs::rename(&fresh, &link)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_lead_to_the_library_also_the_second_time() {
        let place = std::env::temp_dir().join(format!("stream-hal-compat-test-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let library = place.join("libstreamhal.so");
        std::fs::write(&library, b"library").unwrap();
        for _ in 0..2 {
            let folder = folder(&library).unwrap();
            for name in NAMES {
                assert_eq!(std::fs::read(folder.join(name)).unwrap(), b"library", "{name}");
            }
        }
        std::fs::remove_dir_all(place).unwrap();
    }
}
