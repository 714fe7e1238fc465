//! The tables of all objects that have handles.

use std::sync::Arc;

use crate::capture::Session;
use crate::context::Context;
use crate::error::{Error, Result, What};
use crate::event::Event;
use crate::exec::GraphExec;
use crate::graph::Graph;
use crate::handle::{self, Full, HandleError, Kind, Reading, Table};
use crate::module::{Function, Module};
use crate::pool::Pool;
use crate::stream::Stream;
use crate::user_object::UserObject;

/// A table of shared objects: who holds one across a wait clones the `Arc`.
pub type Objects<T> = Table<Arc<T>>;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $type:ty, $kind:ident;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name() -> &'static Objects<$type> {
            static TABLE: Objects<$type> = Table::new(Kind::$kind);
            &TABLE
        }
    )*};
}

tables! {
    /// All contexts.
    contexts: Context, Context;
    /// All streams.
    streams: Stream, Stream;
    /// All events.
    events: Event, Event;
    /// All modules.
    modules: Module, Module;
    /// All functions.
    functions: Function, Function;
    /// All graphs.
    graphs: Graph, Graph;
    /// All instantiated graphs.
    execs: GraphExec, GraphExec;
    /// All memory pools.
    pools: Pool, MemPool;
    /// All user objects.
    user_objects: UserObject, UserObject;
    /// All open captures. Their handles are never given out.
    sessions: Session, External;
}

/// Puts an object that knows its own handle into its table.
pub fn register<T: Send + Sync>(table: &'static Objects<T>, make: impl FnOnce(u64) -> T) -> Result<Arc<T>> {
    let mut made = None;
    table.insert_with(|handle| {
        let object = Arc::new(make(handle));
        made = Some(object.clone());
        object
    })?;
    made.ok_or_else(|| Error::new(What::Unknown, "the table did not ask for the object"))
}

/// Takes an object out of its table: its handle is stale from now on.
pub fn remove<T: Send + Sync>(table: &'static Objects<T>, handle: u64) -> Result {
    Ok(table.remove(handle, &handle::enter())?)
}

/// The object of a handle, shared.
pub fn find<T: Send + Sync>(
    table: &'static Objects<T>,
    argument: &'static str,
    handle: u64,
) -> Result<Arc<T>> {
    let reading = handle::enter();
    get(table, argument, handle, &reading).cloned()
}

/// The object of a handle for the length of a call.
#[inline]
pub fn get<'r, T: Send + Sync>(
    table: &'static Objects<T>,
    argument: &'static str,
    handle: u64,
    reading: &'r Reading,
) -> Result<&'r Arc<T>> {
    table.get(handle, reading).map_err(|error| refused(argument, handle, error))
}

#[cold]
fn refused(argument: &'static str, handle: u64, error: HandleError) -> Error {
    Error::of(What::InvalidHandle, argument, format!("{handle:#x}: {error}"))
}

/// Calls `visit` for each context that is not closed.
pub fn each_context(mut visit: impl FnMut(&Context)) {
    let all: Vec<Arc<Context>> = {
        let reading = handle::enter();
        contexts().iter(&reading).map(|(_, context)| context.clone()).collect()
    };
    all.iter().for_each(|context| visit(context));
}

impl From<HandleError> for Error {
    fn from(error: HandleError) -> Error {
        Error::new(What::InvalidHandle, error.to_string())
    }
}

impl From<Full> for Error {
    fn from(full: Full) -> Error {
        Error::new(What::OutOfMemory, full.to_string())
    }
}
