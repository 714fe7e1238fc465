// Sorting: bitonic networks, a stable radix pass, and a merge by binary search.
#include "bits.h"

static __device__ __forceinline__ void exchange(uint32 *keys, uint32 low, uint32 high, bool rising) {
    const uint32 a = keys[low], b = keys[high];
    if ((a > b) == rising) {
        keys[low] = b;
        keys[high] = a;
    }
}

// Each block sorts 2 * blockDim.x keys, a power of two, in dynamic shared memory of as many words.
extern "C" __global__ void sort_bitonic_block(uint32 *keys, uint32 count) {
    extern __shared__ uint32 here[];
    const uint32 size = 2 * blockDim.x;
    const uint32 start = blockIdx.x * size;
    for (uint32 at = threadIdx.x; at < size; at += blockDim.x)
        here[at] = start + at < count ? keys[start + at] : 0xffffffffu;
    for (uint32 run = 2; run <= size; run *= 2) {
        for (uint32 apart = run / 2; apart > 0; apart /= 2) {
            __syncthreads();
            const uint32 low = 2 * threadIdx.x - (threadIdx.x & (apart - 1));
            exchange(here, low, low + apart, (low & run) == 0);
        }
    }
    __syncthreads();
    for (uint32 at = threadIdx.x; at < size; at += blockDim.x)
        if (start + at < count) keys[start + at] = here[at];
}

// One step of a network over all keys, whose count is a power of two; one thread a pair.
extern "C" __global__ void sort_bitonic_step(uint32 *keys, uint32 run, uint32 apart, uint32 pairs) {
    const uint32 i = global_index();
    if (i >= pairs) return;
    const uint32 low = 2 * i - (i & (apart - 1));
    exchange(keys, low, low + apart, (low & run) == 0);
}

// How often each of 16 digits is among the keys of each block: counts[digit * blocks + block].
extern "C" __global__ void sort_radix_count(const uint32 *keys, uint32 *counts, uint32 shift, uint32 count) {
    __shared__ uint32 of_digits[16];
    if (threadIdx.x < 16) of_digits[threadIdx.x] = 0;
    __syncthreads();
    const uint32 i = global_index();
    if (i < count) atomicAdd(&of_digits[keys[i] >> shift & 15], 1);
    __syncthreads();
    if (threadIdx.x < 16) counts[threadIdx.x * gridDim.x + blockIdx.x] = of_digits[threadIdx.x];
}

// Moves every key to its place; `starts` is the exclusive scan of the counts. Equal digits keep their order: lanes
// count those before them by ballots, warps go one after the other. Blocks are whole warps.
extern "C" __global__ void sort_radix_move(const uint32 *keys, uint32 *sorted, const uint32 *starts, uint32 shift,
                                           uint32 count) {
    __shared__ uint32 next[16];
    if (threadIdx.x < 16) next[threadIdx.x] = starts[threadIdx.x * gridDim.x + blockIdx.x];
    const uint32 i = global_index();
    const bool mine = i < count;
    const uint32 key = mine ? keys[i] : 0;
    const uint32 digit = key >> shift & 15;
    uint32 alike = __ballot_sync(FULL_WARP, mine);
    for (uint32 bit = 0; bit < 4; bit++) {
        const bool set = digit >> bit & 1;
        const uint32 with = __ballot_sync(FULL_WARP, set);
        alike &= set ? with : ~with;
    }
    const uint32 before = (uint32)__popc(alike & ((1u << lane_index()) - 1));
    for (uint32 warp = 0; warp < blockDim.x / 32; warp++) {
        __syncthreads();
        uint32 place = 0;
        if (warp == threadIdx.x / 32 && mine) place = next[digit];
        __syncwarp();
        if (warp == threadIdx.x / 32 && mine) {
            sorted[place + before] = key;
            if (before == 0) next[digit] = place + (uint32)__popc(alike);
        }
    }
}

// How many of the sorted values are below `key`, or not above it.
static __device__ __forceinline__ uint32 below(const uint32 *values, uint32 count, uint32 key, bool or_equal) {
    uint32 low = 0, high = count;
    while (low < high) {
        const uint32 middle = (low + high) / 2;
        if (or_equal ? values[middle] <= key : values[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Merges two sorted lists: each value finds its place by a search in the other list.
extern "C" __global__ void sort_merge(const uint32 *a, const uint32 *b, uint32 *merged, uint32 count_a, uint32 count_b) {
    const uint32 i = global_index();
    if (i < count_a) merged[i + below(b, count_b, a[i], false)] = a[i];
    if (i < count_b) merged[i + below(a, count_a, b[i], true)] = b[i];
}
