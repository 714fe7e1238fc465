// Arithmetic in 16 bits: halves alone and in pairs, and the other kind with eight bits of exponent.
#include "half.h"
#include "warp.h"

// y = a x + y on pairs.
extern "C" __global__ void half_saxpy(half_pair a, const half_pair *x, half_pair *y, uint32 pairs) {
    for (uint32 i = global_index(); i < pairs; i += global_size()) y[i] = pair_fma(a, x[i], y[i]);
}

// Every operation on halves, one after the other: eight results for each pair of inputs.
extern "C" __global__ void half_operations(const half_bits *a, const half_bits *b, half_bits *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    half_bits *mine = out + 10 * i;
    mine[0] = half_add(a[i], b[i]);
    mine[1] = half_sub(a[i], b[i]);
    mine[2] = half_mul(a[i], b[i]);
    mine[3] = half_min(a[i], b[i]);
    mine[4] = half_max(a[i], b[i]);
    mine[5] = half_fma(a[i], b[i], a[i]);
    mine[6] = half_negated(half_size(a[i]));
    mine[7] = half_less(a[i], b[i]) ? 1 : 0;
    const half_pair both = (half_pair)a[i] | (half_pair)b[i] << 16, turned = both << 16 | both >> 16;
    const half_pair pairs = pair_max(pair_add(both, turned), pair_mul(both, turned));
    mine[8] = (half_bits)pairs;
    mine[9] = (half_bits)(pairs >> 16);
}

// Between halves, floats and whole numbers.
extern "C" __global__ void half_convert(const float *from, half_bits *halves, float *back, int *whole, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const half_bits half = half_of(from[i]);
    halves[i] = half;
    back[i] = half_to_float(half);
    whole[i] = half_to_int(half_mul(half, half_of_int(3)));
}

// Dot products of rows of bf16 pairs by a vector: products in bf16, sums in floats across a warp.
extern "C" __global__ void brain_dot(const half_pair *rows, const half_pair *vector, float *out, uint32 pairs) {
    const half_pair *row = rows + (global_index() / 32) * pairs;
    float sum = 0.0f;
    for (uint32 at = lane_index(); at < pairs; at += 32) {
        const half_pair product = brain_pair_fma(row[at], vector[at], 0);
        sum += brain_to_float((half_bits)product) + brain_to_float((half_bits)(product >> 16));
    }
    for (uint32 lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(FULL_WARP, sum, lanes);
    if (lane_index() == 0) out[global_index() / 32] = sum;
}

// Rounded to bf16, one fused step, the smaller of two.
extern "C" __global__ void brain_operations(const float *from, half_bits *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const half_bits here = brain_of(from[i]), next = brain_of(from[(i + 1) % count]);
    out[3 * i] = here;
    out[3 * i + 1] = brain_fma(here, next, here);
    out[3 * i + 2] = brain_min(here, next);
}
