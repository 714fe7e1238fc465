/* Captures what a stream is told, then launches it twice as a graph, each time with new inputs. */
#include <hip/hip_runtime_api.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 4096, THREADS = 128 };

static void run(hipGraphExec_t exec, hipStream_t stream, float *x, float *y, float offset) {
    int i;
    for (i = 0; i < COUNT; i++) {
        x[i] = (float)i + offset;
        y[i] = offset;
    }
    CHECK(hipGraphLaunch(exec, stream));
    CHECK(hipStreamSynchronize(stream));
    /* y = 3 x + y, twice. */
    for (i = 0; i < COUNT; i++) {
        float wanted = 6.0f * ((float)i + offset) + offset;
        EXPECT(y[i] == wanted, "element %d is %g, not %g", i, y[i], wanted);
    }
    say("launched it with offset %g: all results are right", offset);
}

int main(void) {
    hipModule_t module;
    hipFunction_t kernel;
    void *device_x, *device_y;
    hipStream_t stream;
    hipStreamCaptureStatus status;
    hipGraph_t graph;
    hipGraphExec_t exec;
    float *x, *y;
    float factor = 3.0f;
    unsigned int count = COUNT;
    size_t bytes = COUNT * sizeof(float), nodes = 0;

    CHECK(hipInit(0));
    CHECK(hipSetDevice(0));
    CHECK(hipModuleLoadData(&module, saxpy_ptx));
    CHECK(hipModuleGetFunction(&kernel, module, "saxpy"));
    CHECK(hipMalloc((void **)&device_x, bytes));
    CHECK(hipMalloc((void **)&device_y, bytes));
    CHECK(hipHostMalloc((void **)&x, bytes, hipHostMallocDefault));
    CHECK(hipHostMalloc((void **)&y, bytes, hipHostMallocDefault));
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));

    y[7] = -1.0f;
    CHECK(hipStreamBeginCapture(stream, hipStreamCaptureModeGlobal));
    CHECK(hipMemcpyAsync(device_x, x, bytes, hipMemcpyHostToDevice, stream));
    CHECK(hipMemcpyAsync(device_y, y, bytes, hipMemcpyHostToDevice, stream));
    void *arguments[] = {&factor, &device_x, &device_y, &count};
    CHECK(hipModuleLaunchKernel(kernel, COUNT / THREADS, 1, 1, THREADS, 1, 1, 0, stream, arguments, NULL));
    CHECK(hipModuleLaunchKernel(kernel, 5, 1, 1, THREADS, 1, 1, 0, stream, arguments, NULL));
    CHECK(hipMemcpyAsync(y, device_y, bytes, hipMemcpyDeviceToHost, stream));
    CHECK(hipStreamIsCapturing(stream, &status));
    EXPECT(status == hipStreamCaptureStatusActive, "capture status %d", (int)status);
    CHECK(hipStreamEndCapture(stream, &graph));
    EXPECT(y[7] == -1.0f, "something ran during the capture");
    CHECK(hipGraphGetNodes(graph, NULL, &nodes));
    EXPECT(nodes == 5, "%d nodes", (int)nodes);
    say("captured %d nodes, nothing ran", (int)nodes);

    /* Arguments were copied when the launches were captured. */
    factor = 1000.0f;
    CHECK(hipGraphInstantiate(&exec, graph, NULL, NULL, 0));
    CHECK(hipGraphDestroy(graph));
    run(exec, stream, x, y, 0.0f);
    run(exec, stream, x, y, 10.0f);

    CHECK(hipGraphExecDestroy(exec));
    CHECK(hipStreamDestroy(stream));
    CHECK(hipHostFree(y));
    CHECK(hipHostFree(x));
    CHECK(hipFree(device_y));
    CHECK(hipFree(device_x));
    CHECK(hipModuleUnload(module));
    return passed();
}
