/*
 * What goes wrong, and what is said about it: handles, shapes, code, graphs, captures, and a kernel that follows a
 * wild pointer, which spoils its own device and no other. Stale handles are refused by this library; a vendor's
 * runtime may not look.
 */
#include <hip/hip_runtime_api.h>
#include <string.h>

#include "../check.h"
#include "../kernels.h"

/* One launch of vector_add over `count` elements. */
static hipError_t launch(hipFunction_t add, void *a, void *b, void *sum, unsigned int count,
                       hipStream_t stream) {
    void *arguments[] = {&a, &b, &sum, &count};
    return hipModuleLaunchKernel(add, (count + 31) / 32, 1, 1, 32, 1, 1, 0, stream, arguments, NULL);
}

static void handles(void) {
    hipStream_t stream;
    hipEvent_t event;
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
    CHECK(hipEventCreateWithFlags(&event, hipEventDefault));
    say("handles that are null, of another type, or destroyed:");
    REFUSED(hipErrorInvalidValue, hipStreamCreateWithFlags(NULL, 0));
    REFUSED(hipErrorInvalidHandle, hipEventQuery(NULL));
    REFUSED(hipErrorInvalidHandle, hipStreamQuery((hipStream_t)event));
    REFUSED(hipErrorInvalidHandle, hipEventRecord((hipEvent_t)stream, stream));
    REFUSED(hipErrorInvalidHandle, hipEventQuery((hipEvent_t)&event));
    CHECK(hipEventDestroy(event));
    CHECK(hipStreamDestroy(stream));
    REFUSED(hipErrorInvalidHandle, hipEventQuery(event));
    REFUSED(hipErrorInvalidHandle, hipEventDestroy(event));
    REFUSED(hipErrorInvalidHandle, hipStreamSynchronize(stream));
}

static void memory(void) {
    char host[64];
    void *pinned;
    char *block;
    CHECK(hipMalloc((void **)&block, sizeof host));
    say("memory that is not there:");
    REFUSED(hipErrorInvalidValue, hipFree(block + 1));
    REFUSED(hipErrorInvalidValue, hipMemcpy(host, (void *)0x1000, sizeof host, hipMemcpyDeviceToHost));
    CHECK(hipFree(block));
    REFUSED(hipErrorInvalidValue, hipFree(block));
    CHECK(hipHostMalloc(&pinned, sizeof host, hipHostMallocDefault));
    CHECK(hipHostFree(pinned));
    REFUSED(hipErrorInvalidValue, hipHostFree(pinned));
}

static void shapes(hipFunction_t add) {
    void *nothing = NULL;
    unsigned int count = 0;
    void *arguments[] = {&nothing, &nothing, &nothing, &count};
    say("launches of impossible shape:");
    REFUSED(hipErrorInvalidConfiguration, hipModuleLaunchKernel(add, 1, 1, 1, 0, 1, 1, 0, NULL, arguments, NULL));
    REFUSED(hipErrorInvalidConfiguration, hipModuleLaunchKernel(add, 1, 1, 1, 4096, 1, 1, 0, NULL, arguments, NULL));
    REFUSED(hipErrorInvalidHandle, hipModuleLaunchKernel(NULL, 1, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
}

static void code(hipModule_t module) {
    static const char broken[] = ".version 7.0\n.target sm_80\n.address_size 64\n"
                                 ".visible .entry broken() {\n    add.u32 %nowhere, 1, 2;\n    ret;\n}\n";
    static char log[1024];
    hipModule_t loaded;
    hipFunction_t function;
    void *variable;
    size_t bytes;
    hipJitOption options[] = {hipJitOptionErrorLogBuffer, hipJitOptionErrorLogBufferSizeBytes};
    void *values[] = {log, (void *)sizeof log};
    say("code that is none:");
    REFUSED(hipErrorInvalidKernelFile, hipModuleLoadDataEx(&loaded, broken, 2, options, values));
    EXPECT(strlen(log) > 0, "the log is empty");
    say("the log says: %s", log);
    REFUSED(hipErrorInvalidImage, hipModuleLoadData(&loaded, "neither text nor object"));
    REFUSED(hipErrorFileNotFound, hipModuleLoad(&loaded, "no/such/file.ptx"));
    CHECK(hipModuleLoadData(&loaded, vector_add_ptx));
    CHECK(hipModuleUnload(loaded));
    REFUSED(hipErrorInvalidHandle, hipModuleGetFunction(&function, loaded, "vector_add"));
    REFUSED(hipErrorNotFound, hipModuleGetFunction(&function, module, "vector_subtract"));
    REFUSED(hipErrorNotFound, hipModuleGetGlobal(&variable, &bytes, module, "no_variable"));
}

static void graphs(void) {
    hipGraph_t graph;
    hipGraphExec_t exec;
    hipGraphNode_t first, second;
    size_t nodes;
    CHECK(hipGraphCreate(&graph, 0));
    CHECK(hipGraphAddEmptyNode(&first, graph, NULL, 0));
    CHECK(hipGraphAddEmptyNode(&second, graph, &first, 1));
    say("graphs that are none:");
    REFUSED(hipErrorInvalidValue, hipGraphAddDependencies(graph, &first, &second, 1));
    CHECK(hipGraphAddDependencies(graph, &second, &first, 1));
    REFUSED(hipErrorInvalidValue, hipGraphInstantiate(&exec, graph, NULL, NULL, 0));
    CHECK(hipGraphDestroy(graph));
    REFUSED(hipErrorInvalidValue, hipGraphGetNodes(graph, NULL, &nodes));

    CHECK(hipGraphCreate(&graph, 0));
    CHECK(hipGraphInstantiate(&exec, graph, NULL, NULL, 0));
    CHECK(hipGraphLaunch(exec, NULL));
    CHECK(hipGraphExecDestroy(exec));
    REFUSED(hipErrorInvalidValue, hipGraphLaunch(exec, NULL));
    CHECK(hipGraphDestroy(graph));
}

static void captures(hipFunction_t add, void *memory) {
    hipStream_t stream, other;
    hipEvent_t event;
    hipGraph_t graph = NULL;
    CHECK(hipStreamCreateWithFlags(&stream, hipStreamNonBlocking));
    CHECK(hipStreamCreateWithFlags(&other, hipStreamNonBlocking));
    CHECK(hipEventCreateWithFlags(&event, hipEventDisableTiming));
    say("captures that are broken off:");
    REFUSED(hipErrorIllegalState, hipStreamEndCapture(stream, &graph));
    CHECK(hipStreamBeginCapture(stream, hipStreamCaptureModeThreadLocal));
    REFUSED(hipErrorIllegalState, hipStreamBeginCapture(stream, hipStreamCaptureModeThreadLocal));
    CHECK(launch(add, memory, memory, memory, 1, stream));
    REFUSED(hipErrorStreamCaptureUnsupported, hipStreamSynchronize(stream));
    REFUSED(hipErrorStreamCaptureInvalidated, launch(add, memory, memory, memory, 1, stream));
    REFUSED(hipErrorStreamCaptureInvalidated, hipStreamEndCapture(stream, &graph));
    EXPECT(graph == NULL, "there is a graph");

    /* A stream that forked off and never joined. */
    CHECK(hipStreamBeginCapture(stream, hipStreamCaptureModeThreadLocal));
    CHECK(hipEventRecord(event, stream));
    CHECK(hipStreamWaitEvent(other, event, 0));
    CHECK(launch(add, memory, memory, memory, 1, other));
    REFUSED(hipErrorStreamCaptureUnjoined, hipStreamEndCapture(stream, &graph));

    CHECK(launch(add, memory, memory, memory, 1, stream));
    CHECK(hipStreamSynchronize(stream));
    say("the stream works again");
    CHECK(hipEventDestroy(event));
    CHECK(hipStreamDestroy(other));
    CHECK(hipStreamDestroy(stream));
}

/* Spoils the last device, and looks whether the first goes on where there are two. */
static void wild_pointer(hipFunction_t add, void *memory) {
    int devices = 0;
    hipModule_t module;
    hipFunction_t stray;
    void *lost, *nowhere = (void *)0xdead0000;
    CHECK(hipGetDeviceCount(&devices));
    CHECK(hipSetDevice(devices - 1));
    CHECK(hipModuleLoadData(&module, vector_add_ptx));
    CHECK(hipModuleGetFunction(&stray, module, "vector_add"));
    say("a kernel that follows a wild pointer, on device %d:", devices - 1);
    CHECK(launch(stray, nowhere, nowhere, nowhere, 1, NULL));
    REFUSED(hipErrorIllegalAddress, hipDeviceSynchronize());
    REFUSED(hipErrorIllegalAddress, hipMalloc(&lost, 64));
    REFUSED(hipErrorIllegalAddress, launch(stray, NULL, NULL, NULL, 1, NULL));
    if (devices < 2) {
        say("there is no other device to go on with");
        return;
    }
    CHECK(hipSetDevice(0));
    CHECK(launch(add, memory, memory, memory, 1, NULL));
    CHECK(hipDeviceSynchronize());
    CHECK(hipFree(memory));
    say("device 0 goes on");
}

int main(void) {
    hipModule_t module;
    hipFunction_t add;
    void *memory_of_one;

    CHECK(hipInit(0));
    REFUSED(hipErrorInvalidDevice, hipSetDevice(100000));
    CHECK(hipSetDevice(0));
    CHECK(hipModuleLoadData(&module, vector_add_ptx));
    CHECK(hipModuleGetFunction(&add, module, "vector_add"));
    CHECK(hipMalloc(&memory_of_one, sizeof(float)));
    handles();
    memory();
    shapes(add);
    code(module);
    graphs();
    captures(add, memory_of_one);
    wild_pointer(add, memory_of_one);
    return passed();
}
