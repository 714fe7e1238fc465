//! Counts of byte values in eight tables, so that a count seldom waits for the one before it.

use std::sync::Mutex;

use super::team::Team;
use crate::case::{Data, Scalar};

/// Adds the counts to the bins, as the kernel does.
pub fn count(buffers: &mut [Data], _: &[Scalar], team: &Team) {
    let [values, bins] = buffers else { panic!("two buffers") };
    let values: &[u8] = values.elements();
    let (first, second) = values.split_at(team.shares(values.len() / 8).0 * 8);
    let bins = Mutex::new(bins.elements_mut::<u32>());
    team.both(first, second, |values| {
        let mut tables = [[0u32; 256]; 8];
        count_part(values, &mut tables);
        let mut bins = bins.lock().expect("nobody panics");
        for (bin, place) in bins.iter_mut().enumerate() {
            *place += tables.iter().map(|table| table[bin]).sum::<u32>();
        }
    });
}

fn count_part(values: &[u8], tables: &mut [[u32; 256]; 8]) {
    let (chunks, rest) = values.as_chunks::<8>();
    for &chunk in chunks {
        // One load, eight shifts.
        let word = u64::from_le_bytes(chunk);
        for (i, table) in tables.iter_mut().enumerate() {
            table[(word >> (8 * i)) as u8 as usize] += 1;
        }
    }
    rest.iter().for_each(|&value| tables[0][usize::from(value)] += 1);
}
