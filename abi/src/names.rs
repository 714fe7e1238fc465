//! All exported names with their addresses.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::LazyLock;

use crate::entry::Row;
use crate::{
    capture, context, copy, device, driver_node, error, event, exec, fill, function, graph, launch, managed,
    memory, missing, module, node, occupancy, pointer, pool, proc_address, registration, stream, symbol,
    unnumbered, user_object,
};

/// The tables of all files.
const TABLES: &[&[Row]] = &[
    capture::TABLE,
    context::TABLE,
    copy::TABLE,
    device::TABLE,
    driver_node::TABLE,
    error::TABLE,
    event::TABLE,
    exec::TABLE,
    fill::TABLE,
    function::TABLE,
    graph::TABLE,
    launch::TABLE,
    managed::TABLE,
    memory::TABLE,
    missing::TABLE,
    module::TABLE,
    node::TABLE,
    occupancy::TABLE,
    pointer::TABLE,
    pool::TABLE,
    proc_address::TABLE,
    registration::TABLE,
    stream::TABLE,
    symbol::TABLE,
    unnumbered::TABLE,
    user_object::TABLE,
];

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
