// Counts of byte values: each block counts in shared memory, then adds what it found to the global bins.
#include "device.h"

extern "C" __global__ void histogram(const uint8 *data, uint32 count, uint32 *bins) {
    __shared__ uint32 of_block[256];
    for (uint32 bin = threadIdx.x; bin < 256; bin += blockDim.x) of_block[bin] = 0;
    __syncthreads();
    for (uint32 i = global_index(); i < count; i += global_size()) atomicAdd(&of_block[data[i]], 1);
    __syncthreads();
    for (uint32 bin = threadIdx.x; bin < 256; bin += blockDim.x)
        if (of_block[bin] > 0) atomicAdd(&bins[bin], of_block[bin]);
}
