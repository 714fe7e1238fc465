//! Accesses of compiled kernels against the table of allocations (`STREAM_HAL_MEMCHECK`).

use stream_hal_kernels::Launch;
use stream_hal_kernels::compile::{Context, runtime::Allocations};
use stream_hal_scheduler::Health;

use super::super::heap::Heap;
use super::super::memory::Neighbour;
use super::super::sync::Engine;

/// What a block may access.
pub(super) struct Table<'t> {
    pub(super) engine: &'t Engine,
    pub(super) health: &'t Health,
    /// See [`own`].
    pub(super) own: [(u64, u64); 3],
}

impl<'t> Table<'t> {
    /// Of a launch whose context was set up.
    pub(super) fn new(
        engine: &'t Engine,
        health: &'t Health,
        context: &Context,
        launch: &Launch<'_>,
    ) -> Self {
        Table { engine, health, own: own(context, launch) }
    }
}

/// Which of [`own`] nobody may write.
const PARAMETERS: usize = 2;

/// First byte and size of a block's shared memory, the local memory of its threads and its parameters.
pub(super) fn own(context: &Context, launch: &Launch<'_>) -> [(u64, u64); 3] {
    let threads: u32 = launch.block.iter().product();
    [
        (context.shared, context.shared_bytes),
        (context.local, u64::from(threads) * context.local_stride),
        (context.parameters, launch.parameters.len() as u64),
    ]
}

/// What is wrong with an access that is in one of these as a whole; `None`: it is not.
pub(super) fn own_complaint(
    own: &[(u64, u64); 3],
    address: u64,
    bytes: u32,
    write: bool,
) -> Option<Option<String>> {
    let holds = |&(start, size): &(u64, u64)| {
        let offset = address.wrapping_sub(start);
        offset < size && u64::from(bytes) <= size - offset
    };
    let place = own.iter().position(holds)?;
    Some((write && place == PARAMETERS).then(|| "parameters are not to be written".to_owned()))
}

impl Allocations for Table<'_> {
    /// What belongs to nobody we know is the program's own memory, or faults by itself.
    fn complaint(&self, address: u64, bytes: u32, write: bool) -> Option<String> {
        if let Some(complaint) = own_complaint(&self.own, address, bytes, write) {
            return complaint;
        }
        let bytes = u64::from(bytes);
        let heap: Option<&Heap> = self.health.reserve.kept(Heap::new);
        if let Some(held) = heap.and_then(|heap| heap.holds(address, bytes)) {
            return (!held).then(|| "nothing that a kernel has allocated".to_owned());
        }
        match nearest(self.engine, address) {
            Some(one) if one.ours && !one.holds(address, bytes) => Some(words(address, Some(one))),
            _ => None,
        }
    }
}

/// Of the memories of all devices.
fn nearest(engine: &Engine, address: u64) -> Option<Neighbour> {
    let all = engine.memories.iter().filter_map(|memory| memory.nearest(address));
    all.min_by_key(|one| (!one.ours, one.distance(address)))
}

/// The allocation nearest to an address, in words.
pub(super) fn neighbour(engine: &Engine, address: u64) -> String {
    words(address, nearest(engine, address))
}

fn words(address: u64, nearest: Option<Neighbour>) -> String {
    let Some(one) = nearest else { return "nothing is allocated".to_owned() };
    let Neighbour { start, bytes, .. } = one;
    let distance = one.distance(address);
    let place = format!("the allocation of {bytes} bytes at {start:#x}");
    if address < start {
        format!("{distance} bytes before {place}")
    } else if address < start + bytes {
        format!("it reaches over the end of {place}")
    } else {
        format!("{distance} bytes behind {place}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocks_own_memory_is_its_own_as_a_whole() {
        let own = [(0x1000, 64), (0x2000, 0), (0x3000, 8)];
        assert_eq!(own_complaint(&own, 0x1000, 64, true), Some(None));
        assert_eq!(own_complaint(&own, 0x103e, 4, false), None, "it reaches over the end");
        assert_eq!(own_complaint(&own, 0x2000, 1, false), None);
        assert_eq!(own_complaint(&own, 0x3004, 4, false), Some(None));
        assert!(own_complaint(&own, 0x3004, 4, true).flatten().is_some());
    }

    #[test]
    fn the_nearest_allocation_is_named_with_its_distance() {
        let one = Some(Neighbour { start: 0x1000, bytes: 400, ours: true });
        for (address, expect) in [
            (0xff0, "16 bytes before the allocation of 400 bytes at 0x1000"),
            (0x1190, "0 bytes behind the allocation of 400 bytes at 0x1000"),
            (0x1192, "2 bytes behind the allocation of 400 bytes at 0x1000"),
            (0x118e, "it reaches over the end of the allocation of 400 bytes at 0x1000"),
        ] {
            assert_eq!(words(address, one), expect);
        }
        assert_eq!(words(5, None), "nothing is allocated");
    }
}
