//! Devices: starting, counting, naming, asking.

use std::ffi::{c_char, c_int, c_uint};

use stream_hal::context::Context;
use stream_hal::device::Device;
use stream_hal::error::{Error, Result, What};
use stream_hal::rules::Api;
use stream_hal::runtime::initialize;
use stream_hal::stream::Stream;
use stream_hal::thread;

use crate::arg::{Out, OutText, Text, truth};
use crate::entry::{Cx, entries};
use crate::types::cuda::DeviceProperties;
use crate::types::properties::{self, Properties, PropertiesOld};
use crate::{attribute, start};

/// Flags of a context: how to wait (one bit of three), and three that need nothing here.
pub(crate) fn check_flags(flags: c_uint) -> Result {
    // At most one way of waiting; no unknown bits.
    if (flags & 0x7).count_ones() > 1 || flags & !0xff != 0 {
        return Err(Error::value("flags", format!("{flags:#x} is not a set of context flags")));
    }
    Ok(())
}

fn attribute_of(cx: &Cx, device: &Device, number: c_int) -> Result<c_int> {
    let value = match cx.symbol.api {
        Api::Cuda => attribute::cuda(device, number),
        Api::Hip => attribute::hip(device, number),
    };
    value.ok_or_else(|| Error::value("attrib", format!("{number} is no device attribute")))
}

/// Bus number as text, `domain:bus:device.0`.
fn bus_id(device: &Device) -> String {
    let [domain, bus, slot] = device.properties().pci;
    format!("{domain:04X}:{bus:02X}:{slot:02X}.0")
}

/// Domain, bus and device of a text in one of the forms `d:b:s.f`, `d:b:s`, `b:s.f`.
fn parse_bus_id(text: &str) -> Option<[u32; 3]> {
    let text = text.split('.').next()?;
    let parts: Option<Vec<u32>> = text.split(':').map(|part| u32::from_str_radix(part, 16).ok()).collect();
    match parts?[..] {
        [bus, slot] => Some([0, bus, slot]),
        [domain, bus, slot] => Some([domain, bus, slot]),
        _ => None,
    }
}

/// A limit by the API's number, with what it is before anyone sets it.
pub(crate) fn limit(context: &Context, number: c_int) -> Result<u64> {
    let first = match number {
        // Stack of a thread, buffer of printf, heap of device malloc.
        0 => 1024,
        1 => 1 << 20,
        2 => 8 << 20,
        3 => 2,
        4 => 2048,
        5 => 128,
        6 => 0,
        _ => return Err(unsupported_limit(number)),
    };
    Ok(context.limit(number as usize).unwrap_or(first))
}

fn unsupported_limit(number: c_int) -> Error {
    Error::of(What::InvalidValue, "limit", format!("{number} is no limit of this device"))
}

/// Sets a limit that [`limit`] knows.
pub(crate) fn set_limit(context: &Context, number: c_int, value: u64) -> Result {
    limit(context, number)?;
    if context.set_limit(number as usize, value) {
        return Ok(());
    }
    Err(Error::of(
        What::InvalidValue,
        "limit",
        format!("{number} can no longer be set: kernels have allocated"),
    ))
}

/// Whether one device's kernels can reach the other's memory: where one backend serves both.
pub(crate) fn reaches(one: &Device, other: &Device) -> bool {
    one.ordinal != other.ordinal && one.group == other.group
}

entries! {
    fn cuInit | hipInit (_cx, flags: c_uint) {
        start::start();
        // No flag is defined.
        if flags != 0 {
            return Err(Error::value("Flags", "must be 0"));
        }
        initialize().map(drop)
    }

    // Resets every device: contexts end with their streams, memory goes back.
    fn cuHALDeinit | hipHALDeinit (cx) {
        cx.runtime()?.devices.iter().try_for_each(Device::reset_primary)
    }

    fn cuDriverGetVersion | hipDriverGetVersion | hipRuntimeGetVersion (cx, version: Out<c_int>) {
        version.place("driverVersion")?.write(cx.rules.version);
        Ok(())
    }

    fn cuDeviceGet | hipDeviceGet (cx, device: Out<c_int>, ordinal: c_int) {
        let device = device.place("device")?;
        device.write(cx.device(ordinal)?.ordinal as c_int);
        Ok(())
    }

    fn cuDeviceGetCount | hipGetDeviceCount (cx, count: Out<c_int>) {
        count.place("count")?.write(cx.runtime()?.devices.len() as c_int);
        Ok(())
    }

    fn cuDeviceGetName | hipDeviceGetName (cx, name: OutText, length: c_int, device: c_int) {
        let length = usize::try_from(length).map_err(|_| Error::value("len", "must not be negative"))?;
        name.write("name", length, &cx.device(device)?.properties().name).map(drop)
    }

    fn cuDeviceGetUuid | cuDeviceGetUuid_v2 | hipDeviceGetUuid (cx, uuid: Out<[u8; 16]>, device: c_int) {
        uuid.place("uuid")?.write(cx.device(device)?.properties().uuid);
        Ok(())
    }

    fn cuDeviceTotalMem_v2 | hipDeviceTotalMem (cx, bytes: Out<usize>, device: c_int) {
        bytes.place("bytes")?.write(cx.device(device)?.properties().total_memory as usize);
        Ok(())
    }

    fn cuDeviceGetAttribute | hipDeviceGetAttribute (cx, value: Out<c_int>, attribute: c_int, device: c_int) {
        let value = value.place("pi")?;
        value.write(attribute_of(cx, cx.device(device)?, attribute)?);
        Ok(())
    }

    fn cuDeviceComputeCapability | hipDeviceComputeCapability (
        cx, major: Out<c_int>, minor: Out<c_int>, device: c_int
    ) {
        let (major, minor) = (major.place("major")?, minor.place("minor")?);
        let capability = cx.device(device)?.properties().compute_capability;
        major.write(capability.0 as c_int);
        minor.write(capability.1 as c_int);
        Ok(())
    }

    fn cuDeviceGetProperties (cx, properties: Out<DeviceProperties>, device: c_int) {
        properties.place("prop")?.write(DeviceProperties::of(cx.device(device)?.properties()));
        Ok(())
    }

    fn cuDeviceGetPCIBusId | hipDeviceGetPCIBusId (cx, text: OutText, length: c_int, device: c_int) {
        let length = usize::try_from(length).map_err(|_| Error::value("len", "must not be negative"))?;
        text.write("pciBusId", length, &bus_id(cx.device(device)?)).map(drop)
    }

    fn cuDeviceGetByPCIBusId | hipDeviceGetByPCIBusId (cx, device: Out<c_int>, text: Text) {
        let device = device.place("dev")?;
        let text = text.get("pciBusId")?;
        let wanted = parse_bus_id(&text).ok_or_else(|| Error::value("pciBusId", "is not domain:bus:device"))?;
        let found = cx.runtime()?.devices.iter().find(|found| found.properties().pci == wanted);
        let found = found.ok_or_else(|| Error::of(What::InvalidDevice, "pciBusId", format!("no device at {text}")))?;
        device.write(found.ordinal as c_int);
        Ok(())
    }

    fn cuDeviceCanAccessPeer | hipDeviceCanAccessPeer (cx, can: Out<c_int>, device: c_int, peer: c_int) {
        let can = can.place("canAccessPeer")?;
        can.write(truth(reaches(cx.device(device)?, cx.device(peer)?)));
        Ok(())
    }

    fn cuDeviceGetP2PAttribute | hipDeviceGetP2PAttribute (
        cx, value: Out<c_int>, attribute: c_int, source: c_int, target: c_int
    ) {
        let value = value.place("value")?;
        let (source, target) = (cx.device(source)?, cx.device(target)?);
        // Two different devices.
        if source.ordinal == target.ordinal {
            return Err(Error::of(What::InvalidDevice, "dstDevice", "the devices are the same"));
        }
        let reaches = reaches(source, target);
        value.write(match attribute {
            // Rank among links: all are alike. Access and atomics: as peers can reach each other.
            1 => 0,
            2 | 3 => truth(reaches),
            4 | 5 => 0,
            _ => return Err(Error::value("attrib", format!("{attribute} is no attribute of two devices"))),
        });
        Ok(())
    }

    fn hipSetDevice (_cx, device: c_int) {
        thread::may_call()?;
        thread::set_device(device)
    }

    fn hipGetDevice (cx, device: Out<c_int>) {
        let device = device.place("deviceId")?;
        cx.runtime()?;
        device.write(thread::device() as c_int);
        Ok(())
    }

    fn hipSetValidDevices (cx, devices: crate::arg::Array<c_int>, count: c_int) {
        let most = cx.runtime()?.devices.len();
        let devices = devices.get_few("device_arr", usize::try_from(count).unwrap_or(usize::MAX), most)?;
        devices.into_iter().try_for_each(|device| cx.device(device).map(drop))
    }

    fn hipDeviceSynchronize (cx) {
        cx.context()?.synchronize()
    }

    fn hipDeviceReset (cx) {
        let device = cx.context()?.device;
        device.reset_primary()?;
        thread::set_device(device.ordinal as c_int)
    }

    fn hipGetDevicePropertiesR0600 (cx, properties: Out<Properties>, device: c_int) {
        let place = properties.place("prop")?;
        place.write(properties::of(cx.device(device)?));
        Ok(())
    }

    fn hipGetDevicePropertiesR0000 | hipGetDeviceProperties (cx, properties: Out<PropertiesOld>, device: c_int) {
        let place = properties.place("prop")?;
        place.write(properties::old(cx.device(device)?));
        Ok(())
    }

    fn hipDeviceGetStreamPriorityRange | cuCtxGetStreamPriorityRange (cx, least: Out<c_int>, greatest: Out<c_int>) {
        cx.context()?;
        least.write(0);
        greatest.write(Stream::MOST_URGENT);
        Ok(())
    }

    fn hipDeviceGetLimit (cx, value: Out<usize>, number: c_int) {
        let value = value.place("pValue")?;
        // Only the stack and the heap have limits.
        if !matches!(number, 0 | 2) {
            return Err(unsupported_limit(number));
        }
        value.write(limit(&*cx.context()?, number)? as usize);
        Ok(())
    }

    fn hipDeviceSetLimit (cx, number: c_int, value: usize) {
        if !matches!(number, 0 | 2) {
            return Err(unsupported_limit(number));
        }
        set_limit(&*cx.context()?, number, value as u64)
    }

    fn hipSetDeviceFlags (cx, flags: c_uint) {
        check_flags(flags)?;
        cx.context()?.device.set_primary_flags(flags)
    }

    fn hipGetDeviceFlags (cx, flags: Out<c_uint>) {
        let flags = flags.place("flags")?;
        flags.write(cx.context()?.device.primary_state().0);
        Ok(())
    }

    // Hints about caches and banks: accepted, and there is nothing to do.
    fn hipDeviceSetCacheConfig | hipDeviceSetSharedMemConfig (cx, config: c_int) {
        match config {
            0..=3 => cx.context().map(drop),
            _ => Err(Error::value("config", format!("{config} is no configuration"))),
        }
    }

    fn hipDeviceGetCacheConfig | hipDeviceGetSharedMemConfig (cx, config: Out<c_int>) {
        let config = config.place("config")?;
        cx.context()?;
        config.write(0);
        Ok(())
    }
}

/// A text that lies in a fixed array, with its ending zero.
pub(crate) fn fixed<const N: usize>(text: &str) -> [c_char; N] {
    let mut array = [0; N];
    for (place, byte) in array.iter_mut().zip(text.bytes().take(N - 1)) {
        *place = byte as c_char;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bus_numbers_are_read_in_all_three_forms() {
        assert_eq!(parse_bus_id("0001:0A:1f.0"), Some([1, 10, 31]));
        assert_eq!(parse_bus_id("0001:0A:1f"), Some([1, 10, 31]));
        assert_eq!(parse_bus_id("0A:1f.0"), Some([0, 10, 31]));
        assert_eq!(parse_bus_id("nothing"), None);
    }

    #[test]
    fn one_way_of_waiting_at_most() {
        assert!(check_flags(0).is_ok() && check_flags(4 | 8).is_ok());
        assert!(check_flags(1 | 2).is_err() && check_flags(0x100).is_err());
    }
}
