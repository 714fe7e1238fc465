/*
 * Work forks from one stream to another and joins again by events. The same function runs it at once and captures it.
 *
 *     main:  fill x, y --- x = x + x --- forked ---- y = y + 4 x ---------- wait --- z = y + copy
 *     side:                                    \---- copy = x + x --- joined ---/
 */
#include <cuda.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 2000, THREADS = 64, BLOCKS = (COUNT + THREADS - 1) / THREADS };

struct job {
    CUfunction add, scale;
    CUdeviceptr x, y, copy_of_x, z;
    CUevent forked, joined;
};

static void add(struct job *job, CUdeviceptr a, CUdeviceptr b, CUdeviceptr sum, CUstream stream) {
    unsigned int count = COUNT;
    void *arguments[] = {&a, &b, &sum, &count};
    CHECK(cuLaunchKernel(job->add, BLOCKS, 1, 1, THREADS, 1, 1, 0, stream, arguments, NULL));
}

static void scale_and_add(struct job *job, float factor, CUdeviceptr x, CUdeviceptr y, CUstream stream) {
    unsigned int count = COUNT;
    void *arguments[] = {&factor, &x, &y, &count};
    CHECK(cuLaunchKernel(job->scale, BLOCKS, 1, 1, THREADS, 1, 1, 0, stream, arguments, NULL));
}

/* x starts as 1, y as 10: x becomes 2; then y = 10 + 4 * 2 on one stream beside copy = 2 + 2 on the other; z = 22. */
static void fork_and_join(struct job *job, CUstream stream, CUstream side) {
    CHECK(cuMemsetD32Async(job->x, 0x3f800000, COUNT, stream));
    CHECK(cuMemsetD32Async(job->y, 0x41200000, COUNT, stream));
    add(job, job->x, job->x, job->x, stream);
    CHECK(cuEventRecord(job->forked, stream));
    CHECK(cuStreamWaitEvent(side, job->forked, 0));
    scale_and_add(job, 4.0f, job->x, job->y, stream);
    add(job, job->x, job->x, job->copy_of_x, side);
    CHECK(cuEventRecord(job->joined, side));
    CHECK(cuStreamWaitEvent(stream, job->joined, 0));
    add(job, job->y, job->copy_of_x, job->z, stream);
}

static void expect_result(struct job *job) {
    static float z[COUNT];
    int i;
    CHECK(cuMemcpyDtoH(z, job->z, sizeof z));
    for (i = 0; i < COUNT; i++) EXPECT(z[i] == 22.0f, "element %d is %g, not 22", i, z[i]);
    /* So that the next round has to write it. */
    CHECK(cuMemsetD32(job->z, 0, COUNT));
    CHECK(cuCtxSynchronize());
    CHECK(cuMemcpyDtoH(z, job->z, sizeof z));
    for (i = 0; i < COUNT; i++) EXPECT(z[i] == 0.0f, "element %d is %g, not 0", i, z[i]);
}

int main(void) {
    CUdevice device = -1;
    CUcontext context;
    CUmodule adding, scaling;
    CUstream stream, side;
    CUevent begin, end;
    CUgraph graph;
    CUgraphExec exec;
    struct job job;
    float milliseconds = -1.0f;
    size_t nodes = 0;
    int round;

    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuModuleLoadData(&adding, vector_add_ptx));
    CHECK(cuModuleGetFunction(&job.add, adding, "vector_add"));
    CHECK(cuModuleLoadData(&scaling, saxpy_ptx));
    CHECK(cuModuleGetFunction(&job.scale, scaling, "saxpy"));
    CHECK(cuMemAlloc(&job.x, COUNT * 4));
    CHECK(cuMemAlloc(&job.y, COUNT * 4));
    CHECK(cuMemAlloc(&job.copy_of_x, COUNT * 4));
    CHECK(cuMemAlloc(&job.z, COUNT * 4));
    CHECK(cuEventCreate(&job.forked, CU_EVENT_DISABLE_TIMING));
    CHECK(cuEventCreate(&job.joined, CU_EVENT_DISABLE_TIMING));
    CHECK(cuEventCreate(&begin, CU_EVENT_DEFAULT));
    CHECK(cuEventCreate(&end, CU_EVENT_DEFAULT));
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CHECK(cuStreamCreate(&side, CU_STREAM_NON_BLOCKING));

    CHECK(cuEventRecord(begin, stream));
    for (round = 0; round < 20; round++) {
        fork_and_join(&job, stream, side);
        CHECK(cuStreamSynchronize(stream));
        expect_result(&job);
    }
    CHECK(cuEventRecord(end, stream));
    CHECK(cuEventSynchronize(end));
    CHECK(cuEventElapsedTime(&milliseconds, begin, end));
    EXPECT(milliseconds >= 0.0f, "%g ms", milliseconds);
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&milliseconds, job.forked, job.joined));
    say("forked and joined %d times at once, in %.3f ms", round, milliseconds);

    CHECK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    fork_and_join(&job, stream, side);
    CHECK(cuStreamEndCapture(stream, &graph));
    CHECK(cuGraphGetNodes(graph, NULL, &nodes));
    EXPECT(nodes == 6, "%d nodes", (int)nodes);
    CHECK(cuGraphInstantiate(&exec, graph, 0));
    for (round = 0; round < 20; round++) {
        CHECK(cuGraphLaunch(exec, side));
        CHECK(cuStreamSynchronize(side));
        expect_result(&job);
    }
    say("captured the same as %d nodes and launched it %d times", (int)nodes, round);

    CHECK(cuGraphExecDestroy(exec));
    CHECK(cuGraphDestroy(graph));
    CHECK(cuEventDestroy(end));
    CHECK(cuEventDestroy(begin));
    CHECK(cuEventDestroy(job.joined));
    CHECK(cuEventDestroy(job.forked));
    CHECK(cuStreamDestroy(side));
    CHECK(cuStreamDestroy(stream));
    CHECK(cuMemFree(job.z));
    CHECK(cuMemFree(job.copy_of_x));
    CHECK(cuMemFree(job.y));
    CHECK(cuMemFree(job.x));
    CHECK(cuModuleUnload(scaling));
    CHECK(cuModuleUnload(adding));
    CHECK(cuDevicePrimaryCtxRelease(device));
    return passed();
}
