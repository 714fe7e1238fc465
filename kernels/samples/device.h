// The part of the CUDA C++ device language that the samples use, on top of clang's builtins alone, so that they
// compile where no CUDA toolkit is installed. Device side only; nothing here is known to the host. NVIDIA's compiler
// brings these names itself.
#pragma once

typedef unsigned char uint8;
typedef unsigned int uint32;

#if defined(__clang__)

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
// __syncthreads is a builtin of clang.

struct __attribute__((aligned(16))) float4 {
    float x, y, z, w;
};

// Special registers, with the names CUDA gives them: `threadIdx.x` and so on.
#define SPECIAL_REGISTER(Type, variable, prefix)                                                                  \
    struct Type {                                                                                                 \
        __declspec(property(get = get_x)) uint32 x;                                                               \
        __declspec(property(get = get_y)) uint32 y;                                                               \
        __declspec(property(get = get_z)) uint32 z;                                                               \
        static __device__ __forceinline__ uint32 get_x() { return prefix##_x(); }                                 \
        static __device__ __forceinline__ uint32 get_y() { return prefix##_y(); }                                 \
        static __device__ __forceinline__ uint32 get_z() { return prefix##_z(); }                                 \
    };                                                                                                            \
    extern const __device__ __attribute__((weak)) Type variable;

SPECIAL_REGISTER(ThreadIndex, threadIdx, __nvvm_read_ptx_sreg_tid)
SPECIAL_REGISTER(BlockIndex, blockIdx, __nvvm_read_ptx_sreg_ctaid)
SPECIAL_REGISTER(BlockSize, blockDim, __nvvm_read_ptx_sreg_ntid)
SPECIAL_REGISTER(GridSize, gridDim, __nvvm_read_ptx_sreg_nctaid)
#undef SPECIAL_REGISTER

static __device__ __forceinline__ uint32 __shfl_down_sync(uint32 mask, uint32 value, uint32 lanes) {
    return (uint32)__nvvm_shfl_sync_down_i32(mask, (int)value, (int)lanes, 31);
}
static __device__ __forceinline__ float __shfl_down_sync(uint32 mask, float value, uint32 lanes) {
    return __nvvm_shfl_sync_down_f32(mask, value, (int)lanes, 31);
}
static __device__ __forceinline__ uint32 __shfl_xor_sync(uint32 mask, uint32 value, uint32 lanes) {
    return (uint32)__nvvm_shfl_sync_bfly_i32(mask, (int)value, (int)lanes, 31);
}

static __device__ __forceinline__ uint32 atomicAdd(uint32 *where, uint32 value) {
    return (uint32)__nvvm_atom_add_gen_i((int *)where, (int)value);
}
static __device__ __forceinline__ uint32 atomicMax(uint32 *where, uint32 value) {
    return __nvvm_atom_max_gen_ui(where, value);
}

// One rounding each; the approximate one is what `rsqrtf` gives on a GPU.
static __device__ __forceinline__ float fmaf(float a, float b, float c) { return __nvvm_fma_rn_f(a, b, c); }
static __device__ __forceinline__ float rsqrtf(float a) { return __nvvm_rsqrt_approx_f(a); }

#endif

#define FULL_WARP 0xffffffffu

// This thread's index along the grid's x axis, and the number of threads along it.
static __device__ __forceinline__ uint32 global_index() { return blockIdx.x * blockDim.x + threadIdx.x; }
static __device__ __forceinline__ uint32 global_size() { return gridDim.x * blockDim.x; }
