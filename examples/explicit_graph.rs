//! Builds a graph node by node, launches it, changes a node and launches it again.
//!
//! `cargo run --example explicit_graph`

use stream_hal::{Device, Graph, Result, Shape};

const PTX: &str = include_str!("../kernels/samples/ptx/saxpy.ptx");
const COUNT: usize = 1024;

fn main() -> Result {
    let device = Device::open(0)?;
    let saxpy = device.module(PTX)?.kernel("saxpy")?;
    let x = device.upload(&vec![1.0f32; COUNT])?;
    let y = device.buffer::<f32>(COUNT)?;
    let copy = device.buffer::<f32>(COUNT)?;
    let shape = Shape::linear(COUNT as u32, 128);

    let graph = Graph::new(&device)?;
    let clear = graph.add_clear(&y, &[])?;
    // SAFETY: both buffers have COUNT elements and outlive the graph's launches.
    let scale = unsafe { graph.add_kernel(&saxpy, shape, (2.0f32, &x, &y, COUNT as u32), &[clear])? };
    let keep = graph.add_copy(&copy, &y, &[scale])?;
    graph.add_host(|| println!("  the copy is made"), &[keep])?;

    let exec = graph.instantiate()?;
    let stream = device.stream()?;
    stream.launch_graph(&exec)?;
    stream.synchronize()?;
    println!("y = 2 x: {}", copy.read()?[0]);
    assert!(copy.read()?.iter().all(|&y| y == 2.0));

    // SAFETY: as above.
    unsafe { exec.set_kernel(scale, &saxpy, shape, (5.0f32, &x, &y, COUNT as u32))? };
    stream.launch_graph(&exec)?;
    stream.synchronize()?;
    println!("y = 5 x: {}", copy.read()?[0]);
    assert!(copy.read()?.iter().all(|&y| y == 5.0));
    Ok(())
}
