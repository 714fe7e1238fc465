//! This library: the row's PTX through the Rust API on the cpu backend.

use stream_hal::{Buffer, Device, Kernel, Shape, Stream};

use crate::case::{Case, Data};
use crate::contender::{Ready, Run, Source};
use crate::rounds::process_ns;

/// The first device and a stream.
pub struct Ours {
    device: Device,
}

impl Ours {
    /// Opens the device.
    pub fn new() -> Result<Ours, String> {
        let device = Device::open(0).map_err(|error| error.to_string())?;
        Ok(Ours { device })
    }
}

impl Source for Ours {
    fn prepare(&self, case: &Case) -> Result<Ready, String> {
        Prepared::ready(&self.device, case).map_err(|error| error.to_string())
    }
}

struct Prepared {
    stream: Stream,
    launches: Vec<Launch>,
    buffers: Vec<Buffer<u8>>,
    fresh: Vec<Data>,
    results: Vec<usize>,
}

struct Launch {
    kernel: Kernel,
    shape: Shape,
    addresses: Vec<u64>,
    scalars: Vec<u32>,
}

impl Prepared {
    fn ready(device: &Device, case: &Case) -> stream_hal::Result<Ready> {
        let start = process_ns();
        let module = device.module(case.ptx)?;
        let build_ns = process_ns() - start;
        let buffers: Vec<Buffer<u8>> = case
            .buffers
            .iter()
            .map(|data| device.upload(data.elements()))
            .collect::<stream_hal::Result<_>>()?;
        let mut launches = Vec::new();
        for launch in &case.launches {
            let ([x, y], [width, height]) = (launch.grid, launch.block);
            launches.push(Launch {
                kernel: module.kernel(launch.kernel)?,
                shape: Shape {
                    grid: [x, y, 1],
                    block: [width, height, 1],
                    shared_bytes: 0,
                    cooperative: false,
                },
                addresses: launch.buffers.iter().map(|&at| buffers[at].address()).collect(),
                scalars: launch.scalars.iter().map(|scalar| scalar.bits()).collect(),
            });
        }
        let (fresh, results) = (case.buffers.clone(), case.results.clone());
        let prepared = Prepared { stream: device.stream()?, launches, buffers, fresh, results };
        Ok(Ready { run: Box::new(prepared), build_ns })
    }
}

impl Launch {
    fn on(&self, stream: &Stream) -> stream_hal::Result {
        let Launch { kernel, shape, addresses, scalars } = self;
        macro_rules! launch {
            ($($value:expr),*) => {
                // SAFETY: the buffers are as long as the launch says, and live until the stream is waited for.
                unsafe { stream.launch(kernel, *shape, ($($value,)*)) }
            };
        }
        match (&addresses[..], &scalars[..]) {
            (&[], &[]) => launch!(),
            (&[a], &[b]) => launch!(a, b),
            (&[a], &[b, c, d, e, f, g]) => launch!(a, b, c, d, e, f, g),
            (&[a, b], &[c]) => launch!(a, b, c),
            (&[a, b], &[c, d]) => launch!(a, b, c, d),
            (&[a, b], &[c, d, e]) => launch!(a, b, c, d, e),
            (&[a, b, c], &[d]) => launch!(a, b, c, d),
            (&[a, b, c, d, e], &[f, g, h]) => launch!(a, b, c, d, e, f, g, h),
            _ => panic!("no kernel has {} buffers and {} scalars", addresses.len(), scalars.len()),
        }
    }
}

impl Run for Prepared {
    fn reset(&mut self) {
        for (buffer, data) in self.buffers.iter().zip(&self.fresh) {
            buffer.write(data.elements()).expect("the buffer is as long");
        }
    }

    fn run(&mut self, repeats: usize) {
        for launch in std::iter::repeat_n(&self.launches, repeats).flatten() {
            launch.on(&self.stream).expect("the launch fits the kernel");
        }
        self.stream.synchronize().expect("the kernel runs");
    }

    fn results(&mut self) -> Vec<Data> {
        let read = |&at: &usize| {
            let bytes = self.buffers[at].read().expect("the buffer can be read");
            Data::new(bytes.len(), |i| bytes[i])
        };
        self.results.iter().map(read).collect()
    }
}
