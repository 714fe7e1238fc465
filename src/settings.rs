//! The settings of the process, read once from the environment.

use std::path::PathBuf;
use std::sync::OnceLock;

/// All settings. An unset or unreadable value means its default.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `STREAM_HAL_BACKENDS`: which backends to open, in order.
    pub backends: Vec<String>,
    /// `STREAM_HAL_DOT`: the folder for drawings.
    pub dot: Option<PathBuf>,
    /// `STREAM_HAL_PTX`: the folder for the PTX texts of loaded images.
    pub ptx: Option<PathBuf>,
    /// `STREAM_HAL_SEED`: run device work in a seeded legal order.
    pub seed: Option<u64>,
    /// `STREAM_HAL_LOG_LEVEL`: 0 silent to 5 verbose.
    pub log_level: u8,
    /// `STREAM_HAL_CPU_DEVICES`: how many CPU devices to show.
    pub cpu_devices: u32,
    /// `STREAM_HAL_CPU_THREADS`: workers per CPU device; 0 is one per core.
    pub cpu_threads: u32,
    /// `STREAM_HAL_HIP_ABI`: 7 or 6.
    pub hip_abi: u8,
    /// `STREAM_HAL_MEMCHECK`: every allocation in guarded mappings of its own, accesses of kernels checked.
    pub memcheck: bool,
    /// `STREAM_HAL_KERNELS` is `interpreter`: no kernel is compiled.
    pub interpreter: bool,
}

/// The settings of this process.
pub fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| Settings::read(|name| std::env::var(name).ok()))
}

impl Settings {
    /// Reads the settings from a source of variables.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Settings {
        let number = |name: &str| variable(name).and_then(|text| text.trim().parse::<u64>().ok());
        let folder = |name: &str| variable(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let backends = variable("STREAM_HAL_BACKENDS").unwrap_or_default();
        let backends = backends.split(',').map(str::trim).filter(|name| !name.is_empty());
        Settings {
            backends: backends.map(str::to_owned).collect(),
            dot: folder("STREAM_HAL_DOT"),
            ptx: folder("STREAM_HAL_PTX"),
            seed: number("STREAM_HAL_SEED"),
            log_level: number("STREAM_HAL_LOG_LEVEL").unwrap_or(1).min(5) as u8,
            cpu_devices: number("STREAM_HAL_CPU_DEVICES").unwrap_or(1).clamp(1, 64) as u32,
            cpu_threads: number("STREAM_HAL_CPU_THREADS").unwrap_or(0).min(1024) as u32,
            hip_abi: if number("STREAM_HAL_HIP_ABI") == Some(6) { 6 } else { 7 },
            memcheck: number("STREAM_HAL_MEMCHECK") == Some(1),
            interpreter: variable("STREAM_HAL_KERNELS").as_deref() == Some("interpreter"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_variables_mean_defaults() {
        let settings = Settings::read(|_| None);
        assert_eq!((settings.cpu_devices, settings.hip_abi, settings.log_level), (1, 7, 1));
        assert!(settings.backends.is_empty() && settings.dot.is_none() && settings.seed.is_none());
        assert!(settings.ptx.is_none() && !settings.interpreter && !settings.memcheck);
    }

    #[test]
    fn the_compiler_is_left_out_by_name_alone() {
        for (kernels, interpreter) in [("interpreter", true), ("compiler", false), ("", false)] {
            let read = |name: &str| (name == "STREAM_HAL_KERNELS").then(|| kernels.to_owned());
            assert_eq!(Settings::read(read).interpreter, interpreter, "{kernels}");
        }
    }

    #[test]
    fn a_list_of_backends_keeps_its_order() {
        let settings =
            Settings::read(|name| (name == "STREAM_HAL_BACKENDS").then(|| "checker+cpu, null,".to_owned()));
        assert_eq!(settings.backends, ["checker+cpu", "null"]);
    }
}
