// Functions that call themselves, each other, and those that are known only when the kernel runs.
#include "warp.h"

static __device__ __attribute__((noinline)) uint32 fibonacci(uint32 n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

extern "C" __global__ void calls_fibonacci(const uint32 *n, uint32 *out, uint32 count) {
    const uint32 i = global_index();
    if (i < count) out[i] = fibonacci(n[i]);
}

static __device__ __attribute__((noinline)) uint32 ackermann(uint32 m, uint32 n) {
    if (m == 0) return n + 1;
    return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

extern "C" __global__ void calls_ackermann(uint32 *out, uint32 most_m, uint32 most_n) {
    const uint32 m = threadIdx.y, n = threadIdx.x;
    if (m < most_m && n < most_n) out[m * most_n + n] = ackermann(m, n);
}

static __device__ __attribute__((noinline)) void quicksort(uint32 *keys, int low, int high) {
    while (low < high) {
        const uint32 pivot = keys[(low + high) / 2];
        int from = low, to = high;
        while (from <= to) {
            while (keys[from] < pivot) from++;
            while (keys[to] > pivot) to--;
            if (from <= to) {
                const uint32 swapped = keys[from];
                keys[from++] = keys[to];
                keys[to--] = swapped;
            }
        }
        quicksort(keys, low, to);
        low = from;
    }
}

// Each thread sorts a run of its own.
extern "C" __global__ void calls_quicksort(uint32 *keys, uint32 run, uint32 count) {
    const uint32 start = global_index() * run;
    if (start >= count) return;
    const uint32 length = count - start < run ? count - start : run;
    quicksort(keys + start, 0, (int)length - 1);
}

static __device__ __attribute__((noinline)) bool is_odd(uint32 n);
static __device__ __attribute__((noinline)) bool is_even(uint32 n) { return n == 0 || is_odd(n - 1); }
static __device__ __attribute__((noinline)) bool is_odd(uint32 n) { return n != 0 && is_even(n - 1); }

// Queens that do not attack each other, below a first one in this thread's column: the number of ways.
static __device__ __attribute__((noinline)) uint32 queens(uint32 size, uint32 columns, uint32 left, uint32 right) {
    const uint32 all = (1u << size) - 1;
    if (columns == all) return 1;
    uint32 ways = 0;
    for (uint32 free = all & ~(columns | left | right); free != 0; free &= free - 1) {
        const uint32 place = free & (0 - free);
        ways += queens(size, columns | place, (left | place) << 1, (right | place) >> 1);
    }
    return ways;
}

extern "C" __global__ void calls_queens(uint32 *ways, uint32 *even, uint32 size) {
    const uint32 i = threadIdx.x;
    if (i < size) ways[i] = queens(size, 1u << i, 2u << i, 1u << i >> 1);
    even[i] = is_even(i);
}

typedef float (*Function)(float, float);
static __device__ float plus(float a, float b) { return a + b; }
static __device__ float minus(float a, float b) { return a - b; }
static __device__ float times(float a, float b) { return a * b; }
static __device__ float fused(float a, float b) { return fmaf(a, b, 1.0f); }

__device__ Function table[4] = {plus, minus, times, fused};

// Through a table of functions: lanes of a warp call different ones.
extern "C" __global__ void calls_by_pointer(const float *a, const float *b, const uint32 *which, float *out,
                                            uint32 count) {
    const uint32 i = global_index();
    if (i < count) out[i] = table[which[i] % 4](a[i], b[i]);
}

struct Shape {
    __device__ virtual float area() const = 0;
    __device__ virtual float scaled(float by) const { return area() * by; }
};

struct Square : Shape {
    float side;
    __device__ explicit Square(float side) : side(side) {}
    __device__ float area() const override { return side * side; }
};

struct Ring : Shape {
    float outer, inner;
    __device__ Ring(float outer, float inner) : outer(outer), inner(inner) {}
    __device__ float area() const override { return 3.0f * (outer * outer - inner * inner); }
    __device__ float scaled(float by) const override { return area() * by * by; }
};

// Objects whose kind depends on the thread, called through their base.
extern "C" __global__ void calls_virtual(const float *sizes, float *out, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const Square square(sizes[i]);
    const Ring ring(sizes[i] + 1.0f, sizes[i]);
    const Shape *const volatile picked = i % 3 == 0 ? (const Shape *)&ring : (const Shape *)&square;
    const Shape *const shape = picked;
    out[i] = shape->area() + shape->scaled(2.0f);
}
