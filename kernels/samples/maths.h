// Arithmetic that is one instruction, and the functions of libdevice, which clang leaves as calls of `__nv_*`.
// NVIDIA's compilers bring the C names.
#pragma once
#include "warp.h"

#if defined(__clang__)

static __device__ __forceinline__ float sqrtf(float a) { return __nvvm_sqrt_rn_f(a); }
static __device__ __forceinline__ double sqrt(double a) { return __nvvm_sqrt_rn_d(a); }
static __device__ __forceinline__ double fma(double a, double b, double c) { return __nvvm_fma_rn_d(a, b, c); }
static __device__ __forceinline__ float fabsf(float a) { return __nvvm_fabs_f(a); }
static __device__ __forceinline__ double fabs(double a) { return __nvvm_fabs_d(a); }
static __device__ __forceinline__ float fminf(float a, float b) { return __nvvm_fmin_f(a, b); }
static __device__ __forceinline__ float fmaxf(float a, float b) { return __nvvm_fmax_f(a, b); }
static __device__ __forceinline__ float floorf(float a) { return __nvvm_floor_f(a); }
static __device__ __forceinline__ uint32 __float_as_uint(float a) { return __builtin_bit_cast(uint32, a); }
static __device__ __forceinline__ float __uint_as_float(uint32 a) { return __builtin_bit_cast(float, a); }
static __device__ __forceinline__ uint32 min(uint32 a, uint32 b) { return a < b ? a : b; }
static __device__ __forceinline__ uint32 max(uint32 a, uint32 b) { return a > b ? a : b; }
static __device__ __forceinline__ int min(int a, int b) { return a < b ? a : b; }
static __device__ __forceinline__ int max(int a, int b) { return a > b ? a : b; }

#define LIBDEVICE_1(Type, name, external)                                                                         \
    extern "C" __device__ Type external(Type);                                                                    \
    static __device__ __forceinline__ Type name(Type a) { return external(a); }
#define LIBDEVICE_2(Type, name, external)                                                                         \
    extern "C" __device__ Type external(Type, Type);                                                              \
    static __device__ __forceinline__ Type name(Type a, Type b) { return external(a, b); }

LIBDEVICE_1(float, sinf, __nv_sinf)
LIBDEVICE_1(float, cosf, __nv_cosf)
LIBDEVICE_1(float, tanhf, __nv_tanhf)
LIBDEVICE_1(float, expf, __nv_expf)
LIBDEVICE_1(float, logf, __nv_logf)
LIBDEVICE_1(float, erff, __nv_erff)
LIBDEVICE_2(float, powf, __nv_powf)
LIBDEVICE_2(float, atan2f, __nv_atan2f)
LIBDEVICE_1(double, sin, __nv_sin)
LIBDEVICE_1(double, cos, __nv_cos)
LIBDEVICE_1(double, exp, __nv_exp)
LIBDEVICE_1(double, log, __nv_log)
LIBDEVICE_1(double, cbrt, __nv_cbrt)
LIBDEVICE_2(double, pow, __nv_pow)
LIBDEVICE_2(double, hypot, __nv_hypot)
#undef LIBDEVICE_1
#undef LIBDEVICE_2

#endif

// The approximate instructions, by name: no compiler may choose another.
static __device__ __forceinline__ float approximate_exp2(float a) {
    float out;
    asm("ex2.approx.f32 %0, %1;" : "=f"(out) : "f"(a));
    return out;
}
static __device__ __forceinline__ float approximate_log2(float a) {
    float out;
    asm("lg2.approx.f32 %0, %1;" : "=f"(out) : "f"(a));
    return out;
}
static __device__ __forceinline__ float approximate_sin(float a) {
    float out;
    asm("sin.approx.f32 %0, %1;" : "=f"(out) : "f"(a));
    return out;
}
static __device__ __forceinline__ float approximate_cos(float a) {
    float out;
    asm("cos.approx.f32 %0, %1;" : "=f"(out) : "f"(a));
    return out;
}
static __device__ __forceinline__ float approximate_tanh(float a) {
    float out;
    asm("tanh.approx.f32 %0, %1;" : "=f"(out) : "f"(a));
    return out;
}

#define LOG2_E 1.44269504f
static __device__ __forceinline__ float approximate_exp(float a) { return approximate_exp2(a * LOG2_E); }
