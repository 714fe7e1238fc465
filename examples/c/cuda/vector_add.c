/* Adds two vectors on the device: the shortest whole program. */
#include <cuda.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 100003, THREADS = 256, BLOCKS = (COUNT + THREADS - 1) / THREADS };

static float a[COUNT], b[COUNT], sum[COUNT];

int main(void) {
    CUdevice device = -1;
    CUcontext context;
    CUmodule module;
    CUfunction kernel;
    CUdeviceptr device_a, device_b, device_sum;
    char name[256] = "";
    int i;

    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDeviceGetName(name, sizeof name, device));
    EXPECT(name[0] != 0, "device 0 has no name");
    say("device 0 is %s", name);
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));

    CHECK(cuModuleLoadData(&module, vector_add_ptx));
    CHECK(cuModuleGetFunction(&kernel, module, "vector_add"));
    say("loaded the kernel from PTX");

    for (i = 0; i < COUNT; i++) {
        a[i] = (float)i;
        b[i] = 0.5f * (float)(COUNT - i);
    }
    CHECK(cuMemAlloc(&device_a, sizeof a));
    CHECK(cuMemAlloc(&device_b, sizeof b));
    CHECK(cuMemAlloc(&device_sum, sizeof sum));
    CHECK(cuMemcpyHtoD(device_a, a, sizeof a));
    CHECK(cuMemcpyHtoD(device_b, b, sizeof b));
    say("copied 2 x %d floats to the device", COUNT);

    unsigned int count = COUNT;
    void *arguments[] = {&device_a, &device_b, &device_sum, &count};
    CHECK(cuLaunchKernel(kernel, BLOCKS, 1, 1, THREADS, 1, 1, 0, NULL, arguments, NULL));
    CHECK(cuCtxSynchronize());
    say("ran the kernel");

    CHECK(cuMemcpyDtoH(sum, device_sum, sizeof sum));
    for (i = 0; i < COUNT; i++) EXPECT(sum[i] == a[i] + b[i], "element %d is %g, not %g", i, sum[i], a[i] + b[i]);
    say("all %d sums are right", COUNT);

    CHECK(cuMemFree(device_sum));
    CHECK(cuMemFree(device_b));
    CHECK(cuMemFree(device_a));
    CHECK(cuModuleUnload(module));
    CHECK(cuDevicePrimaryCtxRelease(device));
    return passed();
}
