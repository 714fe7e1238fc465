// out[rows][columns] = a[rows][inner] * b[inner][columns], row-major, in further styles than matmul_tiled.cu. Each cell
// is a chain of fused multiply-adds over `inner` from the front, whatever the style.
#include "vector.h"
#include "warp.h"

struct Sizes {
    uint32 rows, columns, inner;
};

extern "C" __global__ void matmul_naive(const float *a, const float *b, float *out, Sizes size) {
    const uint32 column = blockIdx.x * blockDim.x + threadIdx.x;
    const uint32 row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row >= size.rows || column >= size.columns) return;
    float sum = 0.0f;
    for (uint32 k = 0; k < size.inner; k++) sum = fmaf(a[row * size.inner + k], b[k * size.columns + column], sum);
    out[row * size.columns + column] = sum;
}

// The second factor lies transposed: b[columns][inner].
extern "C" __global__ void matmul_transposed(const float *a, const float *b, float *out, Sizes size) {
    const uint32 column = blockIdx.x * blockDim.x + threadIdx.x;
    const uint32 row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row >= size.rows || column >= size.columns) return;
    const float *of_row = a + row * size.inner, *of_column = b + column * size.inner;
    float sum = 0.0f;
#pragma unroll 4
    for (uint32 k = 0; k < size.inner; k++) sum = fmaf(of_row[k], of_column[k], sum);
    out[row * size.columns + column] = sum;
}

// Blocks of 8 x 8 threads for tiles of 32 x 32 cells: 4 x 4 cells a thread, in registers.
extern "C" __global__ void matmul_register_blocked(const float *a, const float *b, float *out, Sizes size) {
    __shared__ float of_a[8][32];
    __shared__ float of_b[8][32];
    const uint32 thread = threadIdx.y * 8 + threadIdx.x;
    const uint32 top = blockIdx.y * 32, left = blockIdx.x * 32;
    float sums[4][4] = {};
    for (uint32 start = 0; start < size.inner; start += 8) {
        for (uint32 at = thread; at < 8 * 32; at += 64) {
            const uint32 k = at % 8, row = top + at / 8;
            of_a[k][at / 8] = row < size.rows && start + k < size.inner ? a[row * size.inner + start + k] : 0.0f;
            const uint32 from = start + at / 32, column = left + at % 32;
            of_b[at / 32][at % 32] = from < size.inner && column < size.columns ? b[from * size.columns + column] : 0.0f;
        }
        __syncthreads();
        for (uint32 k = 0; k < 8; k++) {
            float rows[4], columns[4];
#pragma unroll
            for (uint32 i = 0; i < 4; i++) {
                rows[i] = of_a[k][threadIdx.y * 4 + i];
                columns[i] = of_b[k][threadIdx.x * 4 + i];
            }
#pragma unroll
            for (uint32 i = 0; i < 4; i++)
#pragma unroll
                for (uint32 j = 0; j < 4; j++) sums[i][j] = fmaf(rows[i], columns[j], sums[i][j]);
        }
        __syncthreads();
    }
#pragma unroll
    for (uint32 i = 0; i < 4; i++)
#pragma unroll
        for (uint32 j = 0; j < 4; j++) {
            const uint32 row = top + threadIdx.y * 4 + i, column = left + threadIdx.x * 4 + j;
            if (row < size.rows && column < size.columns) out[row * size.columns + column] = sums[i][j];
        }
}

// Four cells of a row a thread, by loads of four; columns and `inner` are multiples of four.
extern "C" __global__ void matmul_vector(const float4 *a, const float4 *b, float4 *out, Sizes size) {
    const uint32 column = blockIdx.x * blockDim.x + threadIdx.x;
    const uint32 row = blockIdx.y * blockDim.y + threadIdx.y;
    const uint32 quads = size.columns / 4;
    if (row >= size.rows || column >= quads) return;
    float4 sum = {0.0f, 0.0f, 0.0f, 0.0f};
    for (uint32 k = 0; k < size.inner; k += 4) {
        const float4 left = a[(row * size.inner + k) / 4];
        const float factors[4] = {left.x, left.y, left.z, left.w};
#pragma unroll
        for (uint32 i = 0; i < 4; i++) {
            const float4 right = b[(k + i) * quads + column];
            sum.x = fmaf(factors[i], right.x, sum.x);
            sum.y = fmaf(factors[i], right.y, sum.y);
            sum.z = fmaf(factors[i], right.z, sum.z);
            sum.w = fmaf(factors[i], right.w, sum.w);
        }
    }
    out[row * quads + column] = sum;
}

// One cell a warp, the lanes' parts added across: another order of additions, of whole numbers here.
extern "C" __global__ void matmul_warp_u64(const uint64 *a, const uint64 *b, uint64 *out, Sizes size) {
    const uint32 cell = global_index() / 32;
    if (cell >= size.rows * size.columns) return;
    const uint32 row = cell / size.columns, column = cell % size.columns;
    uint64 sum = 0;
    for (uint32 k = lane_index(); k < size.inner; k += 32) sum += a[row * size.inner + k] * b[k * size.columns + column];
    for (uint32 lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(FULL_WARP, sum, lanes);
    if (lane_index() == 0) out[cell] = sum;
}
