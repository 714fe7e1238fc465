// Fast Fourier transforms of powers of two; a complex number is a float2.
#include "maths.h"
#include "vector.h"

static __device__ __forceinline__ float2 times(float2 a, float2 b) {
    return {fmaf(a.x, b.x, -(a.y * b.y)), fmaf(a.x, b.y, a.y * b.x)};
}

// A whole transform a block, in dynamic shared memory of `count` float2; count / 2 threads. Roots of unity come as a
// table of count / 2.
extern "C" __global__ void fft_block(float2 *values, const float2 *roots, uint32 count) {
    extern __shared__ float2 here[];
    float2 *mine = values + blockIdx.x * count;
    uint32 bits = 0;
    while (1u << bits < count) bits++;
    for (uint32 at = threadIdx.x; at < count; at += blockDim.x) {
        uint32 turned = 0;
        for (uint32 bit = 0; bit < bits; bit++) turned |= (at >> bit & 1) << (bits - 1 - bit);
        here[turned] = mine[at];
    }
    for (uint32 half = 1; half < count; half *= 2) {
        __syncthreads();
        const uint32 at = threadIdx.x % half;
        const uint32 low = threadIdx.x / half * 2 * half + at;
        const float2 even = here[low], odd = times(here[low + half], roots[at * (count / 2 / half)]);
        here[low] = {even.x + odd.x, even.y + odd.y};
        here[low + half] = {even.x - odd.x, even.y - odd.y};
    }
    __syncthreads();
    for (uint32 at = threadIdx.x; at < count; at += blockDim.x) mine[at] = here[at];
}

// One pass of Stockham's way over global memory, without reordering; count / 2 threads in all.
extern "C" __global__ void fft_stockham(const float2 *from, float2 *to, const float2 *roots, uint32 half, uint32 count) {
    const uint32 i = global_index();
    if (i >= count / 2) return;
    const uint32 at = i % half;
    const float2 even = from[i], odd = times(from[i + count / 2], roots[at * (count / 2 / half)]);
    const uint32 out = (i / half) * 2 * half + at;
    to[out] = {even.x + odd.x, even.y + odd.y};
    to[out + half] = {even.x - odd.x, even.y - odd.y};
}

// The table of roots, by the approximate instructions.
extern "C" __global__ void fft_roots(float2 *roots, uint32 count) {
    const uint32 i = global_index();
    if (i >= count / 2) return;
    const float angle = -6.28318530717958647692f * (float)i / (float)count;
    roots[i] = {approximate_cos(angle), approximate_sin(angle)};
}
