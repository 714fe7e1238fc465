// c = a * b for square matrices whose side is a multiple of the tile's, through tiles in shared memory.
template <int TILE> __device__ void multiply(const float *a, const float *b, float *c, int n) {
    __shared__ float as[TILE][TILE];
    __shared__ float bs[TILE][TILE];
    int tx = threadIdx.x, ty = threadIdx.y;
    int row = blockIdx.y * TILE + ty;
    int column = blockIdx.x * TILE + tx;
    float sum = 0.0f;
    for (int tile = 0; tile < n / TILE; tile++) {
        as[ty][tx] = a[row * n + tile * TILE + tx];
        bs[ty][tx] = b[(tile * TILE + ty) * n + column];
        __syncthreads();
        for (int k = 0; k < TILE; k++) sum += as[ty][k] * bs[k][tx];
        __syncthreads();
    }
    c[row * n + column] = sum;
}

extern "C" __global__ void sgemm_16(const float *a, const float *b, float *c, int n) { multiply<16>(a, b, c, n); }

extern "C" __global__ void sgemm_32(const float *a, const float *b, float *c, int n) { multiply<32>(a, b, c, n); }
