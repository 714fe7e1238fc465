// What kernels ask of the device's runtime: printed text, memory, and to be stopped when something is wrong.
#include "atomic.h"

#if defined(__clang__)
extern "C" __device__ int printf(const char *format, ...);
extern "C" __device__ void *malloc(unsigned long);
extern "C" __device__ void free(void *);
extern "C" __device__ __attribute__((noreturn)) void __assertfail(const char *what, const char *file, uint32 line,
                                                                  const char *function, unsigned long char_bytes);
#endif

// One line a thread, with every kind of value.
extern "C" __global__ void print_values(const int *numbers, const double *fractions, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    const char *const name = numbers[i] < 0 ? "below" : "above";
    printf("%u: %d %5i|%-6d|%+d %08x %#o %X\n", i, numbers[i], numbers[i], numbers[i], numbers[i], numbers[i], i, i);
    printf("%s %c %10s|%-8s|%.2s %% %lld %llu %hhd\n", name, 'a' + (int)i, name, name, name,
           (long long)numbers[i] * 1000000007ll, (uint64)i << 40, numbers[i]);
    printf("%f %.3f %10.2f|%-10.1f|%e %G %g %a\n", fractions[i], fractions[i], fractions[i], fractions[i],
           fractions[i], fractions[i], fractions[i], fractions[i]);
}

struct Node {
    Node *next;
    uint32 value;
};

// Each thread builds a list of its divisors in memory it asks for, adds it up and gives it back. Threads that get no
// memory say so with 0xffffffff.
extern "C" __global__ void heap_lists(uint32 *sums, uint32 *longest, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    Node *first = nullptr;
    bool failed = false;
    for (uint32 divisor = 1; divisor <= i && !failed; divisor++) {
        if (i % divisor != 0) continue;
        Node *const node = (Node *)malloc(sizeof(Node));
        failed = node == nullptr;
        if (failed) break;
        node->next = first;
        node->value = divisor;
        first = node;
    }
    uint32 sum = 0, length = 0;
    while (first != nullptr) {
        Node *const next = first->next;
        sum += first->value;
        length++;
        free(first);
        first = next;
    }
    sums[i] = failed ? 0xffffffffu : sum;
    atomicMax(longest, length);
}

// One allocation of a block, filled by all of its threads.
extern "C" __global__ void heap_block(uint32 *sums, uint32 each, uint32 *refused) {
    __shared__ uint32 *buffer;
    if (threadIdx.x == 0) buffer = (uint32 *)malloc((unsigned long)blockDim.x * each * 4);
    __syncthreads();
    if (buffer == nullptr) {
        if (threadIdx.x == 0) atomicAdd(refused, 1u);
        return;
    }
    for (uint32 at = threadIdx.x; at < blockDim.x * each; at += blockDim.x) buffer[at] = at * at;
    __syncthreads();
    uint32 sum = 0;
    for (uint32 at = 0; at < each; at++) sum += buffer[threadIdx.x * each + at];
    sums[global_index()] = sum;
    __syncthreads();
    if (threadIdx.x == 0) free(buffer);
}

// Stops at the first value that is not below the limit.
extern "C" __global__ void assert_below(const uint32 *values, uint32 *seen, uint32 limit, uint32 count) {
    const uint32 i = global_index();
    if (i >= count) return;
    if (values[i] >= limit) __assertfail("values[i] < limit", "runtime.cu", 72, "assert_below", 1);
    seen[i] = 1;
}
