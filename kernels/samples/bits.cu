// Tricks with bits and bytes.
#include "bits.h"

extern "C" __global__ void bits_count(const uint64 *values, uint32 *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint64 wide = values[i];
    const uint32 low = (uint32)wide;
    uint32 *mine = out + 8 * i;
    mine[0] = (uint32)__popc(low);
    mine[1] = (uint32)__popcll(wide);
    mine[2] = (uint32)__clz((int)low);
    mine[3] = (uint32)__clzll((long long)wide);
    mine[4] = (uint32)__ffs((int)low);
    mine[5] = __brev(low);
    mine[6] = (uint32)(__brevll(wide) >> 32);
    mine[7] = low ? 31 - (uint32)__clz((int)low) : 0xffffffffu;
}

// Bytes picked, turned, added and multiplied.
extern "C" __global__ void bits_bytes(const uint32 *a, const uint32 *b, uint32 *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 *mine = out + 6 * i;
    mine[0] = __byte_perm(a[i], b[i], 0x0123);
    // The instruction itself takes the sign of a byte where its digit says so.
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(mine[1]) : "r"(a[i]), "r"(b[i]), "r"(b[i]));
    mine[2] = __dp4a(a[i], b[i], 5u);
    mine[3] = (uint32)__dp4a((int)a[i], (int)b[i], -5);
    mine[4] = __funnelshift_l(a[i], b[i], a[i] >> 27);
    mine[5] = __funnelshift_rc(a[i], b[i], b[i] & 63);
}

// Fields taken out, put in and extended by single instructions.
extern "C" __global__ void bits_fields(const uint32 *values, uint32 *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint32 value = values[i], start = value & 31, length = value >> 5 & 31;
    uint32 *mine = out + 4 * i;
    asm("bfe.u32 %0, %1, %2, %3;" : "=r"(mine[0]) : "r"(value), "r"(start), "r"(length));
    asm("bfe.s32 %0, %1, %2, %3;" : "=r"(mine[1]) : "r"(value), "r"(start), "r"(length));
    asm("bfi.b32 %0, %1, %2, %3, %4;" : "=r"(mine[2]) : "r"(value), "r"(~value), "r"(start), "r"(length));
    asm("lop3.b32 %0, %1, %2, %3, 0x96;" : "=r"(mine[3]) : "r"(value), "r"(value << 7), "r"(value >> 11));
}

static __device__ __forceinline__ uint64 spread(uint32 bits) {
    uint64 wide = bits;
    wide = (wide | wide << 16) & 0x0000ffff0000ffffull;
    wide = (wide | wide << 8) & 0x00ff00ff00ff00ffull;
    wide = (wide | wide << 4) & 0x0f0f0f0f0f0f0f0full;
    wide = (wide | wide << 2) & 0x3333333333333333ull;
    return (wide | wide << 1) & 0x5555555555555555ull;
}

// Two coordinates woven into one, and the Gray code of it.
extern "C" __global__ void bits_morton(const uint32 *x, const uint32 *y, uint64 *codes, uint64 *grays, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint64 code = spread(x[i]) | spread(y[i]) << 1;
    codes[i] = code;
    grays[i] = code ^ code >> 1;
}
