//! The special registers of PTX: which one a name means, and how it is read.

use super::Refusal;
use super::step::Step;
use crate::interp::RESERVED_BYTES;
use crate::ir::compute::Compute;
use crate::ir::op::Special;
use crate::ir::{Op, Operand, Type};

/// Where in the system's part of shared memory the libraries have theirs.
const LIBRARIES: u32 = 64;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// A register of 32 bits.
    Word(Special),
    /// A register of 64 bits.
    Long(Special),
    /// Here it is always this: counters that count nothing, clusters of one block, graphs that no kernel knows of.
    Always(u64),
}

/// The special register of this name and component, which is empty without one.
pub fn named(name: &str, part: &str) -> Option<Meaning> {
    match part {
        "" => alone(name),
        "x" => component(name, 0),
        "y" => component(name, 1),
        "z" => component(name, 2),
        "w" => component(name, 3),
        _ => None,
    }
}

/// A launch without clusters is one of clusters of one block.
fn component(name: &str, axis: u8) -> Option<Meaning> {
    let (special, beyond): (fn(u8) -> Special, u64) = match name {
        "%tid" => (Special::Tid, 0),
        "%ntid" => (Special::NTid, 1),
        "%ctaid" | "%clusterid" => (Special::CtaId, 0),
        "%nctaid" | "%nclusterid" => (Special::NCtaId, 1),
        "%cluster_ctaid" => return Some(Meaning::Always(0)),
        "%cluster_nctaid" => return Some(Meaning::Always(1)),
        _ => return None,
    };
    Some(if axis < 3 { Meaning::Word(special(axis)) } else { Meaning::Always(beyond) })
}

fn alone(name: &str) -> Option<Meaning> {
    use Meaning::{Always, Long, Word};
    Some(match name {
        "WARP_SZ" => Always(32),
        "%laneid" => Word(Special::LaneId),
        "%warpid" => Word(Special::WarpId),
        "%nwarpid" => Word(Special::NWarpId),
        "%lanemask_eq" => Word(Special::LaneMaskEq),
        "%lanemask_le" => Word(Special::LaneMaskLe),
        "%lanemask_lt" => Word(Special::LaneMaskLt),
        "%lanemask_ge" => Word(Special::LaneMaskGe),
        "%lanemask_gt" => Word(Special::LaneMaskGt),
        "%clock" => Word(Special::Clock),
        "%clock_hi" => Word(Special::ClockHigh),
        "%clock64" => Long(Special::Clock64),
        "%globaltimer" => Long(Special::GlobalTimer),
        "%globaltimer_lo" => Word(Special::GlobalTimerLow),
        "%globaltimer_hi" => Word(Special::GlobalTimerHigh),
        "%smid" => Word(Special::SmId),
        "%nsmid" => Word(Special::NSmId),
        "%gridid" => Long(Special::GridId),
        "%dynamic_smem_size" => Word(Special::DynamicSharedSize),
        "%total_smem_size" => Word(Special::TotalSharedSize),
        "%aggr_smem_size" => Word(Special::AggregateSharedSize),
        "%reserved_smem_offset_begin" | "%reserved_smem_offset_0" => Word(Special::ReservedShared(0)),
        "%reserved_smem_offset_1" => Word(Special::ReservedShared(LIBRARIES)),
        "%reserved_smem_offset_end" => Word(Special::ReservedShared(RESERVED_BYTES)),
        "%reserved_smem_offset_cap" => Always(u64::from(RESERVED_BYTES)),
        "%cluster_ctarank" | "%is_explicit_cluster" | "%current_graph_exec" => Always(0),
        "%cluster_nctarank" => Always(1),
        "%envreg1" => Word(Special::Workspace(0)),
        "%envreg2" => Word(Special::Workspace(1)),
        _ if numbered(name, "%envreg", 32) || numbered(name, "%pm", 8) => Always(0),
        _ if name.strip_suffix("_64").is_some_and(|name| numbered(name, "%pm", 8)) => Always(0),
        _ => return None,
    })
}

/// The family's name and a number below `count`.
fn numbered(name: &str, family: &str, count: u32) -> bool {
    let Some(number) = name.strip_prefix(family) else { return false };
    let plain = number == "0" || !number.starts_with(['0', '+']);
    plain && number.parse::<u32>().is_ok_and(|number| number < count)
}

impl Step<'_, '_, '_, '_> {
    /// Reads a special register as a type: narrower ones get its low bits.
    pub fn special(&mut self, meaning: Meaning, ty: Type) -> Result<Operand, Refusal> {
        if ty == Type::B128 {
            return self.error("a special register does not fit .b128");
        }
        let (special, bits) = match meaning {
            Meaning::Word(special) => (special, 32),
            Meaning::Long(special) => (special, 64),
            Meaning::Always(value) => return Ok(Operand::Imm(value & (u64::MAX >> (64 - ty.bits())))),
        };
        if ty.bits() >= bits {
            let to = self.body.fresh(ty.bits());
            self.emit_always(Op::Special { special, to });
            return Ok(Operand::Reg(to));
        }
        if ty == Type::Pred {
            return self.error("a special register is no predicate");
        }
        let (whole, to) = (self.body.fresh(bits), self.body.fresh(ty.bits()));
        self.emit_always(Op::Special { special, to: whole });
        let from =
            [Operand::Reg(whole), Operand::Imm(0), Operand::Imm(u64::from(ty.bits())), Operand::Imm(0)];
        self.emit_always(Op::Compute { compute: Compute::Extract, to, from });
        Ok(Operand::Reg(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_families() {
        assert_eq!(named("%envreg31", ""), Some(Meaning::Always(0)));
        assert_eq!(named("%pm7_64", ""), Some(Meaning::Always(0)));
        assert_eq!(named("%tid", "w"), Some(Meaning::Always(0)));
        assert_eq!(named("%nctaid", "w"), Some(Meaning::Always(1)));
        for (name, part) in
            [("%envreg32", ""), ("%envreg01", ""), ("%pm8", ""), ("%pm", ""), ("%tid", ""), ("%laneid", "x")]
        {
            assert_eq!(named(name, part), None, "{name} {part}");
        }
    }
}
