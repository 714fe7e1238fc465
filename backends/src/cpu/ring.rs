//! The pieces of work of one queue, in the order of submission, in blocks that are used again.
//!
//! One thread at a time appends and one thread at a time takes; the lane's word orders the two. The
//! taker gives used blocks back to the appender, so that nothing is allocated in a steady state.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::mem::size_of;
use std::ptr;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use stream_hal_capture::Op;
use stream_hal_scheduler::{Delta, Prepared, Ticket};

/// Data bytes of an ordinary block.
const BLOCK_BYTES: usize = (16 << 10) - size_of::<Block>();
/// At most this many used blocks of a queue wait to be used again.
const MOST_SPARE: u32 = 64;

/// A block's head; its data follow.
#[repr(C, align(16))]
struct Block {
    /// The next block of the queue, or of the list of used ones.
    next: *mut Block,
    bytes: usize,
}

/// A record's head: tickets, ops and argument bytes follow, then padding to 16 bytes.
#[repr(C, align(16))]
#[derive(Clone, Copy)]
struct Head {
    /// The whole record; 0: the queue goes on in the next block.
    bytes: u32,
    waits: u32,
    ops: u32,
    /// Argument bytes, or [`EXEC`]: a [`Launched`] follows instead of ops and arguments.
    args: u32,
}

const HEAD: usize = size_of::<Head>();
const EXEC: u32 = u32::MAX;
const JUMP: Head = Head { bytes: 0, waits: 0, ops: 0, args: 0 };

const _: () = assert!(size_of::<Ticket>() == 16 && size_of::<Op>() <= 64 && align_of::<Op>() <= 16);
const _: () = assert!(align_of::<Launched>() <= 16);

/// A launch of a prepared plan.
pub(super) struct Launched {
    pub(super) prepared: Arc<dyn Prepared>,
    pub(super) deltas: Vec<Delta>,
}

/// What a record asks for.
pub(super) enum Asked<'a> {
    Ops { ops: &'a [Op], args: &'a [u8] },
    Exec(&'a mut Launched),
}

/// One piece of work.
pub(super) struct Record<'a> {
    pub(super) waits: &'a [Ticket],
    pub(super) asked: Asked<'a>,
}

/// What both sides of a ring share.
#[derive(Default)]
pub(super) struct Shared {
    first: AtomicPtr<Block>,
    used: AtomicPtr<Block>,
    used_count: AtomicU32,
}

/// The appending side.
pub(super) struct Producer {
    block: *mut Block,
    at: usize,
    spare: *mut Block,
}

/// The taking side.
pub(super) struct Consumer {
    block: *mut Block,
    at: usize,
}

// SAFETY: the blocks belong to the ring; who may follow the pointers is said at each function.
unsafe impl Send for Producer {}
// SAFETY: as above.
unsafe impl Send for Consumer {}

impl Default for Producer {
    fn default() -> Self {
        Producer { block: ptr::null_mut(), at: 0, spare: ptr::null_mut() }
    }
}

impl Default for Consumer {
    fn default() -> Self {
        Consumer { block: ptr::null_mut(), at: 0 }
    }
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(size_of::<Block>() + bytes, 64).expect("a record is below 4 GiB")
}

fn new_block(bytes: usize) -> *mut Block {
    let layout = layout(bytes);
    // SAFETY: the size is not 0.
    let block = unsafe { alloc(layout) }.cast::<Block>();
    if block.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: freshly allocated with room for the head.
    unsafe { block.write(Block { next: ptr::null_mut(), bytes }) };
    block
}

/// # Safety
/// The block came from `new_block` and nobody uses it any more.
unsafe fn free_block(block: *mut Block) {
    // SAFETY: the caller's promise.
    let bytes = unsafe { (*block).bytes };
    // SAFETY: allocated with this layout.
    unsafe { dealloc(block.cast(), layout(bytes)) };
}

/// # Safety
/// `at` is at most the block's `bytes`.
unsafe fn data(block: *mut Block, at: usize) -> *mut u8 {
    // SAFETY: the caller's promise; the data follow the head.
    unsafe { block.cast::<u8>().add(size_of::<Block>() + at) }
}

impl Producer {
    /// Appends ops. The caller publishes afterwards. `None`: too large for a record.
    #[inline]
    pub(super) fn push_ops(
        &mut self,
        shared: &Shared,
        waits: &[Ticket],
        ops: &[Op],
        args: &[u8],
    ) -> Option<()> {
        let bytes = HEAD + size_of_val(waits) + size_of_val(ops) + args.len();
        let record = self.record(shared, bytes)?;
        let (count, args_bytes) = (ops.len() as u32, args.len() as u32);
        let waits_at = write_head(record, bytes, waits, count, args_bytes);
        // SAFETY: `record` has room for all parts, which are plain data.
        let args_at = unsafe { put(waits_at, ops) };
        // SAFETY: as above.
        unsafe { put(args_at, args) };
        Some(())
    }

    /// Appends a launch of a prepared plan. The caller publishes afterwards.
    pub(super) fn push_exec(&mut self, shared: &Shared, waits: &[Ticket], launched: Launched) -> Option<()> {
        let bytes = HEAD + size_of_val(waits) + size_of::<Launched>();
        let record = self.record(shared, bytes)?;
        let at = write_head(record, bytes, waits, 0, EXEC);
        // SAFETY: `record` has room for it, at a multiple of 16.
        unsafe { at.cast::<Launched>().write(launched) };
        Some(())
    }

    /// Room for a record of that many bytes.
    #[inline]
    fn record(&mut self, shared: &Shared, bytes: usize) -> Option<*mut u8> {
        let bytes = bytes.next_multiple_of(16);
        if bytes > u32::MAX as usize - (1 << 20) {
            return None;
        }
        // SAFETY: the block is not null then, and alive: the consumer frees only blocks behind a jump.
        let fits = !self.block.is_null() && self.at + bytes + HEAD <= unsafe { (*self.block).bytes };
        if !fits {
            self.next_block(shared, bytes + HEAD);
        }
        // SAFETY: `next_block` made sure there is room.
        let record = unsafe { data(self.block, self.at) };
        self.at += bytes;
        Some(record)
    }

    #[cold]
    fn next_block(&mut self, shared: &Shared, bytes: usize) {
        let block = if bytes > BLOCK_BYTES { new_block(bytes) } else { self.take_spare(shared) };
        if self.block.is_null() {
            shared.first.store(block, Ordering::Release);
        } else {
            // SAFETY: the block is alive as in `record`; a head fits at `at` by the rule there.
            let end = unsafe { data(self.block, self.at) };
            // SAFETY: as above; the consumer does not look here before the next publication.
            unsafe { (*self.block).next = block };
            // SAFETY: as above.
            unsafe { end.cast::<Head>().write(JUMP) };
        }
        self.block = block;
        self.at = 0;
    }

    fn take_spare(&mut self, shared: &Shared) -> *mut Block {
        if self.spare.is_null() {
            self.spare = shared.used.swap(ptr::null_mut(), Ordering::Acquire);
            shared.used_count.store(0, Ordering::Relaxed);
        }
        let block = self.spare;
        if block.is_null() {
            return new_block(BLOCK_BYTES);
        }
        // SAFETY: a used block in the producer's own list.
        self.spare = unsafe { (*block).next };
        block
    }

    /// # Safety
    /// Both sides are at an end: nobody will push or take again.
    pub(super) unsafe fn free(&mut self, shared: &Shared) {
        for list in [self.spare, shared.used.swap(ptr::null_mut(), Ordering::Acquire)] {
            let mut block = list;
            while !block.is_null() {
                // SAFETY: a block in a list of used ones.
                let next = unsafe { (*block).next };
                // SAFETY: taken out of the list.
                unsafe { free_block(block) };
                block = next;
            }
        }
        if !self.block.is_null() {
            // SAFETY: the last block; the consumer has taken everything.
            unsafe { free_block(self.block) };
        }
        *self = Producer::default();
    }
}

/// Writes the head and the tickets; returns the place behind them.
#[inline]
fn write_head(record: *mut u8, bytes: usize, waits: &[Ticket], ops: u32, args: u32) -> *mut u8 {
    let bytes = bytes.next_multiple_of(16) as u32;
    let head = Head { bytes, waits: waits.len() as u32, ops, args };
    // SAFETY: `Producer::record` gave room for the whole record, aligned to 16.
    unsafe { record.cast::<Head>().write(head) };
    // SAFETY: as above.
    let waits_at = unsafe { record.add(HEAD) };
    // SAFETY: as above.
    unsafe { put(waits_at, waits) }
}

/// Copies plain data; returns the place behind. None and one are the common cases.
///
/// # Safety
/// There is room at `at`, aligned for `T`.
#[inline(always)]
unsafe fn put<T: Copy>(at: *mut u8, items: &[T]) -> *mut u8 {
    match items {
        [] => return at,
        // SAFETY: the caller's promise.
        [one] => unsafe { at.cast::<T>().write(*one) },
        // SAFETY: the caller's promise.
        _ => unsafe { ptr::copy_nonoverlapping(items.as_ptr(), at.cast::<T>(), items.len()) },
    }
    // SAFETY: the caller's promise.
    unsafe { at.add(size_of_val(items)) }
}

impl Consumer {
    /// The oldest record. An `Asked::Exec` must be emptied by [`Consumer::pop`] only.
    ///
    /// # Safety
    /// There is a published record that was not popped.
    #[inline]
    pub(super) unsafe fn front(&mut self, shared: &Shared) -> Record<'_> {
        if self.block.is_null() {
            self.block = shared.first.load(Ordering::Acquire);
        }
        // SAFETY: a published record or a jump lies here: the caller's promise.
        let mut at = unsafe { data(self.block, self.at) };
        // SAFETY: as above.
        let mut head = unsafe { at.cast::<Head>().read() };
        if head.bytes == 0 {
            self.follow(shared);
            // SAFETY: a block begins with a record.
            at = unsafe { data(self.block, 0) };
            // SAFETY: as above.
            head = unsafe { at.cast::<Head>().read() };
        }
        // SAFETY: the parts lie as `write_head` and the pushes put them.
        unsafe { view(at, head) }
    }

    /// Takes the oldest record away; a launch is dropped.
    ///
    /// # Safety
    /// [`Consumer::front`] was called for it.
    #[inline]
    pub(super) unsafe fn pop(&mut self) {
        // SAFETY: the record is there: the caller's promise.
        let at = unsafe { data(self.block, self.at) };
        // SAFETY: as above.
        let head = unsafe { at.cast::<Head>().read() };
        if head.args == EXEC {
            // SAFETY: as above.
            let launched = unsafe { at.add(HEAD + head.waits as usize * size_of::<Ticket>()) };
            // SAFETY: written by `push_exec`, dropped only here.
            unsafe { ptr::drop_in_place(launched.cast::<Launched>()) };
        }
        self.at += head.bytes as usize;
    }

    #[cold]
    fn follow(&mut self, shared: &Shared) {
        let used = self.block;
        // SAFETY: a jump is written after the next block's address.
        self.block = unsafe { (*used).next };
        self.at = 0;
        // SAFETY: the producer has left this block.
        let ordinary = unsafe { (*used).bytes } == BLOCK_BYTES;
        if !ordinary || shared.used_count.fetch_add(1, Ordering::Relaxed) >= MOST_SPARE {
            // SAFETY: nobody refers to the block any more.
            return unsafe { free_block(used) };
        }
        let mut head = shared.used.load(Ordering::Relaxed);
        loop {
            // SAFETY: the block is the consumer's until it is in the list.
            unsafe { (*used).next = head };
            match shared.used.compare_exchange_weak(head, used, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

/// # Safety
/// A record with this head lies at `at` and nobody else uses it for `'a`.
#[inline]
unsafe fn view<'a>(at: *mut u8, head: Head) -> Record<'a> {
    // SAFETY: the caller's promise, here and below.
    let waits_at = unsafe { at.add(HEAD) };
    // SAFETY: as above.
    let waits = unsafe { slice::from_raw_parts(waits_at.cast::<Ticket>(), head.waits as usize) };
    // SAFETY: as above.
    let rest = unsafe { waits_at.add(size_of_val(waits)) };
    if head.args == EXEC {
        // SAFETY: as above.
        let launched = unsafe { &mut *rest.cast::<Launched>() };
        return Record { waits, asked: Asked::Exec(launched) };
    }
    // SAFETY: as above.
    let ops = unsafe { slice::from_raw_parts(rest.cast::<Op>(), head.ops as usize) };
    // SAFETY: as above.
    let args_at = unsafe { rest.add(size_of_val(ops)) };
    // SAFETY: as above.
    let args = unsafe { slice::from_raw_parts(args_at, head.args as usize) };
    Record { waits, asked: Asked::Ops { ops, args } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_all_sizes_come_out_as_they_went_in() {
        let shared = Shared::default();
        let (mut producer, mut consumer) = (Producer::default(), Consumer::default());
        let mut random = fastrand::Rng::with_seed(3);
        let mut expected = std::collections::VecDeque::new();
        for step in 0..20_000u32 {
            if random.bool() || expected.is_empty() {
                let most = if random.u8(..) == 0 { 100_000 } else { 300 };
                let args: Vec<u8> = (0..random.usize(..most)).map(|_| random.u8(..)).collect();
                let waits = vec![Ticket { queue: step, value: 1 }; random.usize(..4)];
                let ops = vec![Op::EventWait { event: u64::from(step) }; random.usize(..5)];
                producer.push_ops(&shared, &waits, &ops, &args).unwrap();
                expected.push_back((waits, ops, args));
            } else {
                let (waits, ops, args) = expected.pop_front().unwrap();
                // SAFETY: one more record was pushed than popped.
                let record = unsafe { consumer.front(&shared) };
                assert_eq!(record.waits, waits);
                let Asked::Ops { ops: found, args: bytes } = record.asked else { panic!("ops went in") };
                assert_eq!((found, bytes), (&ops[..], &args[..]));
                // SAFETY: `front` was called.
                unsafe { consumer.pop() };
            }
        }
        while expected.pop_front().is_some() {
            // SAFETY: as above.
            unsafe { consumer.front(&shared) };
            // SAFETY: as above.
            unsafe { consumer.pop() };
        }
        // SAFETY: both sides end here.
        unsafe { producer.free(&shared) };
    }
}
