// Locks: taken by one lane while others of its warp spin, and messages that lanes wait for.
#include "atomic.h"

// Adds to a sum that only the lock protects, a plain read and a plain write.
extern "C" __global__ void lock_spin(int *lock, uint64 *sum, const uint32 *values, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    while (atomicCAS(lock, 0, 1) != 0) {}
    __threadfence();
    volatile uint64 *guarded = sum;
    *guarded = *guarded * 3 + values[i];
    __threadfence();
    atomicExch(lock, 0);
}

// Sleeps between tries, longer each time; counts the tries.
extern "C" __global__ void lock_backoff(int *lock, uint32 *owners, uint32 *tries) {
    uint32 pause = 32;
    while (atomicCAS(lock, 0, 1) != 0) {
        asm volatile("nanosleep.u32 %0;" ::"r"(pause));
        pause = pause < 1024 ? pause * 2 : pause;
        atomicAdd(tries, 1u);
    }
    __threadfence();
    volatile uint32 *list = owners;
    const uint32 used = list[0];
    list[used + 1] = global_index();
    list[0] = used + 1;
    __threadfence();
    atomicExch(lock, 0);
}

// In the order of tickets.
extern "C" __global__ void lock_tickets(uint32 *next, uint32 *serving, uint32 *order) {
    const uint32 ticket = atomicAdd(next, 1u);
    while (atomicAdd(serving, 0u) != ticket) {}
    __threadfence();
    order[ticket] = global_index();
    __threadfence();
    atomicAdd(serving, 1u);
}

// A lock for each of some bins, tried again only by those that did not get it.
extern "C" __global__ void lock_bins(int *locks, uint32 *counts, uint32 *last, const uint32 *keys, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint32 bin = keys[i];
    bool done = false;
    while (!done) {
        if (atomicCAS(&locks[bin], 0, 1) == 0) {
            __threadfence();
            volatile uint32 *here = counts;
            here[bin] = here[bin] + 1;
            if (last[bin] < i) last[bin] = i;
            __threadfence();
            atomicExch(&locks[bin], 0);
            done = true;
        }
    }
}

// Each lane waits for the one above it to hand a number down: the last lane of each warp begins.
extern "C" __global__ void lock_relay(uint32 *out) {
    __shared__ uint32 handed[33];
    volatile uint32 *slots = handed;
    const uint32 lane = threadIdx.x;
    slots[lane] = 0;
    if (lane == 31) slots[32] = 1;
    __syncwarp();
    uint32 got;
    while ((got = slots[lane + 1]) == 0) {}
    out[lane] = got;
    __threadfence_block();
    slots[lane] = got * 3 + lane;
}
