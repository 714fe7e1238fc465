// The game of life on a torus, a byte a cell and a bit a cell.
#include "bits.h"

extern "C" __global__ void life_bytes(const uint8 *from, uint8 *to, uint32 width, uint32 height) {
    const uint32 x = blockIdx.x * blockDim.x + threadIdx.x;
    const uint32 y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    uint32 neighbours = 0;
    for (uint32 down = 0; down < 3; down++)
        for (uint32 right = 0; right < 3; right++)
            if (down != 1 || right != 1)
                neighbours += from[(y + height + down - 1) % height * width + (x + width + right - 1) % width];
    const uint8 alive = from[y * width + x];
    to[y * width + x] = neighbours == 3 || (alive && neighbours == 2);
}

// 32 cells a word, the lowest bit leftmost: neighbours are counted by adders on whole words.
extern "C" __global__ void life_bits(const uint32 *from, uint32 *to, uint32 words, uint32 height) {
    const uint32 i = global_index();
    if (i >= words * height) return;
    const uint32 column = i % words, row = i / words;
    uint32 ones = 0, twos = 0, fours = 0;
    for (uint32 down = 0; down < 3; down++) {
        const uint32 *line = from + (row + height + down - 1) % height * words;
        const uint32 here = line[column];
        const uint32 left = here << 1 | line[(column + words - 1) % words] >> 31;
        const uint32 right = here >> 1 | line[(column + 1) % words] << 31;
        const uint32 around[3] = {left, right, down == 1 ? 0 : here};
        for (uint32 one = 0; one < 3; one++) {
            const uint32 carry = ones & around[one];
            ones ^= around[one];
            fours |= twos & carry;
            twos ^= carry;
        }
    }
    to[i] = twos & ~fours & (ones | from[i]);
}
