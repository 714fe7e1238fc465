// to[column][row] = from[row][column] by tiles of 32 x 32 in shared memory; blocks are 32 x 8, four rows a thread.
#define TILE 32
#define ROWS 8

extern "C" __global__ void transpose(const float *from, float *to, int width, int height) {
    // One column more keeps a tile's column in different banks.
    __shared__ float tile[TILE][TILE + 1];
    int x = blockIdx.x * TILE + threadIdx.x;
    int y = blockIdx.y * TILE + threadIdx.y;
    for (int j = 0; j < TILE; j += ROWS)
        if (x < width && y + j < height) tile[threadIdx.y + j][threadIdx.x] = from[(y + j) * width + x];
    __syncthreads();
    x = blockIdx.y * TILE + threadIdx.x;
    y = blockIdx.x * TILE + threadIdx.y;
    for (int j = 0; j < TILE; j += ROWS)
        if (x < height && y + j < width) to[(y + j) * height + x] = tile[threadIdx.x][threadIdx.y + j];
}
