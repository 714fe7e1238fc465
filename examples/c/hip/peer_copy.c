/* Two devices: work on the first, a copy from device to device, work on the second that waits for it. */
#include <hip/hip_runtime_api.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 3000, THREADS = 96, BLOCKS = (COUNT + THREADS - 1) / THREADS };

struct side {
    int device;
    hipModule_t module;
    hipFunction_t scale;
    hipStream_t stream;
    void *x, *y;
};

static void open_side(struct side *side, int ordinal) {
    char name[256] = "";
    int current = -1;
    side->device = ordinal;
    CHECK(hipSetDevice(ordinal));
    CHECK(hipGetDevice(&current));
    EXPECT(current == ordinal, "device %d is current, not %d", current, ordinal);
    CHECK(hipDeviceGetName(name, sizeof name, ordinal));
    CHECK(hipModuleLoadData(&side->module, saxpy_ptx));
    CHECK(hipModuleGetFunction(&side->scale, side->module, "saxpy"));
    CHECK(hipStreamCreateWithFlags(&side->stream, hipStreamNonBlocking));
    CHECK(hipMalloc((void **)&side->x, COUNT * 4));
    CHECK(hipMalloc((void **)&side->y, COUNT * 4));
    CHECK(hipMemsetD32Async(side->x, 0x3f800000, COUNT, side->stream));
    CHECK(hipMemsetD32Async(side->y, 0x40000000, COUNT, side->stream));
    CHECK(hipStreamSynchronize(side->stream)); /* The other side writes into x, on a stream of its own. */
    EXPECT(name[0] != 0, "device %d has no name", ordinal);
    say("device %d is %s", ordinal, name);
}

static void scale(struct side *side, float factor) {
    unsigned int count = COUNT;
    void *arguments[] = {&factor, &side->x, &side->y, &count};
    CHECK(hipSetDevice(side->device));
    CHECK(hipModuleLaunchKernel(side->scale, BLOCKS, 1, 1, THREADS, 1, 1, 0, side->stream, arguments, NULL));
}

static void close_side(struct side *side) {
    CHECK(hipSetDevice(side->device));
    CHECK(hipFree(side->y));
    CHECK(hipFree(side->x));
    CHECK(hipStreamDestroy(side->stream));
    CHECK(hipModuleUnload(side->module));
}

int main(void) {
    struct side one, two;
    static float result[COUNT];
    hipEvent_t copied;
    int devices = 0, reachable = -1, i;

    CHECK(hipInit(0));
    CHECK(hipGetDeviceCount(&devices));
    if (devices < 2) {
        say("peer_copy needs two devices, there is %d", devices);
        return 0;
    }
    open_side(&one, 0);
    open_side(&two, 1);
    CHECK(hipDeviceCanAccessPeer(&reachable, one.device, two.device));
    EXPECT(reachable == 0 || reachable == 1, "reachable is %d", reachable);
    if (reachable) {
        CHECK(hipSetDevice(one.device));
        CHECK(hipDeviceEnablePeerAccess(two.device, 0));
        REFUSED(hipErrorPeerAccessAlreadyEnabled, hipDeviceEnablePeerAccess(two.device, 0));
    }

    /* y on device 0 becomes 5 * 1 + 2 = 7 and goes to x on device 1, where y becomes 2 * 7 + 2 = 16. */
    scale(&one, 5.0f);
    CHECK(hipEventCreateWithFlags(&copied, hipEventDisableTiming));
    CHECK(hipMemcpyPeerAsync(two.x, two.device, one.y, one.device, COUNT * 4, one.stream));
    CHECK(hipEventRecord(copied, one.stream));
    CHECK(hipStreamWaitEvent(two.stream, copied, 0));
    scale(&two, 2.0f);
    CHECK(hipStreamSynchronize(two.stream));
    CHECK(hipMemcpy(result, two.y, sizeof result, hipMemcpyDeviceToHost));
    for (i = 0; i < COUNT; i++) EXPECT(result[i] == 16.0f, "element %d is %g, not 16", i, result[i]);
    say("device 1 went on with what device 0 computed");

    CHECK(hipMemcpyPeer(one.x, one.device, two.y, two.device, COUNT * 4));
    CHECK(hipMemcpy(result, one.x, sizeof result, hipMemcpyDeviceToHost));
    for (i = 0; i < COUNT; i++) EXPECT(result[i] == 16.0f, "element %d is %g, not 16", i, result[i]);
    say("copied the result back to device 0");

    CHECK(hipSetDevice(one.device));
    CHECK(hipEventDestroy(copied));
    close_side(&two);
    close_side(&one);
    return passed();
}
