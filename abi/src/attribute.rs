//! Device attributes by the numbers of both APIs.

use std::ffi::c_int;

use stream_hal::Properties;
use stream_hal::device::Device;

/// A CUDA attribute; `None` if there is none of that number. What the device cannot do is 0. // table
pub(crate) fn cuda(device: &Device, number: c_int) -> Option<c_int> {
    let p: &Properties = device.properties();
    let value = match number {
        1 => p.max_threads_per_block,
        2..=4 => p.max_block[number as usize - 2],
        5..=7 => p.max_grid[number as usize - 5],
        8 => p.shared_per_block,
        9 => p.constant_memory,
        10 => p.warp_size,
        // The longest row of a pitched copy.
        11 => i32::MAX as u32,
        12 | 82 => p.registers_per_block,
        13 => p.clock_khz,
        14 | 30 => 512,
        // Copies overlap with kernels.
        15 => 1,
        16 => p.multiprocessors,
        18 => u32::from(p.integrated),
        // Mapped host memory, concurrent kernels, unified addressing, stream priorities.
        19 | 31 | 41 | 78 => 1,
        33 => p.pci[1],
        34 => p.pci[2],
        50 => p.pci[0],
        36 => p.memory_clock_khz,
        37 => p.memory_bus_bits,
        38 => p.l2_bytes,
        39 => p.max_threads_per_multiprocessor,
        40 => 2,
        51 => 32,
        75 => p.compute_capability.0,
        76 => p.compute_capability.1,
        81 => p.shared_per_block_optin.max(p.shared_per_block),
        // Single precision is this much faster than double.
        87 => 2,
        // Registered memory has the same address on the device; kernels may touch pageable memory
        // where the device shares it; host memory can be registered.
        91 | 99 => 1,
        88 => u32::from(p.integrated),
        // Cooperative launches, memory pools.
        95 | 115 => 1,
        97 => p.shared_per_block_optin,
        106 => (p.max_threads_per_multiprocessor / p.warp_size.max(1)).clamp(1, 32),
        126 => 1,
        // All others up to the last: textures, surfaces, pools, interoperation, which are not there.
        17 | 20..=29 | 32 | 35 | 42..=49 | 52..=74 | 77 | 79 | 80 | 83..=86 | 89 | 90 | 92..=94 => 0,
        96 | 98 | 100..=105 | 107..=114 | 116..=125 | 127..=161 => 0,
        _ => return None,
    };
    Some(value as c_int)
}

/// The CUDA numbers of HIP's attributes. // table
const SAME: &[(c_int, c_int)] = &[
    (0, 32),
    (1, 109),
    (2, 40),
    (3, 19),
    (4, 91),
    (5, 13),
    (6, 20),
    (7, 90),
    (8, 31),
    (9, 89),
    (10, 95),
    (11, 96),
    (12, 15),
    (13, 101),
    (14, 79),
    (15, 86),
    (16, 18),
    (17, 84),
    (18, 17),
    (19, 38),
    (20, 80),
    (23, 75),
    (24, 83),
    (25, 106),
    (26, 2),
    (27, 3),
    (28, 4),
    (29, 5),
    (30, 6),
    (31, 7),
    (32, 55),
    (33, 61),
    (34, 56),
    (35, 63),
    (36, 58),
    (37, 66),
    (38, 67),
    (39, 21),
    (40, 42),
    (41, 69),
    (42, 77),
    (43, 22),
    (44, 23),
    (45, 45),
    (46, 27),
    (47, 70),
    (48, 73),
    (49, 24),
    (50, 25),
    (51, 26),
    (52, 47),
    (53, 52),
    (54, 53),
    (55, 2),
    (56, 1),
    (57, 39),
    (58, 11),
    (59, 37),
    (60, 36),
    (61, 76),
    (62, 85),
    (63, 16),
    (65, 88),
    (66, 100),
    (67, 33),
    (68, 34),
    (69, 50),
    (70, 108),
    (71, 12),
    (72, 82),
    (73, 111),
    (74, 8),
    (75, 97),
    (76, 81),
    (77, 87),
    (78, 78),
    (79, 30),
    (80, 35),
    (81, 14),
    (82, 51),
    (83, 9),
    (85, 41),
    (87, 10),
    (88, 115),
    (89, 102),
    (90, 99),
    (91, 119),
    (92, 134),
    (93, 124),
    (94, 110),
    (95, 128),
];

/// A HIP attribute; `None` if there is none of that number.
pub(crate) fn hip(device: &Device, number: c_int) -> Option<c_int> {
    if let Ok(place) = SAME.binary_search_by_key(&number, |row| row.0) {
        return cuda(device, SAME[place].1);
    }
    let p = device.properties();
    match number {
        // The device's memory does not fit into this answer where it is larger.
        84 => Some(p.total_memory.min(i32::MAX as u64) as c_int),
        // Ticks of the kernels' clock, and of its wall clock, in kilohertz.
        10_000 => Some(p.clock_khz as c_int),
        10_017 => Some(1_000_000),
        10_002 => cuda(device, 81),
        10_015 => Some(p.multiprocessors as c_int),
        // Host and device see each other's writes at once where memory is shared.
        10_016 => Some(c_int::from(p.integrated)),
        10_018 => Some(1),
        21 | 22 | 64 | 86 | 10_001 | 10_003..=10_014 | 10_019..=10_022 => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::SAME;

    #[test]
    fn the_table_is_in_order() {
        assert!(SAME.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
