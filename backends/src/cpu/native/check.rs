//! Accesses of compiled kernels against the table of allocations (`STREAM_HAL_MEMCHECK`).

use stream_hal_kernels::Launch;
use stream_hal_kernels::compile::runtime::Allocations;
use stream_hal_scheduler::Health;

use super::super::heap::Heap;
use super::super::memory::Neighbour;
use super::super::sync::Engine;
use super::arena::Arena;

/// What a block may access.
pub(super) struct Table<'t> {
    pub(super) engine: &'t Engine,
    pub(super) health: &'t Health,
    pub(super) own: Own,
}

impl<'t> Table<'t> {
    /// For a block with this of its own.
    pub(super) fn new(engine: &'t Engine, health: &'t Health, own: Own) -> Self {
        Table { engine, health, own }
    }
}

/// What belongs to a block alone: first byte and size of each.
pub(super) struct Own {
    shared: (u64, u64),
    parameters: (u64, u64),
    /// Of the local memory of all its threads.
    local: (u64, u64),
    /// From one thread's to the next.
    stride: u64,
    /// How much of that is a thread's.
    local_bytes: u64,
    /// All that lies beside them: who comes there was on the way to one of them.
    reserved: [(u64, u64); 3],
}

impl Own {
    /// Of a launch for which the arena was set up.
    pub(super) fn new(arena: &Arena, launch: &Launch<'_>, local_bytes: u32) -> Own {
        let (context, threads) = (&*arena.context, launch.block.iter().product::<u32>());
        Own {
            shared: (context.shared, context.shared_bytes),
            parameters: (context.parameters, launch.parameters.len() as u64),
            local: (context.local, u64::from(threads) * context.local_stride),
            stride: context.local_stride,
            local_bytes: local_bytes.into(),
            reserved: arena.reserved(),
        }
    }

    /// What is wrong with an access that is in one of these; `None`: it is not.
    pub(super) fn complaint(
        &self,
        thread: u32,
        address: u64,
        bytes: u32,
        write: bool,
    ) -> Option<Option<String>> {
        let holds = |place: (u64, u64)| {
            let offset = offset_in(place, address);
            offset.is_some_and(|offset| u64::from(bytes) <= place.1 - offset)
        };
        if holds(self.parameters) {
            return Some(write.then(|| "parameters are not to be written".to_owned()));
        }
        if holds(self.shared) {
            return Some(None);
        }
        if let Some(offset) = offset_in(self.local, address) {
            let (owner, offset) = (offset / self.stride, offset % self.stride);
            let inside = u64::from(bytes) <= self.local_bytes.saturating_sub(offset);
            return Some(match (owner == u64::from(thread), inside) {
                (true, true) => None,
                (true, false) => Some(self.local_words()),
                (false, _) => Some(format!("the local memory of thread {owner} of the block")),
            });
        }
        let [shared, local, _] = self.reserved;
        let place = self.reserved.into_iter().find(|&place| offset_in(place, address).is_some())?;
        Some(Some(match place {
            place if place == shared => format!("the block has {} bytes of shared memory", self.shared.1),
            place if place == local => self.local_words(),
            _ => "nothing of the kernel's".to_owned(),
        }))
    }

    fn local_words(&self) -> String {
        format!("the thread has {} bytes of local memory", self.local_bytes)
    }
}

fn offset_in((start, size): (u64, u64), address: u64) -> Option<u64> {
    let offset = address.wrapping_sub(start);
    (offset < size).then_some(offset)
}

impl Allocations for Table<'_> {
    /// What belongs to nobody we know is the program's own memory, or faults by itself.
    fn complaint(&self, thread: u32, address: u64, bytes: u32, write: bool) -> Option<String> {
        if let Some(complaint) = self.own.complaint(thread, address, bytes, write) {
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

    const OWN: Own = Own {
        shared: (0x1000, 64),
        parameters: (0x3000, 8),
        local: (0x4000, 4 * 32),
        stride: 32,
        local_bytes: 20,
        reserved: [(0, 0), (0x3f00, 0x1000), (0x6000, 64)],
    };

    #[test]
    fn a_blocks_own_memory_is_its_own_as_a_whole() {
        assert_eq!(OWN.complaint(0, 0x1000, 64, true), Some(None));
        assert_eq!(OWN.complaint(0, 0x103e, 4, false), None, "it reaches over the end");
        let near = Own { reserved: [(0x800, 0x1000), (0, 0), (0, 0)], ..OWN };
        for address in [0x103e, 0x1040, 0xffc] {
            let words = near.complaint(0, address, 4, false).flatten();
            assert_eq!(words.as_deref(), Some("the block has 64 bytes of shared memory"));
        }
        assert_eq!(Own { shared: (0x2000, 0), ..OWN }.complaint(0, 0x2000, 1, false), None);
        assert_eq!(OWN.complaint(0, 0x3004, 4, false), Some(None));
        assert!(OWN.complaint(0, 0x3004, 4, true).flatten().is_some());
    }

    #[test]
    fn local_memory_is_each_threads_own() {
        let words = |thread, address| OWN.complaint(thread, address, 4, true).unwrap_or_default();
        assert_eq!(OWN.complaint(2, 0x4050, 4, true), Some(None), "its last four bytes");
        for (thread, address, expect) in [
            (2, 0x4054, "the thread has 20 bytes of local memory"),
            (2, 0x4052, "the thread has 20 bytes of local memory"),
            (3, 0x4080, "the thread has 20 bytes of local memory"),
            (0, 0x3f80, "the thread has 20 bytes of local memory"),
            (0, 0x6004, "nothing of the kernel's"),
            (2, 0x403c, "the local memory of thread 1 of the block"),
            (1, 0x4040, "the local memory of thread 2 of the block"),
        ] {
            assert_eq!(words(thread, address).as_deref(), Some(expect));
        }
        let none = Own { local: (0x4000, 0), stride: 0, reserved: [(0, 0); 3], ..OWN };
        assert_eq!(none.complaint(0, 0x4000, 4, false), None);
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
