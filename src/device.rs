//! A device as the runtime sees it: its backend, its properties and its primary context.

use std::any::Any;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_hal_backends as backends;
use stream_hal_scheduler::{Backend, Ticket};

use crate::context::Context;
use crate::error::{Error, Result, What};
use crate::owed::Owed;

/// A device. Lives as long as the process.
pub struct Device {
    /// Its number in the order the program sees.
    pub ordinal: usize,
    /// The backend's own number of it.
    pub number: u32,
    /// Which of the opened backends it belongs to.
    pub group: usize,
    /// Who runs its work.
    pub backend: Arc<dyn Backend>,
    /// Where the backend is a checker: the order owed to programs.
    pub owed: Option<Arc<Owed>>,
    /// Its memory and modules.
    pub driver: Arc<dyn backends::Device>,
    primary: Mutex<Primary>,
    /// What must live until work that may use it is done.
    retired: Mutex<Vec<Retired>>,
}

struct Retired {
    until: Vec<Ticket>,
    _what: Box<dyn Any + Send + Sync>,
}

#[derive(Default)]
struct Primary {
    context: Option<Arc<Context>>,
    retained: u32,
    flags: u32,
}

impl Device {
    pub(crate) fn new(
        ordinal: usize,
        number: u32,
        group: usize,
        backend: Arc<dyn Backend>,
        owed: Option<Arc<Owed>>,
        driver: Arc<dyn backends::Device>,
    ) -> Device {
        Device {
            ordinal,
            number,
            group,
            backend,
            owed,
            driver,
            primary: Mutex::default(),
            retired: Mutex::default(),
        }
    }

    /// What the device is.
    pub fn properties(&self) -> &backends::Properties {
        self.driver.properties()
    }

    /// Memory not allocated, in bytes.
    pub fn free_memory(&self) -> u64 {
        self.driver.free_memory()
    }

    /// Keeps something alive until these points are reached.
    pub(crate) fn retire(&self, until: Vec<Ticket>, what: Box<dyn Any + Send + Sync>) {
        self.retired.lock().push(Retired { until, _what: what });
        self.collect();
    }

    /// Drops what was retired and can no longer be used.
    pub(crate) fn collect(&self) {
        let reached = |ticket: &Ticket| self.backend.completed(ticket.queue) >= ticket.value;
        let mut retired = self.retired.lock();
        let done: Vec<Retired> =
            retired.extract_if(.., |retired| retired.until.iter().all(reached)).collect();
        drop(retired);
        // Dropping may unload code or call back: not under the lock.
        drop(done);
    }

    /// Makes the primary context if need be and counts the caller as a holder.
    pub fn retain_primary(&'static self) -> Result<Arc<Context>> {
        let mut primary = self.primary.lock();
        let context = match &primary.context {
            Some(context) => context.clone(),
            None => {
                let context = Context::open(self, primary.flags, true)?;
                primary.context = Some(context.clone());
                context
            }
        };
        primary.retained += 1;
        Ok(context)
    }

    /// The primary context without counting; made if need be.
    pub fn primary(&'static self) -> Result<Arc<Context>> {
        if let Some(context) = &self.primary.lock().context {
            return Ok(context.clone());
        }
        self.retain_primary()
    }

    /// One holder less; the last one destroys the context.
    pub fn release_primary(&self) -> Result {
        let mut primary = self.primary.lock();
        if primary.retained == 0 {
            return Err(Error::new(What::InvalidContext, "the primary context is not retained"));
        }
        primary.retained -= 1;
        let last = if primary.retained == 0 { primary.context.take() } else { None };
        drop(primary);
        last.map_or(Ok(()), |context| context.close())
    }

    /// Destroys the primary context whoever holds it.
    pub fn reset_primary(&self) -> Result {
        let mut primary = self.primary.lock();
        primary.retained = 0;
        let context = primary.context.take();
        drop(primary);
        context.map_or(Ok(()), |context| context.close())
    }

    /// The flags of the primary context and whether it exists.
    pub fn primary_state(&self) -> (u32, bool) {
        let primary = self.primary.lock();
        (primary.flags, primary.context.is_some())
    }

    /// Flags for the primary context: for the present one too.
    pub fn set_primary_flags(&self, flags: u32) -> Result {
        let mut primary = self.primary.lock();
        primary.flags = flags;
        if let Some(context) = &primary.context {
            context.set_flags(flags);
        }
        Ok(())
    }
}
