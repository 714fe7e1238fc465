// Sums and maxima: lanes of a warp by shuffles, warps of a block through shared memory. Blocks are whole warps.
#include "device.h"

template <typename T> static __device__ __forceinline__ T warp_sum(T value) {
    for (uint32 lanes = 16; lanes > 0; lanes /= 2) value += __shfl_down_sync(FULL_WARP, value, lanes);
    return value;
}

template <typename T> static __device__ __forceinline__ T block_sum(T value, T *of_warps) {
    const uint32 lane = threadIdx.x % 32;
    const uint32 warp = threadIdx.x / 32;
    value = warp_sum(value);
    if (lane == 0) of_warps[warp] = value;
    __syncthreads();
    if (warp > 0) return value;
    return warp_sum(lane < blockDim.x / 32 ? of_warps[lane] : T(0));
}

// Adds the sum of all values, modulo 2^32, to `*total`.
extern "C" __global__ void reduce_sum_u32(const uint32 *values, uint32 *total, uint32 count) {
    __shared__ uint32 of_warps[32];
    uint32 sum = 0;
    for (uint32 i = global_index(); i < count; i += global_size()) sum += values[i];
    sum = block_sum(sum, of_warps);
    if (threadIdx.x == 0) atomicAdd(total, sum);
}

// One partial sum a block, so that the order of additions is fixed.
extern "C" __global__ void reduce_sum_f32(const float *values, float *of_blocks, uint32 count) {
    __shared__ float of_warps[32];
    float sum = 0.0f;
    for (uint32 i = global_index(); i < count; i += global_size()) sum += values[i];
    sum = block_sum(sum, of_warps);
    if (threadIdx.x == 0) of_blocks[blockIdx.x] = sum;
}

// Raises `*largest` to the largest value: every lane gets its warp's maximum, one of them tells the world.
extern "C" __global__ void reduce_max_u32(const uint32 *values, uint32 *largest, uint32 count) {
    uint32 most = 0;
    for (uint32 i = global_index(); i < count; i += global_size()) most = values[i] > most ? values[i] : most;
    for (uint32 lanes = 16; lanes > 0; lanes /= 2) {
        const uint32 other = __shfl_xor_sync(FULL_WARP, most, lanes);
        most = other > most ? other : most;
    }
    if (threadIdx.x % 32 == 0) atomicMax(largest, most);
}
