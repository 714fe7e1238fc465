// out[rows][columns] = a[rows][inner] * b[inner][columns], row-major, by square tiles in shared memory. Sizes need
// not be multiples of the tile: what lies outside counts as zero.
#include "device.h"

static __device__ __forceinline__ void multiply(const float *a, const float *b, float *out, uint32 rows,
                                                uint32 columns, uint32 inner, uint32 tile, float *tile_a,
                                                float *tile_b) {
    const uint32 row = blockIdx.y * tile + threadIdx.y;
    const uint32 column = blockIdx.x * tile + threadIdx.x;
    const uint32 here = threadIdx.y * tile + threadIdx.x;
    float sum = 0.0f;
    for (uint32 start = 0; start < inner; start += tile) {
        const uint32 from_a = start + threadIdx.x;
        const uint32 from_b = start + threadIdx.y;
        tile_a[here] = row < rows && from_a < inner ? a[row * inner + from_a] : 0.0f;
        tile_b[here] = column < columns && from_b < inner ? b[from_b * columns + column] : 0.0f;
        __syncthreads();
        for (uint32 k = 0; k < tile; k++)
            sum = fmaf(tile_a[threadIdx.y * tile + k], tile_b[k * tile + threadIdx.x], sum);
        __syncthreads();
    }
    if (row < rows && column < columns) out[row * columns + column] = sum;
}

// Blocks of 16 x 16 threads; the tiles are static shared memory.
extern "C" __global__ void __launch_bounds__(256)
    matmul_tiled_16(const float *a, const float *b, float *out, uint32 rows, uint32 columns, uint32 inner) {
    __shared__ float tile_a[16 * 16];
    __shared__ float tile_b[16 * 16];
    multiply(a, b, out, rows, columns, inner, 16, tile_a, tile_b);
}

// Square blocks of any size t x t; the launch gives 2 * t * t * 4 bytes of dynamic shared memory.
extern "C" __global__ void matmul_tiled_dynamic(const float *a, const float *b, float *out, uint32 rows,
                                                uint32 columns, uint32 inner) {
    extern __shared__ float tiles[];
    const uint32 tile = blockDim.x;
    multiply(a, b, out, rows, columns, inner, tile, tiles, tiles + tile * tile);
}
