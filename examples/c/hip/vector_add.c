/* Adds two vectors on the device: the shortest whole program. */
#include <hip/hip_runtime_api.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 100003, THREADS = 256, BLOCKS = (COUNT + THREADS - 1) / THREADS };

static float a[COUNT], b[COUNT], sum[COUNT];

int main(void) {
    hipDevice_t device = -1;
    hipModule_t module;
    hipFunction_t kernel;
    void *device_a, *device_b, *device_sum;
    char name[256] = "";
    int i;

    CHECK(hipInit(0));
    CHECK(hipSetDevice(0));
    CHECK(hipDeviceGet(&device, 0));
    CHECK(hipDeviceGetName(name, sizeof name, device));
    EXPECT(name[0] != 0, "device 0 has no name");
    say("device 0 is %s", name);

    CHECK(hipModuleLoadData(&module, vector_add_ptx));
    CHECK(hipModuleGetFunction(&kernel, module, "vector_add"));
    say("loaded the kernel from PTX");

    for (i = 0; i < COUNT; i++) {
        a[i] = (float)i;
        b[i] = 0.5f * (float)(COUNT - i);
    }
    CHECK(hipMalloc((void **)&device_a, sizeof a));
    CHECK(hipMalloc((void **)&device_b, sizeof b));
    CHECK(hipMalloc((void **)&device_sum, sizeof sum));
    CHECK(hipMemcpy(device_a, a, sizeof a, hipMemcpyHostToDevice));
    CHECK(hipMemcpy(device_b, b, sizeof b, hipMemcpyHostToDevice));
    say("copied 2 x %d floats to the device", COUNT);

    unsigned int count = COUNT;
    void *arguments[] = {&device_a, &device_b, &device_sum, &count};
    CHECK(hipModuleLaunchKernel(kernel, BLOCKS, 1, 1, THREADS, 1, 1, 0, NULL, arguments, NULL));
    CHECK(hipDeviceSynchronize());
    say("ran the kernel");

    CHECK(hipMemcpy(sum, device_sum, sizeof sum, hipMemcpyDeviceToHost));
    for (i = 0; i < COUNT; i++) EXPECT(sum[i] == a[i] + b[i], "element %d is %g, not %g", i, sum[i], a[i] + b[i]);
    say("all %d sums are right", COUNT);

    CHECK(hipFree(device_sum));
    CHECK(hipFree(device_b));
    CHECK(hipFree(device_a));
    CHECK(hipModuleUnload(module));
    return passed();
}
