// Weighted neighbours on grids, with zero outside.
#include "warp.h"

// Five points of a plane, through shared memory with a rim. Blocks are 16 x 16.
extern "C" __global__ void stencil_2d(const float *from, float *to, uint32 width, uint32 height, float middle,
                                      float side) {
    __shared__ float tile[18][18];
    const int left = (int)blockIdx.x * 16 - 1, top = (int)blockIdx.y * 16 - 1;
    for (uint32 at = threadIdx.y * 16 + threadIdx.x; at < 18 * 18; at += 256) {
        const int x = left + (int)(at % 18), y = top + (int)(at / 18);
        const bool inside = x >= 0 && y >= 0 && x < (int)width && y < (int)height;
        tile[at / 18][at % 18] = inside ? from[y * (int)width + x] : 0.0f;
    }
    __syncthreads();
    const uint32 x = threadIdx.x + 1, y = threadIdx.y + 1;
    const uint32 column = (uint32)left + x, row = (uint32)top + y;
    if (column >= width || row >= height) return;
    const float sides = (tile[y - 1][x] + tile[y + 1][x]) + (tile[y][x - 1] + tile[y][x + 1]);
    to[row * width + column] = fmaf(side, sides, middle * tile[y][x]);
}

struct Volume {
    uint32 width, height, depth;
};

static __device__ __forceinline__ float voxel(const float *from, Volume size, int x, int y, int z) {
    if (x < 0 || y < 0 || z < 0 || x >= (int)size.width || y >= (int)size.height || z >= (int)size.depth) return 0.0f;
    return from[(z * (int)size.height + y) * (int)size.width + x];
}

// Seven points of a volume whose size comes as a struct; each thread goes up a column of it. Blocks are flat.
extern "C" __global__ void stencil_3d(const float *from, float *to, Volume size, float middle, float side) {
    const int x = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    const int y = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (x >= (int)size.width || y >= (int)size.height) return;
    float below = 0.0f, here = voxel(from, size, x, y, 0);
    for (int z = 0; z < (int)size.depth; z++) {
        const float above = voxel(from, size, x, y, z + 1);
        float sides = below + above;
        sides += voxel(from, size, x - 1, y, z) + voxel(from, size, x + 1, y, z);
        sides += voxel(from, size, x, y - 1, z) + voxel(from, size, x, y + 1, z);
        to[(z * (int)size.height + y) * (int)size.width + x] = fmaf(side, sides, middle * here);
        below = here;
        here = above;
    }
}

// Many steps of heat along a line of at most blockDim.x points in double precision, without leaving the block.
extern "C" __global__ void stencil_heat_f64(double *line, uint32 count, uint32 steps, double rate) {
    __shared__ double here[256];
    const uint32 i = threadIdx.x;
    if (i < count) here[i] = line[i];
    __syncthreads();
    for (uint32 step = 0; step < steps; step++) {
        double next = 0.0;
        if (i < count) {
            const double left = i > 0 ? here[i - 1] : 0.0, right = i + 1 < count ? here[i + 1] : 0.0;
            next = here[i] + rate * (left - 2.0 * here[i] + right);
        }
        __syncthreads();
        if (i < count) here[i] = next;
        __syncthreads();
    }
    if (i < count) line[i] = here[i];
}
