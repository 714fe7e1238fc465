/* Part of <cuda.h>: every function that this library gives a meaning to, and its older forms. */
#ifndef STREAM_HAL_CUDA_FUNCTIONS_H
#define STREAM_HAL_CUDA_FUNCTIONS_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Error Handling */
CUresult cuGetErrorName(CUresult error, const char **str);
CUresult cuGetErrorString(CUresult error, const char **str);

/* Initialization */
CUresult cuInit(unsigned int flags);

/* Version Management */
CUresult cuDriverGetVersion(int *driver_version);

/* Device Management */
CUresult cuDeviceGet(CUdevice *device, int ordinal);
CUresult cuDeviceGetAttribute(int *pi, CUdevice_attribute attrib, CUdevice dev);
CUresult cuDeviceGetCount(int *count);
CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool_out, CUdevice dev);
CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice dev);
CUresult cuDeviceGetName(char *name, int len, CUdevice dev);
CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice dev);
CUresult cuDeviceSetMemPool(CUdevice dev, CUmemoryPool pool);
CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice dev);

/* Primary Context Management */
CUresult cuDevicePrimaryCtxGetState(CUdevice dev, unsigned int *flags, int *active);
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev);
CUresult cuDevicePrimaryCtxReset_v2(CUdevice dev);
CUresult cuDevicePrimaryCtxRetain(CUcontext *pctx, CUdevice dev);
CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice dev, unsigned int flags);

/* Context Management */
CUresult cuCtxCreate_v4(CUcontext *pctx, CUctxCreateParams *ctx_create_params, unsigned int flags, CUdevice dev);
CUresult cuCtxDestroy_v2(CUcontext ctx);
CUresult cuCtxGetApiVersion(CUcontext ctx, unsigned int *version);
CUresult cuCtxGetCurrent(CUcontext *pctx);
CUresult cuCtxGetDevice(CUdevice *device);
CUresult cuCtxGetDevice_v2(CUdevice *device, CUcontext ctx);
CUresult cuCtxGetFlags(unsigned int *flags);
CUresult cuCtxGetLimit(size_t *pvalue, CUlimit limit);
CUresult cuCtxGetStreamPriorityRange(int *least_priority, int *greatest_priority);
CUresult cuCtxPopCurrent_v2(CUcontext *pctx);
CUresult cuCtxPushCurrent_v2(CUcontext ctx);
CUresult cuCtxSetCurrent(CUcontext ctx);
CUresult cuCtxSetLimit(CUlimit limit, size_t value);
CUresult cuCtxSynchronize(void);
CUresult cuCtxSynchronize_v2(CUcontext ctx);

/* Module Management */
CUresult cuLinkAddData_v2(CUlinkState state, CUjitInputType type, void *data, size_t size, const char *name, unsigned int num_options, CUjit_option *options, void **option_values);
CUresult cuLinkAddFile_v2(CUlinkState state, CUjitInputType type, const char *path, unsigned int num_options, CUjit_option *options, void **option_values);
CUresult cuLinkComplete(CUlinkState state, void **cubin_out, size_t *size_out);
CUresult cuLinkCreate_v2(unsigned int num_options, CUjit_option *options, void **option_values, CUlinkState *state_out);
CUresult cuLinkDestroy(CUlinkState state);
CUresult cuModuleEnumerateFunctions(CUfunction *functions, unsigned int num_functions, CUmodule mod);
CUresult cuModuleGetFunction(CUfunction *hfunc, CUmodule hmod, const char *name);
CUresult cuModuleGetFunctionCount(unsigned int *count, CUmodule mod);
CUresult cuModuleGetGlobal_v2(CUdeviceptr *dptr, size_t *bytes, CUmodule hmod, const char *name);
CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode *mode);
CUresult cuModuleLoad(CUmodule *module, const char *fname);
CUresult cuModuleLoadData(CUmodule *module, const void *image);
CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned int num_options, CUjit_option *options, void **option_values);
CUresult cuModuleLoadFatBinary(CUmodule *module, const void *fat_cubin);
CUresult cuModuleUnload(CUmodule hmod);

/* Library Management */
CUresult cuKernelGetAttribute(int *pi, CUfunction_attribute attrib, CUkernel kernel, CUdevice dev);
CUresult cuKernelGetFunction(CUfunction *function, CUkernel kernel);
CUresult cuKernelGetLibrary(CUlibrary *lib, CUkernel kernel);
CUresult cuKernelGetName(const char **name, CUkernel hfunc);
CUresult cuKernelGetParamCount(CUkernel kernel, size_t *param_count);
CUresult cuKernelGetParamInfo(CUkernel kernel, size_t param_index, size_t *param_offset, size_t *param_size);
CUresult cuKernelSetAttribute(CUfunction_attribute attrib, int val, CUkernel kernel, CUdevice dev);
CUresult cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache config, CUdevice dev);
CUresult cuLibraryEnumerateKernels(CUkernel *kernels, unsigned int num_kernels, CUlibrary lib);
CUresult cuLibraryGetGlobal(CUdeviceptr *dptr, size_t *bytes, CUlibrary library, const char *name);
CUresult cuLibraryGetKernel(CUkernel *kernel, CUlibrary library, const char *name);
CUresult cuLibraryGetKernelCount(unsigned int *count, CUlibrary lib);
CUresult cuLibraryGetManaged(CUdeviceptr *dptr, size_t *bytes, CUlibrary library, const char *name);
CUresult cuLibraryGetModule(CUmodule *mod, CUlibrary library);
CUresult cuLibraryGetUnifiedFunction(void **fptr, CUlibrary library, const char *symbol);
CUresult cuLibraryLoadData(CUlibrary *library, const void *code, CUjit_option *jit_options, void **jit_options_values, unsigned int num_jit_options, CUlibraryOption *library_options, void **library_option_values, unsigned int num_library_options);
CUresult cuLibraryLoadFromFile(CUlibrary *library, const char *file_name, CUjit_option *jit_options, void **jit_options_values, unsigned int num_jit_options, CUlibraryOption *library_options, void **library_option_values, unsigned int num_library_options);
CUresult cuLibraryUnload(CUlibrary library);

/* Memory Management */
CUresult cuDeviceGetByPCIBusId(CUdevice *dev, const char *pci_bus_id);
CUresult cuDeviceGetPCIBusId(char *pci_bus_id, int len, CUdevice dev);
CUresult cuIpcCloseMemHandle(CUdeviceptr dptr);
CUresult cuIpcGetEventHandle(CUipcEventHandle *handle, CUevent event);
CUresult cuIpcGetMemHandle(CUipcMemHandle *handle, CUdeviceptr dptr);
CUresult cuIpcOpenEventHandle(CUevent *event, CUipcEventHandle handle);
CUresult cuIpcOpenMemHandle_v2(CUdeviceptr *pdptr, CUipcMemHandle handle, unsigned int flags);
CUresult cuMemAlloc_v2(CUdeviceptr *dptr, size_t bytesize);
CUresult cuMemAllocHost_v2(void **pp, size_t bytesize);
CUresult cuMemAllocManaged(CUdeviceptr *dptr, size_t bytesize, unsigned int flags);
CUresult cuMemAllocPitch_v2(CUdeviceptr *dptr, size_t *pitch, size_t width_in_bytes, size_t height, unsigned int element_size_bytes);
CUresult cuMemFree_v2(CUdeviceptr dptr);
CUresult cuMemFreeHost(void *p);
CUresult cuMemGetAddressRange_v2(CUdeviceptr *pbase, size_t *psize, CUdeviceptr dptr);
CUresult cuMemGetHandleForAddressRange(void *handle, CUdeviceptr dptr, size_t size, CUmemRangeHandleType handle_type, unsigned long long flags);
CUresult cuMemGetInfo_v2(size_t *free, size_t *total);
CUresult cuMemHostAlloc(void **pp, size_t bytesize, unsigned int flags);
CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *pdptr, void *p, unsigned int flags);
CUresult cuMemHostGetFlags(unsigned int *flags, void *p);
CUresult cuMemHostRegister_v2(void *p, size_t bytesize, unsigned int flags);
CUresult cuMemHostUnregister(void *p);
CUresult STREAM_HAL_PTDS(cuMemcpy)(CUdeviceptr dst, CUdeviceptr src, size_t byte_count);
CUresult STREAM_HAL_PTDS(cuMemcpy2D_v2)(const CUDA_MEMCPY2D *copy);
CUresult STREAM_HAL_PTSZ(cuMemcpy2DAsync_v2)(const CUDA_MEMCPY2D *copy, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemcpy2DUnaligned_v2)(const CUDA_MEMCPY2D *copy);
CUresult STREAM_HAL_PTDS(cuMemcpy3D_v2)(const CUDA_MEMCPY3D *copy);
CUresult STREAM_HAL_PTSZ(cuMemcpy3DAsync_v2)(const CUDA_MEMCPY3D *copy, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemcpy3DBatchAsync_v2)(size_t num_ops, CUDA_MEMCPY3D_BATCH_OP *op_list, unsigned long long flags, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemcpy3DPeer)(const CUDA_MEMCPY3D_PEER *copy);
CUresult STREAM_HAL_PTSZ(cuMemcpy3DPeerAsync)(const CUDA_MEMCPY3D_PEER *copy, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemcpy3DWithAttributesAsync)(CUDA_MEMCPY3D_BATCH_OP *op, unsigned long long flags, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemcpyAsync)(CUdeviceptr dst, CUdeviceptr src, size_t byte_count, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemcpyBatchAsync_v2)(CUdeviceptr *dsts, CUdeviceptr *srcs, size_t *sizes, size_t count, CUmemcpyAttributes *attrs, size_t *attrs_idxs, size_t num_attrs, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemcpyDtoD_v2)(CUdeviceptr dst_device, CUdeviceptr src_device, size_t byte_count);
CUresult STREAM_HAL_PTSZ(cuMemcpyDtoDAsync_v2)(CUdeviceptr dst_device, CUdeviceptr src_device, size_t byte_count, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemcpyDtoH_v2)(void *dst_host, CUdeviceptr src_device, size_t byte_count);
CUresult STREAM_HAL_PTSZ(cuMemcpyDtoHAsync_v2)(void *dst_host, CUdeviceptr src_device, size_t byte_count, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemcpyHtoD_v2)(CUdeviceptr dst_device, const void *src_host, size_t byte_count);
CUresult STREAM_HAL_PTSZ(cuMemcpyHtoDAsync_v2)(CUdeviceptr dst_device, const void *src_host, size_t byte_count, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemcpyPeer)(CUdeviceptr dst_device, CUcontext dst_context, CUdeviceptr src_device, CUcontext src_context, size_t byte_count);
CUresult STREAM_HAL_PTSZ(cuMemcpyPeerAsync)(CUdeviceptr dst_device, CUcontext dst_context, CUdeviceptr src_device, CUcontext src_context, size_t byte_count, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemcpyWithAttributesAsync)(CUdeviceptr dst, CUdeviceptr src, size_t size, CUmemcpyAttributes *attr, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemsetD16_v2)(CUdeviceptr dst_device, unsigned short us, size_t n);
CUresult STREAM_HAL_PTSZ(cuMemsetD16Async)(CUdeviceptr dst_device, unsigned short us, size_t n, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemsetD2D16_v2)(CUdeviceptr dst_device, size_t dst_pitch, unsigned short us, size_t width, size_t height);
CUresult STREAM_HAL_PTSZ(cuMemsetD2D16Async)(CUdeviceptr dst_device, size_t dst_pitch, unsigned short us, size_t width, size_t height, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemsetD2D32_v2)(CUdeviceptr dst_device, size_t dst_pitch, unsigned int ui, size_t width, size_t height);
CUresult STREAM_HAL_PTSZ(cuMemsetD2D32Async)(CUdeviceptr dst_device, size_t dst_pitch, unsigned int ui, size_t width, size_t height, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemsetD2D8_v2)(CUdeviceptr dst_device, size_t dst_pitch, unsigned char uc, size_t width, size_t height);
CUresult STREAM_HAL_PTSZ(cuMemsetD2D8Async)(CUdeviceptr dst_device, size_t dst_pitch, unsigned char uc, size_t width, size_t height, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemsetD32_v2)(CUdeviceptr dst_device, unsigned int ui, size_t n);
CUresult STREAM_HAL_PTSZ(cuMemsetD32Async)(CUdeviceptr dst_device, unsigned int ui, size_t n, CUstream stream);
CUresult STREAM_HAL_PTDS(cuMemsetD8_v2)(CUdeviceptr dst_device, unsigned char uc, size_t n);
CUresult STREAM_HAL_PTSZ(cuMemsetD8Async)(CUdeviceptr dst_device, unsigned char uc, size_t n, CUstream stream);

/* Virtual Memory Management */
CUresult cuMemAddressFree(CUdeviceptr ptr, size_t size);
CUresult cuMemAddressReserve(CUdeviceptr *ptr, size_t size, size_t alignment, CUdeviceptr addr, unsigned long long flags);
CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t size, const CUmemAllocationProp *prop, unsigned long long flags);
CUresult cuMemExportToShareableHandle(void *shareable_handle, CUmemGenericAllocationHandle handle, CUmemAllocationHandleType handle_type, unsigned long long flags);
CUresult cuMemGetAccess(unsigned long long *flags, const CUmemLocation *location, CUdeviceptr ptr);
CUresult cuMemGetAllocationGranularity(size_t *granularity, const CUmemAllocationProp *prop, CUmemAllocationGranularity_flags option);
CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp *prop, CUmemGenericAllocationHandle handle);
CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle *handle, void *os_handle, CUmemAllocationHandleType sh_handle_type);
CUresult cuMemMap(CUdeviceptr ptr, size_t size, size_t offset, CUmemGenericAllocationHandle handle, unsigned long long flags);
CUresult STREAM_HAL_PTSZ(cuMemMapArrayAsync)(CUarrayMapInfo *map_info_list, unsigned int count, CUstream stream);
CUresult cuMemRelease(CUmemGenericAllocationHandle handle);
CUresult cuMemRetainAllocationHandle(CUmemGenericAllocationHandle *handle, void *addr);
CUresult cuMemSetAccess(CUdeviceptr ptr, size_t size, const CUmemAccessDesc *desc, size_t count);
CUresult cuMemUnmap(CUdeviceptr ptr, size_t size);

/* Stream Ordered Memory Allocator */
CUresult STREAM_HAL_PTSZ(cuMemAllocAsync)(CUdeviceptr *dptr, size_t bytesize, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemAllocFromPoolAsync)(CUdeviceptr *dptr, size_t bytesize, CUmemoryPool pool, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemFreeAsync)(CUdeviceptr dptr, CUstream stream);
CUresult cuMemGetDefaultMemPool(CUmemoryPool *pool_out, CUmemLocation *location, CUmemAllocationType type);
CUresult cuMemGetMemPool(CUmemoryPool *pool, CUmemLocation *location, CUmemAllocationType type);
CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *pool_props);
CUresult cuMemPoolDestroy(CUmemoryPool pool);
CUresult cuMemPoolExportPointer(CUmemPoolPtrExportData *share_data_out, CUdeviceptr ptr);
CUresult cuMemPoolExportToShareableHandle(void *handle_out, CUmemoryPool pool, CUmemAllocationHandleType handle_type, unsigned long long flags);
CUresult cuMemPoolGetAccess(CUmemAccess_flags *flags, CUmemoryPool mem_pool, CUmemLocation *location);
CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void *value);
CUresult cuMemPoolImportFromShareableHandle(CUmemoryPool *pool_out, void *handle, CUmemAllocationHandleType handle_type, unsigned long long flags);
CUresult cuMemPoolImportPointer(CUdeviceptr *ptr_out, CUmemoryPool pool, CUmemPoolPtrExportData *share_data);
CUresult cuMemPoolSetAccess(CUmemoryPool pool, const CUmemAccessDesc *map, size_t count);
CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void *value);
CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t min_bytes_to_keep);
CUresult cuMemSetMemPool(CUmemLocation *location, CUmemAllocationType type, CUmemoryPool pool);

/* Unified Addressing */
CUresult cuMemAdvise_v2(CUdeviceptr dev_ptr, size_t count, CUmem_advise advice, CUmemLocation location);
CUresult STREAM_HAL_PTSZ(cuMemDiscardAndPrefetchBatchAsync)(CUdeviceptr *dptrs, size_t *sizes, size_t count, CUmemLocation *prefetch_locs, size_t *prefetch_loc_idxs, size_t num_prefetch_locs, unsigned long long flags, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemDiscardBatchAsync)(CUdeviceptr *dptrs, size_t *sizes, size_t count, unsigned long long flags, CUstream stream);
CUresult cuMemGetLocationInfo(CUdeviceptr ptr, size_t size, size_t summary_granularity, size_t sampling_granularity, CUmemLocation *location_out);
CUresult STREAM_HAL_PTSZ(cuMemPrefetchAsync_v2)(CUdeviceptr dev_ptr, size_t count, CUmemLocation location, unsigned int flags, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuMemPrefetchBatchAsync)(CUdeviceptr *dptrs, size_t *sizes, size_t count, CUmemLocation *prefetch_locs, size_t *prefetch_loc_idxs, size_t num_prefetch_locs, unsigned long long flags, CUstream stream);
CUresult cuMemRangeGetAttribute(void *data, size_t data_size, CUmem_range_attribute attribute, CUdeviceptr dev_ptr, size_t count);
CUresult cuMemRangeGetAttributes(void **data, size_t *data_sizes, CUmem_range_attribute *attributes, size_t num_attributes, CUdeviceptr dev_ptr, size_t count);
CUresult cuPointerGetAttribute(void *data, CUpointer_attribute attribute, CUdeviceptr ptr);
CUresult cuPointerGetAttributes(unsigned int num_attributes, CUpointer_attribute *attributes, void **data, CUdeviceptr ptr);
CUresult cuPointerSetAttribute(const void *value, CUpointer_attribute attribute, CUdeviceptr ptr);

/* Stream Management */
CUresult STREAM_HAL_PTSZ(cuStreamAddCallback)(CUstream stream, CUstreamCallback callback, void *user_data, unsigned int flags);
CUresult STREAM_HAL_PTSZ(cuStreamAttachMemAsync)(CUstream stream, CUdeviceptr dptr, size_t length, unsigned int flags);
CUresult STREAM_HAL_PTSZ(cuStreamBeginCapture_v2)(CUstream stream, CUstreamCaptureMode mode);
CUresult STREAM_HAL_PTSZ(cuStreamBeginCaptureToCig)(CUstream stream, CUstreamCigCaptureParams *stream_cig_capture_params);
CUresult STREAM_HAL_PTSZ(cuStreamBeginCaptureToGraph)(CUstream stream, CUgraph graph, const CUgraphNode *dependencies, const CUgraphEdgeData *dependency_data, size_t num_dependencies, CUstreamCaptureMode mode);
CUresult STREAM_HAL_PTSZ(cuStreamBeginRecaptureToGraph)(CUstream stream, CUstreamCaptureMode mode, CUgraph graph, CUgraphRecaptureCallback callback_func, void *user_data);
CUresult STREAM_HAL_PTSZ(cuStreamCopyAttributes)(CUstream dst, CUstream src);
CUresult cuStreamCreate(CUstream *stream, unsigned int flags);
CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned int flags, int priority);
CUresult cuStreamDestroy_v2(CUstream stream);
CUresult STREAM_HAL_PTSZ(cuStreamEndCapture)(CUstream stream, CUgraph *graph);
CUresult STREAM_HAL_PTSZ(cuStreamEndCaptureToCig)(CUstream stream);
CUresult STREAM_HAL_PTSZ(cuStreamGetAttribute)(CUstream stream, CUstreamAttrID attr, CUstreamAttrValue *value_out);
CUresult STREAM_HAL_PTSZ(cuStreamGetCaptureInfo_v3)(CUstream stream, CUstreamCaptureStatus *capture_status_out, cuuint64_t *id_out, CUgraph *graph_out, const CUgraphNode **dependencies_out, const CUgraphEdgeData **edge_data_out, size_t *num_dependencies_out);
CUresult STREAM_HAL_PTSZ(cuStreamGetCtx)(CUstream stream, CUcontext *pctx);
CUresult STREAM_HAL_PTSZ(cuStreamGetCtx_v2)(CUstream stream, CUcontext *ctx, CUgreenCtx *green_ctx);
CUresult STREAM_HAL_PTSZ(cuStreamGetDevice)(CUstream stream, CUdevice *device);
CUresult STREAM_HAL_PTSZ(cuStreamGetFlags)(CUstream stream, unsigned int *flags);
CUresult STREAM_HAL_PTSZ(cuStreamGetId)(CUstream stream, unsigned long long *stream_id);
CUresult STREAM_HAL_PTSZ(cuStreamGetPriority)(CUstream stream, int *priority);
CUresult STREAM_HAL_PTSZ(cuStreamIsCapturing)(CUstream stream, CUstreamCaptureStatus *capture_status);
CUresult STREAM_HAL_PTSZ(cuStreamQuery)(CUstream stream);
CUresult STREAM_HAL_PTSZ(cuStreamSetAttribute)(CUstream stream, CUstreamAttrID attr, const CUstreamAttrValue *value);
CUresult STREAM_HAL_PTSZ(cuStreamSynchronize)(CUstream stream);
CUresult STREAM_HAL_PTSZ(cuStreamUpdateCaptureDependencies_v2)(CUstream stream, CUgraphNode *dependencies, const CUgraphEdgeData *dependency_data, size_t num_dependencies, unsigned int flags);
CUresult STREAM_HAL_PTSZ(cuStreamWaitEvent)(CUstream stream, CUevent event, unsigned int flags);
CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode);

/* Event Management */
CUresult cuEventCreate(CUevent *event, unsigned int flags);
CUresult cuEventDestroy_v2(CUevent event);
CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent start, CUevent end);
CUresult cuEventQuery(CUevent event);
CUresult STREAM_HAL_PTSZ(cuEventRecord)(CUevent event, CUstream stream);
CUresult STREAM_HAL_PTSZ(cuEventRecordWithFlags)(CUevent event, CUstream stream, unsigned int flags);
CUresult cuEventSynchronize(CUevent event);

/* Stream Memory Operations */
CUresult STREAM_HAL_PTSZ(cuStreamBatchMemOp_v2)(CUstream stream, unsigned int count, CUstreamBatchMemOpParams *param_array, unsigned int flags);
CUresult STREAM_HAL_PTSZ(cuStreamWaitValue32_v2)(CUstream stream, CUdeviceptr addr, cuuint32_t value, unsigned int flags);
CUresult STREAM_HAL_PTSZ(cuStreamWaitValue64_v2)(CUstream stream, CUdeviceptr addr, cuuint64_t value, unsigned int flags);
CUresult STREAM_HAL_PTSZ(cuStreamWriteValue32_v2)(CUstream stream, CUdeviceptr addr, cuuint32_t value, unsigned int flags);
CUresult STREAM_HAL_PTSZ(cuStreamWriteValue64_v2)(CUstream stream, CUdeviceptr addr, cuuint64_t value, unsigned int flags);

/* Execution Control */
CUresult cuFuncGetAttribute(int *pi, CUfunction_attribute attrib, CUfunction hfunc);
CUresult cuFuncGetModule(CUmodule *hmod, CUfunction hfunc);
CUresult cuFuncGetName(const char **name, CUfunction hfunc);
CUresult cuFuncGetParamCount(CUfunction function, size_t *param_count);
CUresult cuFuncGetParamInfo(CUfunction function, size_t param_index, size_t *param_offset, size_t *param_size);
CUresult cuFuncIsLoaded(CUfunctionLoadingState *state, CUfunction function);
CUresult cuFuncLoad(CUfunction function);
CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value);
CUresult cuFuncSetCacheConfig(CUfunction hfunc, CUfunc_cache config);
CUresult STREAM_HAL_PTSZ(cuLaunchCooperativeKernel)(CUfunction function, unsigned int grid_dim_x, unsigned int grid_dim_y, unsigned int grid_dim_z, unsigned int block_dim_x, unsigned int block_dim_y, unsigned int block_dim_z, unsigned int shared_mem_bytes, CUstream stream, void **kernel_params);
CUresult STREAM_HAL_PTSZ(cuLaunchHostFunc)(CUstream stream, CUhostFn fn, void *user_data);
CUresult STREAM_HAL_PTSZ(cuLaunchHostFunc_v2)(CUstream stream, CUhostFn fn, void *user_data, unsigned int sync_mode);
CUresult STREAM_HAL_PTSZ(cuLaunchKernel)(CUfunction function, unsigned int grid_dim_x, unsigned int grid_dim_y, unsigned int grid_dim_z, unsigned int block_dim_x, unsigned int block_dim_y, unsigned int block_dim_z, unsigned int shared_mem_bytes, CUstream stream, void **kernel_params, void **extra);
CUresult STREAM_HAL_PTSZ(cuLaunchKernelEx)(const CUlaunchConfig *config, CUfunction function, void **kernel_params, void **extra);

/* Execution Control (old) */
CUresult cuFuncSetSharedMemConfig(CUfunction hfunc, CUsharedconfig config);

/* Graph Management */
CUresult cuDeviceGetGraphMemAttribute(CUdevice device, CUgraphMem_attribute attr, void *value);
CUresult cuDeviceGraphMemTrim(CUdevice device);
CUresult cuDeviceSetGraphMemAttribute(CUdevice device, CUgraphMem_attribute attr, void *value);
CUresult cuGraphAddBatchMemOpNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, const CUDA_BATCH_MEM_OP_NODE_PARAMS *node_params);
CUresult cuGraphAddChildGraphNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, CUgraph child_graph);
CUresult cuGraphAddDependencies_v2(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to, const CUgraphEdgeData *edge_data, size_t num_dependencies);
CUresult cuGraphAddEmptyNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies);
CUresult cuGraphAddEventRecordNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, CUevent event);
CUresult cuGraphAddEventWaitNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, CUevent event);
CUresult cuGraphAddExternalSemaphoresSignalNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS *node_params);
CUresult cuGraphAddExternalSemaphoresWaitNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, const CUDA_EXT_SEM_WAIT_NODE_PARAMS *node_params);
CUresult cuGraphAddHostNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, const CUDA_HOST_NODE_PARAMS *node_params);
CUresult cuGraphAddKernelNode_v2(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, const CUDA_KERNEL_NODE_PARAMS *node_params);
CUresult cuGraphAddMemAllocNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, CUDA_MEM_ALLOC_NODE_PARAMS *node_params);
CUresult cuGraphAddMemFreeNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, CUdeviceptr dptr);
CUresult cuGraphAddMemcpyNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, const CUDA_MEMCPY3D *copy_params, CUcontext ctx);
CUresult cuGraphAddMemsetNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, const CUDA_MEMSET_NODE_PARAMS *memset_params, CUcontext ctx);
CUresult cuGraphAddNode_v2(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, const CUgraphEdgeData *dependency_data, size_t num_dependencies, CUgraphNodeParams *node_params);
CUresult cuGraphAddNode_v3(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, const CUgraphEdgeData *dependency_data, size_t num_dependencies, CUgraphNodeParams *node_params);
CUresult cuGraphBatchMemOpNodeGetParams(CUgraphNode node, CUDA_BATCH_MEM_OP_NODE_PARAMS *node_params_out);
CUresult cuGraphBatchMemOpNodeSetParams(CUgraphNode node, const CUDA_BATCH_MEM_OP_NODE_PARAMS *node_params);
CUresult cuGraphChildGraphNodeGetGraph(CUgraphNode node, CUgraph *graph);
CUresult cuGraphClone(CUgraph *graph_clone, CUgraph original_graph);
CUresult cuGraphConditionalHandleCreate(CUgraphConditionalHandle *handle_out, CUgraph graph, CUcontext ctx, unsigned int default_launch_value, unsigned int flags);
CUresult cuGraphCreate(CUgraph *graph, unsigned int flags);
CUresult cuGraphDebugDotPrint(CUgraph graph, const char *path, unsigned int flags);
CUresult cuGraphDestroy(CUgraph graph);
CUresult cuGraphDestroyNode(CUgraphNode node);
CUresult cuGraphEventRecordNodeGetEvent(CUgraphNode node, CUevent *event_out);
CUresult cuGraphEventRecordNodeSetEvent(CUgraphNode node, CUevent event);
CUresult cuGraphEventWaitNodeGetEvent(CUgraphNode node, CUevent *event_out);
CUresult cuGraphEventWaitNodeSetEvent(CUgraphNode node, CUevent event);
CUresult cuGraphExecBatchMemOpNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, const CUDA_BATCH_MEM_OP_NODE_PARAMS *node_params);
CUresult cuGraphExecChildGraphNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, CUgraph child_graph);
CUresult cuGraphExecDestroy(CUgraphExec graph_exec);
CUresult cuGraphExecEventRecordNodeSetEvent(CUgraphExec graph_exec, CUgraphNode node, CUevent event);
CUresult cuGraphExecEventWaitNodeSetEvent(CUgraphExec graph_exec, CUgraphNode node, CUevent event);
CUresult cuGraphExecExternalSemaphoresSignalNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS *node_params);
CUresult cuGraphExecExternalSemaphoresWaitNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, const CUDA_EXT_SEM_WAIT_NODE_PARAMS *node_params);
CUresult cuGraphExecGetFlags(CUgraphExec graph_exec, cuuint64_t *flags);
CUresult cuGraphExecGetId(CUgraphExec graph_exec, unsigned int *graph_id);
CUresult cuGraphExecHostNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, const CUDA_HOST_NODE_PARAMS *node_params);
CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec graph_exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS *node_params);
CUresult cuGraphExecMemcpyNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, const CUDA_MEMCPY3D *copy_params, CUcontext ctx);
CUresult cuGraphExecMemsetNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, const CUDA_MEMSET_NODE_PARAMS *memset_params, CUcontext ctx);
CUresult cuGraphExecNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, CUgraphNodeParams *node_params);
CUresult cuGraphExecUpdate_v2(CUgraphExec graph_exec, CUgraph graph, CUgraphExecUpdateResultInfo *result_info);
CUresult cuGraphExternalSemaphoresSignalNodeGetParams(CUgraphNode node, CUDA_EXT_SEM_SIGNAL_NODE_PARAMS *params_out);
CUresult cuGraphExternalSemaphoresSignalNodeSetParams(CUgraphNode node, const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS *node_params);
CUresult cuGraphExternalSemaphoresWaitNodeGetParams(CUgraphNode node, CUDA_EXT_SEM_WAIT_NODE_PARAMS *params_out);
CUresult cuGraphExternalSemaphoresWaitNodeSetParams(CUgraphNode node, const CUDA_EXT_SEM_WAIT_NODE_PARAMS *node_params);
CUresult cuGraphGetEdges_v2(CUgraph graph, CUgraphNode *from, CUgraphNode *to, CUgraphEdgeData *edge_data, size_t *num_edges);
CUresult cuGraphGetId(CUgraph graph, unsigned int *graph_id);
CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *num_nodes);
CUresult cuGraphGetRootNodes(CUgraph graph, CUgraphNode *root_nodes, size_t *num_root_nodes);
CUresult cuGraphHostNodeGetParams(CUgraphNode node, CUDA_HOST_NODE_PARAMS *node_params);
CUresult cuGraphHostNodeSetParams(CUgraphNode node, const CUDA_HOST_NODE_PARAMS *node_params);
CUresult cuGraphInstantiateWithFlags(CUgraphExec *graph_exec, CUgraph graph, unsigned long long flags);
CUresult STREAM_HAL_PTSZ(cuGraphInstantiateWithParams)(CUgraphExec *graph_exec, CUgraph graph, CUDA_GRAPH_INSTANTIATE_PARAMS *instantiate_params);
CUresult cuGraphKernelNodeCopyAttributes(CUgraphNode dst, CUgraphNode src);
CUresult cuGraphKernelNodeGetAttribute(CUgraphNode node, CUkernelNodeAttrID attr, CUkernelNodeAttrValue *value_out);
CUresult cuGraphKernelNodeGetParams_v2(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS *node_params);
CUresult cuGraphKernelNodeSetAttribute(CUgraphNode node, CUkernelNodeAttrID attr, const CUkernelNodeAttrValue *value);
CUresult cuGraphKernelNodeSetParams_v2(CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS *node_params);
CUresult STREAM_HAL_PTSZ(cuGraphLaunch)(CUgraphExec graph_exec, CUstream stream);
CUresult cuGraphMemAllocNodeGetParams(CUgraphNode node, CUDA_MEM_ALLOC_NODE_PARAMS *params_out);
CUresult cuGraphMemFreeNodeGetParams(CUgraphNode node, CUdeviceptr *dptr_out);
CUresult cuGraphMemcpyNodeGetParams(CUgraphNode node, CUDA_MEMCPY3D *node_params);
CUresult cuGraphMemcpyNodeSetParams(CUgraphNode node, const CUDA_MEMCPY3D *node_params);
CUresult cuGraphMemsetNodeGetParams(CUgraphNode node, CUDA_MEMSET_NODE_PARAMS *node_params);
CUresult cuGraphMemsetNodeSetParams(CUgraphNode node, const CUDA_MEMSET_NODE_PARAMS *node_params);
CUresult cuGraphNodeFindInClone(CUgraphNode *node, CUgraphNode original_node, CUgraph cloned_graph);
CUresult cuGraphNodeGetContainingGraph(CUgraphNode node, CUgraph *graph);
CUresult cuGraphNodeGetDependencies_v2(CUgraphNode node, CUgraphNode *dependencies, CUgraphEdgeData *edge_data, size_t *num_dependencies);
CUresult cuGraphNodeGetDependentNodes_v2(CUgraphNode node, CUgraphNode *dependent_nodes, CUgraphEdgeData *edge_data, size_t *num_dependent_nodes);
CUresult cuGraphNodeGetEnabled(CUgraphExec graph_exec, CUgraphNode node, unsigned int *is_enabled);
CUresult cuGraphNodeGetLocalId(CUgraphNode node, unsigned int *node_id);
CUresult cuGraphNodeGetParams(CUgraphNode node, CUgraphNodeParams *node_params);
CUresult cuGraphNodeGetToolsId(CUgraphNode node, unsigned long long *tools_node_id);
CUresult cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType *type);
CUresult cuGraphNodeSetEnabled(CUgraphExec graph_exec, CUgraphNode node, unsigned int is_enabled);
CUresult cuGraphNodeSetParams(CUgraphNode node, CUgraphNodeParams *node_params);
CUresult cuGraphNodeSetParams_v2(CUgraphNode node, CUgraphNodeParams *node_params);
CUresult cuGraphReleaseUserObject(CUgraph graph, CUuserObject object, unsigned int count);
CUresult cuGraphRemoveDependencies_v2(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to, const CUgraphEdgeData *edge_data, size_t num_dependencies);
CUresult cuGraphRetainUserObject(CUgraph graph, CUuserObject object, unsigned int count, unsigned int flags);
CUresult STREAM_HAL_PTSZ(cuGraphUpload)(CUgraphExec graph_exec, CUstream stream);
CUresult cuUserObjectCreate(CUuserObject *object_out, void *ptr, CUhostFn destroy, unsigned int initial_refcount, unsigned int flags);
CUresult cuUserObjectRelease(CUuserObject object, unsigned int count);
CUresult cuUserObjectRetain(CUuserObject object, unsigned int count);

/* Occupancy */
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *num_blocks, CUfunction function, int block_size, size_t dynamic_smem_size);
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *num_blocks, CUfunction function, int block_size, size_t dynamic_smem_size, unsigned int flags);
CUresult cuOccupancyMaxPotentialBlockSize(int *min_grid_size, int *block_size, CUfunction function, CUoccupancyB2DSize block_size_to_dynamic_smem_size, size_t dynamic_smem_size, int block_size_limit);

/* Peer Context Memory Access */
CUresult cuCtxDisablePeerAccess(CUcontext peer_context);
CUresult cuCtxEnablePeerAccess(CUcontext peer_context, unsigned int flags);
CUresult cuDeviceCanAccessPeer(int *can_access_peer, CUdevice dev, CUdevice peer_dev);
CUresult cuDeviceGetP2PAttribute(int *value, CUdevice_P2PAttribute attrib, CUdevice src_device, CUdevice dst_device);

/* Driver Entry Point Access */
CUresult cuGetProcAddress_v2(const char *symbol, void **pfn, int cuda_version, cuuint64_t flags, CUdriverProcAddressQueryResult *symbol_status);

/* Ungrouped */
CUresult cuGetExportTable(const void **export_table, const CUuuid *export_table_id);

/* Device Management */
CUresult cuDeviceGetHostAtomicCapabilities(unsigned int *capabilities, const CUatomicOperation *operations, unsigned int count, CUdevice dev);

/* Device Management (old) */
CUresult cuDeviceComputeCapability(int *major, int *minor, CUdevice dev);
CUresult cuDeviceGetProperties(CUdevprop *prop, CUdevice dev);

/* Context Management */
CUresult cuCtxGetCacheConfig(CUfunc_cache *pconfig);
CUresult cuCtxGetId(CUcontext ctx, unsigned long long *ctx_id);
CUresult cuCtxRecordEvent(CUcontext ctx, CUevent event);
CUresult cuCtxResetPersistingL2Cache(void);
CUresult cuCtxSetCacheConfig(CUfunc_cache config);
CUresult cuCtxSetFlags(unsigned int flags);
CUresult cuCtxWaitEvent(CUcontext ctx, CUevent event);

/* Context Management (old) */
CUresult cuCtxAttach(CUcontext *pctx, unsigned int flags);
CUresult cuCtxDetach(CUcontext ctx);
CUresult cuCtxGetSharedMemConfig(CUsharedconfig *config);
CUresult cuCtxSetSharedMemConfig(CUsharedconfig config);

/* Memory Management */
CUresult cuArray3DCreate_v2(CUarray *handle, const CUDA_ARRAY3D_DESCRIPTOR *allocate_array);
CUresult cuArray3DGetDescriptor_v2(CUDA_ARRAY3D_DESCRIPTOR *array_descriptor, CUarray array);
CUresult cuArrayCreate_v2(CUarray *handle, const CUDA_ARRAY_DESCRIPTOR *allocate_array);
CUresult cuArrayDestroy(CUarray array);
CUresult cuArrayGetDescriptor_v2(CUDA_ARRAY_DESCRIPTOR *array_descriptor, CUarray array);

/* Execution Control (old) */
CUresult cuFuncSetBlockShape(CUfunction hfunc, int x, int y, int z);
CUresult cuFuncSetSharedSize(CUfunction hfunc, unsigned int bytes);
CUresult cuLaunch(CUfunction function);
CUresult cuLaunchGrid(CUfunction function, int grid_width, int grid_height);
CUresult cuLaunchGridAsync(CUfunction function, int grid_width, int grid_height, CUstream stream);
CUresult cuParamSetSize(CUfunction hfunc, unsigned int numbytes);
CUresult cuParamSetf(CUfunction hfunc, int offset, float value);
CUresult cuParamSeti(CUfunction hfunc, int offset, unsigned int value);
CUresult cuParamSetv(CUfunction hfunc, int offset, void *ptr, unsigned int numbytes);

/* Occupancy */
CUresult cuOccupancyAvailableDynamicSMemPerBlock(size_t *dynamic_smem_size, CUfunction function, int num_blocks, int block_size);
CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(int *min_grid_size, int *block_size, CUfunction function, CUoccupancyB2DSize block_size_to_dynamic_smem_size, size_t dynamic_smem_size, int block_size_limit, unsigned int flags);

/* Profiler Control */
CUresult cuProfilerStart(void);
CUresult cuProfilerStop(void);

/* Older forms of functions above, by the symbol that programs built against older headers ask for. */
CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice dev);
CUresult cuDevicePrimaryCtxRelease(CUdevice dev);
CUresult cuDevicePrimaryCtxReset(CUdevice dev);
CUresult cuDevicePrimaryCtxSetFlags(CUdevice dev, unsigned int flags);
CUresult cuCtxCreate(CUcontext *pctx, unsigned int flags, CUdevice dev);
CUresult cuCtxCreate_v2(CUcontext *pctx, unsigned int flags, CUdevice dev);
CUresult cuCtxCreate_v3(CUcontext *pctx, CUexecAffinityParam *params, int num_params, unsigned int flags, CUdevice dev);
CUresult cuCtxDestroy(CUcontext ctx);
CUresult cuCtxPopCurrent(CUcontext *pctx);
CUresult cuCtxPushCurrent(CUcontext ctx);
CUresult cuMemHostRegister(void *p, size_t bytesize, unsigned int flags);
CUresult cuStreamDestroy(CUstream stream);
CUresult STREAM_HAL_PTSZ(cuStreamBeginCapture)(CUstream stream);
CUresult STREAM_HAL_PTSZ(cuStreamGetCaptureInfo)(CUstream stream, CUstreamCaptureStatus *capture_status, cuuint64_t *id);
CUresult STREAM_HAL_PTSZ(cuStreamGetCaptureInfo_v2)(CUstream stream, CUstreamCaptureStatus *capture_status, cuuint64_t *id, CUgraph *graph, const CUgraphNode **dependencies, size_t *num_dependencies);
CUresult STREAM_HAL_PTSZ(cuStreamUpdateCaptureDependencies)(CUstream stream, CUgraphNode *dependencies, size_t num_dependencies, unsigned int flags);
CUresult cuEventDestroy(CUevent event);
CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);
CUresult cuGraphAddDependencies(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to, size_t num_dependencies);
CUresult cuGraphAddKernelNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, const CUDA_KERNEL_NODE_PARAMS_v1 *node_params);
CUresult cuGraphAddNode(CUgraphNode *graph_node, CUgraph graph, const CUgraphNode *dependencies, size_t num_dependencies, CUgraphNodeParams *node_params);
CUresult cuGraphExecKernelNodeSetParams(CUgraphExec graph_exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS_v1 *node_params);
CUresult cuGraphExecUpdate(CUgraphExec graph_exec, CUgraph graph, CUgraphNode *error_node, CUgraphExecUpdateResult *update_result);
CUresult cuGraphGetEdges(CUgraph graph, CUgraphNode *from, CUgraphNode *to, size_t *num_edges);
CUresult cuGraphInstantiate(CUgraphExec *graph_exec, CUgraph graph, CUgraphNode *error_node, char *log_buffer, size_t buffer_size);
CUresult cuGraphInstantiate_v2(CUgraphExec *graph_exec, CUgraph graph, CUgraphNode *error_node, char *log_buffer, size_t buffer_size);
CUresult cuGraphKernelNodeGetParams(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS_v1 *node_params);
CUresult cuGraphKernelNodeSetParams(CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS_v1 *node_params);
CUresult cuGraphNodeGetDependencies(CUgraphNode node, CUgraphNode *dependencies, size_t *num_dependencies);
CUresult cuGraphNodeGetDependentNodes(CUgraphNode node, CUgraphNode *dependent_nodes, size_t *num_dependent_nodes);
CUresult cuGraphRemoveDependencies(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to, size_t num_dependencies);
CUresult cuGetProcAddress(const char *symbol, void **pfn, int cuda_version, cuuint64_t flags);

/* Ours: ends all devices of the process; the next call starts anew. */
CUresult cuHALDeinit(void);

#ifdef __cplusplus
}
#endif

/* The name a program writes, and the symbol it means. */
#define cuArray3DCreate cuArray3DCreate_v2
#define cuArray3DGetDescriptor cuArray3DGetDescriptor_v2
#define cuArrayCreate cuArrayCreate_v2
#define cuArrayGetDescriptor cuArrayGetDescriptor_v2
#define cuCtxCreate cuCtxCreate_v4
#define cuCtxDestroy cuCtxDestroy_v2
#define cuCtxPopCurrent cuCtxPopCurrent_v2
#define cuCtxPushCurrent cuCtxPushCurrent_v2
#define cuDeviceGetUuid cuDeviceGetUuid_v2
#define cuDevicePrimaryCtxRelease cuDevicePrimaryCtxRelease_v2
#define cuDevicePrimaryCtxReset cuDevicePrimaryCtxReset_v2
#define cuDevicePrimaryCtxSetFlags cuDevicePrimaryCtxSetFlags_v2
#define cuDeviceTotalMem cuDeviceTotalMem_v2
#define cuEventDestroy cuEventDestroy_v2
#define cuEventElapsedTime cuEventElapsedTime_v2
#define cuEventRecord STREAM_HAL_PTSZ(cuEventRecord)
#define cuEventRecordWithFlags STREAM_HAL_PTSZ(cuEventRecordWithFlags)
#define cuGetProcAddress cuGetProcAddress_v2
#define cuGraphAddDependencies cuGraphAddDependencies_v2
#define cuGraphAddKernelNode cuGraphAddKernelNode_v2
#define cuGraphAddNode cuGraphAddNode_v3
#define cuGraphExecKernelNodeSetParams cuGraphExecKernelNodeSetParams_v2
#define cuGraphExecUpdate cuGraphExecUpdate_v2
#define cuGraphGetEdges cuGraphGetEdges_v2
#define cuGraphInstantiate cuGraphInstantiateWithFlags
#define cuGraphInstantiateWithParams STREAM_HAL_PTSZ(cuGraphInstantiateWithParams)
#define cuGraphKernelNodeGetParams cuGraphKernelNodeGetParams_v2
#define cuGraphKernelNodeSetParams cuGraphKernelNodeSetParams_v2
#define cuGraphLaunch STREAM_HAL_PTSZ(cuGraphLaunch)
#define cuGraphNodeGetDependencies cuGraphNodeGetDependencies_v2
#define cuGraphNodeGetDependentNodes cuGraphNodeGetDependentNodes_v2
#define cuGraphRemoveDependencies cuGraphRemoveDependencies_v2
#define cuGraphUpload STREAM_HAL_PTSZ(cuGraphUpload)
#define cuIpcOpenMemHandle cuIpcOpenMemHandle_v2
#define cuLaunchCooperativeKernel STREAM_HAL_PTSZ(cuLaunchCooperativeKernel)
#define cuLaunchHostFunc STREAM_HAL_PTSZ(cuLaunchHostFunc)
#define cuLaunchKernel STREAM_HAL_PTSZ(cuLaunchKernel)
#define cuLaunchKernelEx STREAM_HAL_PTSZ(cuLaunchKernelEx)
#define cuLinkAddData cuLinkAddData_v2
#define cuLinkAddFile cuLinkAddFile_v2
#define cuLinkCreate cuLinkCreate_v2
#define cuMemAdvise cuMemAdvise_v2
#define cuMemAlloc cuMemAlloc_v2
#define cuMemAllocAsync STREAM_HAL_PTSZ(cuMemAllocAsync)
#define cuMemAllocFromPoolAsync STREAM_HAL_PTSZ(cuMemAllocFromPoolAsync)
#define cuMemAllocHost cuMemAllocHost_v2
#define cuMemAllocPitch cuMemAllocPitch_v2
#define cuMemDiscardAndPrefetchBatchAsync STREAM_HAL_PTSZ(cuMemDiscardAndPrefetchBatchAsync)
#define cuMemDiscardBatchAsync STREAM_HAL_PTSZ(cuMemDiscardBatchAsync)
#define cuMemFree cuMemFree_v2
#define cuMemFreeAsync STREAM_HAL_PTSZ(cuMemFreeAsync)
#define cuMemGetAddressRange cuMemGetAddressRange_v2
#define cuMemGetInfo cuMemGetInfo_v2
#define cuMemHostGetDevicePointer cuMemHostGetDevicePointer_v2
#define cuMemHostRegister cuMemHostRegister_v2
#define cuMemMapArrayAsync STREAM_HAL_PTSZ(cuMemMapArrayAsync)
#define cuMemPrefetchAsync STREAM_HAL_PTSZ(cuMemPrefetchAsync_v2)
#define cuMemPrefetchBatchAsync STREAM_HAL_PTSZ(cuMemPrefetchBatchAsync)
#define cuMemcpy STREAM_HAL_PTDS(cuMemcpy)
#define cuMemcpy2D STREAM_HAL_PTDS(cuMemcpy2D_v2)
#define cuMemcpy2DAsync STREAM_HAL_PTSZ(cuMemcpy2DAsync_v2)
#define cuMemcpy2DUnaligned STREAM_HAL_PTDS(cuMemcpy2DUnaligned_v2)
#define cuMemcpy3D STREAM_HAL_PTDS(cuMemcpy3D_v2)
#define cuMemcpy3DAsync STREAM_HAL_PTSZ(cuMemcpy3DAsync_v2)
#define cuMemcpy3DBatchAsync STREAM_HAL_PTSZ(cuMemcpy3DBatchAsync_v2)
#define cuMemcpy3DPeer STREAM_HAL_PTDS(cuMemcpy3DPeer)
#define cuMemcpy3DPeerAsync STREAM_HAL_PTSZ(cuMemcpy3DPeerAsync)
#define cuMemcpy3DWithAttributesAsync STREAM_HAL_PTSZ(cuMemcpy3DWithAttributesAsync)
#define cuMemcpyAsync STREAM_HAL_PTSZ(cuMemcpyAsync)
#define cuMemcpyBatchAsync STREAM_HAL_PTSZ(cuMemcpyBatchAsync_v2)
#define cuMemcpyDtoD STREAM_HAL_PTDS(cuMemcpyDtoD_v2)
#define cuMemcpyDtoDAsync STREAM_HAL_PTSZ(cuMemcpyDtoDAsync_v2)
#define cuMemcpyDtoH STREAM_HAL_PTDS(cuMemcpyDtoH_v2)
#define cuMemcpyDtoHAsync STREAM_HAL_PTSZ(cuMemcpyDtoHAsync_v2)
#define cuMemcpyHtoD STREAM_HAL_PTDS(cuMemcpyHtoD_v2)
#define cuMemcpyHtoDAsync STREAM_HAL_PTSZ(cuMemcpyHtoDAsync_v2)
#define cuMemcpyPeer STREAM_HAL_PTDS(cuMemcpyPeer)
#define cuMemcpyPeerAsync STREAM_HAL_PTSZ(cuMemcpyPeerAsync)
#define cuMemcpyWithAttributesAsync STREAM_HAL_PTSZ(cuMemcpyWithAttributesAsync)
#define cuMemsetD16 STREAM_HAL_PTDS(cuMemsetD16_v2)
#define cuMemsetD16Async STREAM_HAL_PTSZ(cuMemsetD16Async)
#define cuMemsetD2D16 STREAM_HAL_PTDS(cuMemsetD2D16_v2)
#define cuMemsetD2D16Async STREAM_HAL_PTSZ(cuMemsetD2D16Async)
#define cuMemsetD2D32 STREAM_HAL_PTDS(cuMemsetD2D32_v2)
#define cuMemsetD2D32Async STREAM_HAL_PTSZ(cuMemsetD2D32Async)
#define cuMemsetD2D8 STREAM_HAL_PTDS(cuMemsetD2D8_v2)
#define cuMemsetD2D8Async STREAM_HAL_PTSZ(cuMemsetD2D8Async)
#define cuMemsetD32 STREAM_HAL_PTDS(cuMemsetD32_v2)
#define cuMemsetD32Async STREAM_HAL_PTSZ(cuMemsetD32Async)
#define cuMemsetD8 STREAM_HAL_PTDS(cuMemsetD8_v2)
#define cuMemsetD8Async STREAM_HAL_PTSZ(cuMemsetD8Async)
#define cuModuleGetGlobal cuModuleGetGlobal_v2
#define cuStreamAddCallback STREAM_HAL_PTSZ(cuStreamAddCallback)
#define cuStreamAttachMemAsync STREAM_HAL_PTSZ(cuStreamAttachMemAsync)
#define cuStreamBatchMemOp STREAM_HAL_PTSZ(cuStreamBatchMemOp_v2)
#define cuStreamBeginCapture STREAM_HAL_PTSZ(cuStreamBeginCapture_v2)
#define cuStreamBeginCaptureToCig STREAM_HAL_PTSZ(cuStreamBeginCaptureToCig)
#define cuStreamBeginCaptureToGraph STREAM_HAL_PTSZ(cuStreamBeginCaptureToGraph)
#define cuStreamBeginRecaptureToGraph STREAM_HAL_PTSZ(cuStreamBeginRecaptureToGraph)
#define cuStreamCopyAttributes STREAM_HAL_PTSZ(cuStreamCopyAttributes)
#define cuStreamDestroy cuStreamDestroy_v2
#define cuStreamEndCapture STREAM_HAL_PTSZ(cuStreamEndCapture)
#define cuStreamEndCaptureToCig STREAM_HAL_PTSZ(cuStreamEndCaptureToCig)
#define cuStreamGetAttribute STREAM_HAL_PTSZ(cuStreamGetAttribute)
#define cuStreamGetCaptureInfo STREAM_HAL_PTSZ(cuStreamGetCaptureInfo_v3)
#define cuStreamGetCtx STREAM_HAL_PTSZ(cuStreamGetCtx)
#define cuStreamGetDevice STREAM_HAL_PTSZ(cuStreamGetDevice)
#define cuStreamGetFlags STREAM_HAL_PTSZ(cuStreamGetFlags)
#define cuStreamGetId STREAM_HAL_PTSZ(cuStreamGetId)
#define cuStreamGetPriority STREAM_HAL_PTSZ(cuStreamGetPriority)
#define cuStreamIsCapturing STREAM_HAL_PTSZ(cuStreamIsCapturing)
#define cuStreamQuery STREAM_HAL_PTSZ(cuStreamQuery)
#define cuStreamSetAttribute STREAM_HAL_PTSZ(cuStreamSetAttribute)
#define cuStreamSynchronize STREAM_HAL_PTSZ(cuStreamSynchronize)
#define cuStreamUpdateCaptureDependencies STREAM_HAL_PTSZ(cuStreamUpdateCaptureDependencies_v2)
#define cuStreamWaitEvent STREAM_HAL_PTSZ(cuStreamWaitEvent)
#define cuStreamWaitValue32 STREAM_HAL_PTSZ(cuStreamWaitValue32_v2)
#define cuStreamWaitValue64 STREAM_HAL_PTSZ(cuStreamWaitValue64_v2)
#define cuStreamWriteValue32 STREAM_HAL_PTSZ(cuStreamWriteValue32_v2)
#define cuStreamWriteValue64 STREAM_HAL_PTSZ(cuStreamWriteValue64_v2)

#endif
