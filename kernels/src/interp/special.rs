//! Special registers.

use super::block::RESERVED_BYTES;
use super::lanes::{Lanes, WARP};
use super::run::Machine;
use super::warp::Warp;
use crate::ir::op::Special;

impl Machine<'_> {
    /// A special register in all lanes.
    pub fn special(&mut self, warp: &Warp, special: Special) -> Lanes {
        let each = |value: fn(u32) -> u32| {
            let mut lanes = [0; WARP];
            lanes.iter_mut().zip(0..).for_each(|(to, lane)| *to = u64::from(value(lane)));
            lanes
        };
        let all = |value: u64| [value; WARP];
        let axis = |axis: u8| usize::from(axis.min(2));
        let launch = self.launch;
        match special {
            Special::Tid(at) => warp.tid[axis(at)],
            Special::NTid(at) => all(u64::from(launch.block[axis(at)])),
            Special::CtaId(at) => all(u64::from(self.block[axis(at)])),
            Special::NCtaId(at) => all(u64::from(launch.grid[axis(at)])),
            Special::LaneId => each(|lane| lane),
            Special::WarpId => all(u64::from(warp.index)),
            Special::NWarpId => all(u64::from(self.warps)),
            Special::LaneMaskEq => each(|lane| 1 << lane),
            Special::LaneMaskLe => each(|lane| u32::MAX >> (31 - lane)),
            Special::LaneMaskLt => each(|lane| (1 << lane) - 1),
            Special::LaneMaskGe => each(|lane| u32::MAX << lane),
            Special::LaneMaskGt => each(|lane| (u32::MAX << lane) & !(1 << lane)),
            Special::Clock => all(self.tick() & 0xffff_ffff),
            Special::ClockHigh => all(self.tick() >> 32),
            Special::Clock64 => all(self.tick()),
            Special::GlobalTimerLow => all(self.host.clock_ns() & 0xffff_ffff),
            Special::GlobalTimerHigh => all(self.host.clock_ns() >> 32),
            Special::GlobalTimer => all(self.host.clock_ns()),
            Special::SmId => all(u64::from(launch.processor[0])),
            Special::NSmId => all(u64::from(launch.processor[1])),
            Special::GridId => all(launch.id),
            Special::DynamicSharedSize => all(u64::from(launch.shared_bytes)),
            Special::TotalSharedSize => all(u64::from(self.dynamic_end)),
            Special::AggregateSharedSize => all(u64::from(self.dynamic_end) + u64::from(RESERVED_BYTES)),
            Special::ReservedShared(offset) => {
                all(u64::from(self.dynamic_end.next_multiple_of(16)) + u64::from(offset))
            }
            Special::Workspace(0) => all(launch.workspace >> 32),
            Special::Workspace(_) => all(launch.workspace & 0xffff_ffff),
        }
    }

    /// The block's clock: no two readings are the same.
    fn tick(&mut self) -> u64 {
        *self.clock = self.host.clock_ns().max(self.clock.saturating_add(1));
        *self.clock
    }
}
