// Matrix units by their instructions: products of small tiles that a warp holds together.
#include "half.h"
#include "warp.h"

// out[16][8] = a[16][16] * b[16][8] of halves, sums in floats. `a` lies by rows, `b` by columns, in pairs.
extern "C" __global__ void tensor_f16(const half_pair *a, const half_pair *b, float *out) {
    const uint32 group = lane_index() / 4, place = lane_index() % 4;
    const half_pair a0 = a[group * 8 + place], a1 = a[(group + 8) * 8 + place];
    const half_pair a2 = a[group * 8 + place + 4], a3 = a[(group + 8) * 8 + place + 4];
    const half_pair b0 = b[group * 8 + place], b1 = b[group * 8 + place + 4];
    float c[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
    out[group * 8 + 2 * place] = c[0];
    out[group * 8 + 2 * place + 1] = c[1];
    out[(group + 8) * 8 + 2 * place] = c[2];
    out[(group + 8) * 8 + 2 * place + 1] = c[3];
}

// The same of bf16, added to what is there.
extern "C" __global__ void tensor_bf16(const half_pair *a, const half_pair *b, float *out) {
    const uint32 group = lane_index() / 4, place = lane_index() % 4;
    float *low = out + group * 8 + 2 * place, *high = low + 64;
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(low[0]), "+f"(low[1]), "+f"(high[0]), "+f"(high[1])
        : "r"(a[group * 8 + place]), "r"(a[(group + 8) * 8 + place]), "r"(a[group * 8 + place + 4]),
          "r"(a[(group + 8) * 8 + place + 4]), "r"(b[group * 8 + place]), "r"(b[group * 8 + place + 4]));
}

// out[16][8] = a[16][32] * b[32][8] of signed bytes, four in a word.
extern "C" __global__ void tensor_s8(const uint32 *a, const uint32 *b, int *out) {
    const uint32 group = lane_index() / 4, place = lane_index() % 4;
    int c[4] = {0, 0, 0, 0};
    asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
        : "r"(a[group * 8 + place]), "r"(a[(group + 8) * 8 + place]), "r"(a[group * 8 + place + 4]),
          "r"(a[(group + 8) * 8 + place + 4]), "r"(b[group * 8 + place]), "r"(b[group * 8 + place + 4]));
    for (uint32 half = 0; half < 2; half++) {
        out[(group + 8 * half) * 8 + 2 * place] = c[2 * half];
        out[(group + 8 * half) * 8 + 2 * place + 1] = c[2 * half + 1];
    }
}

// out[8][8] = a[8][4] * b[4][8] of doubles.
extern "C" __global__ void tensor_f64(const double *a, const double *b, double *out) {
    const uint32 group = lane_index() / 4, place = lane_index() % 4;
    double c[2] = {0.0, 0.0};
    asm("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
        : "+d"(c[0]), "+d"(c[1])
        : "d"(a[group * 4 + place]), "d"(b[place * 8 + group]));
    out[group * 8 + 2 * place] = c[0];
    out[group * 8 + 2 * place + 1] = c[1];
}

// Fragments of `a` by ldmatrix, turned ones of `b`, which lies by rows here: out[16][8] = a[16][16] * b[16][8].
extern "C" __global__ void tensor_ldmatrix(const half_bits *a, const half_bits *b, float *out) {
    __shared__ __attribute__((aligned(16))) half_bits tile_a[16 * 16];
    __shared__ __attribute__((aligned(16))) half_bits tile_b[16 * 8];
    for (uint32 at = lane_index(); at < 16 * 16; at += 32) tile_a[at] = a[at];
    for (uint32 at = lane_index(); at < 16 * 8; at += 32) tile_b[at] = b[at];
    __syncwarp();
    const uint32 lane = lane_index();
    const half_bits *row_a = tile_a + (lane % 16) * 16 + lane / 16 * 8, *row_b = tile_b + (lane % 16) * 8;
    uint32 fragment_a[4], fragment_b[2];
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(fragment_a[0]), "=r"(fragment_a[1]), "=r"(fragment_a[2]), "=r"(fragment_a[3])
                 : "r"(shared_address(row_a))
                 : "memory");
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(fragment_b[0]), "=r"(fragment_b[1])
                 : "r"(shared_address(row_b))
                 : "memory");
    float c[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(fragment_a[0]), "r"(fragment_a[1]), "r"(fragment_a[2]), "r"(fragment_a[3]), "r"(fragment_b[0]),
          "r"(fragment_b[1]));
    const uint32 group = lane / 4, place = lane % 4;
    for (uint32 half = 0; half < 2; half++) {
        out[(group + 8 * half) * 8 + 2 * place] = c[2 * half];
        out[(group + 8 * half) * 8 + 2 * place + 1] = c[2 * half + 1];
    }
}

// out[16][16] = a[16][16] * b[16][16] of halves by the older instructions, which load and store by themselves.
extern "C" __global__ void tensor_wmma(const half_bits *a, const half_bits *b, float *out) {
    uint32 x[8], y[8];
    float c[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    asm volatile("wmma.load.a.sync.aligned.row.m16n16k16.f16 {%0, %1, %2, %3, %4, %5, %6, %7}, [%8], %9;"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3]), "=r"(x[4]), "=r"(x[5]), "=r"(x[6]), "=r"(x[7])
                 : "l"(a), "r"(16)
                 : "memory");
    asm volatile("wmma.load.b.sync.aligned.row.m16n16k16.f16 {%0, %1, %2, %3, %4, %5, %6, %7}, [%8], %9;"
                 : "=r"(y[0]), "=r"(y[1]), "=r"(y[2]), "=r"(y[3]), "=r"(y[4]), "=r"(y[5]), "=r"(y[6]), "=r"(y[7])
                 : "l"(b), "r"(16)
                 : "memory");
    asm volatile("wmma.mma.sync.aligned.row.row.m16n16k16.f32.f32 {%0, %1, %2, %3, %4, %5, %6, %7}, "
                 "{%8, %9, %10, %11, %12, %13, %14, %15}, {%16, %17, %18, %19, %20, %21, %22, %23}, "
                 "{%0, %1, %2, %3, %4, %5, %6, %7};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]), "+f"(c[4]), "+f"(c[5]), "+f"(c[6]), "+f"(c[7])
                 : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(x[4]), "r"(x[5]), "r"(x[6]), "r"(x[7]), "r"(y[0]),
                   "r"(y[1]), "r"(y[2]), "r"(y[3]), "r"(y[4]), "r"(y[5]), "r"(y[6]), "r"(y[7]));
    asm volatile("wmma.store.d.sync.aligned.row.m16n16k16.f32 [%0], {%1, %2, %3, %4, %5, %6, %7, %8}, %9;" ::"l"(out),
                 "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]), "f"(c[4]), "f"(c[5]), "f"(c[6]), "f"(c[7]), "r"(16)
                 : "memory");
}
