/*
 * Work forks from one stream to another and joins again by events. The same function runs it at once and captures it.
 *
 *     main:  fill x, y --- x = x + x --- forked ---- y = y + 4 x ---------- wait --- z = y + copy
 *     side:                                    \---- copy = x + x --- joined ---/
 */
#include <hip/hip_runtime_api.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 2000, THREADS = 64, BLOCKS = (COUNT + THREADS - 1) / THREADS };

struct job {
    hipFunction_t add, scale;
    void *x, *y, *copy_of_x, *z;
    hipEvent_t forked, joined;
};

static void add(struct job *job, void *a, void *b, void *sum, hipStream_t stream) {
    unsigned int count = COUNT;
    void *arguments[] = {&a, &b, &sum, &count};
    CHECK(hipModuleLaunchKernel(job->add, BLOCKS, 1, 1, THREADS, 1, 1, 0, stream, arguments, NULL));
}

static void scale_and_add(struct job *job, float factor, void *x, void *y, hipStream_t stream) {
    unsigned int count = COUNT;
    void *arguments[] = {&factor, &x, &y, &count};
    CHECK(hipModuleLaunchKernel(job->scale, BLOCKS, 1, 1, THREADS, 1, 1, 0, stream, arguments, NULL));
}

/* x starts as 1, y as 10: x becomes 2; then y = 10 + 4 * 2 on one stream beside copy = 2 + 2 on the other; z = 22. */
static void fork_and_join(struct job *job, hipStream_t stream, hipStream_t side) {
    CHECK(hipMemsetD32Async(job->x, 0x3f800000, COUNT, stream));
    CHECK(hipMemsetD32Async(job->y, 0x41200000, COUNT, stream));
    add(job, job->x, job->x, job->x, stream);
    CHECK(hipEventRecord(job->forked, stream));
    CHECK(hipStreamWaitEvent(side, job->forked, 0));
    scale_and_add(job, 4.0f, job->x, job->y, stream);
    add(job, job->x, job->x, job->copy_of_x, side);
    CHECK(hipEventRecord(job->joined, side));
    CHECK(hipStreamWaitEvent(stream, job->joined, 0));
    add(job, job->y, job->copy_of_x, job->z, stream);
}

static void expect_result(struct job *job) {
    static float z[COUNT];
    int i;
    CHECK(hipMemcpy(z, job->z, sizeof z, hipMemcpyDeviceToHost));
    for (i = 0; i < COUNT; i++) EXPECT(z[i] == 22.0f, "element %d is %g, not 22", i, z[i]);
    /* So that the next round has to write it. */
    CHECK(hipMemsetD32(job->z, 0, COUNT));
    CHECK(hipDeviceSynchronize());
    CHECK(hipMemcpy(z, job->z, sizeof z, hipMemcpyDeviceToHost));
    for (i = 0; i < COUNT; i++) EXPECT(z[i] == 0.0f, "element %d is %g, not 0", i, z[i]);
}

int main(void) {
    hipModule_t adding, scaling;
    hipStream_t stream, side;
    hipEvent_t begin, end;
    hipGraph_t graph;
    hipGraphExec_t exec;
    struct job job;
    float milliseconds = -1.0f;
    size_t nodes = 0;
    int round;

    CHECK(hipInit(0));
    CHECK(hipSetDevice(0));
    CHECK(hipModuleLoadData(&adding, vector_add_ptx));
    CHECK(hipModuleGetFunction(&job.add, adding, "vector_add"));
    CHECK(hipModuleLoadData(&scaling, saxpy_ptx));
    CHECK(hipModuleGetFunction(&job.scale, scaling, "saxpy"));
    CHECK(hipMalloc((void **)&job.x, COUNT * 4));
    CHECK(hipMalloc((void **)&job.y, COUNT * 4));
    CHECK(hipMalloc((void **)&job.copy_of_x, COUNT * 4));
    CHECK(hipMalloc((void **)&job.z, COUNT * 4));
    CHECK(hipEventCreateWithFlags(&job.forked, hipEventDisableTiming));
    CHECK(hipEventCreateWithFlags(&job.joined, hipEventDisableTiming));
    CHECK(hipEventCreateWithFlags(&begin, hipEventDefault));
    CHECK(hipEventCreateWithFlags(&end, hipEventDefault));
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
    CHECK(hipStreamCreateWithFlags(&side, hipStreamNonBlocking));

    CHECK(hipEventRecord(begin, stream));
    for (round = 0; round < 20; round++) {
        fork_and_join(&job, stream, side);
        CHECK(hipStreamSynchronize(stream));
        expect_result(&job);
    }
    CHECK(hipEventRecord(end, stream));
    CHECK(hipEventSynchronize(end));
    CHECK(hipEventElapsedTime(&milliseconds, begin, end));
    EXPECT(milliseconds >= 0.0f, "%g ms", milliseconds);
    REFUSED(hipErrorInvalidHandle, hipEventElapsedTime(&milliseconds, job.forked, job.joined));
    say("forked and joined %d times at once, in %.3f ms", round, milliseconds);

    CHECK(hipStreamBeginCapture(stream, hipStreamCaptureModeThreadLocal));
    fork_and_join(&job, stream, side);
    CHECK(hipStreamEndCapture(stream, &graph));
    CHECK(hipGraphGetNodes(graph, NULL, &nodes));
    EXPECT(nodes == 6, "%d nodes", (int)nodes);
    CHECK(hipGraphInstantiate(&exec, graph, NULL, NULL, 0));
    for (round = 0; round < 20; round++) {
        CHECK(hipGraphLaunch(exec, side));
        CHECK(hipStreamSynchronize(side));
        expect_result(&job);
    }
    say("captured the same as %d nodes and launched it %d times", (int)nodes, round);

    CHECK(hipGraphExecDestroy(exec));
    CHECK(hipGraphDestroy(graph));
    CHECK(hipEventDestroy(end));
    CHECK(hipEventDestroy(begin));
    CHECK(hipEventDestroy(job.joined));
    CHECK(hipEventDestroy(job.forked));
    CHECK(hipStreamDestroy(side));
    CHECK(hipStreamDestroy(stream));
    CHECK(hipFree(job.z));
    CHECK(hipFree(job.copy_of_x));
    CHECK(hipFree(job.y));
    CHECK(hipFree(job.x));
    CHECK(hipModuleUnload(scaling));
    CHECK(hipModuleUnload(adding));
    return passed();
}
