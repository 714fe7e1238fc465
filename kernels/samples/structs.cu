// Structs by value, as parameters and results, and arrays that live in local memory.
#include "maths.h"
#include "vector.h"

struct Transform {
    float rows[3][4];
    uint8 flip;
};

struct Point {
    float x, y, z;
};

static __device__ __attribute__((noinline)) Point moved(Transform by, Point from) {
    float to[3];
    for (uint32 row = 0; row < 3; row++)
        to[row] = fmaf(by.rows[row][0], from.x, fmaf(by.rows[row][1], from.y, fmaf(by.rows[row][2], from.z, by.rows[row][3])));
    if (by.flip) return {-to[0], -to[1], -to[2]};
    return {to[0], to[1], to[2]};
}

// Points of twelve bytes moved by a struct that holds an array.
extern "C" __global__ void structs_transform(Transform by, const Point *from, Point *to, uint32 count) {
    const uint32 i = global_index();
    if (i < count) to[i] = moved(by, from[i]);
}

struct Particle {
    float2 place, speed;
    uint32 bounces;
    uint8 kind;
};

// A particle in a box of 1: structs with padding, read and written whole.
extern "C" __global__ void structs_particles(Particle *particles, float seconds, uint32 steps, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    Particle one = particles[i];
    for (uint32 step = 0; step < steps; step++) {
        one.place.x = fmaf(one.speed.x, seconds, one.place.x);
        one.place.y = fmaf(one.speed.y, seconds, one.place.y);
        if (one.place.x < 0.0f || one.place.x > 1.0f) {
            one.speed.x = -one.speed.x;
            one.bounces++;
        }
        if (one.place.y < 0.0f || one.place.y > 1.0f) {
            one.speed.y = -one.speed.y * (one.kind == 1 ? 0.5f : 1.0f);
            one.bounces++;
        }
    }
    particles[i] = one;
}

// The median of each pixel and its eight neighbours, sorted in an array of the thread.
extern "C" __global__ void structs_median(const uint8 *from, uint8 *to, int width, int height) {
    const int x = (int)(blockIdx.x * blockDim.x + threadIdx.x), y = (int)(blockIdx.y * blockDim.y + threadIdx.y);
    if (x >= width || y >= height) return;
    uint8 sorted[9];
    int used = 0;
    for (int down = -1; down <= 1; down++)
        for (int right = -1; right <= 1; right++) {
            const int row = min(max(y + down, 0), height - 1), column = min(max(x + right, 0), width - 1);
            const uint8 value = from[row * width + column];
            int at = used++;
            for (; at > 0 && sorted[at - 1] > value; at--) sorted[at] = sorted[at - 1];
            sorted[at] = value;
        }
    to[y * width + x] = sorted[4];
}

// The inverse of a 4 x 4 matrix a thread, by elimination with the largest pivot, where there is one.
extern "C" __global__ void structs_inverse(const float *from, float *to, uint32 *possible, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    float rows[4][8];
    for (uint32 row = 0; row < 4; row++)
        for (uint32 column = 0; column < 8; column++)
            rows[row][column] = column < 4 ? from[16 * i + 4 * row + column] : column == row + 4 ? 1.0f : 0.0f;
    bool fine = true;
    for (uint32 pivot = 0; pivot < 4; pivot++) {
        uint32 best = pivot;
        for (uint32 row = pivot + 1; row < 4; row++)
            if (fabsf(rows[row][pivot]) > fabsf(rows[best][pivot])) best = row;
        if (rows[best][pivot] == 0.0f) {
            fine = false;
            break;
        }
        for (uint32 column = 0; column < 8; column++) {
            const float swapped = rows[pivot][column];
            rows[pivot][column] = rows[best][column];
            rows[best][column] = swapped;
        }
        const float scale = rows[pivot][pivot];
        for (uint32 column = 0; column < 8; column++) rows[pivot][column] /= scale;
        for (uint32 row = 0; row < 4; row++) {
            if (row == pivot) continue;
            const float factor = rows[row][pivot];
            for (uint32 column = 0; column < 8; column++)
                rows[row][column] = fmaf(-factor, rows[pivot][column], rows[row][column]);
        }
    }
    for (uint32 at = 0; fine && at < 16; at++) to[16 * i + at] = rows[at / 4][4 + at % 4];
    possible[i] = fine;
}
