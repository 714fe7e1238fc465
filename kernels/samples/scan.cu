// Prefix sums in five styles, modulo 2^32.
#include "atomic.h"

// Inclusive, of each warp alone.
extern "C" __global__ void scan_warps(const uint32 *values, uint32 *sums, uint32 count) {
    const uint32 i = global_index();
    uint32 sum = i < count ? values[i] : 0;
    for (uint32 lanes = 1; lanes < 32; lanes *= 2) {
        const uint32 below = __shfl_up_sync(FULL_WARP, sum, lanes);
        if (lane_index() >= lanes) sum += below;
    }
    if (i < count) sums[i] = sum;
}

// Inclusive, of each block alone: every thread adds what lies 1, 2, 4 ... before it, from one buffer to the other.
// The launch gives 2 * blockDim.x * 4 bytes of dynamic shared memory.
extern "C" __global__ void scan_hillis_steele(const uint32 *values, uint32 *sums, uint32 count) {
    extern __shared__ uint32 buffers[];
    const uint32 i = global_index();
    uint32 *from = buffers, *to = buffers + blockDim.x;
    from[threadIdx.x] = i < count ? values[i] : 0;
    __syncthreads();
    for (uint32 apart = 1; apart < blockDim.x; apart *= 2) {
        to[threadIdx.x] = threadIdx.x >= apart ? from[threadIdx.x] + from[threadIdx.x - apart] : from[threadIdx.x];
        uint32 *const swapped = from;
        from = to;
        to = swapped;
        __syncthreads();
    }
    if (i < count) sums[i] = from[threadIdx.x];
}

// Exclusive, of each run of 2 * blockDim.x values: up a tree of sums and down again. blockDim.x is a power of two, the
// launch gives 2 * blockDim.x * 4 bytes of dynamic shared memory. The run's sum goes to `totals`.
extern "C" __global__ void scan_blelloch(const uint32 *values, uint32 *sums, uint32 *totals, uint32 count) {
    extern __shared__ uint32 tree[];
    const uint32 size = 2 * blockDim.x;
    const uint32 start = blockIdx.x * size;
    for (uint32 at = threadIdx.x; at < size; at += blockDim.x) tree[at] = start + at < count ? values[start + at] : 0;
    uint32 apart = 1;
    for (uint32 pairs = blockDim.x; pairs > 0; pairs /= 2) {
        __syncthreads();
        if (threadIdx.x < pairs) tree[apart * (2 * threadIdx.x + 2) - 1] += tree[apart * (2 * threadIdx.x + 1) - 1];
        apart *= 2;
    }
    if (threadIdx.x == 0) {
        totals[blockIdx.x] = tree[size - 1];
        tree[size - 1] = 0;
    }
    for (uint32 pairs = 1; pairs < size; pairs *= 2) {
        apart /= 2;
        __syncthreads();
        if (threadIdx.x < pairs) {
            const uint32 left = apart * (2 * threadIdx.x + 1) - 1, right = apart * (2 * threadIdx.x + 2) - 1;
            const uint32 below = tree[left];
            tree[left] = tree[right];
            tree[right] += below;
        }
    }
    __syncthreads();
    for (uint32 at = threadIdx.x; at < size; at += blockDim.x)
        if (start + at < count) sums[start + at] = tree[at];
}

// Adds each run's offset to its sums.
extern "C" __global__ void scan_add_offsets(uint32 *sums, const uint32 *offsets, uint32 run, uint32 count) {
    for (uint32 i = global_index(); i < count; i += global_size()) sums[i] += offsets[i / run];
}

// What a block tells those after it: nothing, its own sum, or the sum up to its end; the state in the upper half.
#define OF_BLOCK (1ull << 32)
#define UP_TO_HERE (2ull << 32)

// Inclusive, in one pass over all: blocks take numbers, and each looks back at what those before it have told.
// Blocks are 128 threads; `states` is zero for each block, `next` is zero.
extern "C" __global__ void scan_look_back(const uint32 *values, uint32 *sums, uint64 *states, uint32 *next,
                                          uint32 count) {
    __shared__ uint32 of_warps[4];
    __shared__ uint32 number, before;
    if (threadIdx.x == 0) number = atomicAdd(next, 1);
    __syncthreads();
    const uint32 i = number * 128 + threadIdx.x;
    uint32 sum = i < count ? values[i] : 0;
    for (uint32 lanes = 1; lanes < 32; lanes *= 2) {
        const uint32 below = __shfl_up_sync(FULL_WARP, sum, lanes);
        if (lane_index() >= lanes) sum += below;
    }
    if (lane_index() == 31) of_warps[threadIdx.x / 32] = sum;
    __syncthreads();
    uint32 total = 0;
    for (uint32 warp = 0; warp < 4; warp++) {
        if (warp == threadIdx.x / 32) sum += total;
        total += of_warps[warp];
    }
    if (threadIdx.x == 0) {
        volatile uint64 *told = states;
        told[number] = OF_BLOCK | total;
        uint32 sum_before = 0;
        for (uint32 earlier = number; earlier > 0; earlier--) {
            uint64 state;
            do state = told[earlier - 1];
            while (state == 0);
            sum_before += (uint32)state;
            if (state >= UP_TO_HERE) break;
        }
        __threadfence();
        told[number] = UP_TO_HERE | (uint32)(sum_before + total);
        before = sum_before;
    }
    __syncthreads();
    if (i < count) sums[i] = before + sum;
}
