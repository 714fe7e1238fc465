// Atomics of all types and fences, beyond the two of device.h. NVIDIA's compilers bring these names.
#pragma once
#include "warp.h"

#if defined(__clang__)

#define ATOMIC(name, Type, builtin, As)                                                                           \
    static __device__ __forceinline__ Type name(Type *where, Type value) {                                        \
        return (Type)builtin((As *)where, (As)value);                                                             \
    }

ATOMIC(atomicAdd, int, __nvvm_atom_add_gen_i, int)
ATOMIC(atomicAdd, uint64, __nvvm_atom_add_gen_ll, long long)
ATOMIC(atomicAdd, float, __nvvm_atom_add_gen_f, float)
ATOMIC(atomicAdd, double, __nvvm_atom_add_gen_d, double)
ATOMIC(atomicMax, int, __nvvm_atom_max_gen_i, int)
ATOMIC(atomicMax, uint64, __nvvm_atom_max_gen_ull, uint64)
ATOMIC(atomicMin, int, __nvvm_atom_min_gen_i, int)
ATOMIC(atomicMin, uint32, __nvvm_atom_min_gen_ui, uint32)
ATOMIC(atomicMin, uint64, __nvvm_atom_min_gen_ull, uint64)
ATOMIC(atomicAnd, uint32, __nvvm_atom_and_gen_i, int)
ATOMIC(atomicOr, uint32, __nvvm_atom_or_gen_i, int)
ATOMIC(atomicXor, uint32, __nvvm_atom_xor_gen_i, int)
ATOMIC(atomicXor, uint64, __nvvm_atom_xor_gen_ll, long long)
ATOMIC(atomicExch, int, __nvvm_atom_xchg_gen_i, int)
ATOMIC(atomicExch, uint32, __nvvm_atom_xchg_gen_i, int)
ATOMIC(atomicInc, uint32, __nvvm_atom_inc_gen_ui, uint32)
ATOMIC(atomicDec, uint32, __nvvm_atom_dec_gen_ui, uint32)
#undef ATOMIC

static __device__ __forceinline__ uint32 atomicSub(uint32 *where, uint32 value) { return atomicAdd(where, 0 - value); }
static __device__ __forceinline__ int atomicCAS(int *where, int expect, int value) {
    return __nvvm_atom_cas_gen_i(where, expect, value);
}
static __device__ __forceinline__ uint32 atomicCAS(uint32 *where, uint32 expect, uint32 value) {
    return (uint32)__nvvm_atom_cas_gen_i((int *)where, (int)expect, (int)value);
}
static __device__ __forceinline__ uint64 atomicCAS(uint64 *where, uint64 expect, uint64 value) {
    return (uint64)__nvvm_atom_cas_gen_ll((long long *)where, (long long)expect, (long long)value);
}
static __device__ __forceinline__ void __threadfence() { __nvvm_membar_gl(); }
static __device__ __forceinline__ void __threadfence_block() { __nvvm_membar_cta(); }

#endif
