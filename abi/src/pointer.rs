//! What is known about a pointer.

use std::ffi::{c_int, c_uint};

use stream_hal::error::{Error, Result};
use stream_hal::memory;
use stream_hal::pointers::Allocation;

use crate::arg::{Address, Array, Out};
use crate::entry::{Cx, entries};
use crate::memory::kind;
use crate::types::hip::PointerAttributes;

/// HIP's number for managed memory.
const MANAGED: c_uint = 3;

/// More attributes are not asked for at once: both APIs have fewer.
const ATTRIBUTES: usize = 64;

/// An attribute's value, in the size that the API gives it.
#[derive(Clone, Copy)]
enum Value {
    Word(u32),
    Long(u64),
}

impl Value {
    fn write(self, to: Address) -> Result {
        match self {
            Value::Word(value) => Out::at(to).place("data")?.write(value),
            Value::Long(value) => Out::at(to).place("data")?.write(value),
        }
        Ok(())
    }

    fn none(self) -> Value {
        match self {
            Value::Word(_) => Value::Word(0),
            Value::Long(_) => Value::Long(0),
        }
    }
}

/// An attribute by number; `None` if there is none of that number. // table
fn attribute(number: c_int, address: Address, found: &Allocation) -> Option<Value> {
    Some(match number {
        1 => Value::Long(found.context),
        2 => Value::Word(kind(found.place)),
        // One address on both sides.
        3 | 4 => Value::Long(address.0),
        // Synchronous copies are as they are for all memory.
        6 => Value::Word(0),
        7 | 20 => Value::Long(found.generation),
        8 => Value::Word(u32::from(found.managed)),
        9 => Value::Word(found.device),
        10 | 15 | 21 => Value::Word(0),
        11 => Value::Long(found.base),
        12 => Value::Long(found.bytes),
        13 => Value::Word(1),
        14 | 17 => Value::Long(0),
        // Readable and writable.
        16 => Value::Word(3),
        18 => Value::Long(found.bytes),
        19 => Value::Long(found.base),
        _ => return None,
    })
}

fn unknown(number: c_int) -> Error {
    Error::value("attribute", format!("{number} is no attribute of a pointer"))
}

entries! {
    fn cuPointerGetAttribute | hipPointerGetAttribute (cx, data: Address, number: c_int, address: Address) {
        cx.runtime()?;
        let found = memory::find(address.0);
        let found = found.ok_or_else(|| Error::value("ptr", format!("{:#x} is in no allocation", address.0)))?;
        attribute(number, address, &found).ok_or_else(|| unknown(number))?.write(data)
    }

    // A pointer that is not known has attributes of zero.
    fn cuPointerGetAttributes | hipDrvPointerGetAttributes (
        cx, count: c_uint, numbers: Array<c_int>, data: Array<Address>, address: Address
    ) {
        cx.runtime()?;
        let numbers = numbers.get_few("attributes", count as usize, ATTRIBUTES)?;
        let places = data.get("data", count as usize)?;
        let found = memory::find(address.0);
        for (number, place) in numbers.into_iter().zip(places) {
            let value = attribute(number, address, &found.unwrap_or_default());
            let value = value.ok_or_else(|| unknown(number))?;
            if found.is_some() { value } else { value.none() }.write(place)?;
        }
        Ok(())
    }

    // That synchronous copies wait for all work of this memory can be asked for: they always do.
    fn cuPointerSetAttribute | hipPointerSetAttribute (cx, _value: Address, number: c_int, address: Address) {
        cx.runtime()?;
        match (number, memory::find(address.0)) {
            (6, Some(_)) => Ok(()),
            (6, None) => Err(Error::value("ptr", format!("{:#x} is in no allocation", address.0))),
            _ => Err(Error::value("attribute", format!("{number} cannot be set"))),
        }
    }

    fn hipPointerGetAttributes (cx, attributes: Out<PointerAttributes>, address: Address) {
        let place = attributes.place("attributes")?;
        cx.runtime()?;
        place.write(match memory::find(address.0) {
            Some(found) => PointerAttributes {
                kind: if found.managed { MANAGED } else { kind(found.place) },
                device: found.device as c_int,
                device_pointer: address,
                host_pointer: if kind(found.place) == 1 || found.managed { address } else { Address(0) },
                is_managed: c_int::from(found.managed),
                flags: found.flags,
            },
            None => unregistered(cx, address)?,
        });
        Ok(())
    }
}

/// Host memory that nobody registered has attributes of its own, or none.
fn unregistered(cx: &Cx, address: Address) -> Result<PointerAttributes> {
    if !cx.rules.unknown_pointer_has_attributes {
        return Err(Error::value("ptr", format!("{:#x} is in no allocation", address.0)));
    }
    let (kind, device, host_pointer, device_pointer) = (0, -2, address, Address(0));
    Ok(PointerAttributes { kind, device, device_pointer, host_pointer, is_managed: 0, flags: 0 })
}
