/*
 * Builds a graph node by node, launches it, changes a kernel's arguments in the instantiated graph, and launches it
 * again. With a file name as argument it draws the graph there.
 *
 *     copy x ----> sum = x + y ----> z = 2 sum + z ----> copy z back ----> host function
 *     copy y ---/                 /
 *     zero z --------------------/
 */
#include <cuda.h>
#include <string.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 5000, THREADS = 128, BLOCKS = (COUNT + THREADS - 1) / THREADS };

static float x[COUNT], y[COUNT], z[COUNT];
static int finished;

static void CUDA_CB count_finished(void *counter) { ++*(int *)counter; }

static CUDA_KERNEL_NODE_PARAMS kernel_node(CUfunction kernel, void **arguments) {
    CUDA_KERNEL_NODE_PARAMS params;
    memset(&params, 0, sizeof params);
    params.func = kernel;
    params.gridDimX = BLOCKS;
    params.gridDimY = params.gridDimZ = 1;
    params.blockDimX = THREADS;
    params.blockDimY = params.blockDimZ = 1;
    params.kernelParams = arguments;
    return params;
}

static CUDA_MEMCPY3D copy_of(size_t bytes) {
    CUDA_MEMCPY3D copy;
    memset(&copy, 0, sizeof copy);
    copy.WidthInBytes = copy.srcPitch = copy.dstPitch = bytes;
    copy.Height = copy.srcHeight = copy.dstHeight = copy.Depth = 1;
    return copy;
}

static CUDA_MEMCPY3D to_device(CUdeviceptr to, const void *from, size_t bytes) {
    CUDA_MEMCPY3D copy = copy_of(bytes);
    copy.srcMemoryType = CU_MEMORYTYPE_HOST;
    copy.srcHost = from;
    copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.dstDevice = to;
    return copy;
}

static CUDA_MEMCPY3D to_host(void *to, CUdeviceptr from, size_t bytes) {
    CUDA_MEMCPY3D copy = copy_of(bytes);
    copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.srcDevice = from;
    copy.dstMemoryType = CU_MEMORYTYPE_HOST;
    copy.dstHost = to;
    return copy;
}

static void expect_result(float factor) {
    int i;
    for (i = 0; i < COUNT; i++) {
        float wanted = factor * (x[i] + y[i]);
        EXPECT(z[i] == wanted, "element %d is %g, not %g", i, z[i], wanted);
    }
}

int main(int count_arguments, char **arguments) {
    CUdevice device = -1;
    CUcontext context;
    CUmodule adding, scaling;
    CUfunction add, scale;
    CUdeviceptr device_x, device_y, device_sum, device_z;
    CUstream stream;
    CUgraph graph;
    CUgraphExec exec;
    CUgraphNode copy_x, copy_y, zero_z, add_node, scale_node, copy_back, host_node;
    size_t nodes = 0;
    int i;

    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuModuleLoadData(&adding, vector_add_ptx));
    CHECK(cuModuleGetFunction(&add, adding, "vector_add"));
    CHECK(cuModuleLoadData(&scaling, saxpy_ptx));
    CHECK(cuModuleGetFunction(&scale, scaling, "saxpy"));
    CHECK(cuMemAlloc(&device_x, sizeof x));
    CHECK(cuMemAlloc(&device_y, sizeof y));
    CHECK(cuMemAlloc(&device_sum, sizeof x));
    CHECK(cuMemAlloc(&device_z, sizeof z));
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));

    CHECK(cuGraphCreate(&graph, 0));
    CUDA_MEMCPY3D copy = to_device(device_x, x, sizeof x);
    CHECK(cuGraphAddMemcpyNode(&copy_x, graph, NULL, 0, &copy, context));
    copy = to_device(device_y, y, sizeof y);
    CHECK(cuGraphAddMemcpyNode(&copy_y, graph, NULL, 0, &copy, context));
    CUDA_MEMSET_NODE_PARAMS zero;
    memset(&zero, 0, sizeof zero);
    zero.dst = device_z;
    zero.elementSize = 4;
    zero.width = COUNT;
    zero.height = 1;
    CHECK(cuGraphAddMemsetNode(&zero_z, graph, NULL, 0, &zero, context));

    unsigned int count = COUNT;
    float factor = 2.0f;
    void *add_arguments[] = {&device_x, &device_y, &device_sum, &count};
    void *scale_arguments[] = {&factor, &device_sum, &device_z, &count};
    CUDA_KERNEL_NODE_PARAMS add_params = kernel_node(add, add_arguments);
    CUDA_KERNEL_NODE_PARAMS scale_params = kernel_node(scale, scale_arguments);
    CUgraphNode copies[] = {copy_x, copy_y};
    CHECK(cuGraphAddKernelNode(&add_node, graph, copies, 2, &add_params));
    CUgraphNode before_scale[] = {add_node, zero_z};
    CHECK(cuGraphAddKernelNode(&scale_node, graph, before_scale, 2, &scale_params));
    copy = to_host(z, device_z, sizeof z);
    CHECK(cuGraphAddMemcpyNode(&copy_back, graph, &scale_node, 1, &copy, context));
    CUDA_HOST_NODE_PARAMS host;
    memset(&host, 0, sizeof host);
    host.fn = count_finished;
    host.userData = &finished;
    CHECK(cuGraphAddHostNode(&host_node, graph, &copy_back, 1, &host));
    CHECK(cuGraphGetNodes(graph, NULL, &nodes));
    EXPECT(nodes == 7, "%d nodes", (int)nodes);
    say("built a graph of %d nodes", (int)nodes);
    if (count_arguments > 1) {
        CHECK(cuGraphDebugDotPrint(graph, arguments[1], 0));
        FILE *drawing = fopen(arguments[1], "r");
        EXPECT(drawing != NULL && fgetc(drawing) != EOF, "%s is empty", arguments[1]);
        fclose(drawing);
        say("drew it to %s", arguments[1]);
    }

    CHECK(cuGraphInstantiate(&exec, graph, 0));
    for (i = 0; i < COUNT; i++) {
        x[i] = (float)i;
        y[i] = 1.0f;
    }
    CHECK(cuGraphLaunch(exec, stream));
    CHECK(cuStreamSynchronize(stream));
    expect_result(2.0f);
    EXPECT(finished == 1, "the host function ran %d times", finished);
    say("launched it: z = 2 (x + y)");

    factor = -0.5f;
    CHECK(cuGraphExecKernelNodeSetParams(exec, scale_node, &scale_params));
    for (i = 0; i < COUNT; i++) y[i] = (float)(3 * i);
    CHECK(cuGraphLaunch(exec, stream));
    CHECK(cuStreamSynchronize(stream));
    expect_result(-0.5f);
    EXPECT(finished == 2, "the host function ran %d times", finished);
    say("launched it with another factor and new inputs: z = -0.5 (x + y)");

    CHECK(cuGraphDestroy(graph));
    CHECK(cuGraphLaunch(exec, stream));
    CHECK(cuStreamSynchronize(stream));
    EXPECT(finished == 3, "the host function ran %d times", finished);
    say("launched it again after the graph it came from was destroyed");

    CHECK(cuGraphExecDestroy(exec));
    CHECK(cuStreamDestroy(stream));
    CHECK(cuMemFree(device_z));
    CHECK(cuMemFree(device_sum));
    CHECK(cuMemFree(device_y));
    CHECK(cuMemFree(device_x));
    CHECK(cuModuleUnload(scaling));
    CHECK(cuModuleUnload(adding));
    CHECK(cuDevicePrimaryCtxRelease(device));
    return passed();
}
