/*
 * A host function blocks on a pipe. Meanwhile a thousand launches behind it are accepted, queries say "not ready",
 * and another stream gets its work done. Then the pipe is written, and everything completes in order.
 */
#define _POSIX_C_SOURCE 200112L
#include <cuda.h>
#include <unistd.h>

#include "../check.h"
#include "../kernels.h"

enum { LAUNCHES = 1000, SECONDS_AT_MOST = 60 };

static int pipe_ends[2];
static int opened, seen_at_end = -1;

static void CUDA_CB wait_for_pipe(void *unused) {
    char byte = 0;
    (void)unused;
    opened = read(pipe_ends[0], &byte, 1) == 1 && byte == 'x';
}

static void CUDA_CB look_at_end(void *unused) {
    (void)unused;
    seen_at_end = opened;
}

int main(void) {
    CUdevice device = -1;
    CUcontext context;
    CUmodule module;
    CUfunction add;
    CUstream blocked, other;
    CUevent end;
    CUdeviceptr chain, one, aside;
    float results[LAUNCHES + 1], result = 0.0f;
    unsigned int count = 1;
    int i;

    alarm(SECONDS_AT_MOST); /* A call that waits for the pipe would wait for ever. */
    EXPECT(pipe(pipe_ends) == 0, "no pipe");
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuModuleLoadData(&module, vector_add_ptx));
    CHECK(cuModuleGetFunction(&add, module, "vector_add"));
    CHECK(cuStreamCreate(&blocked, CU_STREAM_NON_BLOCKING));
    CHECK(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
    CHECK(cuEventCreate(&end, CU_EVENT_DISABLE_TIMING));
    CHECK(cuMemAlloc(&chain, sizeof results));
    CHECK(cuMemAlloc(&one, sizeof(float)));
    CHECK(cuMemAlloc(&aside, sizeof(float)));
    CHECK(cuMemsetD32(chain, 0, LAUNCHES + 1));
    CHECK(cuMemsetD32(one, 0x3f800000, 1));
    /* Fills run on the default stream, which streams made as non-blocking do not wait for. */
    CHECK(cuCtxSynchronize());

    CHECK(cuLaunchHostFunc(blocked, wait_for_pipe, NULL));
    for (i = 0; i < LAUNCHES; i++) {
        /* Element i + 1 becomes element i plus one: right only if the launches run in order. */
        CUdeviceptr from = chain + (size_t)i * sizeof(float), to = from + sizeof(float);
        void *arguments[] = {&from, &one, &to, &count};
        CHECK(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, blocked, arguments, NULL));
    }
    CHECK(cuLaunchHostFunc(blocked, look_at_end, NULL));
    CHECK(cuEventRecord(end, blocked));
    say("%d launches are waiting behind a blocked host function", LAUNCHES);

    REFUSED(CUDA_ERROR_NOT_READY, cuStreamQuery(blocked));
    REFUSED(CUDA_ERROR_NOT_READY, cuEventQuery(end));

    void *arguments[] = {&one, &one, &aside, &count};
    CHECK(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, other, arguments, NULL));
    CHECK(cuMemcpyDtoHAsync(&result, aside, sizeof result, other));
    CHECK(cuStreamSynchronize(other));
    CHECK(cuStreamQuery(other));
    EXPECT(result == 2.0f, "the other stream computed %g", result);
    EXPECT(!opened, "the host function did not wait");
    REFUSED(CUDA_ERROR_NOT_READY, cuStreamQuery(blocked));
    say("another stream finished meanwhile");

    EXPECT(write(pipe_ends[1], "x", 1) == 1, "the pipe cannot be written");
    CHECK(cuEventSynchronize(end));
    CHECK(cuEventQuery(end));
    CHECK(cuStreamQuery(blocked));
    EXPECT(seen_at_end == 1, "the last host function saw %d", seen_at_end);
    CHECK(cuMemcpyDtoH(results, chain, sizeof results));
    for (i = 0; i <= LAUNCHES; i++) EXPECT(results[i] == (float)i, "launch %d left %g", i, results[i]);
    say("the pipe was written: all launches completed in order");

    CHECK(cuMemFree(aside));
    CHECK(cuMemFree(one));
    CHECK(cuMemFree(chain));
    CHECK(cuEventDestroy(end));
    CHECK(cuStreamDestroy(other));
    CHECK(cuStreamDestroy(blocked));
    CHECK(cuModuleUnload(module));
    CHECK(cuDevicePrimaryCtxRelease(device));
    return passed();
}
