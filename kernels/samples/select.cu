// Values that are kept, counted or grouped.
#include "atomic.h"
#include "bits.h"

static __device__ __forceinline__ bool wanted(uint32 value) { return value % 3 == 0; }

// Multiples of three in their order, one block: places come from ballots and the warps' counts.
extern "C" __global__ void select_in_order(const uint32 *values, uint32 *kept, uint32 *kept_count, uint32 count) {
    __shared__ uint32 of_warps[32];
    uint32 before = 0;
    for (uint32 start = 0; start < count; start += blockDim.x) {
        const uint32 i = start + threadIdx.x;
        const bool keep = i < count && wanted(values[i]);
        const uint32 votes = __ballot_sync(FULL_WARP, keep);
        if (lane_index() == 0) of_warps[threadIdx.x / 32] = (uint32)__popc(votes);
        __syncthreads();
        uint32 place = before;
        for (uint32 warp = 0; warp < blockDim.x / 32; warp++) {
            if (warp < threadIdx.x / 32) place += of_warps[warp];
            before += of_warps[warp];
        }
        if (keep) kept[place + (uint32)__popc(votes & ((1u << lane_index()) - 1))] = values[i];
        __syncthreads();
    }
    if (threadIdx.x == 0) *kept_count = before;
}

// Those wanted from the front, the others from the back, one atomic a warp for each side.
extern "C" __global__ void select_partition(const uint32 *values, uint32 *out, uint32 *ends, uint32 count) {
    const uint32 i = global_index();
    const bool inside = i < count;
    const bool keep = inside && wanted(values[i]);
    const uint32 front = __ballot_sync(FULL_WARP, keep), back = __ballot_sync(FULL_WARP, inside && !keep);
    uint32 first = 0;
    if (lane_index() == 0) first = atomicAdd(&ends[0], (uint32)__popc(front));
    if (lane_index() == 1) first = atomicAdd(&ends[1], (uint32)__popc(back));
    const uint32 from_front = __shfl_sync(FULL_WARP, first, 0), from_back = __shfl_sync(FULL_WARP, first, 1);
    const uint32 below = (1u << lane_index()) - 1;
    if (keep) out[from_front + (uint32)__popc(front & below)] = values[i];
    else if (inside) out[count - 1 - from_back - (uint32)__popc(back & below)] = values[i];
}

// Whether all, any and how many of a block's values are wanted, by the barriers that count.
extern "C" __global__ void select_votes(const uint32 *values, uint32 *facts) {
    const bool keep = wanted(values[global_index()]);
    const uint32 all = (uint32)__syncthreads_and(keep), any = (uint32)__syncthreads_or(keep);
    const uint32 number = (uint32)__syncthreads_count(keep);
    if (threadIdx.x == 0) facts[blockIdx.x] = number << 2 | (any != 0) << 1 | (all != 0);
}

// A histogram of bytes with counters of its own for each warp, four to a word.
extern "C" __global__ void select_histogram_packed(const uint8 *data, uint32 *bins, uint32 count) {
    __shared__ uint32 packed[4][64];
    const uint32 warp = threadIdx.x / 32;
    packed[warp][lane_index()] = 0;
    packed[warp][lane_index() + 32] = 0;
    __syncwarp();
    const uint32 start = (blockIdx.x * 4 + warp) * 224;
    // No more than 224 values a warp, so that no byte overflows.
    for (uint32 at = lane_index(); at < 224; at += 32)
        if (start + at < count) atomicAdd(&packed[warp][data[start + at] / 4], 1u << data[start + at] % 4 * 8);
    __syncthreads();
    for (uint32 bin = threadIdx.x; bin < 256; bin += blockDim.x) {
        uint32 sum = 0;
        for (uint32 other = 0; other < 4; other++) sum += packed[other][bin / 4] >> bin % 4 * 8 & 255;
        if (sum > 0) atomicAdd(&bins[bin], sum);
    }
}

// A histogram by intervals with bounds of any kind: a search, then an atomic.
extern "C" __global__ void select_histogram_bounds(const float *values, const float *bounds, uint32 *bins, uint32 count,
                                                   uint32 bound_count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 low = 0, high = bound_count;
    while (low < high) {
        const uint32 middle = (low + high) / 2;
        if (bounds[middle] <= values[i]) low = middle + 1;
        else high = middle;
    }
    atomicAdd(&bins[low], 1u);
}

// The largest value of each warp and who has it, by the instructions that reduce.
extern "C" __global__ void select_largest(const uint32 *values, uint32 *largest, uint32 *owners, uint32 *sums) {
    const uint32 i = global_index();
    const uint32 most = __reduce_max_sync(FULL_WARP, values[i]);
    const uint32 owner = (uint32)__ffs((int)__ballot_sync(FULL_WARP, values[i] == most)) - 1;
    const uint32 sum = __reduce_add_sync(FULL_WARP, values[i]);
    if (lane_index() != owner) return;
    largest[i / 32] = most;
    owners[i / 32] = i;
    sums[i / 32] = sum;
}
