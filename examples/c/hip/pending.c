/*
 * A host function blocks on a pipe. Meanwhile a thousand launches behind it are accepted, queries say "not ready",
 * and another stream gets its work done. Then the pipe is written, and everything completes in order.
 */
#define _POSIX_C_SOURCE 200112L
#include <hip/hip_runtime_api.h>
#include <unistd.h>

#include "../check.h"
#include "../kernels.h"

enum { LAUNCHES = 1000, SECONDS_AT_MOST = 60 };

static int pipe_ends[2];
static int opened, seen_at_end = -1;

static void wait_for_pipe(void *unused) {
    char byte = 0;
    (void)unused;
    opened = read(pipe_ends[0], &byte, 1) == 1 && byte == 'x';
}

static void look_at_end(void *unused) {
    (void)unused;
    seen_at_end = opened;
}

int main(void) {
    hipModule_t module;
    hipFunction_t add;
    hipStream_t blocked, other;
    hipEvent_t end;
    float *chain, *one, *aside;
    float results[LAUNCHES + 1], result = 0.0f;
    unsigned int count = 1;
    int i;

    alarm(SECONDS_AT_MOST); /* A call that waits for the pipe would wait for ever. */
    EXPECT(pipe(pipe_ends) == 0, "no pipe");
    CHECK(hipInit(0));
    CHECK(hipSetDevice(0));
    CHECK(hipModuleLoadData(&module, vector_add_ptx));
    CHECK(hipModuleGetFunction(&add, module, "vector_add"));
    CHECK(hipStreamCreateWithFlags(&blocked, hipStreamNonBlocking));
    CHECK(hipStreamCreateWithFlags(&other, hipStreamNonBlocking));
    CHECK(hipEventCreateWithFlags(&end, hipEventDisableTiming));
    CHECK(hipMalloc((void **)&chain, sizeof results));
    CHECK(hipMalloc((void **)&one, sizeof(float)));
    CHECK(hipMalloc((void **)&aside, sizeof(float)));
    CHECK(hipMemsetD32(chain, 0, LAUNCHES + 1));
    CHECK(hipMemsetD32(one, 0x3f800000, 1));
    /* Fills run on the default stream, which streams made as non-blocking do not wait for. */
    CHECK(hipDeviceSynchronize());

    CHECK(hipLaunchHostFunc(blocked, wait_for_pipe, NULL));
    for (i = 0; i < LAUNCHES; i++) {
        /* Element i + 1 becomes element i plus one: right only if the launches run in order. */
        float *from = chain + i, *to = from + 1;
        void *arguments[] = {&from, &one, &to, &count};
        CHECK(hipModuleLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, blocked, arguments, NULL));
    }
    CHECK(hipLaunchHostFunc(blocked, look_at_end, NULL));
    CHECK(hipEventRecord(end, blocked));
    say("%d launches are waiting behind a blocked host function", LAUNCHES);

    REFUSED(hipErrorNotReady, hipStreamQuery(blocked));
    REFUSED(hipErrorNotReady, hipEventQuery(end));

    void *arguments[] = {&one, &one, &aside, &count};
    CHECK(hipModuleLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, other, arguments, NULL));
    CHECK(hipMemcpyAsync(&result, aside, sizeof result, hipMemcpyDeviceToHost, other));
    CHECK(hipStreamSynchronize(other));
    CHECK(hipStreamQuery(other));
    EXPECT(result == 2.0f, "the other stream computed %g", result);
    EXPECT(!opened, "the host function did not wait");
    REFUSED(hipErrorNotReady, hipStreamQuery(blocked));
    say("another stream finished meanwhile");

    EXPECT(write(pipe_ends[1], "x", 1) == 1, "the pipe cannot be written");
    CHECK(hipEventSynchronize(end));
    CHECK(hipEventQuery(end));
    CHECK(hipStreamQuery(blocked));
    EXPECT(seen_at_end == 1, "the last host function saw %d", seen_at_end);
    CHECK(hipMemcpy(results, chain, sizeof results, hipMemcpyDeviceToHost));
    for (i = 0; i <= LAUNCHES; i++) EXPECT(results[i] == (float)i, "launch %d left %g", i, results[i]);
    say("the pipe was written: all launches completed in order");

    CHECK(hipFree(aside));
    CHECK(hipFree(one));
    CHECK(hipFree(chain));
    CHECK(hipEventDestroy(end));
    CHECK(hipStreamDestroy(other));
    CHECK(hipStreamDestroy(blocked));
    CHECK(hipModuleUnload(module));
    return passed();
}
