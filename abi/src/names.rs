//! All exported names with their addresses.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::LazyLock;

use crate::entry::Row;
use crate::{error, missing, proc_address, unnumbered};

/// The tables of all files.
const TABLES: &[&[Row]] = &[error::TABLE, missing::TABLE, proc_address::TABLE, unnumbered::TABLE];

/// An exported name and its address. No lock after the first call.
pub(crate) fn get(name: &str) -> Option<(&'static str, *mut c_void)> {
    static NAMES: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
        let rows = TABLES.iter().copied().flatten();
        rows.map(|row| (row.name, row.address.expose_provenance())).collect()
    });
    NAMES.get_key_value(name).map(|(&name, &address)| (name, std::ptr::with_exposed_provenance_mut(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_in_two_tables() {
        let mut names: Vec<&str> = TABLES.iter().copied().flatten().map(|row| row.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
