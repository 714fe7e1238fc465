//! Adds two vectors on the first device: load a module, launch a kernel, read the result.
//!
//! `cargo run --example vector_add`

use stream_hal::{Device, Result, Shape};

const PTX: &str = include_str!("../kernels/samples/ptx/vector_add.ptx");
const COUNT: usize = 1000;

fn main() -> Result {
    let device = Device::open(0)?;
    println!("device: {}", device.name());
    let kernel = device.module(PTX)?.kernel("vector_add")?;

    let a = device.upload(&(0..COUNT).map(|i| i as f32).collect::<Vec<_>>())?;
    let b = device.upload(&vec![0.5f32; COUNT])?;
    let sum = device.buffer::<f32>(COUNT)?;

    let stream = device.stream()?;
    let shape = Shape::linear(COUNT as u32, 256);
    // SAFETY: the three buffers have COUNT elements and live until the stream is synchronised.
    unsafe { stream.launch(&kernel, shape, (&a, &b, &sum, COUNT as u32))? };
    stream.synchronize()?;

    let sum = sum.read()?;
    assert!(sum.iter().enumerate().all(|(i, &x)| x == i as f32 + 0.5));
    println!("{COUNT} sums, the last is {}", sum[COUNT - 1]);
    Ok(())
}
