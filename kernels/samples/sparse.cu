// Sparse matrices times vectors: compressed rows by threads and by warps, padded columns, and coordinates by atomics.
#include "atomic.h"

extern "C" __global__ void sparse_csr_scalar(const uint32 *starts, const uint32 *columns, const float *values,
                                             const float *x, float *y, uint32 rows) {
    const uint32 row = global_index();
    if (row >= rows) return;
    float sum = 0.0f;
    for (uint32 at = starts[row]; at < starts[row + 1]; at++) sum = fmaf(values[at], x[columns[at]], sum);
    y[row] = sum;
}

// A warp a row: lanes stride over it and add across.
extern "C" __global__ void sparse_csr_warp(const uint32 *starts, const uint32 *columns, const float *values,
                                           const float *x, float *y, uint32 rows) {
    const uint32 row = global_index() / 32;
    if (row >= rows) return;
    float sum = 0.0f;
    for (uint32 at = starts[row] + lane_index(); at < starts[row + 1]; at += 32)
        sum = fmaf(values[at], x[columns[at]], sum);
    for (uint32 lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(FULL_WARP, sum, lanes);
    if (lane_index() == 0) y[row] = sum;
}

// `width` entries a row, stored column by column; missing ones have column 0xffffffff.
extern "C" __global__ void sparse_ell(const uint32 *columns, const float *values, const float *x, float *y, uint32 rows,
                                      uint32 width) {
    const uint32 row = global_index();
    if (row >= rows) return;
    float sum = 0.0f;
    for (uint32 at = row; at < rows * width; at += rows) {
        if (columns[at] == 0xffffffffu) break;
        sum = fmaf(values[at], x[columns[at]], sum);
    }
    y[row] = sum;
}

// One entry a thread; the sums are whole numbers in floats, so that their order does not matter.
extern "C" __global__ void sparse_coo(const uint32 *rows, const uint32 *columns, const float *values, const float *x,
                                      float *y, uint32 entries) {
    const uint32 at = global_index();
    if (at < entries) atomicAdd(&y[rows[at]], values[at] * x[columns[at]]);
}
