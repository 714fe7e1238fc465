// exp(x - largest) over its sum, row by row: a block a row.
#define INFINITY __int_as_float(0x7f800000)
__device__ float block_max(float value, float *of_warps) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, lanes));
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = value;
    __syncthreads();
    value = of_warps[0];
    for (int warp = 1; warp < blockDim.x / 32; warp++) value = fmaxf(value, of_warps[warp]);
    __syncthreads();
    return value;
}

__device__ float block_sum(float value, float *of_warps) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(0xffffffff, value, lanes);
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = value;
    __syncthreads();
    value = of_warps[0];
    for (int warp = 1; warp < blockDim.x / 32; warp++) value += of_warps[warp];
    __syncthreads();
    return value;
}

extern "C" __global__ void softmax(const float *from, float *to, int rows, int columns) {
    __shared__ float of_warps[32];
    int row = blockIdx.x;
    if (row >= rows) return;
    from += row * columns;
    to += row * columns;
    float largest = -INFINITY;
    for (int i = threadIdx.x; i < columns; i += blockDim.x) largest = fmaxf(largest, from[i]);
    largest = block_max(largest, of_warps);
    float sum = 0.0f;
    for (int i = threadIdx.x; i < columns; i += blockDim.x) {
        float power = expf(from[i] - largest);
        to[i] = power;
        sum += power;
    }
    sum = block_sum(sum, of_warps);
    for (int i = threadIdx.x; i < columns; i += blockDim.x) to[i] = to[i] / sum;
}
