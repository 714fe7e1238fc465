/*
 * What goes wrong, and what is said about it: handles, shapes, code, graphs, captures, and a kernel that follows a
 * wild pointer, which spoils its own context and no other. Stale handles are refused by this library; a vendor's
 * driver may not look.
 */
#include <cuda.h>
#include <string.h>

#include "../check.h"
#include "../kernels.h"

static CUdevice device;
static CUcontext context;

/* One launch of vector_add over `count` elements. */
static CUresult launch(CUfunction add, CUdeviceptr a, CUdeviceptr b, CUdeviceptr sum, unsigned int count,
                       CUstream stream) {
    void *arguments[] = {&a, &b, &sum, &count};
    return cuLaunchKernel(add, (count + 31) / 32, 1, 1, 32, 1, 1, 0, stream, arguments, NULL);
}

static void handles(void) {
    CUstream stream;
    CUevent event;
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CHECK(cuEventCreate(&event, CU_EVENT_DEFAULT));
    say("handles that are null, of another type, or destroyed:");
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuStreamCreate(NULL, 0));
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuEventQuery(NULL));
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuStreamQuery((CUstream)event));
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuEventRecord((CUevent)stream, stream));
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuEventQuery((CUevent)&event));
    CHECK(cuEventDestroy(event));
    CHECK(cuStreamDestroy(stream));
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuEventQuery(event));
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuEventDestroy(event));
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
}

static void memory(void) {
    char host[64];
    void *pinned;
    CUdeviceptr block;
    CHECK(cuMemAlloc(&block, sizeof host));
    say("memory that is not there:");
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuMemAlloc(&block, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuMemFree(block + 1));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH(host, 0x1000, sizeof host));
    CHECK(cuMemFree(block));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuMemFree(block));
    CHECK(cuMemHostAlloc(&pinned, sizeof host, 0));
    CHECK(cuMemFreeHost(pinned));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(pinned));
}

static void shapes(CUfunction add) {
    CUdeviceptr nothing = 0;
    unsigned int count = 0;
    void *arguments[] = {&nothing, &nothing, &nothing, &count};
    say("launches of impossible shape:");
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(add, 1, 1, 1, 0, 1, 1, 0, NULL, arguments, NULL));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(add, 0, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(add, 1, 1, 1, 4096, 1, 1, 0, NULL, arguments, NULL));
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuLaunchKernel(NULL, 1, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
}

static void code(CUmodule module) {
    static const char broken[] = ".version 7.0\n.target sm_80\n.address_size 64\n"
                                 ".visible .entry broken() {\n    add.u32 %nowhere, 1, 2;\n    ret;\n}\n";
    static char log[1024];
    CUmodule loaded;
    CUfunction function;
    CUdeviceptr variable;
    size_t bytes;
    CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *values[] = {log, (void *)sizeof log};
    say("code that is none:");
    REFUSED(CUDA_ERROR_INVALID_PTX, cuModuleLoadDataEx(&loaded, broken, 2, options, values));
    EXPECT(strlen(log) > 0, "the log is empty");
    say("the log says: %s", log);
    REFUSED(CUDA_ERROR_INVALID_IMAGE, cuModuleLoadData(&loaded, "neither text nor object"));
    REFUSED(CUDA_ERROR_FILE_NOT_FOUND, cuModuleLoad(&loaded, "no/such/file.ptx"));
    REFUSED(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&function, module, "vector_subtract"));
    REFUSED(CUDA_ERROR_NOT_FOUND, cuModuleGetGlobal(&variable, &bytes, module, "no_variable"));
}

static CUresult depend(CUgraph graph, CUgraphNode from, CUgraphNode to) {
#if CUDA_VERSION >= 13000
    return cuGraphAddDependencies(graph, &from, &to, NULL, 1);
#else
    return cuGraphAddDependencies(graph, &from, &to, 1);
#endif
}

static void graphs(void) {
    CUgraph graph;
    CUgraphExec exec;
    CUgraphNode first, second;
    size_t nodes;
    CHECK(cuGraphCreate(&graph, 0));
    CHECK(cuGraphAddEmptyNode(&first, graph, NULL, 0));
    CHECK(cuGraphAddEmptyNode(&second, graph, &first, 1));
    say("graphs that are none:");
    REFUSED(CUDA_ERROR_INVALID_VALUE, depend(graph, first, second));
    CHECK(depend(graph, second, first));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuGraphInstantiate(&exec, graph, 0));
    CHECK(cuGraphDestroy(graph));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuGraphGetNodes(graph, NULL, &nodes));

    CHECK(cuGraphCreate(&graph, 0));
    CHECK(cuGraphInstantiate(&exec, graph, 0));
    CHECK(cuGraphLaunch(exec, NULL));
    CHECK(cuGraphExecDestroy(exec));
    REFUSED(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch(exec, NULL));
    CHECK(cuGraphDestroy(graph));
}

static void captures(CUfunction add, CUdeviceptr memory) {
    CUstream stream, other;
    CUevent event;
    CUgraph graph = NULL;
    CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CHECK(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
    CHECK(cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
    say("captures that are broken off:");
    REFUSED(CUDA_ERROR_ILLEGAL_STATE, cuStreamEndCapture(stream, &graph));
    CHECK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    REFUSED(CUDA_ERROR_ILLEGAL_STATE, cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    CHECK(launch(add, memory, memory, memory, 1, stream));
    REFUSED(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamSynchronize(stream));
    REFUSED(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, launch(add, memory, memory, memory, 1, stream));
    REFUSED(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(stream, &graph));
    EXPECT(graph == NULL, "there is a graph");

    /* A stream that forked off and never joined. */
    CHECK(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    CHECK(cuEventRecord(event, stream));
    CHECK(cuStreamWaitEvent(other, event, 0));
    CHECK(launch(add, memory, memory, memory, 1, other));
    REFUSED(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, cuStreamEndCapture(stream, &graph));

    CHECK(launch(add, memory, memory, memory, 1, stream));
    CHECK(cuStreamSynchronize(stream));
    say("the stream works again");
    CHECK(cuEventDestroy(event));
    CHECK(cuStreamDestroy(other));
    CHECK(cuStreamDestroy(stream));
}

static CUcontext another_context(void) {
    CUcontext created;
#if CUDA_VERSION >= 13000
    CHECK(cuCtxCreate(&created, NULL, 0, device));
#else
    CHECK(cuCtxCreate(&created, 0, device));
#endif
    return created;
}

static void wild_pointer(CUfunction add, CUdeviceptr memory) {
    CUcontext spoiled = another_context();
    CUmodule module;
    CUfunction stray;
    CUdeviceptr lost;
    CHECK(cuModuleLoadData(&module, vector_add_ptx));
    CHECK(cuModuleGetFunction(&stray, module, "vector_add"));
    say("a kernel that follows a wild pointer:");
    CHECK(launch(stray, 0xdead0000, 0xdead0000, 0xdead0000, 1, NULL));
    REFUSED(CUDA_ERROR_ILLEGAL_ADDRESS, cuCtxSynchronize());
    REFUSED(CUDA_ERROR_ILLEGAL_ADDRESS, cuMemAlloc(&lost, 64));
    REFUSED(CUDA_ERROR_ILLEGAL_ADDRESS, launch(stray, 0, 0, 0, 1, NULL));

    CHECK(cuCtxSetCurrent(context));
    CHECK(launch(add, memory, memory, memory, 1, NULL));
    CHECK(cuCtxSynchronize());
    say("the other context goes on");
    /* What destroying a spoiled context answers is left open. */
    (void)cuCtxDestroy(spoiled);
    REFUSED(CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent(spoiled));
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuCtxSynchronize());
}

int main(void) {
    CUmodule module;
    CUfunction add;
    CUdeviceptr memory_of_one;
    unsigned int flags;
    int before = -1, active = -1;

    REFUSED(CUDA_ERROR_NOT_INITIALIZED, cuDeviceGetCount(&before));
    CHECK(cuInit(0));
    REFUSED(CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(&device, 100000));
    CHECK(cuDeviceGet(&device, 0));
    REFUSED(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc(&memory_of_one, 4));
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    CHECK(cuModuleLoadData(&module, vector_add_ptx));
    CHECK(cuModuleGetFunction(&add, module, "vector_add"));
    CHECK(cuMemAlloc(&memory_of_one, sizeof(float)));
    handles();
    memory();
    shapes(add);
    code(module);
    graphs();
    captures(add, memory_of_one);
    wild_pointer(add, memory_of_one);
    CHECK(cuMemFree(memory_of_one));
    CHECK(cuModuleUnload(module));
    say("a module and a context that are gone:");
    REFUSED(CUDA_ERROR_INVALID_HANDLE, cuModuleGetFunction(&add, module, "vector_add"));
    CHECK(cuDevicePrimaryCtxGetState(device, &flags, &active));
    EXPECT(active == 1, "active is %d", active);
    CHECK(cuDevicePrimaryCtxRelease(device));
    CHECK(cuDevicePrimaryCtxGetState(device, &flags, &active));
    EXPECT(active == 0, "active is %d", active);
    return passed();
}
