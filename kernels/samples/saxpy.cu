// y = a x + y with one rounding, in a grid-stride loop: any grid covers any count.
#include "device.h"

extern "C" __global__ void saxpy(float a, const float *x, float *y, uint32 count) {
    for (uint32 i = global_index(); i < count; i += global_size()) y[i] = fmaf(a, x[i], y[i]);
}
