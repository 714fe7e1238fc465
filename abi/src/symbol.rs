//! Variables that a program knows by the address of its own copy.

use std::ffi::c_uint;

use stream_hal::error::{Error, Result};
use stream_hal::memory::{self, Wait};
use stream_hal::op::Direction;
use stream_hal::registered::registered;

use crate::arg::{Address, Array, Handle, Out};
use crate::copy::direction;
use crate::entry::{Cx, entries};
use crate::exec;
use crate::made;
use crate::node;

const DEFAULT: Handle = Handle(0);

/// The place of `bytes` bytes from `offset` on in a registered variable.
fn part(cx: &Cx, symbol: Address, bytes: usize, offset: usize) -> Result<Address> {
    let variable = registered().variable(&cx.context()?, symbol.0)?;
    let end = offset.checked_add(bytes).filter(|&end| end as u64 <= variable.bytes);
    match end {
        Some(_) => Ok(Address(variable.address + offset as u64)),
        None => Err(Error::value("sizeBytes", format!("the variable has {} bytes", variable.bytes))),
    }
}

/// A copy into or out of a variable: that side is the device, whatever the other is.
fn copy(
    cx: &Cx,
    to: Address,
    from: Address,
    bytes: usize,
    kind: c_uint,
    stream: Handle,
    wait: Wait,
) -> Result {
    let direction = match direction(kind)? {
        Direction::HostToHost => Direction::Unified,
        direction => direction,
    };
    memory::copy(&cx.stream(stream)?, to.0, from.0, bytes as u64, direction, wait)
}

entries! {
    fn hipGetSymbolAddress (cx, address: Out<Address>, symbol: Address) {
        let place = address.place("devPtr")?;
        place.write(part(cx, symbol, 0, 0)?);
        Ok(())
    }

    fn hipGetSymbolSize (cx, bytes: Out<usize>, symbol: Address) {
        let place = bytes.place("size")?;
        place.write(registered().variable(&cx.context()?, symbol.0)?.bytes as usize);
        Ok(())
    }

    fn hipMemcpyToSymbol | hipMemcpyToSymbol_spt (
        cx, symbol: Address, from: Address, bytes: usize, offset: usize, kind: c_uint
    ) {
        copy(cx, part(cx, symbol, bytes, offset)?, from, bytes, kind, DEFAULT, Wait::Yes)
    }

    fn hipMemcpyToSymbolAsync | hipMemcpyToSymbolAsync_spt (
        cx, symbol: Address, from: Address, bytes: usize, offset: usize, kind: c_uint, stream: Handle
    ) {
        copy(cx, part(cx, symbol, bytes, offset)?, from, bytes, kind, stream, Wait::No)
    }

    fn hipMemcpyFromSymbol | hipMemcpyFromSymbol_spt (
        cx, to: Address, symbol: Address, bytes: usize, offset: usize, kind: c_uint
    ) {
        copy(cx, to, part(cx, symbol, bytes, offset)?, bytes, kind, DEFAULT, Wait::Yes)
    }

    fn hipMemcpyFromSymbolAsync | hipMemcpyFromSymbolAsync_spt (
        cx, to: Address, symbol: Address, bytes: usize, offset: usize, kind: c_uint, stream: Handle
    ) {
        copy(cx, to, part(cx, symbol, bytes, offset)?, bytes, kind, stream, Wait::No)
    }

    fn hipGraphAddMemcpyNodeToSymbol (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, symbol: Address, from: Address,
        bytes: usize, offset: usize, kind: c_uint
    ) {
        node::add(cx, node, graph, after, count, || made::line(part(cx, symbol, bytes, offset)?, from, bytes, kind))
    }

    fn hipGraphAddMemcpyNodeFromSymbol (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, to: Address, symbol: Address,
        bytes: usize, offset: usize, kind: c_uint
    ) {
        node::add(cx, node, graph, after, count, || made::line(to, part(cx, symbol, bytes, offset)?, bytes, kind))
    }

    fn hipGraphMemcpyNodeSetParamsToSymbol (
        cx, node: Handle, symbol: Address, from: Address, bytes: usize, offset: usize, kind: c_uint
    ) {
        node::set(cx, node, || made::line(part(cx, symbol, bytes, offset)?, from, bytes, kind))
    }

    fn hipGraphMemcpyNodeSetParamsFromSymbol (
        cx, node: Handle, to: Address, symbol: Address, bytes: usize, offset: usize, kind: c_uint
    ) {
        node::set(cx, node, || made::line(to, part(cx, symbol, bytes, offset)?, bytes, kind))
    }

    fn hipGraphExecMemcpyNodeSetParamsToSymbol (
        cx, graph: Handle, node: Handle, symbol: Address, from: Address, bytes: usize, offset: usize, kind: c_uint
    ) {
        exec::set(cx, graph, node, || made::line(part(cx, symbol, bytes, offset)?, from, bytes, kind))
    }

    fn hipGraphExecMemcpyNodeSetParamsFromSymbol (
        cx, graph: Handle, node: Handle, to: Address, symbol: Address, bytes: usize, offset: usize, kind: c_uint
    ) {
        exec::set(cx, graph, node, || made::line(to, part(cx, symbol, bytes, offset)?, bytes, kind))
    }
}
