// Checksums and hashes of messages.
#include "atomic.h"
#include "bits.h"

__constant__ uint32 round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static __device__ __forceinline__ void sha256_start(uint32 *state) {
    const uint32 first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (uint32 i = 0; i < 8; i++) state[i] = first[i];
}

// One block of 16 words, which are used up.
static __device__ void sha256_block(uint32 *state, uint32 *words) {
    uint32 a = state[0], b = state[1], c = state[2], d = state[3];
    uint32 e = state[4], f = state[5], g = state[6], h = state[7];
    for (uint32 round = 0; round < 64; round++) {
        if (round >= 16) {
            const uint32 old = words[(round + 1) & 15], recent = words[(round + 14) & 15];
            const uint32 s0 = rotate_right(old, 7) ^ rotate_right(old, 18) ^ old >> 3;
            const uint32 s1 = rotate_right(recent, 17) ^ rotate_right(recent, 19) ^ recent >> 10;
            words[round & 15] += s0 + words[(round + 9) & 15] + s1;
        }
        const uint32 s1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
        const uint32 t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[round] + words[round & 15];
        const uint32 s0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
        const uint32 t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

// SHA-256 of one message a thread: bytes starts[i] to starts[i + 1].
extern "C" __global__ void hash_sha256(const uint8 *bytes, const uint32 *starts, uint32 *digests, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const uint8 *message = bytes + starts[i];
    const uint32 length = starts[i + 1] - starts[i];
    uint32 state[8];
    sha256_start(state);
    const uint32 blocks = (length + 8) / 64 + 1;
    for (uint32 block = 0; block < blocks; block++) {
        uint32 words[16];
        for (uint32 word = 0; word < 16; word++) {
            uint32 value = 0;
            for (uint32 byte = 0; byte < 4; byte++) {
                const uint32 at = block * 64 + word * 4 + byte;
                value = value << 8 | (at < length ? message[at] : at == length ? 0x80u : 0u);
            }
            words[word] = value;
        }
        if (block == blocks - 1) {
            words[14] = length >> 29;
            words[15] = length << 3;
        }
        sha256_block(state, words);
    }
    for (uint32 word = 0; word < 8; word++) digests[8 * i + word] = state[word];
}

// The least number that, hashed, begins with `zeros` zero bits.
extern "C" __global__ void hash_sha256_mine(uint32 *found, uint32 zeros) {
    const uint32 number = global_index();
    uint32 state[8];
    uint32 words[16] = {number, 0x80000000u};
    words[15] = 32;
    sha256_start(state);
    sha256_block(state, words);
    if ((uint32)__clz((int)state[0]) >= zeros) atomicMin(found, number);
}

// CRC-32 of one message a thread, by a table of 16 that the block makes first.
extern "C" __global__ void hash_crc32(const uint8 *bytes, const uint32 *starts, uint32 *sums, uint32 count) {
    __shared__ uint32 table[16];
    if (threadIdx.x < 16) {
        uint32 value = threadIdx.x;
        for (uint32 bit = 0; bit < 4; bit++) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
        table[threadIdx.x] = value;
    }
    __syncthreads();
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 sum = 0xffffffffu;
    for (uint32 at = starts[i]; at < starts[i + 1]; at++) {
        sum ^= bytes[at];
        sum = sum >> 4 ^ table[sum & 15];
        sum = sum >> 4 ^ table[sum & 15];
    }
    sums[i] = ~sum;
}

// MurmurHash3 of words, 32 bits, with the finish that mixes all bits.
extern "C" __global__ void hash_murmur3(const uint32 *keys, uint32 *hashes, uint32 words, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    uint32 hash = 42;
    for (uint32 word = 0; word < words; word++) {
        hash ^= rotate_left(keys[i * words + word] * 0xcc9e2d51u, 15) * 0x1b873593u;
        hash = rotate_left(hash, 13) * 5 + 0xe6546b64u;
    }
    hash ^= words * 4;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    hashes[i] = hash ^ hash >> 16;
}
