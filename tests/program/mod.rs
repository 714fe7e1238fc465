//! One random program, made and run call by call, with its model beside it.

mod effect;
mod order;

use std::ffi::c_void;
use std::sync::Arc;

use effect::{CELLS, Effect};
use fastrand::Rng;
use order::{Clock, Order, STREAMS, join};
use stream_hal::capture::{self, Mode};
use stream_hal::context::Context;
use stream_hal::event::Event;
use stream_hal::exec::GraphExec;
use stream_hal::graph::Graph;
use stream_hal::launch::{self, Shape};
use stream_hal::memory::{self, Wait};
use stream_hal::module::Function;
use stream_hal::rules::CUDA;
use stream_hal::stream::Stream;
use stream_hal::{Result, What};
use stream_hal_capture::Op;
use stream_hal_capture::op::{Copy, Direction, Fill, Host};

/// What a host function is given.
struct HostCall {
    cell: *mut u32,
    k: u32,
}

extern "C" fn host_call(data: *mut c_void) {
    // SAFETY: `data` is the leaked `HostCall` of the program.
    let call = unsafe { &*data.cast::<HostCall>() };
    // SAFETY: the cell is device memory of a cpu device, which no other op touches at the same time:
    // the generator saw to that.
    let cell = unsafe { &mut *call.cell };
    *cell = cell.rotate_left(3) ^ call.k;
}

struct Recorded {
    exec: Arc<GraphExec>,
    graph: Arc<Graph>,
    effects: Vec<Effect>,
}

/// One program under way.
pub struct Program {
    rng: Rng,
    context: Arc<Context>,
    function: Arc<Function>,
    streams: Vec<Arc<Stream>>,
    base: u64,
    order: Order,
    model: Vec<u32>,
    events: Vec<(Arc<Event>, Option<Clock>)>,
    graphs: Vec<Recorded>,
}

impl Program {
    pub fn new(seed: u64, context: Arc<Context>, function: Arc<Function>) -> Result<Program> {
        let mut rng = Rng::with_seed(seed);
        let mut blocking = [false; STREAMS];
        blocking.iter_mut().for_each(|b| *b = rng.bool());
        let mut streams = vec![context.legacy()?];
        for &blocking in &blocking[1..] {
            streams.push(Stream::create(&context, blocking, 0)?);
        }
        let base = memory::allocate(&context, &CUDA, u64::from(CELLS) * 4)?;
        let zero = Fill { to: base, pitch: 0, width: CELLS.into(), height: 1, value: 0, element_bytes: 4 };
        memory::fill(&streams[0], zero, Wait::Yes)?;
        context.synchronize()?;
        let mut events = Vec::new();
        for _ in 0..4 {
            events.push((Event::create(&context, rng.bool())?, None));
        }
        let (order, model) = (Order::new(blocking, true), vec![0; CELLS as usize]);
        let graphs = Vec::new();
        Ok(Program { rng, context, function, streams, base, order, model, events, graphs })
    }

    /// Runs it to its end and gives what is in memory and what the model says.
    pub fn run(mut self) -> Result<(Vec<u32>, Vec<u32>)> {
        for _ in 0..self.rng.u32(10..80) {
            self.step()?;
        }
        self.finish()
    }

    fn address(&self, cell: u32) -> u64 {
        self.base + u64::from(cell) * 4
    }

    fn op(&self, effect: &Effect) -> Result<(Op, Vec<u8>)> {
        Ok(match *effect {
            Effect::Fill { first, cells, value } => {
                let (to, width) = (self.address(first), cells.into());
                (Op::Fill(Fill { to, pitch: 0, width, height: 1, value, element_bytes: 4 }), vec![])
            }
            Effect::Copy { to, from, cells } => {
                let (to, from) = (self.address(to), self.address(from));
                let direction = Direction::DeviceToDevice;
                (Op::Copy(Copy { to, from, bytes: u64::from(cells) * 4, direction }), vec![])
            }
            Effect::Mix { a, b, k } => {
                let mut args = self.address(a).to_le_bytes().to_vec();
                args.extend(self.address(b).to_le_bytes());
                args.extend(k.to_le_bytes());
                let shape = Shape { grid: [1; 3], block: [1; 3], shared_bytes: 0, cooperative: false };
                (launch::op(&self.function, &shape, args.len(), &CUDA)?, args)
            }
            Effect::Host { a, k } => {
                let call = Box::new(HostCall { cell: self.address(a) as *mut u32, k });
                let function = host_call as extern "C" fn(*mut c_void) as usize as u64;
                let data = Box::into_raw(call) as u64;
                (Op::Host(Host { function, data, form: Host::PLAIN, stream: 0 }), vec![])
            }
        })
    }

    /// One random call.
    fn step(&mut self) -> Result {
        let stream = self.rng.usize(0..STREAMS);
        let event = self.rng.usize(0..self.events.len());
        match self.rng.u32(0..20) {
            0..=9 => self.effect(stream),
            10..=11 => self.record(event, stream),
            12..=13 => self.wait(event, stream),
            14 => self.synchronize(stream),
            15 if self.graphs.len() < 4 => self.capture(),
            16 if self.graphs.len() < 4 => self.build(),
            15..=18 => self.launch_graph(stream),
            _ => self.query(stream),
        }
    }

    fn effect(&mut self, stream: usize) -> Result {
        let effect = Effect::random(&mut self.rng);
        self.settle(stream, &effect.reads(), &effect.writes())?;
        let (op, args) = self.op(&effect)?;
        self.streams[stream].record(op, &args)?;
        self.order.touch(stream, &effect.reads(), &effect.writes());
        effect.apply(&mut self.model);
        Ok(())
    }

    /// Orders `stream` behind whatever an access would race with.
    fn settle(&mut self, stream: usize, reads: &[u32], writes: &[u32]) -> Result {
        while let Some(other) = self.order.conflict(stream, reads, writes) {
            match self.rng.u32(0..6) {
                0 => self.synchronize(other)?,
                1 => {
                    self.context.synchronize()?;
                    (0..STREAMS).for_each(|stream| self.order.synchronized(stream));
                }
                _ => {
                    let event = self.rng.usize(0..self.events.len());
                    self.record(event, other)?;
                    self.wait(event, stream)?;
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, event: usize, stream: usize) -> Result {
        self.events[event].0.record(&self.streams[stream])?;
        self.order.touch(stream, &[], &[]);
        self.events[event].1 = Some(self.order.clocks[stream]);
        Ok(())
    }

    fn wait(&mut self, event: usize, stream: usize) -> Result {
        self.events[event].0.wait(&self.streams[stream])?;
        if let Some(clock) = self.events[event].1 {
            join(&mut self.order.clocks[stream], &clock);
        }
        Ok(())
    }

    fn synchronize(&mut self, stream: usize) -> Result {
        if self.rng.bool() {
            self.streams[stream].synchronize()?;
        } else {
            let event = self.rng.usize(0..self.events.len());
            self.record(event, stream)?;
            self.events[event].0.synchronize()?;
        }
        self.order.synchronized(stream);
        Ok(())
    }

    fn query(&mut self, stream: usize) -> Result {
        match self.streams[stream].query() {
            Ok(()) => self.order.synchronized(stream),
            Err(error) if error.what == What::NotReady => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn launch_graph(&mut self, stream: usize) -> Result {
        if self.graphs.is_empty() {
            return Ok(());
        }
        let chosen = self.rng.usize(0..self.graphs.len());
        let effects = self.graphs[chosen].effects.clone();
        let reads: Vec<u32> = effects.iter().flat_map(Effect::reads).collect();
        let writes: Vec<u32> = effects.iter().flat_map(Effect::writes).collect();
        self.settle(stream, &reads, &writes)?;
        self.graphs[chosen].exec.launch(&self.streams[stream])?;
        self.order.touch(stream, &reads, &writes);
        effects.iter().for_each(|effect| effect.apply(&mut self.model));
        Ok(())
    }

    /// Captures ops on a stream and on others that fork from it and join it again.
    fn capture(&mut self) -> Result {
        let mut order = Order::new([false; STREAMS], false);
        let origin = self.rng.usize(1..STREAMS);
        let mut inside = vec![origin];
        let mut effects = Vec::new();
        capture::begin(&self.streams[origin], Mode::ThreadLocal, None)?;
        for _ in 0..self.rng.u32(1..10) {
            self.fork(&mut order, &mut inside)?;
            let stream = inside[self.rng.usize(0..inside.len())];
            let effect = Effect::random(&mut self.rng);
            while let Some(other) = order.conflict(stream, &effect.reads(), &effect.writes()) {
                self.order_captured(&mut order, other, stream)?;
            }
            let (op, args) = self.op(&effect)?;
            self.streams[stream].record(op, &args)?;
            order.touch(stream, &effect.reads(), &effect.writes());
            effects.push(effect);
        }
        for &other in &inside[1..] {
            self.order_captured(&mut order, other, origin)?;
        }
        if !self.graphs.is_empty() && self.rng.u32(0..4) == 0 {
            let child = self.rng.usize(0..self.graphs.len());
            self.graphs[child].exec.launch(&self.streams[origin])?;
            effects.extend(self.graphs[child].effects.clone());
        }
        let graph = capture::end(&self.streams[origin])?;
        self.instantiate(graph, effects)
    }

    /// Now and then another stream joins the capture.
    fn fork(&mut self, order: &mut Order, inside: &mut Vec<usize>) -> Result {
        let outside: Vec<usize> = (1..STREAMS).filter(|s| !inside.contains(s)).collect();
        if outside.is_empty() || self.rng.u32(0..3) != 0 {
            return Ok(());
        }
        let from = inside[self.rng.usize(0..inside.len())];
        let to = outside[self.rng.usize(0..outside.len())];
        self.order_captured(order, from, to)?;
        inside.push(to);
        Ok(())
    }

    /// Inside a capture: work of `to` from now on is behind that of `from` so far.
    fn order_captured(&mut self, order: &mut Order, from: usize, to: usize) -> Result {
        let event = self.rng.usize(0..self.events.len());
        self.events[event].0.record(&self.streams[from])?;
        self.events[event].0.wait(&self.streams[to])?;
        let clock = order.clocks[from];
        join(&mut order.clocks[to], &clock);
        // The event now belongs to the capture: outside of it another takes its place.
        self.events[event] = (Event::create(&self.context, false)?, None);
        Ok(())
    }

    /// Builds a graph node by node, with an edge for each conflict and some more.
    fn build(&mut self) -> Result {
        let graph = Graph::create()?;
        let mut nodes = Vec::new();
        let mut effects: Vec<Effect> = Vec::new();
        for _ in 0..self.rng.u32(1..10) {
            let effect = Effect::random(&mut self.rng);
            let mut after = Vec::new();
            for (earlier, &node) in effects.iter().zip(&nodes) {
                if effect.conflicts(earlier) || self.rng.u32(0..6) == 0 {
                    after.push(node);
                }
            }
            let (op, args) = self.op(&effect)?;
            nodes.push(graph.add(op, &args, &after)?);
            effects.push(effect);
        }
        self.instantiate(graph, effects)
    }

    fn instantiate(&mut self, graph: Arc<Graph>, effects: Vec<Effect>) -> Result {
        let exec = GraphExec::instantiate(&graph, self.context.device, 0)?;
        self.graphs.push(Recorded { exec, graph, effects });
        Ok(())
    }

    /// Waits for everything and gives what is in memory and what the model says.
    fn finish(mut self) -> Result<(Vec<u32>, Vec<u32>)> {
        self.context.synchronize()?;
        let mut bytes = vec![0; CELLS as usize * 4];
        self.context.device.driver.read(self.base, &mut bytes)?;
        let memory = bytes.chunks_exact(4).map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect();
        for recorded in self.graphs.drain(..) {
            recorded.exec.destroy()?;
            recorded.graph.destroy()?;
        }
        for stream in &self.streams[1..] {
            stream.destroy()?;
        }
        for (event, _) in &self.events {
            event.destroy()?;
        }
        memory::free(self.base)?;
        Ok((memory, self.model))
    }
}
