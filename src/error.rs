//! A refusal in words: what it is, which argument it is about, and why.

use std::borrow::Cow;
use std::fmt;

/// What kind of refusal it is. The C surface gives each kind its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// An argument is out of range, null where it must not be, or contradicts another.
    InvalidValue,
    /// Device or host memory ran out.
    OutOfMemory,
    /// The runtime was not initialised.
    NotInitialized,
    /// The runtime has shut down.
    Deinitialized,
    /// There is no device.
    NoDevice,
    /// There is no device of this number.
    InvalidDevice,
    /// The bytes are no image of device code.
    InvalidImage,
    /// No context is current, or the one named is not valid.
    InvalidContext,
    /// The image holds no code for this device.
    NoBinaryForDevice,
    /// The PTX has errors.
    InvalidPtx,
    /// A file was not found.
    FileNotFound,
    /// A handle is null, stale, of another kind, or not ours.
    InvalidHandle,
    /// A symbol or an object by that name is not there.
    NotFound,
    /// Work is still pending. Not an error of the caller.
    NotReady,
    /// A resource is in a state that does not allow this.
    IllegalState,
    /// A kernel or copy touched memory that is not there.
    IllegalAddress,
    /// More threads, shared memory or parameters than the device or kernel allows.
    LaunchOutOfResources,
    /// A cooperative launch with more blocks than run at once.
    CooperativeLaunchTooLarge,
    /// The launch's grid or block is not valid for the device.
    InvalidConfiguration,
    /// Access to the peer is enabled already.
    PeerAccessAlreadyEnabled,
    /// Access to the peer is not enabled.
    PeerAccessNotEnabled,
    /// The primary context is in use and cannot change.
    PrimaryContextActive,
    /// The context was destroyed.
    ContextIsDestroyed,
    /// A device-side assertion failed.
    Assert,
    /// The host memory is registered already.
    HostMemoryAlreadyRegistered,
    /// The host memory is not registered.
    HostMemoryNotRegistered,
    /// A kernel made a misaligned access.
    MisalignedAddress,
    /// A kernel ran into an instruction that cannot be executed.
    IllegalInstruction,
    /// A kernel used an address of another space.
    InvalidAddressSpace,
    /// A kernel's stack ran out.
    HardwareStackError,
    /// A kernel failed in another way.
    LaunchFailed,
    /// Not allowed here, as in a host function.
    NotPermitted,
    /// Not there yet, or not possible on this device.
    NotSupported,
    /// The call is not allowed while a stream is capturing.
    CaptureUnsupported,
    /// The capture was invalidated by an earlier error.
    CaptureInvalidated,
    /// The call would merge two captures.
    CaptureMerge,
    /// The capture did not begin on this stream.
    CaptureUnmatched,
    /// A forked stream was not joined to the stream where the capture began.
    CaptureUnjoined,
    /// A dependency would cross the border of the capture.
    CaptureIsolation,
    /// The legacy stream would depend on a capturing stream.
    CaptureImplicit,
    /// The event was recorded in a capture.
    CapturedEvent,
    /// The capture was begun by another thread.
    CaptureWrongThread,
    /// The exec could not be updated to the graph.
    ExecUpdateFailure,
    /// No kernel is registered for a host function.
    InvalidFunction,
    /// No variable is registered for a host address.
    InvalidSymbol,
    /// The second half of a launch came without its first.
    MissingConfiguration,
    /// The copy's direction does not exist.
    InvalidDirection,
    /// The operating system refused.
    OperatingSystem,
    /// A fault of ours.
    Unknown,
}

/// A refusal. Nothing was changed unless the function's documentation says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind.
    pub what: What,
    /// The argument it is about, as the API names it; empty when it is about none.
    pub argument: &'static str,
    /// Why, in words.
    pub because: Cow<'static, str>,
}

/// The result of most calls.
pub type Result<T = ()> = std::result::Result<T, Error>;

impl Error {
    /// A refusal that is about no argument.
    #[cold]
    pub fn new(what: What, because: impl Into<Cow<'static, str>>) -> Error {
        Error { what, argument: "", because: because.into() }
    }

    /// A refusal of an argument.
    #[cold]
    pub fn of(what: What, argument: &'static str, because: impl Into<Cow<'static, str>>) -> Error {
        Error { what, argument, because: because.into() }
    }

    /// The common one: an invalid value of an argument.
    #[cold]
    pub fn value(argument: &'static str, because: impl Into<Cow<'static, str>>) -> Error {
        Error::of(What::InvalidValue, argument, because)
    }

    /// Work is pending. Costs nothing to make.
    pub const NOT_READY: Error =
        Error { what: What::NotReady, argument: "", because: Cow::Borrowed("work is still pending") };
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.argument {
            "" => write!(f, "{:?}: {}", self.what, self.because),
            argument => write!(f, "{:?} ({argument}): {}", self.what, self.because),
        }
    }
}

impl std::error::Error for Error {}

impl From<stream_hal_backends::device::Error> for Error {
    fn from(error: stream_hal_backends::device::Error) -> Error {
        use stream_hal_backends::device::Error as E;
        let (what, because) = match error {
            E::NotSupported(why) => (What::NotSupported, why),
            E::OutOfMemory(why) => (What::OutOfMemory, why),
            E::InvalidImage(why) => (What::InvalidImage, why),
            E::NoBinaryForDevice(why) => (What::NoBinaryForDevice, why),
            E::InvalidPtx(why) => (What::InvalidPtx, why),
            E::Invalid(why) => (What::InvalidValue, why),
            E::DeviceLost(why) => (What::NoDevice, why),
        };
        Error::new(what, because)
    }
}

impl From<stream_hal_scheduler::backend::Error> for Error {
    fn from(error: stream_hal_scheduler::backend::Error) -> Error {
        use stream_hal_scheduler::backend::Error as E;
        let (what, because) = match error {
            E::NotSupported(why) => (What::NotSupported, why),
            E::OutOfMemory(why) => (What::OutOfMemory, why),
            E::Invalid(why) => (What::InvalidValue, why),
            E::DeviceLost(why) => (What::NoDevice, why),
        };
        Error::new(what, because)
    }
}

impl From<stream_hal_scheduler::backend::Fault> for Error {
    fn from(fault: stream_hal_scheduler::backend::Fault) -> Error {
        use stream_hal_scheduler::backend::FaultKind as K;
        let what = match fault.kind {
            K::IllegalAddress => What::IllegalAddress,
            K::MisalignedAddress => What::MisalignedAddress,
            K::IllegalInstruction => What::IllegalInstruction,
            K::Assert => What::Assert,
            K::LaunchFailed => What::LaunchFailed,
            K::InvalidAddressSpace => What::InvalidAddressSpace,
            K::StackOverflow => What::HardwareStackError,
        };
        Error::new(what, fault.what)
    }
}

impl From<stream_hal_capture::dag::Error> for Error {
    fn from(error: stream_hal_capture::dag::Error) -> Error {
        Error::value("", error.to_string())
    }
}
