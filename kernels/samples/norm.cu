// Rows brought to mean 0 and variance 1, or to a root mean square of 1. A block a row, blocks of whole warps.
#include "maths.h"

#define EPSILON 1e-5f

extern "C" __global__ void norm_layer(const float *from, float *to, const float *gain, const float *bias,
                                      uint32 columns) {
    __shared__ float of_warps[32];
    const float *row = from + blockIdx.x * columns;
    float sum = 0.0f;
    for (uint32 at = threadIdx.x; at < columns; at += blockDim.x) sum += row[at];
    const float mean = block_sum_all(sum, of_warps) / (float)columns;
    float squares = 0.0f;
    for (uint32 at = threadIdx.x; at < columns; at += blockDim.x) {
        const float away = row[at] - mean;
        squares = fmaf(away, away, squares);
    }
    const float scale = rsqrtf(block_sum_all(squares, of_warps) / (float)columns + EPSILON);
    for (uint32 at = threadIdx.x; at < columns; at += blockDim.x)
        to[blockIdx.x * columns + at] = fmaf((row[at] - mean) * scale, gain[at], bias[at]);
}

// By the exact root and division.
extern "C" __global__ void norm_rms(const float *from, float *to, const float *gain, uint32 columns) {
    __shared__ float of_warps[32];
    const float *row = from + blockIdx.x * columns;
    float squares = 0.0f;
    for (uint32 at = threadIdx.x; at < columns; at += blockDim.x) squares = fmaf(row[at], row[at], squares);
    const float size = sqrtf(block_sum_all(squares, of_warps) / (float)columns + EPSILON);
    for (uint32 at = threadIdx.x; at < columns; at += blockDim.x)
        to[blockIdx.x * columns + at] = row[at] / size * gain[at];
}

// Mean and variance of each row in one pass of Welford's, in double precision; a thread a row.
extern "C" __global__ void norm_welford_f64(const float *from, double *means, double *variances, uint32 rows,
                                            uint32 columns) {
    const uint32 row = global_index();
    if (row >= rows) return;
    double mean = 0.0, squares = 0.0;
    for (uint32 at = 0; at < columns; at++) {
        const double value = from[row * columns + at];
        const double away = value - mean;
        mean += away / (double)(at + 1);
        squares = fma(away, value - mean, squares);
    }
    means[row] = mean;
    variances[row] = squares / (double)columns;
}
