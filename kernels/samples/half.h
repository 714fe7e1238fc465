// 16-bit floats as bit patterns: one of them in 16 bits, two in 32. Inline assembly, the same for every compiler.
#pragma once
#include "device.h"

typedef unsigned short half_bits;
typedef uint32 half_pair;

#define HALF_1(name, instruction, Out, out, In, in)                                                               \
    static __device__ __forceinline__ Out name(In a) {                                                            \
        Out result;                                                                                               \
        asm(instruction " %0, %1;" : "=" out(result) : in(a));                                                    \
        return result;                                                                                            \
    }
#define HALF_2(name, instruction, Type, letter)                                                                   \
    static __device__ __forceinline__ Type name(Type a, Type b) {                                                 \
        Type result;                                                                                              \
        asm(instruction " %0, %1, %2;" : "=" letter(result) : letter(a), letter(b));                              \
        return result;                                                                                            \
    }
#define HALF_3(name, instruction, Type, letter)                                                                   \
    static __device__ __forceinline__ Type name(Type a, Type b, Type c) {                                         \
        Type result;                                                                                              \
        asm(instruction " %0, %1, %2, %3;" : "=" letter(result) : letter(a), letter(b), letter(c));               \
        return result;                                                                                            \
    }

HALF_1(half_of, "cvt.rn.f16.f32", half_bits, "h", float, "f")
HALF_1(half_to_float, "cvt.f32.f16", float, "f", half_bits, "h")
HALF_1(half_of_int, "cvt.rn.f16.s32", half_bits, "h", int, "r")
HALF_1(half_to_int, "cvt.rzi.s32.f16", int, "r", half_bits, "h")
HALF_1(half_negated, "neg.f16", half_bits, "h", half_bits, "h")
HALF_1(half_size, "abs.f16", half_bits, "h", half_bits, "h")
HALF_2(half_add, "add.rn.f16", half_bits, "h")
HALF_2(half_sub, "sub.rn.f16", half_bits, "h")
HALF_2(half_mul, "mul.rn.f16", half_bits, "h")
HALF_2(half_min, "min.f16", half_bits, "h")
HALF_2(half_max, "max.f16", half_bits, "h")
HALF_3(half_fma, "fma.rn.f16", half_bits, "h")
HALF_2(pair_add, "add.rn.f16x2", half_pair, "r")
HALF_2(pair_mul, "mul.rn.f16x2", half_pair, "r")
HALF_2(pair_max, "max.f16x2", half_pair, "r")
HALF_3(pair_fma, "fma.rn.f16x2", half_pair, "r")
HALF_1(brain_of, "cvt.rn.bf16.f32", half_bits, "h", float, "f")
HALF_2(brain_min, "min.bf16", half_bits, "h")
HALF_3(brain_fma, "fma.rn.bf16", half_bits, "h")
HALF_3(brain_pair_fma, "fma.rn.bf16x2", half_pair, "r")
#undef HALF_1
#undef HALF_2
#undef HALF_3

// A bf16 is the upper half of a float.
static __device__ __forceinline__ float brain_to_float(half_bits a) {
    float result;
    asm("mov.b32 %0, {%1, %2};" : "=f"(result) : "h"((half_bits)0), "h"(a));
    return result;
}
static __device__ __forceinline__ bool half_less(half_bits a, half_bits b) {
    uint32 less;
    asm("{ .reg .pred less;\n\tsetp.lt.f16 less, %1, %2;\n\tselp.u32 %0, 1, 0, less; }"
        : "=r"(less)
        : "h"(a), "h"(b));
    return less != 0;
}
