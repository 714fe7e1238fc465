// Functions of the mathematics library: NVRTC writes their code into the kernel, clang leaves calls of `__nv_*`.
#include "maths.h"

extern "C" __global__ void libdevice_f32(const float *a, const float *b, float *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    float *mine = out + 8 * i;
    mine[0] = sinf(a[i]);
    mine[1] = cosf(a[i]);
    mine[2] = tanhf(a[i]);
    mine[3] = expf(a[i]);
    mine[4] = logf(fabsf(a[i]));
    mine[5] = powf(fabsf(a[i]), b[i]);
    mine[6] = atan2f(a[i], b[i]);
    mine[7] = erff(a[i]);
}

extern "C" __global__ void libdevice_f64(const double *a, const double *b, double *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    double *mine = out + 7 * i;
    mine[0] = sin(a[i]);
    mine[1] = cos(a[i]);
    mine[2] = exp(a[i]);
    mine[3] = log(fabs(a[i]));
    mine[4] = cbrt(a[i]);
    mine[5] = pow(fabs(a[i]), b[i]);
    mine[6] = hypot(a[i], b[i]);
}

// The approximate instructions side by side.
extern "C" __global__ void libdevice_approximate(const float *a, float *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    float *mine = out + 6 * i;
    mine[0] = approximate_sin(a[i]);
    mine[1] = approximate_cos(a[i]);
    mine[2] = approximate_exp2(a[i]);
    mine[3] = approximate_log2(fabsf(a[i]));
    mine[4] = approximate_tanh(a[i]);
    mine[5] = rsqrtf(fabsf(a[i]));
}
