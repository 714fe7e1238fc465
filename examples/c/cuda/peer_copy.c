/* Two devices: work on the first, a copy from device to device, work on the second that waits for it. */
#include <cuda.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 3000, THREADS = 96, BLOCKS = (COUNT + THREADS - 1) / THREADS };

struct side {
    CUdevice device;
    CUcontext context;
    CUmodule module;
    CUfunction scale;
    CUstream stream;
    CUdeviceptr x, y;
};

static void open_side(struct side *side, int ordinal) {
    char name[256] = "";
    side->device = -1;
    CHECK(cuDeviceGet(&side->device, ordinal));
    CHECK(cuDeviceGetName(name, sizeof name, side->device));
    CHECK(cuDevicePrimaryCtxRetain(&side->context, side->device));
    CHECK(cuCtxSetCurrent(side->context));
    CHECK(cuModuleLoadData(&side->module, saxpy_ptx));
    CHECK(cuModuleGetFunction(&side->scale, side->module, "saxpy"));
    CHECK(cuStreamCreate(&side->stream, CU_STREAM_NON_BLOCKING));
    CHECK(cuMemAlloc(&side->x, COUNT * 4));
    CHECK(cuMemAlloc(&side->y, COUNT * 4));
    CHECK(cuMemsetD32Async(side->x, 0x3f800000, COUNT, side->stream));
    CHECK(cuMemsetD32Async(side->y, 0x40000000, COUNT, side->stream));
    CHECK(cuStreamSynchronize(side->stream)); /* The other side writes into x, on a stream of its own. */
    EXPECT(name[0] != 0, "device %d has no name", ordinal);
    say("device %d is %s", ordinal, name);
}

static void scale(struct side *side, float factor) {
    unsigned int count = COUNT;
    void *arguments[] = {&factor, &side->x, &side->y, &count};
    CHECK(cuCtxSetCurrent(side->context));
    CHECK(cuLaunchKernel(side->scale, BLOCKS, 1, 1, THREADS, 1, 1, 0, side->stream, arguments, NULL));
}

static void close_side(struct side *side) {
    CHECK(cuCtxSetCurrent(side->context));
    CHECK(cuMemFree(side->y));
    CHECK(cuMemFree(side->x));
    CHECK(cuStreamDestroy(side->stream));
    CHECK(cuModuleUnload(side->module));
    CHECK(cuDevicePrimaryCtxRelease(side->device));
}

int main(void) {
    struct side one, two;
    static float result[COUNT];
    CUevent copied;
    int devices = 0, reachable = -1, i;

    CHECK(cuInit(0));
    CHECK(cuDeviceGetCount(&devices));
    if (devices < 2) {
        say("peer_copy needs two devices, there is %d", devices);
        return 0;
    }
    open_side(&one, 0);
    open_side(&two, 1);
    CHECK(cuDeviceCanAccessPeer(&reachable, one.device, two.device));
    EXPECT(reachable == 0 || reachable == 1, "reachable is %d", reachable);
    if (reachable) {
        CHECK(cuCtxSetCurrent(one.context));
        CHECK(cuCtxEnablePeerAccess(two.context, 0));
        REFUSED(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, cuCtxEnablePeerAccess(two.context, 0));
    }

    /* y on device 0 becomes 5 * 1 + 2 = 7 and goes to x on device 1, where y becomes 2 * 7 + 2 = 16. */
    scale(&one, 5.0f);
    CHECK(cuEventCreate(&copied, CU_EVENT_DISABLE_TIMING));
    CHECK(cuMemcpyPeerAsync(two.x, two.context, one.y, one.context, COUNT * 4, one.stream));
    CHECK(cuEventRecord(copied, one.stream));
    CHECK(cuStreamWaitEvent(two.stream, copied, 0));
    scale(&two, 2.0f);
    CHECK(cuStreamSynchronize(two.stream));
    CHECK(cuMemcpyDtoH(result, two.y, sizeof result));
    for (i = 0; i < COUNT; i++) EXPECT(result[i] == 16.0f, "element %d is %g, not 16", i, result[i]);
    say("device 1 went on with what device 0 computed");

    CHECK(cuMemcpyPeer(one.x, one.context, two.y, two.context, COUNT * 4));
    CHECK(cuMemcpyDtoH(result, one.x, sizeof result));
    for (i = 0; i < COUNT; i++) EXPECT(result[i] == 16.0f, "element %d is %g, not 16", i, result[i]);
    say("copied the result back to device 0");

    CHECK(cuCtxSetCurrent(one.context));
    CHECK(cuEventDestroy(copied));
    close_side(&two);
    close_side(&one);
    return passed();
}
