//! Draws two streams while work is pending on them: what is done, what runs, what waits for what.
//!
//! `cargo run --example live_stream | dot -Tsvg > streams.svg`

use std::sync::mpsc;

use parking_lot::Mutex;
use stream_hal::{Device, Result, Shape, dot};

const PTX: &str = include_str!("../kernels/samples/ptx/saxpy.ptx");
const COUNT: usize = 256;

fn main() -> Result {
    let device = Device::open(0)?;
    let saxpy = device.module(PTX)?.kernel("saxpy")?;
    let (x, y) = (device.upload(&vec![1.0f32; COUNT])?, device.buffer::<f32>(COUNT)?);
    let (first, second) = (device.stream()?, device.stream()?);
    let ready = device.event()?;
    let shape = Shape::linear(COUNT as u32, 128);

    // A host function that waits for us holds the first stream up.
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    first.host(move || {
        let _ = wait.lock().recv();
    })?;
    for factor in [1.0f32, 2.0, 3.0] {
        // SAFETY: both buffers have COUNT elements and live until the streams are synchronised.
        unsafe { first.launch(&saxpy, shape, (factor, &x, &y, COUNT as u32))? };
    }
    ready.record(&first)?;
    second.wait(&ready)?;
    second.clear(&x)?;
    assert!(!first.is_done()? && !second.is_done()?);
    println!("{}", dot::of(&[&first, &second]));

    drop(go);
    second.synchronize()?;
    assert!(y.read()?.iter().all(|&y| y == 6.0));
    eprintln!("y = {}", y.read()?[0]);
    Ok(())
}
