//! A context: the streams, modules and memory that belong together on one device, and their health.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use stream_hal_scheduler::{Health, Ticket};

use crate::device::Device;
use crate::dot;
use crate::error::{Error, Result, What};
use crate::objects;
use crate::stream::{Kind, Stream};

/// How long a destroyed context's work may go without anything being finished before it is abandoned.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A context. Shared by handle; [`Context::close`] ends it.
pub struct Context {
    /// The device it is on.
    pub device: &'static Device,
    /// Whether a fault of device work broke it.
    pub health: Arc<Health>,
    /// Whether it is its device's primary context.
    pub primary: bool,
    handle: u64,
    flags: AtomicU32,
    closed: AtomicBool,
    /// The legacy stream's handle, not the stream: that holds the context.
    legacy: AtomicU64,
    /// The queue of the legacy stream.
    legacy_queue: AtomicU32,
    /// The legacy stream's published point: what blocking streams wait for.
    legacy_point: AtomicU64,
    /// Streams that were created, and threads' default streams.
    streams: RwLock<Vec<Arc<Stream>>>,
    /// Destroyed streams whose work is pending, or that another thread may still be using.
    departed: Mutex<Vec<Arc<Stream>>>,
    /// How many of `streams` wait for the legacy stream and the reverse.
    pub(crate) blocking: AtomicU32,
    /// How many blocking streams of this context are capturing.
    pub(crate) capturing: AtomicU32,
    peers: Mutex<Vec<usize>>,
    limits: Mutex<[Option<u64>; 16]>,
}

impl Context {
    /// The number of the limit on what kernels allocate.
    const HEAP_LIMIT: usize = 2;

    /// A new context on a device.
    pub fn open(device: &'static Device, flags: u32, primary: bool) -> Result<Arc<Context>> {
        let context = objects::register(objects::contexts(), |handle| Context {
            device,
            health: Health::new(),
            primary,
            handle,
            flags: AtomicU32::new(flags),
            closed: AtomicBool::new(false),
            legacy: AtomicU64::new(0),
            legacy_queue: AtomicU32::new(0),
            legacy_point: AtomicU64::new(0),
            streams: RwLock::default(),
            departed: Mutex::default(),
            blocking: AtomicU32::new(0),
            capturing: AtomicU32::new(0),
            peers: Mutex::default(),
            limits: Mutex::new([None; 16]),
        })?;
        let legacy = Stream::open(&context, Kind::Legacy, 0)?;
        context.legacy_queue.store(legacy.lane(), Ordering::Relaxed);
        context.legacy.store(legacy.handle(), Ordering::Release);
        Ok(context)
    }

    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// The flags it was made with.
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    pub(crate) fn set_flags(&self, flags: u32) {
        self.flags.store(flags, Ordering::Relaxed);
    }

    /// Refuses after a fault or after the end of the context. One relaxed load in the good case.
    #[inline]
    pub fn check(&self) -> Result {
        if self.health.is_whole() { Ok(()) } else { Err(self.broken()) }
    }

    #[cold]
    fn broken(&self) -> Error {
        match self.health.fault() {
            Some(fault) => fault.into(),
            None => Error::new(What::ContextIsDestroyed, "the context was destroyed, and its work abandoned"),
        }
    }

    /// Whether [`Context::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The legacy default stream, shared.
    pub fn legacy(&self) -> Result<Arc<Stream>> {
        objects::find(objects::streams(), "hStream", self.legacy_handle())
    }

    /// The handle of the legacy default stream.
    #[inline]
    pub fn legacy_handle(&self) -> u64 {
        self.legacy.load(Ordering::Acquire)
    }

    /// The point that the legacy stream published last.
    #[inline]
    pub(crate) fn legacy_point(&self) -> Ticket {
        let value = self.legacy_point.load(Ordering::Acquire);
        Ticket { queue: self.legacy_queue.load(Ordering::Relaxed), value }
    }

    #[inline]
    pub(crate) fn publish_legacy(&self, value: u64) {
        self.legacy_point.store(value, Ordering::Release);
    }

    /// Adds a stream that was created on this context.
    pub(crate) fn adopt(&self, stream: Arc<Stream>) {
        if stream.is_blocking() {
            self.blocking.fetch_add(1, Ordering::AcqRel);
        }
        self.streams.write().push(stream);
    }

    /// Takes a stream out; its pending work still counts.
    pub(crate) fn disown(&self, stream: &Arc<Stream>) -> Result {
        self.departed.lock().push(stream.clone());
        self.streams.write().retain(|other| !Arc::ptr_eq(other, stream));
        drop(self.departed());
        if stream.is_blocking() {
            self.legacy()?.wait_for(stream.point()?)?;
            self.blocking.fetch_sub(1, Ordering::AcqRel);
        }
        Ok(())
    }

    /// All streams but the legacy one.
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        self.streams.read().clone()
    }

    /// Destroyed streams that may have work pending; forgets the others.
    fn departed(&self) -> Vec<Arc<Stream>> {
        let mut departed = self.departed.lock();
        // Held by nobody else, it gets no more work.
        let ended = |stream: &mut Arc<Stream>| Arc::strong_count(stream) == 1 && stream.is_done();
        let done: Vec<Arc<Stream>> = departed.extract_if(.., ended).collect();
        let rest = departed.clone();
        drop(departed);
        // Dropping gives queues up: not under the lock.
        drop(done);
        rest
    }

    /// Calls `visit` for each blocking stream.
    pub(crate) fn each_blocking(&self, mut visit: impl FnMut(&Stream)) {
        if self.blocking.load(Ordering::Acquire) != 0 {
            self.streams.read().iter().filter(|stream| stream.is_blocking()).for_each(|stream| visit(stream));
        }
    }

    /// The points that all work submitted so far reaches.
    pub(crate) fn points(&self) -> Vec<Ticket> {
        let mut streams = self.streams();
        streams.extend(self.departed());
        streams.extend(self.legacy().ok());
        streams.iter().filter_map(|stream| stream.point().ok()).collect()
    }

    /// Waits for all work of all streams.
    pub fn synchronize(&self) -> Result {
        for ticket in self.points() {
            self.device.backend.wait(ticket);
        }
        self.device.collect();
        self.check()
    }

    /// Keeps something alive until all work submitted so far is done.
    pub(crate) fn retire(&self, what: Box<dyn Any + Send + Sync>) {
        self.device.retire(self.points(), what);
    }

    /// Ends the context: waits for its work and takes its streams out of use. A kernel that never ends is
    /// abandoned once nothing of the context was finished for [`PATIENCE`].
    pub fn close(&self) -> Result {
        self.close_within(PATIENCE)
    }

    /// [`Context::close`] with another patience. A host function that runs is waited for however long it takes.
    pub fn close_within(&self, patience: Duration) -> Result {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Err(Error::of(What::ContextIsDestroyed, "ctx", "the context was destroyed"));
        }
        let points = self.points();
        if !self.finishes(&points, patience) {
            tracing::warn!("a destroyed context's work did not end and was abandoned");
            self.health.abandon();
        }
        points.into_iter().for_each(|ticket| self.device.backend.wait(ticket));
        let mut streams = std::mem::take(&mut *self.streams.write());
        streams.extend(self.legacy().ok());
        dot::write_streams(&streams);
        streams.iter().for_each(Stream::abandon);
        drop(std::mem::take(&mut *self.departed.lock()));
        objects::remove(objects::contexts(), self.handle).ok();
        self.device.collect();
        Ok(())
    }

    /// Whether all points are reached; `false` when nothing came nearer for as long as `patience`. Only looks: a
    /// thread that executes a kernel could not leave it.
    fn finishes(&self, points: &[Ticket], patience: Duration) -> bool {
        let backend = &self.device.backend;
        let (mut done, mut since, mut nap) = (None, Instant::now(), Duration::from_micros(10));
        loop {
            let completed: Vec<u64> = points.iter().map(|point| backend.completed(point.queue)).collect();
            if points.iter().zip(&completed).all(|(point, &completed)| completed >= point.value) {
                return true;
            }
            if done.as_ref() != Some(&completed) {
                (done, since) = (Some(completed), Instant::now());
            } else if since.elapsed() >= patience {
                return false;
            }
            thread::sleep(nap);
            nap = (nap * 2).min(Duration::from_millis(1));
        }
    }

    /// Lets kernels and copies of this context reach memory of the other's device.
    pub fn enable_peer(&self, other: &Context) -> Result {
        let mut peers = self.peers.lock();
        if peers.contains(&other.device.ordinal) {
            return Err(Error::new(
                What::PeerAccessAlreadyEnabled,
                "access to that device is enabled already",
            ));
        }
        peers.push(other.device.ordinal);
        Ok(())
    }

    /// The reverse of [`Context::enable_peer`].
    pub fn disable_peer(&self, other: &Context) -> Result {
        let mut peers = self.peers.lock();
        let before = peers.len();
        peers.retain(|&peer| peer != other.device.ordinal);
        match peers.len() == before {
            true => Err(Error::new(What::PeerAccessNotEnabled, "access to that device is not enabled")),
            false => Ok(()),
        }
    }

    /// A limit by the API's number, if it was set.
    pub fn limit(&self, which: usize) -> Option<u64> {
        self.limits.lock().get(which).copied().flatten()
    }

    /// Stores a limit by the API's number. `false` if there is none of that number, or if it is the size of the
    /// kernels' heap and one has allocated from it.
    pub fn set_limit(&self, which: usize, value: u64) -> bool {
        if which == Context::HEAP_LIMIT && !self.health.reserve.set_bytes(value) {
            return false;
        }
        self.limits.lock().get_mut(which).map(|limit| *limit = Some(value)).is_some()
    }
}
