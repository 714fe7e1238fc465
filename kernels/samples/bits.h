// Single instructions on the bits of integers. NVIDIA's compilers bring the names with underscores.
#pragma once
#include "warp.h"

#if defined(__clang__)

static __device__ __forceinline__ int __popc(uint32 a) { return __builtin_popcount(a); }
static __device__ __forceinline__ int __popcll(uint64 a) { return __builtin_popcountll(a); }
static __device__ __forceinline__ int __clz(int a) { return a ? __builtin_clz((uint32)a) : 32; }
static __device__ __forceinline__ int __clzll(long long a) { return a ? __builtin_clzll((uint64)a) : 64; }
static __device__ __forceinline__ int __ffs(int a) { return __builtin_ffs(a); }
static __device__ __forceinline__ uint32 __brev(uint32 a) { return __builtin_bitreverse32(a); }
static __device__ __forceinline__ uint64 __brevll(uint64 a) { return __builtin_bitreverse64(a); }
static __device__ __forceinline__ uint32 __byte_perm(uint32 a, uint32 b, uint32 selector) {
    return (uint32)__nvvm_prmt((int)a, (int)b, (int)(selector & 0x7777));
}
static __device__ __forceinline__ uint32 __umulhi(uint32 a, uint32 b) { return (uint32)((uint64)a * b >> 32); }
static __device__ __forceinline__ uint32 __funnelshift_l(uint32 low, uint32 high, uint32 by) {
    uint32 out;
    asm("shf.l.wrap.b32 %0, %1, %2, %3;" : "=r"(out) : "r"(low), "r"(high), "r"(by));
    return out;
}
static __device__ __forceinline__ uint32 __funnelshift_rc(uint32 low, uint32 high, uint32 by) {
    uint32 out;
    asm("shf.r.clamp.b32 %0, %1, %2, %3;" : "=r"(out) : "r"(low), "r"(high), "r"(by));
    return out;
}
static __device__ __forceinline__ int __dp4a(int a, int b, int sum) {
    int out;
    asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(out) : "r"(a), "r"(b), "r"(sum));
    return out;
}
static __device__ __forceinline__ uint32 __dp4a(uint32 a, uint32 b, uint32 sum) {
    uint32 out;
    asm("dp4a.u32.u32 %0, %1, %2, %3;" : "=r"(out) : "r"(a), "r"(b), "r"(sum));
    return out;
}

#endif

static __device__ __forceinline__ uint32 rotate_right(uint32 a, uint32 by) { return a >> by | a << (32 - by); }
static __device__ __forceinline__ uint32 rotate_left(uint32 a, uint32 by) { return a << by | a >> (32 - by); }
