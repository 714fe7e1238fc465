// Atomics of all kinds, and what is made of compare-and-swap.
#include "atomic.h"
#include "maths.h"

// One cell an operation: their results do not depend on the order.
extern "C" __global__ void atomics_u32(uint32 *cells, const uint32 *values, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint32 value = values[i];
    atomicAdd(&cells[0], value);
    atomicSub(&cells[1], value);
    atomicMin(&cells[2], value);
    atomicMax(&cells[3], value);
    atomicAnd(&cells[4], value | 0xff0000ffu);
    atomicOr(&cells[5], value & 0x00ffff00u);
    atomicXor(&cells[6], value);
    atomicInc(&cells[7], 6);
    atomicDec(&cells[8], 6);
    atomicMin((int *)&cells[9], (int)value);
    atomicMax((int *)&cells[10], (int)value);
}

// In shared memory first, then 64 bits in global memory.
extern "C" __global__ void atomics_u64(uint64 *cells, const uint64 *values, uint32 count) {
    __shared__ uint64 here[4];
    if (threadIdx.x < 4) here[threadIdx.x] = threadIdx.x == 1 ? ~0ull : 0;
    __syncthreads();
    const uint32 i = global_index();
    if (i < count) {
        atomicAdd(&here[0], values[i]);
        atomicMin(&here[1], values[i]);
        atomicMax(&here[2], values[i]);
        atomicXor(&here[3], values[i]);
    }
    __syncthreads();
    if (threadIdx.x > 0) return;
    atomicAdd(&cells[0], here[0]);
    atomicMin(&cells[1], here[1]);
    atomicMax(&cells[2], here[2]);
    atomicXor(&cells[3], here[3]);
}

// A stack as a list of numbers: pushed by everyone, then popped by half; head and a counter share 64 bits.
extern "C" __global__ void atomics_stack(uint64 *head, uint32 *next, uint32 *popped, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint64 seen = *head;
    while (true) {
        next[i] = (uint32)seen;
        __threadfence();
        const uint64 found = atomicCAS(head, seen, ((seen >> 32) + 1) << 32 | i);
        if (found == seen) break;
        seen = found;
    }
    if (i % 2 == 0) return;
    seen = *(volatile uint64 *)head;
    while (true) {
        const uint32 top = (uint32)seen;
        const uint64 found = atomicCAS(head, seen, ((seen >> 32) + 1) << 32 | ((volatile uint32 *)next)[top]);
        if (found == seen) {
            popped[i] = top;
            return;
        }
        seen = found;
    }
}

// Operations that no instruction has, by loops of compare-and-swap: the largest float, a product modulo a prime.
extern "C" __global__ void atomics_by_cas(uint32 *largest, uint32 *product, const float *values, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 seen = *largest;
    while (__uint_as_float(seen) < values[i]) {
        const uint32 found = atomicCAS(largest, seen, __float_as_uint(values[i]));
        if (found == seen) break;
        seen = found;
    }
    uint32 before, now = *product;
    do {
        before = now;
        now = atomicCAS(product, before, (uint32)((uint64)before * (i + 2) % 1000003));
    } while (now != before);
}

// Numbers claimed by exchange: each is claimed once, whoever comes.
extern "C" __global__ void atomics_claim(uint32 *flags, uint32 *claims, uint32 flag_count, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    for (uint32 flag = 0; flag < flag_count; flag++)
        if (atomicExch(&flags[(flag + i) % flag_count], i + 1) == 0) atomicAdd(&claims[(flag + i) % flag_count], 1u);
}
