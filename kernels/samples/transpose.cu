// Transposed matrices: to[columns][rows] = from[rows][columns].
#include "warp.h"

extern "C" __global__ void transpose_naive(const float *from, float *to, uint32 rows, uint32 columns) {
    const uint32 column = blockIdx.x * blockDim.x + threadIdx.x;
    const uint32 row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row < rows && column < columns) to[column * rows + row] = from[row * columns + column];
}

// Through tiles of 32 x 32 in shared memory, four rows a thread; one column more keeps banks apart. Blocks are 32 x 8.
extern "C" __global__ void transpose_tiled(const float *from, float *to, uint32 rows, uint32 columns) {
    __shared__ float tile[32][33];
    const uint32 left = blockIdx.x * 32, top = blockIdx.y * 32;
    for (uint32 y = threadIdx.y; y < 32; y += 8)
        if (top + y < rows && left + threadIdx.x < columns)
            tile[y][threadIdx.x] = from[(top + y) * columns + left + threadIdx.x];
    __syncthreads();
    for (uint32 y = threadIdx.y; y < 32; y += 8)
        if (left + y < columns && top + threadIdx.x < rows)
            to[(left + y) * rows + top + threadIdx.x] = tile[threadIdx.x][y];
}

// A 32 x 32 matrix of bits for each warp: one row a lane, one ballot a column.
extern "C" __global__ void transpose_bits(const uint32 *from, uint32 *to) {
    const uint32 i = global_index();
    const uint32 row = from[i];
    uint32 column = 0;
    for (uint32 bit = 0; bit < 32; bit++) {
        const uint32 votes = __ballot_sync(FULL_WARP, row >> bit & 1);
        if (lane_index() == bit) column = votes;
    }
    to[i] = column;
}
