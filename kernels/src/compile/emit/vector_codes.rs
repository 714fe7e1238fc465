//! The instructions of vectors, each in the forms for 16 lanes of 32 bits, 8 of 32 and 8 of 64.

use iced_x86::Code;

use crate::compile::ssa::Type;

/// One instruction in three forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// 16 lanes of 32 bits.
    wide: Code,
    /// 8 lanes of 32 bits.
    half: Code,
    /// 8 lanes of 64 bits.
    long: Code,
}

impl Row {
    /// The form for a vector type, if there is one.
    pub fn of(self, ty: Type) -> Option<Code> {
        match ty {
            Type::V { bits: 32, lanes: 16 } => Some(self.wide),
            Type::V { bits: 32, lanes: 8 } => Some(self.half),
            Type::V { bits: 64, lanes: 8 } => Some(self.long),
            _ => None,
        }
    }
}

macro_rules! row {
    ($wide:ident, $half:ident, $long:ident) => {
        Row { wide: Code::$wide, half: Code::$half, long: Code::$long }
    };
}

/// a + b.
pub const ADD: Row = row!(
    EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpaddd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpaddq_zmm_k1z_zmm_zmmm512b64
);
/// a - b.
pub const SUB: Row = row!(
    EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpsubd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpsubq_zmm_k1z_zmm_zmmm512b64
);
/// The low half of a · b.
pub const MUL_LOW: Row = row!(
    EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpmulld_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpmullq_zmm_k1z_zmm_zmmm512b64
);
/// a and b.
pub const AND: Row = row!(
    EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpandd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpandq_zmm_k1z_zmm_zmmm512b64
);
/// a or b.
pub const OR: Row = row!(
    EVEX_Vpord_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpord_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vporq_zmm_k1z_zmm_zmmm512b64
);
/// a xor b.
pub const XOR: Row = row!(
    EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpxord_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpxorq_zmm_k1z_zmm_zmmm512b64
);
/// not a and b.
pub const AND_NOT: Row = row!(
    EVEX_Vpandnd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpandnd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpandnq_zmm_k1z_zmm_zmmm512b64
);
/// The smaller one.
pub const MIN_SIGNED: Row = row!(
    EVEX_Vpminsd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpminsd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpminsq_zmm_k1z_zmm_zmmm512b64
);
/// The smaller one.
pub const MIN_UNSIGNED: Row = row!(
    EVEX_Vpminud_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpminud_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpminuq_zmm_k1z_zmm_zmmm512b64
);
/// The larger one.
pub const MAX_SIGNED: Row = row!(
    EVEX_Vpmaxsd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpmaxsd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpmaxsq_zmm_k1z_zmm_zmmm512b64
);
/// The larger one.
pub const MAX_UNSIGNED: Row = row!(
    EVEX_Vpmaxud_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpmaxud_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpmaxuq_zmm_k1z_zmm_zmmm512b64
);
/// a << b, 0 beyond the width.
pub const SHIFT_LEFT: Row = row!(
    EVEX_Vpsllvd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpsllvd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpsllvq_zmm_k1z_zmm_zmmm512b64
);
/// a >> b, 0 beyond the width.
pub const SHIFT_RIGHT: Row = row!(
    EVEX_Vpsrlvd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpsrlvd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpsrlvq_zmm_k1z_zmm_zmmm512b64
);
/// a >> b, the sign beyond the width.
pub const SHIFT_RIGHT_SIGNED: Row = row!(
    EVEX_Vpsravd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpsravd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpsravq_zmm_k1z_zmm_zmmm512b64
);
/// By an immediate.
pub const SHIFT_LEFT_BY: Row = row!(
    EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8,
    EVEX_Vpslld_ymm_k1z_ymmm256b32_imm8,
    EVEX_Vpsllq_zmm_k1z_zmmm512b64_imm8
);
/// By an immediate.
pub const SHIFT_RIGHT_BY: Row = row!(
    EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8,
    EVEX_Vpsrld_ymm_k1z_ymmm256b32_imm8,
    EVEX_Vpsrlq_zmm_k1z_zmmm512b64_imm8
);
/// By an immediate.
pub const SHIFT_RIGHT_SIGNED_BY: Row = row!(
    EVEX_Vpsrad_zmm_k1z_zmmm512b32_imm8,
    EVEX_Vpsrad_ymm_k1z_ymmm256b32_imm8,
    EVEX_Vpsraq_zmm_k1z_zmmm512b64_imm8
);
/// By an immediate.
pub const ROTATE_LEFT_BY: Row = row!(
    EVEX_Vprold_zmm_k1z_zmmm512b32_imm8,
    EVEX_Vprold_ymm_k1z_ymmm256b32_imm8,
    EVEX_Vprolq_zmm_k1z_zmmm512b64_imm8
);
/// By an immediate.
pub const ROTATE_RIGHT_BY: Row = row!(
    EVEX_Vprord_zmm_k1z_zmmm512b32_imm8,
    EVEX_Vprord_ymm_k1z_ymmm256b32_imm8,
    EVEX_Vprorq_zmm_k1z_zmmm512b64_imm8
);
/// a rotated by b.
pub const ROTATE_LEFT: Row = row!(
    EVEX_Vprolvd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vprolvd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vprolvq_zmm_k1z_zmm_zmmm512b64
);
/// a rotated by b.
pub const ROTATE_RIGHT: Row = row!(
    EVEX_Vprorvd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vprorvd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vprorvq_zmm_k1z_zmm_zmmm512b64
);
/// The destination is the upper half, the second the lower one, the third how far.
pub const FUNNEL_LEFT: Row = row!(
    EVEX_Vpshldvd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpshldvd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpshldvq_zmm_k1z_zmm_zmmm512b64
);
/// The destination is the lower half, the second the upper one, the third how far.
pub const FUNNEL_RIGHT: Row = row!(
    EVEX_Vpshrdvd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpshrdvd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpshrdvq_zmm_k1z_zmm_zmmm512b64
);
/// By an immediate; the first is the upper half.
pub const FUNNEL_LEFT_BY: Row = row!(
    EVEX_Vpshldd_zmm_k1z_zmm_zmmm512b32_imm8,
    EVEX_Vpshldd_ymm_k1z_ymm_ymmm256b32_imm8,
    EVEX_Vpshldq_zmm_k1z_zmm_zmmm512b64_imm8
);
/// By an immediate; the first is the lower half.
pub const FUNNEL_RIGHT_BY: Row = row!(
    EVEX_Vpshrdd_zmm_k1z_zmm_zmmm512b32_imm8,
    EVEX_Vpshrdd_ymm_k1z_ymm_ymmm256b32_imm8,
    EVEX_Vpshrdq_zmm_k1z_zmm_zmmm512b64_imm8
);
/// Without sign.
pub const ABS: Row =
    row!(EVEX_Vpabsd_zmm_k1z_zmmm512b32, EVEX_Vpabsd_ymm_k1z_ymmm256b32, EVEX_Vpabsq_zmm_k1z_zmmm512b64);
/// How many bits are set.
pub const POPC: Row = row!(
    EVEX_Vpopcntd_zmm_k1z_zmmm512b32,
    EVEX_Vpopcntd_ymm_k1z_ymmm256b32,
    EVEX_Vpopcntq_zmm_k1z_zmmm512b64
);
/// How many zeros lead.
pub const CLZ: Row = row!(
    EVEX_Vplzcntd_zmm_k1z_zmmm512b32,
    EVEX_Vplzcntd_ymm_k1z_ymmm256b32,
    EVEX_Vplzcntq_zmm_k1z_zmmm512b64
);
/// Any function of three bits, the destination the first.
pub const TERNARY: Row = row!(
    EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8,
    EVEX_Vpternlogd_ymm_k1z_ymm_ymmm256b32_imm8,
    EVEX_Vpternlogq_zmm_k1z_zmm_zmmm512b64_imm8
);
/// The second where the mask is set, else the first.
pub const BLEND: Row = row!(
    EVEX_Vpblendmd_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpblendmd_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpblendmq_zmm_k1z_zmm_zmmm512b64
);
/// A register or memory, all of it.
pub const MOVE: Row =
    row!(EVEX_Vmovdqu32_zmm_k1z_zmmm512, EVEX_Vmovdqu32_ymm_k1z_ymmm256, EVEX_Vmovdqu64_zmm_k1z_zmmm512);
/// One element of memory in every lane.
pub const SPLAT: Row = row!(
    EVEX_Vpbroadcastd_zmm_k1z_xmmm32,
    EVEX_Vpbroadcastd_ymm_k1z_xmmm32,
    EVEX_Vpbroadcastq_zmm_k1z_xmmm64
);
/// By the immediate.
pub const COMPARE_SIGNED: Row = row!(
    EVEX_Vpcmpd_kr_k1_zmm_zmmm512b32_imm8,
    EVEX_Vpcmpd_kr_k1_ymm_ymmm256b32_imm8,
    EVEX_Vpcmpq_kr_k1_zmm_zmmm512b64_imm8
);
/// By the immediate.
pub const COMPARE_UNSIGNED: Row = row!(
    EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8,
    EVEX_Vpcmpud_kr_k1_ymm_ymmm256b32_imm8,
    EVEX_Vpcmpuq_kr_k1_zmm_zmmm512b64_imm8
);
/// a and b is not 0.
pub const TEST: Row = row!(
    EVEX_Vptestmd_kr_k1_zmm_zmmm512b32,
    EVEX_Vptestmd_kr_k1_ymm_ymmm256b32,
    EVEX_Vptestmq_kr_k1_zmm_zmmm512b64
);
/// a and b is 0.
pub const TEST_NOT: Row = row!(
    EVEX_Vptestnmd_kr_k1_zmm_zmmm512b32,
    EVEX_Vptestnmd_kr_k1_ymm_ymmm256b32,
    EVEX_Vptestnmq_kr_k1_zmm_zmmm512b64
);
/// By the immediate.
pub const COMPARE_FLOAT: Row = row!(
    EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae,
    EVEX_Vcmpps_kr_k1_ymm_ymmm256b32_imm8,
    EVEX_Vcmppd_kr_k1_zmm_zmmm512b64_imm8_sae
);
/// a + b.
pub const FADD: Row = row!(
    EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er,
    EVEX_Vaddps_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vaddpd_zmm_k1z_zmm_zmmm512b64_er
);
/// a - b.
pub const FSUB: Row = row!(
    EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er,
    EVEX_Vsubps_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vsubpd_zmm_k1z_zmm_zmmm512b64_er
);
/// a · b.
pub const FMUL: Row = row!(
    EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er,
    EVEX_Vmulps_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vmulpd_zmm_k1z_zmm_zmmm512b64_er
);
/// a / b.
pub const FDIV: Row = row!(
    EVEX_Vdivps_zmm_k1z_zmm_zmmm512b32_er,
    EVEX_Vdivps_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vdivpd_zmm_k1z_zmm_zmmm512b64_er
);
/// The square root.
pub const SQRT: Row = row!(
    EVEX_Vsqrtps_zmm_k1z_zmmm512b32_er,
    EVEX_Vsqrtps_ymm_k1z_ymmm256b32,
    EVEX_Vsqrtpd_zmm_k1z_zmmm512b64_er
);
/// The smaller or larger one, by the immediate.
pub const RANGE: Row = row!(
    EVEX_Vrangeps_zmm_k1z_zmm_zmmm512b32_imm8_sae,
    EVEX_Vrangeps_ymm_k1z_ymm_ymmm256b32_imm8,
    EVEX_Vrangepd_zmm_k1z_zmm_zmmm512b64_imm8_sae
);
/// By the class of the second the third says what becomes of the first.
pub const FIXUP: Row = row!(
    EVEX_Vfixupimmps_zmm_k1z_zmm_zmmm512b32_imm8_sae,
    EVEX_Vfixupimmps_ymm_k1z_ymm_ymmm256b32_imm8,
    EVEX_Vfixupimmpd_zmm_k1z_zmm_zmmm512b64_imm8_sae
);
/// To an integral value.
pub const ROUND: Row = row!(
    EVEX_Vrndscaleps_zmm_k1z_zmmm512b32_imm8_sae,
    EVEX_Vrndscaleps_ymm_k1z_ymmm256b32_imm8,
    EVEX_Vrndscalepd_zmm_k1z_zmmm512b64_imm8_sae
);
/// 1/a to 14 bits.
pub const RECIPROCAL: Row = row!(
    EVEX_Vrcp14ps_zmm_k1z_zmmm512b32,
    EVEX_Vrcp14ps_ymm_k1z_ymmm256b32,
    EVEX_Vrcp14pd_zmm_k1z_zmmm512b64
);
/// 1/√a to 14 bits.
pub const RECIPROCAL_ROOT: Row = row!(
    EVEX_Vrsqrt14ps_zmm_k1z_zmmm512b32,
    EVEX_Vrsqrt14ps_ymm_k1z_ymmm256b32,
    EVEX_Vrsqrt14pd_zmm_k1z_zmmm512b64
);
/// Fused multiply-add: by sign (a·b + c, a·b - c, -a·b + c, -a·b - c) and form (132, 213, 231).
pub const FMA: [[Row; 3]; 4] = [
    [
        row!(
            EVEX_Vfmadd132ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfmadd132ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfmadd132pd_zmm_k1z_zmm_zmmm512b64_er
        ),
        row!(
            EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfmadd213ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfmadd213pd_zmm_k1z_zmm_zmmm512b64_er
        ),
        row!(
            EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfmadd231ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfmadd231pd_zmm_k1z_zmm_zmmm512b64_er
        ),
    ],
    [
        row!(
            EVEX_Vfmsub132ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfmsub132ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfmsub132pd_zmm_k1z_zmm_zmmm512b64_er
        ),
        row!(
            EVEX_Vfmsub213ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfmsub213ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfmsub213pd_zmm_k1z_zmm_zmmm512b64_er
        ),
        row!(
            EVEX_Vfmsub231ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfmsub231ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfmsub231pd_zmm_k1z_zmm_zmmm512b64_er
        ),
    ],
    [
        row!(
            EVEX_Vfnmadd132ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfnmadd132ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfnmadd132pd_zmm_k1z_zmm_zmmm512b64_er
        ),
        row!(
            EVEX_Vfnmadd213ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfnmadd213ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfnmadd213pd_zmm_k1z_zmm_zmmm512b64_er
        ),
        row!(
            EVEX_Vfnmadd231ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfnmadd231ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfnmadd231pd_zmm_k1z_zmm_zmmm512b64_er
        ),
    ],
    [
        row!(
            EVEX_Vfnmsub132ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfnmsub132ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfnmsub132pd_zmm_k1z_zmm_zmmm512b64_er
        ),
        row!(
            EVEX_Vfnmsub213ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfnmsub213ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfnmsub213pd_zmm_k1z_zmm_zmmm512b64_er
        ),
        row!(
            EVEX_Vfnmsub231ps_zmm_k1z_zmm_zmmm512b32_er,
            EVEX_Vfnmsub231ps_ymm_k1z_ymm_ymmm256b32,
            EVEX_Vfnmsub231pd_zmm_k1z_zmm_zmmm512b64_er
        ),
    ],
];
/// The whole product of the low halves of 64-bit lanes, with sign.
pub const MUL_WIDE_SIGNED: Row = row!(
    EVEX_Vpmuldq_zmm_k1z_zmm_zmmm512b64,
    EVEX_Vpmuldq_ymm_k1z_ymm_ymmm256b64,
    EVEX_Vpmuldq_zmm_k1z_zmm_zmmm512b64
);
/// The same without.
pub const MUL_WIDE_UNSIGNED: Row = row!(
    EVEX_Vpmuludq_zmm_k1z_zmm_zmmm512b64,
    EVEX_Vpmuludq_ymm_k1z_ymm_ymmm256b64,
    EVEX_Vpmuludq_zmm_k1z_zmm_zmmm512b64
);
/// The second of each two lanes of 32 bits in both; of 64 bits the same as two of 32.
pub const ODD: Row =
    row!(EVEX_Vmovshdup_zmm_k1z_zmmm512, EVEX_Vmovshdup_ymm_k1z_ymmm256, EVEX_Vmovshdup_zmm_k1z_zmmm512);
/// The bytes of the first that the second says, within 16 bytes.
pub const BYTES: Row = row!(
    EVEX_Vpshufb_zmm_k1z_zmm_zmmm512,
    EVEX_Vpshufb_ymm_k1z_ymm_ymmm256,
    EVEX_Vpshufb_zmm_k1z_zmm_zmmm512
);
/// a + b of bytes.
pub const ADD_BYTES: Row =
    row!(EVEX_Vpaddb_zmm_k1z_zmm_zmmm512, EVEX_Vpaddb_ymm_k1z_ymm_ymmm256, EVEX_Vpaddb_zmm_k1z_zmm_zmmm512);
/// Sums of two products of bytes.
pub const SUM_BYTES: Row = row!(
    EVEX_Vpmaddubsw_zmm_k1z_zmm_zmmm512,
    EVEX_Vpmaddubsw_ymm_k1z_ymm_ymmm256,
    EVEX_Vpmaddubsw_zmm_k1z_zmm_zmmm512
);
/// Sums of two products of 16 bits.
pub const SUM_WORDS: Row = row!(
    EVEX_Vpmaddwd_zmm_k1z_zmm_zmmm512,
    EVEX_Vpmaddwd_ymm_k1z_ymm_ymmm256,
    EVEX_Vpmaddwd_zmm_k1z_zmm_zmmm512
);
/// Sums of the distances of 8 bytes.
pub const SUM_DISTANCES: Row =
    row!(EVEX_Vpsadbw_zmm_zmm_zmmm512, EVEX_Vpsadbw_ymm_ymm_ymmm256, EVEX_Vpsadbw_zmm_zmm_zmmm512);
/// a · 2^⌊b⌋.
pub const SCALE: Row = row!(
    EVEX_Vscalefps_zmm_k1z_zmm_zmmm512b32_er,
    EVEX_Vscalefps_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vscalefpd_zmm_k1z_zmm_zmmm512b64_er
);
/// ⌊log₂ |a|⌋.
pub const EXPONENT: Row = row!(
    EVEX_Vgetexpps_zmm_k1z_zmmm512b32_sae,
    EVEX_Vgetexpps_ymm_k1z_ymmm256b32,
    EVEX_Vgetexppd_zmm_k1z_zmmm512b64_sae
);
/// a over a power of two.
pub const MANTISSA: Row = row!(
    EVEX_Vgetmantps_zmm_k1z_zmmm512b32_imm8_sae,
    EVEX_Vgetmantps_ymm_k1z_ymmm256b32_imm8,
    EVEX_Vgetmantpd_zmm_k1z_zmmm512b64_imm8_sae
);
/// Lanes from the immediate on, of the second and then the first.
pub const ALIGN: Row = row!(
    EVEX_Valignd_zmm_k1z_zmm_zmmm512b32_imm8,
    EVEX_Valignd_ymm_k1z_ymm_ymmm256b32_imm8,
    EVEX_Valignq_zmm_k1z_zmm_zmmm512b64_imm8
);
/// Lanes of each four, by two bits of the immediate each.
pub const WITHIN: Row = row!(
    EVEX_Vpshufd_zmm_k1z_zmmm512b32_imm8,
    EVEX_Vpshufd_ymm_k1z_ymmm256b32_imm8,
    EVEX_Vpermq_zmm_k1z_zmmm512b64_imm8
);
/// Of each 16 bytes of two vectors the lower lanes in turn.
pub const LOWER_MIXED: Row = row!(
    EVEX_Vpunpckldq_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpunpckldq_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpunpcklqdq_zmm_k1z_zmm_zmmm512b64
);
/// The upper ones.
pub const UPPER_MIXED: Row = row!(
    EVEX_Vpunpckhdq_zmm_k1z_zmm_zmmm512b32,
    EVEX_Vpunpckhdq_ymm_k1z_ymm_ymmm256b32,
    EVEX_Vpunpckhqdq_zmm_k1z_zmm_zmmm512b64
);
