/* Captures what a stream is told, then launches it twice as a graph, each time with new inputs. */
#include <cuda.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 4096, THREADS = 128 };

static void run(CUgraphExec exec, CUstream stream, float *x, float *y, float offset) {
    int i;
    for (i = 0; i < COUNT; i++) {
        x[i] = (float)i + offset;
        y[i] = offset;
    }
    CHECK(cuGraphLaunch(exec, stream));
    CHECK(cuStreamSynchronize(stream));
    /* y = 3 x + y, twice. */
    for (i = 0; i < COUNT; i++) {
        float wanted = 6.0f * ((float)i + offset) + offset;
        EXPECT(y[i] == wanted, "element %d is %g, not %g", i, y[i], wanted);
    }
    say("launched it with offset %g: all results are right", offset);
}

int main(void) {
    CUdevice device = -1;
    CUcontext context;
    CUmodule module;
    CUfunction kernel;
    CUdeviceptr device_x, device_y;
    CUstream stream;
    CUstreamCaptureStatus status;
    CUgraph graph;
    CUgraphExec exec;
    float *x, *y;
    float factor = 3.0f;
    unsigned int count = COUNT;
    size_t bytes = COUNT * sizeof(float), nodes = 0;

    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuModuleLoadData(&module, saxpy_ptx));
    CHECK(cuModuleGetFunction(&kernel, module, "saxpy"));
    CHECK(cuMemAlloc(&device_x, bytes));
    CHECK(cuMemAlloc(&device_y, bytes));
    CHECK(cuMemHostAlloc((void **)&x, bytes, 0));
    CHECK(cuMemHostAlloc((void **)&y, bytes, 0));
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));

    y[7] = -1.0f;
    CHECK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
    CHECK(cuMemcpyHtoDAsync(device_x, x, bytes, stream));
    CHECK(cuMemcpyHtoDAsync(device_y, y, bytes, stream));
    void *arguments[] = {&factor, &device_x, &device_y, &count};
    CHECK(cuLaunchKernel(kernel, COUNT / THREADS, 1, 1, THREADS, 1, 1, 0, stream, arguments, NULL));
    CHECK(cuLaunchKernel(kernel, 5, 1, 1, THREADS, 1, 1, 0, stream, arguments, NULL));
    CHECK(cuMemcpyDtoHAsync(y, device_y, bytes, stream));
    CHECK(cuStreamIsCapturing(stream, &status));
    EXPECT(status == CU_STREAM_CAPTURE_STATUS_ACTIVE, "capture status %d", (int)status);
    CHECK(cuStreamEndCapture(stream, &graph));
    EXPECT(y[7] == -1.0f, "something ran during the capture");
    CHECK(cuGraphGetNodes(graph, NULL, &nodes));
    EXPECT(nodes == 5, "%d nodes", (int)nodes);
    say("captured %d nodes, nothing ran", (int)nodes);

    /* Arguments were copied when the launches were captured. */
    factor = 1000.0f;
    CHECK(cuGraphInstantiate(&exec, graph, 0));
    CHECK(cuGraphDestroy(graph));
    run(exec, stream, x, y, 0.0f);
    run(exec, stream, x, y, 10.0f);

    CHECK(cuGraphExecDestroy(exec));
    CHECK(cuStreamDestroy(stream));
    CHECK(cuMemFreeHost(y));
    CHECK(cuMemFreeHost(x));
    CHECK(cuMemFree(device_y));
    CHECK(cuMemFree(device_x));
    CHECK(cuModuleUnload(module));
    CHECK(cuDevicePrimaryCtxRelease(device));
    return passed();
}
