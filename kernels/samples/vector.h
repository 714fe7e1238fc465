// Vector types, beyond the `float4` of device.h. NVIDIA's compilers bring them.
#pragma once
#include "device.h"

#if defined(__clang__)

struct __attribute__((aligned(8))) float2 {
    float x, y;
};
struct __attribute__((aligned(8))) uint2 {
    uint32 x, y;
};
struct __attribute__((aligned(16))) uint4 {
    uint32 x, y, z, w;
};
struct __attribute__((aligned(4))) uchar4 {
    unsigned char x, y, z, w;
};

#endif
