// Groups of threads that work together: tiles of a warp, the lanes that happen to be here, a whole grid.
#include "atomic.h"
#include "bits.h"

// A tile of `Size` lanes, a power of two: what a program would write as cooperative groups.
template <uint32 Size> struct Tile {
    __device__ __forceinline__ uint32 rank() const { return lane_index() % Size; }
    __device__ __forceinline__ uint32 first() const { return lane_index() - rank(); }
    __device__ __forceinline__ uint32 mask() const { return (uint32)((1ull << Size) - 1) << first(); }
    __device__ __forceinline__ void sync() const { __syncwarp(mask()); }
    __device__ __forceinline__ uint32 shuffle(uint32 value, uint32 from) const {
        return __shfl_sync(mask(), value, (int)from, Size);
    }
    __device__ __forceinline__ uint32 ballot(bool yes) const { return (__ballot_sync(mask(), yes) & mask()) >> first(); }
    __device__ __forceinline__ bool all(bool yes) const { return __all_sync(mask(), yes); }
    __device__ __forceinline__ uint32 sum(uint32 value) const {
        for (uint32 lanes = Size / 2; lanes > 0; lanes /= 2)
            value += __shfl_sync(mask(), value, (int)(rank() ^ lanes), Size);
        return value;
    }
};

template <uint32 Size> static __device__ __forceinline__ void tile_facts(const uint32 *values, uint32 *facts) {
    const Tile<Size> tile;
    const uint32 i = global_index();
    const uint32 value = values[i];
    uint32 *mine = facts + 4 * i;
    mine[0] = tile.sum(value);
    mine[1] = tile.ballot(value & 1);
    mine[2] = tile.shuffle(value, Size - 1);
    mine[3] = tile.all(value % 8 != 0) ? tile.rank() : Size;
    tile.sync();
}

// Sum, votes, last value and rank within tiles of 4, 8, 16 or 32; tiles part ways when they differ by the size that
// the first value of the warp asks for.
extern "C" __global__ void groups_tiles(const uint32 *values, uint32 *facts) {
    switch (__shfl_sync(FULL_WARP, values[global_index()], 0) % 4) {
    case 0: return tile_facts<4>(values, facts);
    case 1: return tile_facts<8>(values, facts);
    case 2: return tile_facts<16>(values, facts);
    default: return tile_facts<32>(values, facts);
    }
}

// A ticket from a counter for every value above `limit`; the lanes that are here take theirs together, by one atomic.
extern "C" __global__ void groups_tickets(const uint32 *values, uint32 *counter, uint32 *owners, uint32 limit,
                                          uint32 count) {
    const uint32 i = global_index();
    if (i >= count || values[i] <= limit) return;
    const uint32 here = __activemask();
    const uint32 before = (uint32)__popc(here & ((1u << lane_index()) - 1));
    const int leader = __ffs((int)here) - 1;
    uint32 first = 0;
    if (before == 0) first = atomicAdd(counter, (uint32)__popc(here));
    first = __shfl_sync(here, first, leader);
    owners[first + before] = i;
}

// Additions by key: lanes with the same key find each other and add once.
extern "C" __global__ void groups_by_key(const uint32 *keys, uint32 *counts, uint32 count) {
    const uint32 i = global_index();
    const uint32 here = __ballot_sync(FULL_WARP, i < count);
    if (i >= count) return;
    const uint32 alike = __match_any_sync(here, keys[i]);
    if ((alike & ((1u << lane_index()) - 1)) == 0) atomicAdd(&counts[keys[i]], (uint32)__popc(alike));
}

// All blocks of a grid wait for each other: those that came count up, the last one opens the gate for this round.
static __device__ void grid_sync(uint32 *arrived, volatile uint32 *gate) {
    __syncthreads();
    if (threadIdx.x == 0) {
        const uint32 round = *gate;
        __threadfence();
        if (atomicAdd(arrived, 1u) == gridDim.x - 1) {
            *arrived = 0;
            __threadfence();
            *gate = round + 1;
        } else {
            while (*gate == round) {}
        }
        __threadfence();
    }
    __syncthreads();
}

// Sums in rounds: each value becomes the sum of itself and its neighbour, across blocks. Launched cooperatively.
extern "C" __global__ void groups_grid_rounds(uint32 *values, uint32 *other, uint32 *barrier, uint32 rounds,
                                              uint32 count) {
    for (uint32 round = 0; round < rounds; round++) {
        for (uint32 i = global_index(); i < count; i += global_size()) other[i] = values[i] + values[(i + 1) % count];
        grid_sync(&barrier[0], &barrier[1]);
        uint32 *const swapped = values;
        values = other;
        other = swapped;
    }
}

// A pipeline of two halves of a block over named barriers: one half fills a slot while the other reads the last one.
extern "C" __global__ void groups_named_barriers(const uint32 *values, uint32 *sums, uint32 rounds) {
    __shared__ uint32 slots[2][64];
    const uint32 lane = threadIdx.x % 64;
    if (threadIdx.x < 64) {
        for (uint32 round = 0; round < rounds; round++) {
            if (round >= 2) asm volatile("bar.sync %0, 128;" ::"r"(3 + round % 2) : "memory");
            slots[round % 2][lane] = values[round * 64 + lane];
            asm volatile("bar.arrive %0, 128;" ::"r"(1 + round % 2) : "memory");
        }
    } else {
        uint32 sum = 0;
        for (uint32 round = 0; round < rounds; round++) {
            asm volatile("bar.sync %0, 128;" ::"r"(1 + round % 2) : "memory");
            sum += slots[round % 2][63 - lane] * (round + 1);
            if (round + 2 < rounds) asm volatile("bar.arrive %0, 128;" ::"r"(3 + round % 2) : "memory");
        }
        sums[lane] = sum;
    }
}
