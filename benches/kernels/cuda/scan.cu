// Inclusive sums in three launches: within blocks, over the blocks' sums, and those added to the blocks behind.
__device__ int block_scan(int value, int *of_warps) {
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    for (int lanes = 1; lanes < 32; lanes *= 2) {
        int other = __shfl_up_sync(0xffffffff, value, lanes);
        if (lane >= lanes) value += other;
    }
    if (lane == 31) of_warps[warp] = value;
    __syncthreads();
    if (warp == 0) {
        int sum = lane < blockDim.x / 32 ? of_warps[lane] : 0;
        for (int lanes = 1; lanes < 32; lanes *= 2) {
            int other = __shfl_up_sync(0xffffffff, sum, lanes);
            if (lane >= lanes) sum += other;
        }
        of_warps[lane] = sum;
    }
    __syncthreads();
    return warp > 0 ? value + of_warps[warp - 1] : value;
}

extern "C" __global__ void scan_blocks(const int *values, int *sums, int *of_blocks, int n) {
    __shared__ int of_warps[32];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int sum = block_scan(i < n ? values[i] : 0, of_warps);
    if (i < n) sums[i] = sum;
    if (threadIdx.x == blockDim.x - 1) of_blocks[blockIdx.x] = sum;
}

// One block, as many threads as there are sums or more.
extern "C" __global__ void scan_sums(int *of_blocks, int n) {
    __shared__ int of_warps[32];
    int i = threadIdx.x;
    int sum = block_scan(i < n ? of_blocks[i] : 0, of_warps);
    if (i < n) of_blocks[i] = sum;
}

extern "C" __global__ void scan_add(int *sums, const int *of_blocks, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && blockIdx.x > 0) sums[i] += of_blocks[blockIdx.x - 1];
}
