// Weighted sums of neighbours with weights in constant memory; what lies outside counts as zero.
#include "warp.h"

#define MOST_WEIGHTS 33
__constant__ float weights[MOST_WEIGHTS];

// Constant from the start: it sharpens.
__constant__ int sharpen[3][3] = {{0, -1, 0}, {-1, 5, -1}, {0, -1, 0}};

// Along a line; `radius` weights on each side.
extern "C" __global__ void convolve_1d(const float *from, float *to, uint32 count, int radius) {
    const int i = (int)global_index();
    if (i >= (int)count) return;
    float sum = 0.0f;
    for (int away = -radius; away <= radius; away++)
        if (i + away >= 0 && i + away < (int)count) sum = fmaf(weights[radius + away], from[i + away], sum);
    to[i] = sum;
}

// Along rows, through shared memory with `radius` more on both sides; one row of blocks a row, blocks of 64.
extern "C" __global__ void convolve_rows(const float *from, float *to, uint32 width, int radius) {
    __shared__ float here[64 + 2 * 16];
    const float *row = from + blockIdx.y * width;
    const int start = (int)blockIdx.x * 64 - radius;
    for (int at = (int)threadIdx.x; at < 64 + 2 * radius; at += 64)
        here[at] = start + at >= 0 && start + at < (int)width ? row[start + at] : 0.0f;
    __syncthreads();
    const uint32 column = blockIdx.x * 64 + threadIdx.x;
    if (column >= width) return;
    float sum = 0.0f;
    for (int at = 0; at <= 2 * radius; at++) sum = fmaf(weights[at], here[(int)threadIdx.x + at], sum);
    to[blockIdx.y * width + column] = sum;
}

// Of bytes, sharpened and cut off at 0 and 255.
extern "C" __global__ void convolve_sharpen(const uint8 *from, uint8 *to, int width, int height) {
    const int x = (int)(blockIdx.x * blockDim.x + threadIdx.x), y = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (x >= width || y >= height) return;
    int sum = 0;
    for (int down = -1; down <= 1; down++)
        for (int right = -1; right <= 1; right++)
            if (x + right >= 0 && x + right < width && y + down >= 0 && y + down < height)
                sum += sharpen[down + 1][right + 1] * from[(y + down) * width + x + right];
    to[y * width + x] = (uint8)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}
