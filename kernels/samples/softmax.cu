// Softmax of the rows of a matrix.
#include "maths.h"

// A warp a row; the exponential is an approximate instruction.
extern "C" __global__ void softmax_warp(const float *from, float *to, uint32 rows, uint32 columns) {
    const uint32 row = global_index() / 32;
    if (row >= rows) return;
    float most = -3.4e38f;
    for (uint32 at = lane_index(); at < columns; at += 32) most = fmaxf(most, from[row * columns + at]);
    for (uint32 lanes = 16; lanes > 0; lanes /= 2) most = fmaxf(most, __shfl_xor_sync(FULL_WARP, most, lanes));
    float sum = 0.0f;
    for (uint32 at = lane_index(); at < columns; at += 32) sum += approximate_exp(from[row * columns + at] - most);
    for (uint32 lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(FULL_WARP, sum, lanes);
    for (uint32 at = lane_index(); at < columns; at += 32)
        to[row * columns + at] = approximate_exp(from[row * columns + at] - most) / sum;
}

// A thread a row, in one pass: the sum is scaled anew whenever a larger value comes.
extern "C" __global__ void softmax_online(const float *from, float *to, uint32 rows, uint32 columns) {
    const uint32 row = global_index();
    if (row >= rows) return;
    float most = from[row * columns], sum = 1.0f;
    for (uint32 at = 1; at < columns; at++) {
        const float value = from[row * columns + at];
        if (value > most) {
            sum = fmaf(sum, approximate_exp(most - value), 1.0f);
            most = value;
        } else {
            sum += approximate_exp(value - most);
        }
    }
    for (uint32 at = 0; at < columns; at++)
        to[row * columns + at] = approximate_exp(from[row * columns + at] - most) / sum;
}

// A block a row, with libdevice's exponential and logarithm: the logarithm of the softmax.
extern "C" __global__ void softmax_log(const float *from, float *to, uint32 columns) {
    __shared__ float of_warps[32];
    const float *row = from + blockIdx.x * columns;
    float sum = 0.0f;
    for (uint32 at = threadIdx.x; at < columns; at += blockDim.x) sum += expf(row[at]);
    const float whole = logf(block_sum_all(sum, of_warps));
    for (uint32 at = threadIdx.x; at < columns; at += blockDim.x) to[blockIdx.x * columns + at] = row[at] - whole;
}
