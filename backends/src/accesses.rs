//! Who is told what each kernel accessed in device memory.

use std::fmt;
use std::sync::Arc;

use stream_hal_capture::op;
use stream_hal_kernels::AccessLog;

/// One launch that has ended, with what all its blocks read, wrote and updated.
pub struct Accessed<'a> {
    /// The launch.
    pub launch: &'a op::Launch,
    /// The op's place in its plan, if it belongs to one.
    pub node: Option<u32>,
    /// Ranges of bytes.
    pub log: &'a AccessLog,
}

/// A function that is called when a launch has ended, on a thread of the backend, before anything that waits for the
/// launch goes on. It must not call the backend.
#[derive(Clone)]
pub struct Accesses(Arc<dyn Fn(&Accessed<'_>) + Send + Sync>);

impl Accesses {
    /// Tells this function.
    pub fn tell(function: impl Fn(&Accessed<'_>) + Send + Sync + 'static) -> Accesses {
        Accesses(Arc::new(function))
    }

    /// A launch has ended.
    pub(crate) fn ended(&self, accessed: &Accessed<'_>) {
        (self.0)(accessed);
    }
}

impl fmt::Debug for Accesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accesses")
    }
}

impl PartialEq for Accesses {
    fn eq(&self, other: &Accesses) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Accesses {}
