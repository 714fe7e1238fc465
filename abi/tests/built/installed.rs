//! The command `stream-hal` and the library, installed into a folder of their own.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A folder with `bin` and `lib`, as a package installs them.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("installed-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("bin")).expect("the target folder is writable");
        std::fs::create_dir_all(folder.join("lib")).expect("the target folder is writable");
        std::fs::copy(env!("CARGO_BIN_EXE_stream-hal"), command(&folder)).expect("the command can be copied");
        std::os::unix::fs::symlink(super::library(), folder.join("lib/libstreamhal.so"))
            .expect("links work here");
        folder
    })
}

/// The command in such a folder.
pub fn command(folder: &Path) -> PathBuf {
    folder.join("bin/stream-hal")
}
