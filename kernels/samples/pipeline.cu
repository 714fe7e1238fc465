// Work in stages: copies that run beside the arithmetic, tables filled diagonal by diagonal, a sieve.
#include "atomic.h"
#include "vector.h"

// Sixteen bytes on their way to shared memory, or zeros.
static __device__ __forceinline__ void copy_later(uint4 *to, const uint4 *from, bool inside) {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
                 "r"(inside ? 16 : 0)
                 : "memory");
}

// The sum of all quads, a tile of 64 a stage: the next tile is on its way while this one is added. One block of 64.
extern "C" __global__ void pipeline_copies(const uint4 *values, uint4 *sums, uint32 count) {
    __shared__ uint4 tiles[2][64];
    const uint32 lane = threadIdx.x;
    uint4 sum = {0, 0, 0, 0};
    copy_later(&tiles[0][lane], values + (lane < count ? lane : 0), lane < count);
    asm volatile("cp.async.commit_group;");
    for (uint32 start = 0, stage = 0; start < count; start += 64, stage ^= 1) {
        const uint32 next = start + 64 + lane;
        copy_later(&tiles[stage ^ 1][lane], values + (next < count ? next : 0), next < count);
        asm volatile("cp.async.commit_group;");
        asm volatile("cp.async.wait_group 1;" ::: "memory");
        __syncthreads();
        const uint4 there = tiles[stage][63 - lane];
        sum = {sum.x + there.x, sum.y + there.y, sum.z + there.z, sum.w + there.w};
        __syncthreads();
    }
    asm volatile("cp.async.wait_all;");
    sums[lane] = sum;
}

// Four warps in rounds over an mbarrier in shared memory: everyone adds up what the others wrote in the round before.
// Arrivals give a state, and waiting is a test of its phase again and again. One block of 128.
extern "C" __global__ void pipeline_mbarrier(uint32 *values, uint32 rounds) {
    __shared__ uint64 barrier;
    __shared__ uint32 cells[2][128];
    const uint32 lane = threadIdx.x, address = shared_address(&barrier);
    if (lane == 0) asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(address), "r"(128) : "memory");
    __syncthreads();
    uint32 value = values[lane];
    for (uint32 round = 0; round < rounds; round++) {
        cells[round % 2][lane] = value;
        uint64 state;
        asm volatile("mbarrier.arrive.shared.b64 %0, [%1];" : "=l"(state) : "r"(address) : "memory");
        uint32 done;
        do asm volatile("{\n\t.reg .pred done;\n\tmbarrier.test_wait.shared.b64 done, [%1], %2;\n\t"
                        "selp.u32 %0, 1, 0, done;\n\t}"
                        : "=r"(done)
                        : "r"(address), "l"(state)
                        : "memory");
        while (!done);
        value = cells[round % 2][(lane + 37) % 128] * 3 + cells[round % 2][127 - lane];
    }
    values[lane] = value;
}

// How many letters must change to make one word of the other: a block a pair, diagonals of the table in shared memory.
// Words have at most 63 letters; blocks are 64 threads.
extern "C" __global__ void pipeline_edit_distance(const uint8 *words, const uint32 *starts, uint32 *distances) {
    __shared__ uint32 table[3][64];
    const uint8 *a = words + starts[2 * blockIdx.x], *b = words + starts[2 * blockIdx.x + 1];
    const uint32 length_a = starts[2 * blockIdx.x + 1] - starts[2 * blockIdx.x];
    const uint32 length_b = starts[2 * blockIdx.x + 2] - starts[2 * blockIdx.x + 1];
    const uint32 i = threadIdx.x;
    for (uint32 diagonal = 0; diagonal <= length_a + length_b; diagonal++) {
        const uint32 j = diagonal - i;
        if (i <= length_a && j <= length_b) {
            uint32 best;
            if (i == 0 || j == 0) {
                best = i + j;
            } else {
                const uint32 *last = table[(diagonal + 2) % 3];
                const uint32 other = table[(diagonal + 1) % 3][i - 1] + (a[i - 1] != b[j - 1]);
                best = (last[i] < last[i - 1] ? last[i] : last[i - 1]) + 1;
                best = other < best ? other : best;
            }
            table[diagonal % 3][i] = best;
            if (i == length_a && j == length_b) distances[blockIdx.x] = best;
        }
        __syncthreads();
    }
}

// Primes by crossing out multiples, a bit a number; each prime below the root is one thread's, found as it goes.
extern "C" __global__ void pipeline_sieve(uint32 *crossed, uint32 limit) {
    for (uint32 number = 2 + threadIdx.x; number * number < limit; number += blockDim.x) {
        bool prime = true;
        for (uint32 divisor = 2; divisor * divisor <= number; divisor++) prime = prime && number % divisor != 0;
        if (!prime) continue;
        for (uint32 multiple = number * number; multiple < limit; multiple += number)
            atomicOr(&crossed[multiple / 32], 1u << multiple % 32);
    }
}

// The longest way from each number to 1, halving even ones and tripling odd ones: lanes leave at different times.
extern "C" __global__ void pipeline_collatz(uint64 *longest, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint64 number = i + 1;
    uint32 steps = 0;
    while (number != 1) {
        number = number % 2 == 0 ? number / 2 : 3 * number + 1;
        steps++;
    }
    atomicMax(longest, (uint64)steps << 32 | (i + 1));
}
