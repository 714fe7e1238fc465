// Iterations until |z| exceeds 2, at most `limit`: neighbouring threads leave the loop at different times.
#include "device.h"

extern "C" __global__ void mandelbrot(uint32 *iterations, uint32 width, uint32 height, float left, float top,
                                      float step, uint32 limit) {
    const uint32 column = blockIdx.x * blockDim.x + threadIdx.x;
    const uint32 row = blockIdx.y * blockDim.y + threadIdx.y;
    if (column >= width || row >= height) return;
    const float real = fmaf((float)column, step, left);
    const float imaginary = fmaf((float)row, step, top);
    float x = 0.0f, y = 0.0f;
    uint32 count = 0;
    while (count < limit && x * x + y * y <= 4.0f) {
        const float next = x * x - y * y + real;
        y = fmaf(2.0f * x, y, imaginary);
        x = next;
        count++;
    }
    iterations[row * width + column] = count;
}
