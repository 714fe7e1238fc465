// One element a thread, with the tail of a ragged grid cut off.
#include "device.h"

extern "C" __global__ void vector_add(const float *__restrict__ a, const float *__restrict__ b, float *__restrict__ out, uint32 count) {
    const uint32 i = global_index();
    if (i < count) out[i] = a[i] + b[i];
}
