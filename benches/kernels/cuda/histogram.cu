// Counts of byte values: each block counts in shared memory, then adds what it found to the global bins.
extern "C" __global__ void histogram(const unsigned char *data, unsigned int *bins, int n) {
    __shared__ unsigned int of_block[256];
    for (int bin = threadIdx.x; bin < 256; bin += blockDim.x) of_block[bin] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&of_block[data[i]], 1);
    __syncthreads();
    for (int bin = threadIdx.x; bin < 256; bin += blockDim.x) atomicAdd(&bins[bin], of_block[bin]);
}
