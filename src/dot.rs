//! Drawings of live streams and graphs in Graphviz' language, and the files that `STREAM_HAL_DOT`
//! asks for.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use stream_hal_capture::Dag;
use stream_hal_capture::dot::{self, LaneView, Style};
use stream_hal_capture::live::Live;

use crate::error::{Error, Result, What};
use crate::handle;
use crate::module::Function;
use crate::objects;
use crate::settings::settings;
use crate::stream::{Kind, Stream};

/// The name of a function by its handle, for labels.
fn name(function: u64) -> Option<String> {
    let reading = handle::enter();
    match objects::get(objects::functions(), "f", function, &reading) {
        Ok(function) => Some(function.kernel().name.clone()),
        Err(_) => unloaded().lock().get(&function).cloned(),
    }
}

/// The names of functions whose modules are unloaded; kept only where drawings are asked for.
fn unloaded() -> &'static Mutex<HashMap<u64, String>> {
    static UNLOADED: OnceLock<Mutex<HashMap<u64, String>>> = OnceLock::new();
    UNLOADED.get_or_init(Mutex::default)
}

/// A function is about to be unloaded: drawings may still show its launches.
pub(crate) fn remember(function: &Function) {
    if settings().dot.is_some() {
        unloaded().lock().insert(function.handle(), function.kernel().name.clone());
    }
}

/// A graph.
pub fn graph(dag: &Dag, style: &Style) -> String {
    dot::dag(dag, style, &name)
}

/// The live DAGs of some streams as they are now: what is done since the last drawing, running and
/// pending. No op is recorded on any of them meanwhile, so the drawing shows one moment.
pub fn streams(streams: &[Arc<Stream>], style: &Style) -> String {
    // One gate after the other, always in the order of the lanes, so that two drawings cannot
    // hold what the other waits for.
    let mut ordered: Vec<&Arc<Stream>> = streams.iter().collect();
    ordered.sort_by_key(|stream| stream.lane());
    ordered.dedup_by_key(|stream| stream.lane());
    let held: Vec<_> = ordered.iter().map(|stream| stream.hold()).collect();
    let views: Vec<LaneView<'_>> =
        ordered.iter().zip(&held).map(|(stream, held)| view(stream, held.live(), held.completed())).collect();
    dot::live(&views, style, &name)
}

/// The live DAGs of streams of the Rust API, as [`streams`] draws them.
pub fn of(streams: &[&crate::Stream]) -> String {
    let inner: Vec<Arc<Stream>> = streams.iter().map(|stream| stream.inner.clone()).collect();
    self::streams(&inner, &Style { verbose: true, ..Style::default() })
}

fn view<'a>(stream: &Stream, live: &'a Live, completed: u64) -> LaneView<'a> {
    let kind = match stream.kind() {
        Kind::Legacy => "legacy stream",
        Kind::PerThread => "per-thread stream",
        Kind::Blocking | Kind::NonBlocking => "stream",
    };
    LaneView { lane: stream.lane(), name: format!("{kind} {:#x}", stream.handle()), live, completed }
}

/// Writes a drawing to a file.
pub fn write(path: &Path, text: &str) -> Result {
    std::fs::write(path, text)
        .map_err(|error| Error::of(What::OperatingSystem, "path", format!("{}: {error}", path.display())))
}

/// Writes a numbered drawing into the folder that the settings name.
fn write_numbered(what: &str, text: &str) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let Some(folder) = &settings().dot else { return };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("{number:04}-{what}.dot"));
    let made = std::fs::create_dir_all(folder).map_err(|error| error.to_string());
    if let Err(error) = made.and_then(|()| write(&path, text).map_err(|error| error.to_string())) {
        tracing::warn!("a drawing was not written: {error}");
    }
}

fn titled(title: String) -> Style {
    Style { verbose: true, title, ..Style::default() }
}

/// After an instantiate: the graph.
pub(crate) fn write_graph(handle: u64, dag: &Dag) {
    if settings().dot.is_some() {
        write_numbered("graph", &graph(dag, &titled(format!("graph {handle:#x}"))));
    }
}

/// After a synchronise: the stream with the last of what it did, unless it was drawn so before.
pub(crate) fn write_stream(stream: &Arc<Stream>) {
    if settings().dot.is_some() && stream.has_news() {
        let text = streams(std::slice::from_ref(stream), &titled("at a synchronise".to_owned()));
        write_numbered("stream", &text);
    }
}

/// At the end of a context: all its streams, in one drawing.
pub(crate) fn write_streams(all: &[Arc<Stream>]) {
    if settings().dot.is_some() && all.iter().any(|stream| stream.has_history()) {
        write_numbered("end", &streams(all, &titled("at the end".to_owned())));
    }
}

/// At the end of the process: all streams that are left, in one drawing.
pub fn write_all() {
    if settings().dot.is_none() {
        return;
    }
    let all: Vec<Arc<Stream>> = {
        let reading = handle::enter();
        objects::streams().iter(&reading).map(|(_, stream)| stream.clone()).collect()
    };
    write_streams(&all);
}
