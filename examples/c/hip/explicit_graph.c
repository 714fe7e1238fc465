/*
 * Builds a graph node by node, launches it, changes a kernel's arguments in the instantiated graph, and launches it
 * again. With a file name as argument it draws the graph there.
 *
 *     copy x ----> sum = x + y ----> z = 2 sum + z ----> copy z back ----> host function
 *     copy y ---/                 /
 *     zero z --------------------/
 */
#include <hip/hip_runtime_api.h>
#include <string.h>

#include "../check.h"
#include "../kernels.h"

enum { COUNT = 5000, THREADS = 128, BLOCKS = (COUNT + THREADS - 1) / THREADS };

static float x[COUNT], y[COUNT], z[COUNT];
static int finished;

static void count_finished(void *counter) { ++*(int *)counter; }

static hipKernelNodeParams kernel_node(hipFunction_t kernel, void **arguments) {
    hipKernelNodeParams params;
    memset(&params, 0, sizeof params);
    params.func = kernel;
    params.gridDim.x = BLOCKS;
    params.gridDim.y = params.gridDim.z = 1;
    params.blockDim.x = THREADS;
    params.blockDim.y = params.blockDim.z = 1;
    params.kernelParams = arguments;
    return params;
}

static void expect_result(float factor) {
    int i;
    for (i = 0; i < COUNT; i++) {
        float wanted = factor * (x[i] + y[i]);
        EXPECT(z[i] == wanted, "element %d is %g, not %g", i, z[i], wanted);
    }
}

int main(int count_arguments, char **arguments) {
    hipModule_t adding, scaling;
    hipFunction_t add, scale;
    void *device_x, *device_y, *device_sum, *device_z;
    hipStream_t stream;
    hipGraph_t graph;
    hipGraphExec_t exec;
    hipGraphNode_t copy_x, copy_y, zero_z, add_node, scale_node, copy_back, host_node;
    size_t nodes = 0;
    int i;

    CHECK(hipInit(0));
    CHECK(hipSetDevice(0));
    CHECK(hipModuleLoadData(&adding, vector_add_ptx));
    CHECK(hipModuleGetFunction(&add, adding, "vector_add"));
    CHECK(hipModuleLoadData(&scaling, saxpy_ptx));
    CHECK(hipModuleGetFunction(&scale, scaling, "saxpy"));
    CHECK(hipMalloc((void **)&device_x, sizeof x));
    CHECK(hipMalloc((void **)&device_y, sizeof y));
    CHECK(hipMalloc((void **)&device_sum, sizeof x));
    CHECK(hipMalloc((void **)&device_z, sizeof z));
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));

    CHECK(hipGraphCreate(&graph, 0));
    CHECK(hipGraphAddMemcpyNode1D(&copy_x, graph, NULL, 0, device_x, x, sizeof x, hipMemcpyHostToDevice));
    CHECK(hipGraphAddMemcpyNode1D(&copy_y, graph, NULL, 0, device_y, y, sizeof y, hipMemcpyHostToDevice));
    hipMemsetParams zero;
    memset(&zero, 0, sizeof zero);
    zero.dst = device_z;
    zero.elementSize = 4;
    zero.width = COUNT;
    zero.height = 1;
    CHECK(hipGraphAddMemsetNode(&zero_z, graph, NULL, 0, &zero));

    unsigned int count = COUNT;
    float factor = 2.0f;
    void *add_arguments[] = {&device_x, &device_y, &device_sum, &count};
    void *scale_arguments[] = {&factor, &device_sum, &device_z, &count};
    hipKernelNodeParams add_params = kernel_node(add, add_arguments);
    hipKernelNodeParams scale_params = kernel_node(scale, scale_arguments);
    hipGraphNode_t copies[] = {copy_x, copy_y};
    CHECK(hipGraphAddKernelNode(&add_node, graph, copies, 2, &add_params));
    hipGraphNode_t before_scale[] = {add_node, zero_z};
    CHECK(hipGraphAddKernelNode(&scale_node, graph, before_scale, 2, &scale_params));
    CHECK(hipGraphAddMemcpyNode1D(&copy_back, graph, &scale_node, 1, z, device_z, sizeof z, hipMemcpyDeviceToHost));
    hipHostNodeParams host;
    memset(&host, 0, sizeof host);
    host.fn = count_finished;
    host.userData = &finished;
    CHECK(hipGraphAddHostNode(&host_node, graph, &copy_back, 1, &host));
    CHECK(hipGraphGetNodes(graph, NULL, &nodes));
    EXPECT(nodes == 7, "%d nodes", (int)nodes);
    say("built a graph of %d nodes", (int)nodes);
    if (count_arguments > 1) {
        CHECK(hipGraphDebugDotPrint(graph, arguments[1], 0));
        FILE *drawing = fopen(arguments[1], "r");
        EXPECT(drawing != NULL && fgetc(drawing) != EOF, "%s is empty", arguments[1]);
        fclose(drawing);
        say("drew it to %s", arguments[1]);
    }

    CHECK(hipGraphInstantiate(&exec, graph, NULL, NULL, 0));
    for (i = 0; i < COUNT; i++) {
        x[i] = (float)i;
        y[i] = 1.0f;
    }
    CHECK(hipGraphLaunch(exec, stream));
    CHECK(hipStreamSynchronize(stream));
    expect_result(2.0f);
    EXPECT(finished == 1, "the host function ran %d times", finished);
    say("launched it: z = 2 (x + y)");

    factor = -0.5f;
    CHECK(hipGraphExecKernelNodeSetParams(exec, scale_node, &scale_params));
    for (i = 0; i < COUNT; i++) y[i] = (float)(3 * i);
    CHECK(hipGraphLaunch(exec, stream));
    CHECK(hipStreamSynchronize(stream));
    expect_result(-0.5f);
    EXPECT(finished == 2, "the host function ran %d times", finished);
    say("launched it with another factor and new inputs: z = -0.5 (x + y)");

    CHECK(hipGraphDestroy(graph));
    CHECK(hipGraphLaunch(exec, stream));
    CHECK(hipStreamSynchronize(stream));
    EXPECT(finished == 3, "the host function ran %d times", finished);
    say("launched it again after the graph it came from was destroyed");

    CHECK(hipGraphExecDestroy(exec));
    CHECK(hipStreamDestroy(stream));
    CHECK(hipFree(device_z));
    CHECK(hipFree(device_sum));
    CHECK(hipFree(device_y));
    CHECK(hipFree(device_x));
    CHECK(hipModuleUnload(scaling));
    CHECK(hipModuleUnload(adding));
    return passed();
}
