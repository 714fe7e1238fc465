//! Captures what is recorded on a stream, launches it twice with new inputs, and prints its drawing.
//!
//! `cargo run --example captured_graph | dot -Tsvg > graph.svg`

use stream_hal::{Device, Result, Shape};

const PTX: &str = include_str!("../kernels/samples/ptx/vector_add.ptx");
const COUNT: usize = 512;

fn main() -> Result {
    let device = Device::open(0)?;
    let add = device.module(PTX)?.kernel("vector_add")?;
    let (a, b) = (device.buffer::<f32>(COUNT)?, device.buffer::<f32>(COUNT)?);
    let (left, right) = (device.buffer::<f32>(COUNT)?, device.buffer::<f32>(COUNT)?);
    let (stream, other) = (device.stream()?, device.stream()?);
    let (fork, join) = (device.event()?, device.event()?);
    let shape = Shape::linear(COUNT as u32, 128);

    let graph = stream.capture(|stream| {
        fork.record(stream)?;
        other.wait(&fork)?;
        // SAFETY: all buffers have COUNT elements and outlive the launches.
        unsafe { stream.launch(&add, shape, (&a, &a, &left, COUNT as u32))? };
        // SAFETY: as above; this kernel runs beside the first and writes another buffer.
        unsafe { other.launch(&add, shape, (&b, &b, &right, COUNT as u32))? };
        join.record(&other)?;
        stream.wait(&join)?;
        // SAFETY: as above; it runs behind both.
        unsafe { stream.launch(&add, shape, (&left, &right, &left, COUNT as u32)) }
    })?;
    let exec = graph.instantiate()?;

    for offset in [1.0f32, 10.0] {
        a.write(&vec![offset; COUNT])?;
        b.write(&(0..COUNT).map(|i| i as f32).collect::<Vec<_>>())?;
        stream.launch_graph(&exec)?;
        stream.synchronize()?;
        let sums = left.read()?;
        assert!(sums.iter().enumerate().all(|(i, &sum)| sum == 2.0 * offset + 2.0 * i as f32));
        eprintln!("2 * {offset} + 2 * {}: {}", COUNT - 1, sums[COUNT - 1]);
    }
    println!("{}", graph.dot());
    Ok(())
}
