// softmax(q k^T / sqrt(width)) v, with 16 numbers a head: every query looks at every key up to its own place.
#include "maths.h"

#define WIDTH 16

// A thread a query: three passes over the keys.
extern "C" __global__ void attention_naive(const float *q, const float *k, const float *v, float *out, uint32 count) {
    const uint32 query = global_index();
    if (query >= count) return;
    float most = -3.4e38f, sum = 0.0f;
    float mine[WIDTH], result[WIDTH] = {};
    for (uint32 i = 0; i < WIDTH; i++) mine[i] = q[query * WIDTH + i] * 0.25f;
    for (uint32 pass = 0; pass < 3; pass++) {
        for (uint32 key = 0; key <= query; key++) {
            float score = 0.0f;
            for (uint32 i = 0; i < WIDTH; i++) score = fmaf(mine[i], k[key * WIDTH + i], score);
            if (pass == 0) most = fmaxf(most, score);
            if (pass == 1) sum += approximate_exp(score - most);
            if (pass == 2)
                for (uint32 i = 0; i < WIDTH; i++)
                    result[i] = fmaf(approximate_exp(score - most), v[key * WIDTH + i], result[i]);
        }
    }
    for (uint32 i = 0; i < WIDTH; i++) out[query * WIDTH + i] = result[i] / sum;
}

// Keys and values by tiles of 32 in shared memory, one pass: results are scaled anew when a larger score comes.
// Blocks are 32 threads, a query each.
extern "C" __global__ void attention_tiled(const float *q, const float *k, const float *v, float *out, uint32 count) {
    __shared__ float keys[32][WIDTH];
    __shared__ float values[32][WIDTH];
    const uint32 query = global_index();
    float most = -3.4e38f, sum = 0.0f;
    float mine[WIDTH], result[WIDTH] = {};
#pragma unroll
    for (uint32 i = 0; i < WIDTH; i++) mine[i] = query < count ? q[query * WIDTH + i] * 0.25f : 0.0f;
    for (uint32 start = 0; start < count && start <= blockIdx.x * 32 + 31; start += 32) {
        for (uint32 at = threadIdx.x; at < 32 * WIDTH; at += 32) {
            const bool inside = start * WIDTH + at < count * WIDTH;
            keys[at / WIDTH][at % WIDTH] = inside ? k[start * WIDTH + at] : 0.0f;
            values[at / WIDTH][at % WIDTH] = inside ? v[start * WIDTH + at] : 0.0f;
        }
        __syncthreads();
        for (uint32 key = 0; key < 32 && start + key <= query && start + key < count; key++) {
            float score = 0.0f;
#pragma unroll
            for (uint32 i = 0; i < WIDTH; i++) score = fmaf(mine[i], keys[key][i], score);
            const float larger = fmaxf(most, score);
            const float shrink = approximate_exp(most - larger), part = approximate_exp(score - larger);
            sum = fmaf(sum, shrink, part);
#pragma unroll
            for (uint32 i = 0; i < WIDTH; i++) result[i] = fmaf(part, values[key][i], result[i] * shrink);
            most = larger;
        }
        __syncthreads();
    }
    if (query >= count) return;
#pragma unroll
    for (uint32 i = 0; i < WIDTH; i++) out[query * WIDTH + i] = result[i] / sum;
}
