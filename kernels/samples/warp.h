// What lanes of a warp tell each other, beyond the few shuffles of device.h. NVIDIA's compilers bring these names.
#pragma once
#include "device.h"

typedef unsigned long long uint64;

#if defined(__clang__)

#define SHUFFLE_WIDTH(width) ((32 - (width)) << 8)

static __device__ __forceinline__ uint32 __shfl_sync(uint32 mask, uint32 value, int lane, int width = 32) {
    return (uint32)__nvvm_shfl_sync_idx_i32(mask, (int)value, lane, SHUFFLE_WIDTH(width) | 31);
}
static __device__ __forceinline__ int __shfl_sync(uint32 mask, int value, int lane, int width = 32) {
    return __nvvm_shfl_sync_idx_i32(mask, value, lane, SHUFFLE_WIDTH(width) | 31);
}
static __device__ __forceinline__ float __shfl_sync(uint32 mask, float value, int lane, int width = 32) {
    return __nvvm_shfl_sync_idx_f32(mask, value, lane, SHUFFLE_WIDTH(width) | 31);
}
static __device__ __forceinline__ uint64 __shfl_sync(uint32 mask, uint64 value, int lane, int width = 32) {
    const uint64 low = __shfl_sync(mask, (uint32)value, lane, width);
    return (uint64)__shfl_sync(mask, (uint32)(value >> 32), lane, width) << 32 | low;
}
static __device__ __forceinline__ uint32 __shfl_up_sync(uint32 mask, uint32 value, uint32 lanes, int width = 32) {
    return (uint32)__nvvm_shfl_sync_up_i32(mask, (int)value, (int)lanes, SHUFFLE_WIDTH(width));
}
static __device__ __forceinline__ float __shfl_up_sync(uint32 mask, float value, uint32 lanes, int width = 32) {
    return __nvvm_shfl_sync_up_f32(mask, value, (int)lanes, SHUFFLE_WIDTH(width));
}
static __device__ __forceinline__ float __shfl_xor_sync(uint32 mask, float value, uint32 lanes, int width = 32) {
    return __nvvm_shfl_sync_bfly_f32(mask, value, (int)lanes, SHUFFLE_WIDTH(width) | 31);
}
static __device__ __forceinline__ uint64 __shfl_xor_sync(uint32 mask, uint64 value, uint32 lanes) {
    const uint64 low = __shfl_xor_sync(mask, (uint32)value, lanes);
    return (uint64)__shfl_xor_sync(mask, (uint32)(value >> 32), lanes) << 32 | low;
}
static __device__ __forceinline__ uint32 __ballot_sync(uint32 mask, bool yes) {
    return __nvvm_vote_ballot_sync(mask, yes);
}
static __device__ __forceinline__ bool __any_sync(uint32 mask, bool yes) { return __nvvm_vote_any_sync(mask, yes); }
static __device__ __forceinline__ bool __all_sync(uint32 mask, bool yes) { return __nvvm_vote_all_sync(mask, yes); }
static __device__ __forceinline__ uint32 __match_any_sync(uint32 mask, uint32 value) {
    return __nvvm_match_any_sync_i32(mask, value);
}
static __device__ __forceinline__ void __syncwarp(uint32 mask = FULL_WARP) { __nvvm_bar_warp_sync(mask); }
static __device__ __forceinline__ uint32 __activemask() {
    uint32 mask;
    asm volatile("activemask.b32 %0;" : "=r"(mask));
    return mask;
}
static __device__ __forceinline__ uint32 __reduce_add_sync(uint32 mask, uint32 value) {
    return (uint32)__nvvm_redux_sync_add((int)value, (int)mask);
}
static __device__ __forceinline__ uint32 __reduce_max_sync(uint32 mask, uint32 value) {
    return (uint32)__nvvm_redux_sync_umax((int)value, (int)mask);
}
static __device__ __forceinline__ int __syncthreads_and(int yes) { return __nvvm_bar0_and(yes); }
static __device__ __forceinline__ int __syncthreads_or(int yes) { return __nvvm_bar0_or(yes); }
static __device__ __forceinline__ int __syncthreads_count(int yes) { return __nvvm_bar0_popc(yes); }

#endif

// Where a shared variable lies in its window, for instructions that want it so.
static __device__ __forceinline__ uint32 shared_address(const void *pointer) {
    unsigned long long address;
    asm("cvta.to.shared.u64 %0, %1;" : "=l"(address) : "l"(pointer));
    return (uint32)address;
}

static __device__ __forceinline__ uint32 lane_index() { return threadIdx.x % 32; }

// The sum of a 1D block's values, in thread 0 and the rest of its warp; blocks are whole warps. `of_warps` is shared.
static __device__ __forceinline__ float block_sum_all(float value, float *of_warps) {
    for (uint32 lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(FULL_WARP, value, lanes);
    if (lane_index() == 0) of_warps[threadIdx.x / 32] = value;
    __syncthreads();
    float sum = 0.0f;
    for (uint32 warp = 0; warp < blockDim.x / 32; warp++) sum += of_warps[warp];
    __syncthreads();
    return sum;
}
