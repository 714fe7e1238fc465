// Random generators, each thread with its own stream.
#include "bits.h"
#include "vector.h"

extern "C" __global__ void random_xorshift64(uint64 *out, uint32 each, uint64 seed) {
    uint64 state = seed ^ (global_index() + 1) * 0x9e3779b97f4a7c15ull;
    for (uint32 i = 0; i < each; i++) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        out[i * global_size() + global_index()] = state * 0x2545f4914f6cdd1dull;
    }
}

// A 64-bit congruential state, of which 32 bits come out, turned by what its top bits say.
extern "C" __global__ void random_pcg(uint32 *out, uint32 each, uint64 seed) {
    const uint64 stream = 2ull * global_index() + 1;
    uint64 state = seed + stream;
    for (uint32 i = 0; i < each; i++) {
        const uint32 mixed = (uint32)((state >> 18 ^ state) >> 27);
        const uint32 turn = (uint32)(state >> 59);
        out[i * global_size() + global_index()] = __funnelshift_rc(mixed, mixed, turn);
        state = state * 6364136223846793005ull + stream;
    }
}

// Philox 4x32-10: four words from a counter and a key.
extern "C" __global__ void random_philox(uint4 *out, uint2 key, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint4 counter = {i, 0, 0xdecafbadu, 7};
#pragma unroll
    for (uint32 round = 0; round < 10; round++) {
        const uint32 high0 = __umulhi(0xd2511f53u, counter.x), low0 = 0xd2511f53u * counter.x;
        const uint32 high1 = __umulhi(0xcd9e8d57u, counter.z), low1 = 0xcd9e8d57u * counter.z;
        counter = {high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0};
        key.x += 0x9e3779b9u;
        key.y += 0xbb67ae85u;
    }
    out[i] = counter;
}

// Whole numbers below a limit without bias: what would favour some is drawn again, so lanes loop unlike.
extern "C" __global__ void random_below(uint32 *out, uint32 *draws, uint32 limit, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 state = i * 747796405u + 2891336453u, drawn = 0;
    uint64 product;
    do {
        state = state * 1664525u + 1013904223u;
        product = (uint64)state * limit;
        drawn++;
    } while ((uint32)product < -limit % limit);
    out[i] = (uint32)(product >> 32);
    draws[i] = drawn;
}
