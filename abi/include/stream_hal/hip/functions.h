/* Part of <hip/hip_runtime_api.h>: every function that this library gives a meaning to. */
#ifndef STREAM_HAL_HIP_FUNCTIONS_H
#define STREAM_HAL_HIP_FUNCTIONS_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Initialization and Version */
hipError_t hipDeviceComputeCapability(int *major, int *minor, hipDevice_t device);
hipError_t hipDeviceGet(hipDevice_t *device, int ordinal);
hipError_t hipDeviceGetByPCIBusId(int *device, const char *pci_bus_id);
hipError_t hipDeviceGetName(char *name, int len, hipDevice_t device);
hipError_t hipDeviceGetP2PAttribute(int *value, hipDeviceP2PAttr attr, int src_device, int dst_device);
hipError_t hipDeviceGetPCIBusId(char *pci_bus_id, int len, int device);
hipError_t hipDeviceGetUuid(hipUUID *uuid, hipDevice_t device);
hipError_t hipDeviceTotalMem(size_t *bytes, hipDevice_t device);
hipError_t hipDriverGetVersion(int *driver_version);
hipError_t hipInit(unsigned int flags);
hipError_t hipRuntimeGetVersion(int *runtime_version);

/* Device Management */
hipError_t hipChooseDeviceR0600(int *device, const struct hipDeviceProp_tR0600 *prop);
hipError_t hipDeviceGetAttribute(int *pi, hipDeviceAttribute_t attr, int device_id);
hipError_t hipDeviceGetCacheConfig(hipFuncCache_t *cache_config);
hipError_t hipDeviceGetDefaultMemPool(hipMemPool_t *mem_pool, int device);
hipError_t hipDeviceGetLimit(size_t *value, hipLimit_t limit);
hipError_t hipDeviceGetMemPool(hipMemPool_t *mem_pool, int device);
hipError_t hipDeviceGetSharedMemConfig(hipSharedMemConfig *config);
hipError_t hipDeviceReset(void);
hipError_t hipDeviceSetCacheConfig(hipFuncCache_t cache_config);
hipError_t hipDeviceSetLimit(hipLimit_t limit, size_t value);
hipError_t hipDeviceSetMemPool(int device, hipMemPool_t mem_pool);
hipError_t hipDeviceSetSharedMemConfig(hipSharedMemConfig config);
hipError_t hipDeviceSynchronize(void);
hipError_t hipExtGetLinkTypeAndHopCount(int device1, int device2, uint32_t *linktype, uint32_t *hopcount);
hipError_t hipGetDevice(int *device_id);
hipError_t hipGetDeviceCount(int *count);
hipError_t hipGetDeviceFlags(unsigned int *flags);
hipError_t hipGetDevicePropertiesR0600(struct hipDeviceProp_tR0600 *prop, int device_id);
hipError_t hipIpcCloseMemHandle(void *dev_ptr);
hipError_t hipIpcGetEventHandle(hipIpcEventHandle_t *handle, hipEvent_t event);
hipError_t hipIpcGetMemHandle(hipIpcMemHandle_t *handle, void *dev_ptr);
hipError_t hipIpcOpenEventHandle(hipEvent_t *event, hipIpcEventHandle_t handle);
hipError_t hipIpcOpenMemHandle(void **dev_ptr, hipIpcMemHandle_t handle, unsigned int flags);
hipError_t hipSetDevice(int device_id);
hipError_t hipSetDeviceFlags(unsigned int flags);
hipError_t hipSetValidDevices(int *device_arr, int len);

/* Context Management (old) */
hipError_t hipCtxCreate(hipCtx_t *ctx, unsigned int flags, hipDevice_t device);
hipError_t hipCtxDestroy(hipCtx_t ctx);
hipError_t hipCtxDisablePeerAccess(hipCtx_t peer_ctx);
hipError_t hipCtxEnablePeerAccess(hipCtx_t peer_ctx, unsigned int flags);
hipError_t hipCtxGetApiVersion(hipCtx_t ctx, unsigned int *api_version);
hipError_t hipCtxGetCacheConfig(hipFuncCache_t *cache_config);
hipError_t hipCtxGetCurrent(hipCtx_t *ctx);
hipError_t hipCtxGetDevice(hipDevice_t *device);
hipError_t hipCtxGetFlags(unsigned int *flags);
hipError_t hipCtxGetSharedMemConfig(hipSharedMemConfig *config);
hipError_t hipCtxPopCurrent(hipCtx_t *ctx);
hipError_t hipCtxPushCurrent(hipCtx_t ctx);
hipError_t hipCtxSetCacheConfig(hipFuncCache_t cache_config);
hipError_t hipCtxSetCurrent(hipCtx_t ctx);
hipError_t hipCtxSetSharedMemConfig(hipSharedMemConfig config);
hipError_t hipCtxSynchronize(void);
hipError_t hipDevicePrimaryCtxGetState(hipDevice_t dev, unsigned int *flags, int *active);
hipError_t hipDevicePrimaryCtxRelease(hipDevice_t dev);
hipError_t hipDevicePrimaryCtxReset(hipDevice_t dev);
hipError_t hipDevicePrimaryCtxRetain(hipCtx_t *pctx, hipDevice_t dev);
hipError_t hipDevicePrimaryCtxSetFlags(hipDevice_t dev, unsigned int flags);

/* PeerToPeer Device Memory Access */
hipError_t hipDeviceCanAccessPeer(int *can_access_peer, int device_id, int peer_device_id);
hipError_t hipDeviceDisablePeerAccess(int peer_device_id);
hipError_t hipDeviceEnablePeerAccess(int peer_device_id, unsigned int flags);
hipError_t hipMemcpyPeer(void *dst, int dst_device_id, const void *src, int src_device_id, size_t size_bytes);
hipError_t hipMemcpyPeerAsync(void *dst, int dst_device_id, const void *src, int src_device, size_t size_bytes, hipStream_t stream STREAM_HAL_OR(0));

/* Error Handling */
hipError_t hipDrvGetErrorName(hipError_t hip_error, const char **error_string);
hipError_t hipDrvGetErrorString(hipError_t hip_error, const char **error_string);
hipError_t hipExtGetLastError(void);
const char * hipGetErrorName(hipError_t hip_error);
const char * hipGetErrorString(hipError_t hip_error);
hipError_t hipGetLastError(void);
hipError_t hipPeekAtLastError(void);

/* Stream Management */
hipError_t hipDeviceGetStreamPriorityRange(int *least_priority, int *greatest_priority);
hipError_t hipExtStreamCreateWithCUMask(hipStream_t *stream, uint32_t cu_mask_size, const uint32_t *cu_mask);
hipError_t hipExtStreamGetCUMask(hipStream_t stream, uint32_t cu_mask_size, uint32_t *cu_mask);
hipError_t STREAM_HAL_SPT(hipStreamAddCallback)(hipStream_t stream, hipStreamCallback_t callback, void *user_data, unsigned int flags);
hipError_t hipStreamCopyAttributes(hipStream_t dst, hipStream_t src);
hipError_t hipStreamCreate(hipStream_t *stream);
hipError_t hipStreamCreateWithFlags(hipStream_t *stream, unsigned int flags);
hipError_t hipStreamCreateWithPriority(hipStream_t *stream, unsigned int flags, int priority);
hipError_t hipStreamDestroy(hipStream_t stream);
hipError_t hipStreamGetAttribute(hipStream_t stream, hipLaunchAttributeID attr, union hipLaunchAttributeValue *value_out);
hipError_t hipStreamGetDevice(hipStream_t stream, hipDevice_t *device);
hipError_t STREAM_HAL_SPT(hipStreamGetFlags)(hipStream_t stream, unsigned int *flags);
hipError_t hipStreamGetId(hipStream_t stream, unsigned long long *stream_id);
hipError_t STREAM_HAL_SPT(hipStreamGetPriority)(hipStream_t stream, int *priority);
hipError_t STREAM_HAL_SPT(hipStreamQuery)(hipStream_t stream);
hipError_t hipStreamSetAttribute(hipStream_t stream, hipLaunchAttributeID attr, const union hipLaunchAttributeValue *value);
hipError_t STREAM_HAL_SPT(hipStreamSynchronize)(hipStream_t stream);
hipError_t STREAM_HAL_SPT(hipStreamWaitEvent)(hipStream_t stream, hipEvent_t event, unsigned int flags STREAM_HAL_OR(0));

/* Stream Memory Operations */
hipError_t hipGraphAddBatchMemOpNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct hipBatchMemOpNodeParams *node_params);
hipError_t hipGraphBatchMemOpNodeGetParams(hipGraphNode_t node, struct hipBatchMemOpNodeParams *node_params_out);
hipError_t hipGraphBatchMemOpNodeSetParams(hipGraphNode_t node, struct hipBatchMemOpNodeParams *node_params);
hipError_t hipGraphExecBatchMemOpNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, const struct hipBatchMemOpNodeParams *node_params);
hipError_t hipStreamBatchMemOp(hipStream_t stream, unsigned int count, hipStreamBatchMemOpParams *param_array, unsigned int flags);
hipError_t hipStreamWaitValue32(hipStream_t stream, void *ptr, uint32_t value, unsigned int flags, uint32_t mask);
hipError_t hipStreamWaitValue64(hipStream_t stream, void *ptr, uint64_t value, unsigned int flags, uint64_t mask);
hipError_t hipStreamWriteValue32(hipStream_t stream, void *ptr, uint32_t value, unsigned int flags);
hipError_t hipStreamWriteValue64(hipStream_t stream, void *ptr, uint64_t value, unsigned int flags);

/* Event Management */
hipError_t hipEventCreate(hipEvent_t *event);
hipError_t hipEventCreateWithFlags(hipEvent_t *event, unsigned int flags);
hipError_t hipEventDestroy(hipEvent_t event);
hipError_t hipEventElapsedTime(float *ms, hipEvent_t start, hipEvent_t stop);
hipError_t hipEventQuery(hipEvent_t event);
hipError_t STREAM_HAL_SPT(hipEventRecord)(hipEvent_t event, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipEventRecordWithFlags(hipEvent_t event, hipStream_t stream, unsigned int flags);
hipError_t hipEventSynchronize(hipEvent_t event);

/* Execution Control */
hipError_t hipDrvLaunchKernelEx(const HIP_LAUNCH_CONFIG *config, hipFunction_t function, void **params, void **extra);
hipError_t hipExtLaunchMultiKernelMultiDevice(hipLaunchParams *launch_params_list, int num_devices, unsigned int flags);
hipError_t hipFuncGetAttribute(int *value, hipFunction_attribute attrib, hipFunction_t hfunc);
hipError_t hipFuncGetAttributes(struct hipFuncAttributes *attr, const void *function);
hipError_t hipFuncSetAttribute(const void *function, hipFuncAttribute attr, int value);
hipError_t hipFuncSetCacheConfig(const void *function, hipFuncCache_t config);
hipError_t hipFuncSetSharedMemConfig(const void *function, hipSharedMemConfig config);
hipError_t hipLaunchKernelExC(const hipLaunchConfig_t *config, const void *f_ptr, void **args);
hipError_t hipModuleLaunchKernel(hipFunction_t function, unsigned int grid_dim_x, unsigned int grid_dim_y, unsigned int grid_dim_z, unsigned int block_dim_x, unsigned int block_dim_y, unsigned int block_dim_z, unsigned int shared_mem_bytes, hipStream_t stream, void **kernel_params, void **extra);

/* Cooperative groups kernel launch of Module management */
hipError_t STREAM_HAL_SPT(hipLaunchCooperativeKernel)(const void *function, struct dim3 grid_dim, struct dim3 block_dim_x, void **kernel_params, unsigned int shared_mem_bytes, hipStream_t stream);
hipError_t hipLaunchCooperativeKernelMultiDevice(hipLaunchParams *launch_params_list, int num_devices, unsigned int flags);
hipError_t hipModuleLaunchCooperativeKernel(hipFunction_t function, unsigned int grid_dim_x, unsigned int grid_dim_y, unsigned int grid_dim_z, unsigned int block_dim_x, unsigned int block_dim_y, unsigned int block_dim_z, unsigned int shared_mem_bytes, hipStream_t stream, void **kernel_params);
hipError_t hipModuleLaunchCooperativeKernelMultiDevice(hipFunctionLaunchParams *launch_params_list, unsigned int num_devices, unsigned int flags);

/* Launch API to support the triple-chevron syntax */
hipError_t hipConfigureCall(struct dim3 grid_dim, struct dim3 block_dim, size_t shared_mem, hipStream_t stream);
hipError_t hipDrvMemcpy2DUnaligned(const struct hip_Memcpy2D *copy);
hipError_t hipExtLaunchKernel(const void *function_address, struct dim3 num_blocks, struct dim3 dim_blocks, void **args, size_t shared_mem_bytes, hipStream_t stream, hipEvent_t start_event, hipEvent_t stop_event, int flags);
hipError_t hipLaunchByPtr(const void *function);
hipError_t STREAM_HAL_SPT(hipLaunchHostFunc)(hipStream_t stream, hipHostFn_t fn, void *user_data);
hipError_t STREAM_HAL_SPT(hipLaunchKernel)(const void *function_address, struct dim3 num_blocks, struct dim3 dim_blocks, void **args, size_t shared_mem_bytes, hipStream_t stream);
hipError_t hipSetupArgument(const void *arg, size_t size, size_t offset);

/* Module Management */
hipError_t STREAM_HAL_SPT(hipGetDriverEntryPoint)(const char *symbol, void **func_ptr, unsigned long long flags, hipDriverEntryPointQueryResult *driver_status);
hipError_t hipGetFuncBySymbol(hipFunction_t *function_ptr, const void *symbol_ptr);
hipError_t hipKernelGetAttribute(int *pi, hipFunction_attribute attrib, hipKernel_t kernel, hipDevice_t dev);
hipError_t hipKernelGetFunction(hipFunction_t *function, hipKernel_t kernel);
hipError_t hipKernelGetLibrary(hipLibrary_t *library, hipKernel_t kernel);
hipError_t hipKernelGetName(const char **name, hipKernel_t kernel);
hipError_t hipKernelGetParamInfo(hipKernel_t kernel, size_t param_index, size_t *param_offset, size_t *param_size);
hipError_t hipKernelSetAttribute(hipFunction_attribute attrib, int value, hipKernel_t kernel, hipDevice_t dev);
hipError_t hipLibraryEnumerateKernels(hipKernel_t *kernels, unsigned int num_kernels, hipLibrary_t library);
hipError_t hipLibraryGetGlobal(void **dptr, size_t *bytes, hipLibrary_t library, const char *name);
hipError_t hipLibraryGetKernel(hipKernel_t *kernel, hipLibrary_t library, const char *name);
hipError_t hipLibraryGetKernelCount(unsigned int *count, hipLibrary_t library);
hipError_t hipLibraryGetManaged(void **dptr, size_t *bytes, hipLibrary_t library, const char *name);
hipError_t hipLibraryLoadData(hipLibrary_t *library, const void *code, hipJitOption *jit_options, void **jit_options_values, unsigned int num_jit_options, hipLibraryOption *library_options, void **library_option_values, unsigned int num_library_options);
hipError_t hipLibraryLoadFromFile(hipLibrary_t *library, const char *file_name, hipJitOption *jit_options, void **jit_options_values, unsigned int num_jit_options, hipLibraryOption *library_options, void **library_option_values, unsigned int num_library_options);
hipError_t hipLibraryUnload(hipLibrary_t library);
hipError_t hipLinkAddData(hipLinkState_t state, hipJitInputType type, void *data, size_t size, const char *name, unsigned int num_options, hipJitOption *options, void **option_values);
hipError_t hipLinkAddFile(hipLinkState_t state, hipJitInputType type, const char *path, unsigned int num_options, hipJitOption *options, void **option_values);
hipError_t hipLinkComplete(hipLinkState_t state, void **hip_bin_out, size_t *size_out);
hipError_t hipLinkCreate(unsigned int num_options, hipJitOption *options, void **option_values, hipLinkState_t *state_out);
hipError_t hipLinkDestroy(hipLinkState_t state);
hipError_t hipMemGetHandleForAddressRange(void *handle, hipDeviceptr_t dptr, size_t size, hipMemRangeHandleType handle_type, unsigned long long flags);
hipError_t hipModuleGetFunction(hipFunction_t *function, hipModule_t module, const char *kname);
hipError_t hipModuleGetFunctionCount(unsigned int *count, hipModule_t mod);
hipError_t hipModuleGetGlobal(hipDeviceptr_t *dptr, size_t *bytes, hipModule_t hmod, const char *name);
hipError_t hipModuleLoad(hipModule_t *module, const char *fname);
hipError_t hipModuleLoadData(hipModule_t *module, const void *image);
hipError_t hipModuleLoadDataEx(hipModule_t *module, const void *image, unsigned int num_options, hipJitOption *options, void **option_values);
hipError_t hipModuleLoadFatBinary(hipModule_t *module, const void *fatbin);
hipError_t hipModuleUnload(hipModule_t module);

/* Memory Management */
hipError_t hipArray3DCreate(hipArray_t *array, const struct HIP_ARRAY3D_DESCRIPTOR *allocate_array);
hipError_t hipArray3DGetDescriptor(struct HIP_ARRAY3D_DESCRIPTOR *array_descriptor, hipArray_t array);
hipError_t hipArrayCreate(hipArray_t *handle, const struct HIP_ARRAY_DESCRIPTOR *allocate_array);
hipError_t hipArrayDestroy(hipArray_t array);
hipError_t hipArrayGetDescriptor(struct HIP_ARRAY_DESCRIPTOR *array_descriptor, hipArray_t array);
hipError_t hipArrayGetInfo(struct hipChannelFormatDesc *desc, struct hipExtent *extent, unsigned int *flags, hipArray_t array);
hipError_t hipDrvMemcpy3D(const struct HIP_MEMCPY3D *copy);
hipError_t hipDrvMemcpy3DAsync(const struct HIP_MEMCPY3D *copy, hipStream_t stream);
hipError_t hipDrvPointerGetAttributes(unsigned int num_attributes, hipPointer_attribute *attributes, void **data, hipDeviceptr_t ptr);
hipError_t hipExtMallocWithFlags(void **ptr, size_t size_bytes, unsigned int flags);
hipError_t hipFree(void *ptr);
hipError_t hipFreeArray(hipArray_t array);
hipError_t hipFreeHost(void *ptr);
hipError_t STREAM_HAL_SPT(hipGetProcAddress)(const char *symbol, void **pfn, int hip_version, uint64_t flags, hipDriverProcAddressQueryResult *symbol_status);
hipError_t hipGetSymbolAddress(void **dev_ptr, const void *symbol);
hipError_t hipGetSymbolSize(size_t *size, const void *symbol);
hipError_t hipHostAlloc(void **ptr, size_t size, unsigned int flags);
hipError_t hipHostGetDevicePointer(void **dev_ptr, void *hst_ptr, unsigned int flags);
hipError_t hipHostGetFlags(unsigned int *flags_ptr, void *host_ptr);
hipError_t hipHostMalloc(void **ptr, size_t size, unsigned int flags);
hipError_t hipHostRegister(void *host_ptr, size_t size_bytes, unsigned int flags);
hipError_t hipHostUnregister(void *host_ptr);
hipError_t hipMalloc(void **ptr, size_t size);
hipError_t hipMalloc3D(struct hipPitchedPtr *pitched_dev_ptr, struct hipExtent extent);
hipError_t hipMalloc3DArray(hipArray_t *array, const struct hipChannelFormatDesc *desc, struct hipExtent extent, unsigned int flags);
hipError_t hipMallocArray(hipArray_t *array, const struct hipChannelFormatDesc *desc, size_t width, size_t height, unsigned int flags);
hipError_t hipMallocAsync(void **dev_ptr, size_t size, hipStream_t stream);
hipError_t hipMallocPitch(void **ptr, size_t *pitch, size_t width, size_t height);
hipError_t hipMemAllocPitch(hipDeviceptr_t *dptr, size_t *pitch, size_t width_in_bytes, size_t height, unsigned int element_size_bytes);
hipError_t hipMemGetAddressRange(hipDeviceptr_t *pbase, size_t *psize, hipDeviceptr_t dptr);
hipError_t hipMemGetInfo(size_t *free, size_t *total);
hipError_t hipMemPtrGetInfo(void *ptr, size_t *size);
hipError_t STREAM_HAL_SPT(hipMemcpy)(void *dst, const void *src, size_t size_bytes, hipMemcpyKind kind);
hipError_t STREAM_HAL_SPT(hipMemcpy2D)(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height, hipMemcpyKind kind);
hipError_t hipMemcpy2DArrayToArray(hipArray_t dst, size_t w_offset_dst, size_t offset_dst, hipArray_const_t src, size_t w_offset_src, size_t offset_src, size_t width, size_t height, hipMemcpyKind kind);
hipError_t STREAM_HAL_SPT(hipMemcpy2DAsync)(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height, hipMemcpyKind kind, hipStream_t stream STREAM_HAL_OR(0));
hipError_t STREAM_HAL_SPT(hipMemcpy2DFromArray)(void *dst, size_t dpitch, hipArray_const_t src, size_t w_offset, size_t offset, size_t width, size_t height, hipMemcpyKind kind);
hipError_t STREAM_HAL_SPT(hipMemcpy2DFromArrayAsync)(void *dst, size_t dpitch, hipArray_const_t src, size_t w_offset, size_t offset, size_t width, size_t height, hipMemcpyKind kind, hipStream_t stream STREAM_HAL_OR(0));
hipError_t STREAM_HAL_SPT(hipMemcpy2DToArray)(hipArray_t dst, size_t w_offset, size_t offset, const void *src, size_t spitch, size_t width, size_t height, hipMemcpyKind kind);
hipError_t STREAM_HAL_SPT(hipMemcpy2DToArrayAsync)(hipArray_t dst, size_t w_offset, size_t offset, const void *src, size_t spitch, size_t width, size_t height, hipMemcpyKind kind, hipStream_t stream STREAM_HAL_OR(0));
hipError_t STREAM_HAL_SPT(hipMemcpy3D)(const struct hipMemcpy3DParms *p);
hipError_t STREAM_HAL_SPT(hipMemcpy3DAsync)(const struct hipMemcpy3DParms *p, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpy3DBatchAsync(size_t num_ops, struct hipMemcpy3DBatchOp *op_list, size_t *fail_idx, unsigned long long flags, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpy3DPeer(struct hipMemcpy3DPeerParms *p);
hipError_t hipMemcpy3DPeerAsync(struct hipMemcpy3DPeerParms *p, hipStream_t stream STREAM_HAL_OR(0));
hipError_t STREAM_HAL_SPT(hipMemcpyAsync)(void *dst, const void *src, size_t size_bytes, hipMemcpyKind kind, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpyAtoA(hipArray_t dst_array, size_t dst_offset, hipArray_t src_array, size_t src_offset, size_t byte_count);
hipError_t hipMemcpyAtoD(hipDeviceptr_t dst_device, hipArray_t src_array, size_t src_offset, size_t byte_count);
hipError_t hipMemcpyAtoH(void *dst, hipArray_t src_array, size_t src_offset, size_t count);
hipError_t hipMemcpyAtoHAsync(void *dst_host, hipArray_t src_array, size_t src_offset, size_t byte_count, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpyBatchAsync(void **dsts, void **srcs, size_t *sizes, size_t count, struct hipMemcpyAttributes *attrs, size_t *attrs_idxs, size_t num_attrs, size_t *fail_idx, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpyDtoA(hipArray_t dst_array, size_t dst_offset, hipDeviceptr_t src_device, size_t byte_count);
hipError_t hipMemcpyDtoD(hipDeviceptr_t dst, hipDeviceptr_t src, size_t size_bytes);
hipError_t hipMemcpyDtoDAsync(hipDeviceptr_t dst, hipDeviceptr_t src, size_t size_bytes, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpyDtoH(void *dst, hipDeviceptr_t src, size_t size_bytes);
hipError_t hipMemcpyDtoHAsync(void *dst, hipDeviceptr_t src, size_t size_bytes, hipStream_t stream STREAM_HAL_OR(0));
hipError_t STREAM_HAL_SPT(hipMemcpyFromSymbol)(void *dst, const void *symbol, size_t size_bytes, size_t offset, hipMemcpyKind kind);
hipError_t STREAM_HAL_SPT(hipMemcpyFromSymbolAsync)(void *dst, const void *symbol, size_t size_bytes, size_t offset, hipMemcpyKind kind, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpyHtoA(hipArray_t dst_array, size_t dst_offset, const void *src_host, size_t count);
hipError_t hipMemcpyHtoAAsync(hipArray_t dst_array, size_t dst_offset, const void *src_host, size_t byte_count, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpyHtoD(hipDeviceptr_t dst, const void *src, size_t size_bytes);
hipError_t hipMemcpyHtoDAsync(hipDeviceptr_t dst, const void *src, size_t size_bytes, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpyParam2D(const struct hip_Memcpy2D *copy);
hipError_t hipMemcpyParam2DAsync(const struct hip_Memcpy2D *copy, hipStream_t stream STREAM_HAL_OR(0));
hipError_t STREAM_HAL_SPT(hipMemcpyToSymbol)(const void *symbol, const void *src, size_t size_bytes, size_t offset, hipMemcpyKind kind);
hipError_t STREAM_HAL_SPT(hipMemcpyToSymbolAsync)(const void *symbol, const void *src, size_t size_bytes, size_t offset, hipMemcpyKind kind, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemcpyWithStream(void *dst, const void *src, size_t size_bytes, hipMemcpyKind kind, hipStream_t stream);
hipError_t STREAM_HAL_SPT(hipMemset)(void *dst, int value, size_t size_bytes);
hipError_t STREAM_HAL_SPT(hipMemset2D)(void *dst, size_t pitch, int value, size_t width, size_t height);
hipError_t STREAM_HAL_SPT(hipMemset2DAsync)(void *dst, size_t pitch, int value, size_t width, size_t height, hipStream_t stream STREAM_HAL_OR(0));
hipError_t STREAM_HAL_SPT(hipMemset3D)(struct hipPitchedPtr pitched_dev_ptr, int value, struct hipExtent extent);
hipError_t STREAM_HAL_SPT(hipMemset3DAsync)(struct hipPitchedPtr pitched_dev_ptr, int value, struct hipExtent extent, hipStream_t stream STREAM_HAL_OR(0));
hipError_t STREAM_HAL_SPT(hipMemsetAsync)(void *dst, int value, size_t size_bytes, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemsetD16(hipDeviceptr_t dest, unsigned short value, size_t count);
hipError_t hipMemsetD16Async(hipDeviceptr_t dest, unsigned short value, size_t count, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemsetD2D16(hipDeviceptr_t dst, size_t dst_pitch, unsigned short value, size_t width, size_t height);
hipError_t hipMemsetD2D16Async(hipDeviceptr_t dst, size_t dst_pitch, unsigned short value, size_t width, size_t height, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemsetD2D32(hipDeviceptr_t dst, size_t dst_pitch, unsigned int value, size_t width, size_t height);
hipError_t hipMemsetD2D32Async(hipDeviceptr_t dst, size_t dst_pitch, unsigned int value, size_t width, size_t height, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemsetD2D8(hipDeviceptr_t dst, size_t dst_pitch, unsigned char value, size_t width, size_t height);
hipError_t hipMemsetD2D8Async(hipDeviceptr_t dst, size_t dst_pitch, unsigned char value, size_t width, size_t height, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemsetD32(hipDeviceptr_t dest, int value, size_t count);
hipError_t hipMemsetD32Async(hipDeviceptr_t dst, int value, size_t count, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemsetD8(hipDeviceptr_t dest, unsigned char value, size_t count);
hipError_t hipMemsetD8Async(hipDeviceptr_t dest, unsigned char value, size_t count, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipPointerGetAttribute(void *data, hipPointer_attribute attribute, hipDeviceptr_t ptr);
hipError_t hipPointerGetAttributes(struct hipPointerAttribute_t *attributes, const void *ptr);
hipError_t hipPointerSetAttribute(const void *value, hipPointer_attribute attribute, hipDeviceptr_t ptr);

/* Memory Management (old) */
hipError_t hipHostFree(void *ptr);
hipError_t hipMallocHost(void **ptr, size_t size);
hipError_t hipMemAllocHost(void **ptr, size_t size);
hipError_t STREAM_HAL_SPT(hipMemcpyFromArray)(void *dst, hipArray_const_t src_array, size_t w_offset, size_t offset, size_t count, hipMemcpyKind kind);
hipError_t hipMemcpyToArray(hipArray_t dst, size_t w_offset, size_t offset, const void *src, size_t count, hipMemcpyKind kind);

/* Managed Memory */
hipError_t hipDrvMemDiscardAndPrefetchBatchAsync(hipDeviceptr_t *dptrs, size_t *sizes, size_t count, struct hipMemLocation *prefetch_locs, size_t *prefetch_loc_idxs, size_t num_prefetch_locs, unsigned long long flags, hipStream_t stream);
hipError_t hipDrvMemDiscardBatchAsync(hipDeviceptr_t *dptrs, size_t *sizes, size_t count, unsigned long long flags, hipStream_t stream);
hipError_t hipMallocManaged(void **dev_ptr, size_t size, unsigned int flags STREAM_HAL_OR(hipMemAttachGlobal));
hipError_t hipMemAdvise(const void *dev_ptr, size_t count, hipMemoryAdvise advice, int device);
hipError_t hipMemAdvise_v2(const void *dev_ptr, size_t count, hipMemoryAdvise advice, struct hipMemLocation location);
hipError_t hipMemDiscardAndPrefetchBatchAsync(void **dptrs, size_t *sizes, size_t count, struct hipMemLocation *prefetch_locs, size_t *prefetch_loc_idxs, size_t num_prefetch_locs, unsigned long long flags, hipStream_t stream);
hipError_t hipMemDiscardBatchAsync(void **dev_ptrs, size_t *sizes, size_t count, unsigned long long flags, hipStream_t stream);
hipError_t hipMemPrefetchAsync(const void *dev_ptr, size_t count, int device, hipStream_t stream STREAM_HAL_OR(0));
hipError_t hipMemPrefetchAsync_v2(const void *dev_ptr, size_t count, struct hipMemLocation location, unsigned int flags, hipStream_t stream);
hipError_t hipMemPrefetchBatchAsync(void **dev_ptrs, size_t *sizes, size_t count, struct hipMemLocation *prefetch_locs, size_t *prefetch_loc_idxs, size_t num_prefetch_locs, unsigned long long flags, hipStream_t stream);
hipError_t hipMemRangeGetAttribute(void *data, size_t data_size, hipMemRangeAttribute attribute, const void *dev_ptr, size_t count);
hipError_t hipMemRangeGetAttributes(void **data, size_t *data_sizes, hipMemRangeAttribute *attributes, size_t num_attributes, const void *dev_ptr, size_t count);
hipError_t hipStreamAttachMemAsync(hipStream_t stream, void *dev_ptr, size_t length, unsigned int flags);

/* Stream Ordered Memory Allocator */
hipError_t hipFreeAsync(void *dev_ptr, hipStream_t stream);
hipError_t hipMallocFromPoolAsync(void **dev_ptr, size_t size, hipMemPool_t mem_pool, hipStream_t stream);
hipError_t hipMemGetMemPool(hipMemPool_t *pool, struct hipMemLocation *location, hipMemAllocationType type);
hipError_t hipMemPoolCreate(hipMemPool_t *mem_pool, const struct hipMemPoolProps *pool_props);
hipError_t hipMemPoolDestroy(hipMemPool_t mem_pool);
hipError_t hipMemPoolExportPointer(struct hipMemPoolPtrExportData *export_data, void *dev_ptr);
hipError_t hipMemPoolExportToShareableHandle(void *shared_handle, hipMemPool_t mem_pool, hipMemAllocationHandleType handle_type, unsigned int flags);
hipError_t hipMemPoolGetAccess(hipMemAccessFlags *flags, hipMemPool_t mem_pool, struct hipMemLocation *location);
hipError_t hipMemPoolGetAttribute(hipMemPool_t mem_pool, hipMemPoolAttr attr, void *value);
hipError_t hipMemPoolImportFromShareableHandle(hipMemPool_t *mem_pool, void *shared_handle, hipMemAllocationHandleType handle_type, unsigned int flags);
hipError_t hipMemPoolImportPointer(void **dev_ptr, hipMemPool_t mem_pool, struct hipMemPoolPtrExportData *export_data);
hipError_t hipMemPoolSetAccess(hipMemPool_t mem_pool, const struct hipMemAccessDesc *desc_list, size_t count);
hipError_t hipMemPoolSetAttribute(hipMemPool_t mem_pool, hipMemPoolAttr attr, void *value);
hipError_t hipMemPoolTrimTo(hipMemPool_t mem_pool, size_t min_bytes_to_hold);
hipError_t hipMemSetMemPool(struct hipMemLocation *location, hipMemAllocationType type, hipMemPool_t pool);

/* Virtual Memory Management */
hipError_t hipMemAddressFree(void *dev_ptr, size_t size);
hipError_t hipMemAddressReserve(void **ptr, size_t size, size_t alignment, void *addr, unsigned long long flags);
hipError_t hipMemCreate(hipMemGenericAllocationHandle_t *handle, size_t size, const struct hipMemAllocationProp *prop, unsigned long long flags);
hipError_t hipMemExportToShareableHandle(void *shareable_handle, hipMemGenericAllocationHandle_t handle, hipMemAllocationHandleType handle_type, unsigned long long flags);
hipError_t hipMemGetAccess(unsigned long long *flags, const struct hipMemLocation *location, void *ptr);
hipError_t hipMemGetAllocationGranularity(size_t *granularity, const struct hipMemAllocationProp *prop, hipMemAllocationGranularity_flags option);
hipError_t hipMemGetAllocationPropertiesFromHandle(struct hipMemAllocationProp *prop, hipMemGenericAllocationHandle_t handle);
hipError_t hipMemImportFromShareableHandle(hipMemGenericAllocationHandle_t *handle, void *os_handle, hipMemAllocationHandleType sh_handle_type);
hipError_t hipMemMap(void *ptr, size_t size, size_t offset, hipMemGenericAllocationHandle_t handle, unsigned long long flags);
hipError_t hipMemMapArrayAsync(struct hipArrayMapInfo *map_info_list, unsigned int count, hipStream_t stream);
hipError_t hipMemRelease(hipMemGenericAllocationHandle_t handle);
hipError_t hipMemRetainAllocationHandle(hipMemGenericAllocationHandle_t *handle, void *addr);
hipError_t hipMemSetAccess(void *ptr, size_t size, const struct hipMemAccessDesc *desc, size_t count);
hipError_t hipMemUnmap(void *ptr, size_t size);

/* Graph Management */
hipError_t hipDeviceGetGraphMemAttribute(int device, hipGraphMemAttributeType attr, void *value);
hipError_t hipDeviceGraphMemTrim(int device);
hipError_t hipDeviceSetGraphMemAttribute(int device, hipGraphMemAttributeType attr, void *value);
hipError_t hipDrvGraphAddMemFreeNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, hipDeviceptr_t dptr);
hipError_t hipDrvGraphAddMemcpyNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct HIP_MEMCPY3D *copy_params, hipCtx_t ctx);
hipError_t hipDrvGraphAddMemsetNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct hipMemsetParams *memset_params, hipCtx_t ctx);
hipError_t hipDrvGraphExecMemcpyNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, const struct HIP_MEMCPY3D *copy_params, hipCtx_t ctx);
hipError_t hipDrvGraphExecMemsetNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, const struct hipMemsetParams *memset_params, hipCtx_t ctx);
hipError_t hipDrvGraphMemcpyNodeGetParams(hipGraphNode_t node, struct HIP_MEMCPY3D *node_params);
hipError_t hipDrvGraphMemcpyNodeSetParams(hipGraphNode_t node, const struct HIP_MEMCPY3D *node_params);
hipError_t hipGraphAddChildGraphNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, hipGraph_t child_graph);
hipError_t hipGraphAddDependencies(hipGraph_t graph, const hipGraphNode_t *from, const hipGraphNode_t *to, size_t num_dependencies);
hipError_t hipGraphAddEmptyNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies);
hipError_t hipGraphAddEventRecordNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, hipEvent_t event);
hipError_t hipGraphAddEventWaitNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, hipEvent_t event);
hipError_t hipGraphAddExternalSemaphoresSignalNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct hipExternalSemaphoreSignalNodeParams *node_params);
hipError_t hipGraphAddExternalSemaphoresWaitNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct hipExternalSemaphoreWaitNodeParams *node_params);
hipError_t hipGraphAddHostNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct hipHostNodeParams *node_params);
hipError_t hipGraphAddKernelNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct hipKernelNodeParams *node_params);
hipError_t hipGraphAddMemAllocNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, struct hipMemAllocNodeParams *node_params);
hipError_t hipGraphAddMemFreeNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, void *dev_ptr);
hipError_t hipGraphAddMemcpyNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct hipMemcpy3DParms *copy_params);
hipError_t hipGraphAddMemcpyNode1D(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, void *dst, const void *src, size_t count, hipMemcpyKind kind);
hipError_t hipGraphAddMemcpyNodeFromSymbol(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, void *dst, const void *symbol, size_t count, size_t offset, hipMemcpyKind kind);
hipError_t hipGraphAddMemcpyNodeToSymbol(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const void *symbol, const void *src, size_t count, size_t offset, hipMemcpyKind kind);
hipError_t hipGraphAddMemsetNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, const struct hipMemsetParams *memset_params);
hipError_t hipGraphAddNode(hipGraphNode_t *graph_node, hipGraph_t graph, const hipGraphNode_t *dependencies, size_t num_dependencies, struct hipGraphNodeParams *node_params);
hipError_t hipGraphChildGraphNodeGetGraph(hipGraphNode_t node, hipGraph_t *graph);
hipError_t hipGraphClone(hipGraph_t *graph_clone, hipGraph_t original_graph);
hipError_t hipGraphCreate(hipGraph_t *graph, unsigned int flags);
hipError_t hipGraphDebugDotPrint(hipGraph_t graph, const char *path, unsigned int flags);
hipError_t hipGraphDestroy(hipGraph_t graph);
hipError_t hipGraphDestroyNode(hipGraphNode_t node);
hipError_t hipGraphEventRecordNodeGetEvent(hipGraphNode_t node, hipEvent_t *event_out);
hipError_t hipGraphEventRecordNodeSetEvent(hipGraphNode_t node, hipEvent_t event);
hipError_t hipGraphEventWaitNodeGetEvent(hipGraphNode_t node, hipEvent_t *event_out);
hipError_t hipGraphEventWaitNodeSetEvent(hipGraphNode_t node, hipEvent_t event);
hipError_t hipGraphExecChildGraphNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, hipGraph_t child_graph);
hipError_t hipGraphExecDestroy(hipGraphExec_t graph_exec);
hipError_t hipGraphExecEventRecordNodeSetEvent(hipGraphExec_t graph_exec, hipGraphNode_t node, hipEvent_t event);
hipError_t hipGraphExecEventWaitNodeSetEvent(hipGraphExec_t graph_exec, hipGraphNode_t node, hipEvent_t event);
hipError_t hipGraphExecExternalSemaphoresSignalNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, const struct hipExternalSemaphoreSignalNodeParams *node_params);
hipError_t hipGraphExecExternalSemaphoresWaitNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, const struct hipExternalSemaphoreWaitNodeParams *node_params);
hipError_t hipGraphExecGetFlags(hipGraphExec_t graph_exec, unsigned long long *flags);
hipError_t hipGraphExecHostNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, const struct hipHostNodeParams *node_params);
hipError_t hipGraphExecKernelNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, const struct hipKernelNodeParams *node_params);
hipError_t hipGraphExecMemcpyNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, struct hipMemcpy3DParms *node_params);
hipError_t hipGraphExecMemcpyNodeSetParams1D(hipGraphExec_t graph_exec, hipGraphNode_t node, void *dst, const void *src, size_t count, hipMemcpyKind kind);
hipError_t hipGraphExecMemcpyNodeSetParamsFromSymbol(hipGraphExec_t graph_exec, hipGraphNode_t node, void *dst, const void *symbol, size_t count, size_t offset, hipMemcpyKind kind);
hipError_t hipGraphExecMemcpyNodeSetParamsToSymbol(hipGraphExec_t graph_exec, hipGraphNode_t node, const void *symbol, const void *src, size_t count, size_t offset, hipMemcpyKind kind);
hipError_t hipGraphExecMemsetNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, const struct hipMemsetParams *node_params);
hipError_t hipGraphExecNodeSetParams(hipGraphExec_t graph_exec, hipGraphNode_t node, struct hipGraphNodeParams *node_params);
hipError_t hipGraphExecUpdate(hipGraphExec_t graph_exec, hipGraph_t graph, hipGraphNode_t *error_node_out, hipGraphExecUpdateResult *update_result_out);
hipError_t hipGraphExternalSemaphoresSignalNodeGetParams(hipGraphNode_t node, struct hipExternalSemaphoreSignalNodeParams *params_out);
hipError_t hipGraphExternalSemaphoresSignalNodeSetParams(hipGraphNode_t node, const struct hipExternalSemaphoreSignalNodeParams *node_params);
hipError_t hipGraphExternalSemaphoresWaitNodeGetParams(hipGraphNode_t node, struct hipExternalSemaphoreWaitNodeParams *params_out);
hipError_t hipGraphExternalSemaphoresWaitNodeSetParams(hipGraphNode_t node, const struct hipExternalSemaphoreWaitNodeParams *node_params);
hipError_t hipGraphGetEdges(hipGraph_t graph, hipGraphNode_t *from, hipGraphNode_t *to, size_t *num_edges);
hipError_t hipGraphGetNodes(hipGraph_t graph, hipGraphNode_t *nodes, size_t *num_nodes);
hipError_t hipGraphGetRootNodes(hipGraph_t graph, hipGraphNode_t *root_nodes, size_t *num_root_nodes);
hipError_t hipGraphHostNodeGetParams(hipGraphNode_t node, struct hipHostNodeParams *node_params);
hipError_t hipGraphHostNodeSetParams(hipGraphNode_t node, const struct hipHostNodeParams *node_params);
hipError_t hipGraphInstantiate(hipGraphExec_t *graph_exec, hipGraph_t graph, hipGraphNode_t *error_node, char *log_buffer, size_t buffer_size);
hipError_t hipGraphInstantiateWithFlags(hipGraphExec_t *graph_exec, hipGraph_t graph, unsigned long long flags);
hipError_t hipGraphInstantiateWithParams(hipGraphExec_t *graph_exec, hipGraph_t graph, struct hipGraphInstantiateParams *instantiate_params);
hipError_t hipGraphKernelNodeCopyAttributes(hipGraphNode_t src, hipGraphNode_t dst);
hipError_t hipGraphKernelNodeGetAttribute(hipGraphNode_t node, hipLaunchAttributeID attr, union hipLaunchAttributeValue *value);
hipError_t hipGraphKernelNodeGetParams(hipGraphNode_t node, struct hipKernelNodeParams *node_params);
hipError_t hipGraphKernelNodeSetAttribute(hipGraphNode_t node, hipLaunchAttributeID attr, const union hipLaunchAttributeValue *value);
hipError_t hipGraphKernelNodeSetParams(hipGraphNode_t node, const struct hipKernelNodeParams *node_params);
hipError_t STREAM_HAL_SPT(hipGraphLaunch)(hipGraphExec_t graph_exec, hipStream_t stream);
hipError_t hipGraphMemAllocNodeGetParams(hipGraphNode_t node, struct hipMemAllocNodeParams *node_params);
hipError_t hipGraphMemFreeNodeGetParams(hipGraphNode_t node, void *dev_ptr);
hipError_t hipGraphMemcpyNodeGetParams(hipGraphNode_t node, struct hipMemcpy3DParms *node_params);
hipError_t hipGraphMemcpyNodeSetParams(hipGraphNode_t node, const struct hipMemcpy3DParms *node_params);
hipError_t hipGraphMemcpyNodeSetParams1D(hipGraphNode_t node, void *dst, const void *src, size_t count, hipMemcpyKind kind);
hipError_t hipGraphMemcpyNodeSetParamsFromSymbol(hipGraphNode_t node, void *dst, const void *symbol, size_t count, size_t offset, hipMemcpyKind kind);
hipError_t hipGraphMemcpyNodeSetParamsToSymbol(hipGraphNode_t node, const void *symbol, const void *src, size_t count, size_t offset, hipMemcpyKind kind);
hipError_t hipGraphMemsetNodeGetParams(hipGraphNode_t node, struct hipMemsetParams *node_params);
hipError_t hipGraphMemsetNodeSetParams(hipGraphNode_t node, const struct hipMemsetParams *node_params);
hipError_t hipGraphNodeFindInClone(hipGraphNode_t *node, hipGraphNode_t original_node, hipGraph_t cloned_graph);
hipError_t hipGraphNodeGetDependencies(hipGraphNode_t node, hipGraphNode_t *dependencies, size_t *num_dependencies);
hipError_t hipGraphNodeGetDependentNodes(hipGraphNode_t node, hipGraphNode_t *dependent_nodes, size_t *num_dependent_nodes);
hipError_t hipGraphNodeGetEnabled(hipGraphExec_t graph_exec, hipGraphNode_t node, unsigned int *is_enabled);
hipError_t hipGraphNodeGetType(hipGraphNode_t node, hipGraphNodeType *type);
hipError_t hipGraphNodeSetEnabled(hipGraphExec_t graph_exec, hipGraphNode_t node, unsigned int is_enabled);
hipError_t hipGraphNodeSetParams(hipGraphNode_t node, struct hipGraphNodeParams *node_params);
hipError_t hipGraphReleaseUserObject(hipGraph_t graph, hipUserObject_t object, unsigned int count);
hipError_t hipGraphRemoveDependencies(hipGraph_t graph, const hipGraphNode_t *from, const hipGraphNode_t *to, size_t num_dependencies);
hipError_t hipGraphRetainUserObject(hipGraph_t graph, hipUserObject_t object, unsigned int count, unsigned int flags);
hipError_t hipGraphUpload(hipGraphExec_t graph_exec, hipStream_t stream);
hipError_t STREAM_HAL_SPT(hipStreamBeginCapture)(hipStream_t stream, hipStreamCaptureMode mode);
hipError_t hipStreamBeginCaptureToGraph(hipStream_t stream, hipGraph_t graph, const hipGraphNode_t *dependencies, const struct hipGraphEdgeData *dependency_data, size_t num_dependencies, hipStreamCaptureMode mode);
hipError_t STREAM_HAL_SPT(hipStreamEndCapture)(hipStream_t stream, hipGraph_t *graph);
hipError_t STREAM_HAL_SPT(hipStreamGetCaptureInfo)(hipStream_t stream, hipStreamCaptureStatus *capture_status, unsigned long long *id);
hipError_t STREAM_HAL_SPT(hipStreamGetCaptureInfo_v2)(hipStream_t stream, hipStreamCaptureStatus *capture_status_out, unsigned long long *id_out, hipGraph_t *graph_out, const hipGraphNode_t **dependencies_out, size_t *num_dependencies_out);
hipError_t STREAM_HAL_SPT(hipStreamIsCapturing)(hipStream_t stream, hipStreamCaptureStatus *capture_status);
hipError_t hipStreamUpdateCaptureDependencies(hipStream_t stream, hipGraphNode_t *dependencies, size_t num_dependencies, unsigned int flags);
hipError_t hipThreadExchangeStreamCaptureMode(hipStreamCaptureMode *mode);
hipError_t hipUserObjectCreate(hipUserObject_t *object_out, void *ptr, hipHostFn_t destroy, unsigned int initial_refcount, unsigned int flags);
hipError_t hipUserObjectRelease(hipUserObject_t object, unsigned int count);
hipError_t hipUserObjectRetain(hipUserObject_t object, unsigned int count);

/* Occupancy */
hipError_t hipModuleOccupancyMaxActiveBlocksPerMultiprocessor(int *num_blocks, hipFunction_t function, int block_size, size_t dyn_shared_mem_per_blk);
hipError_t hipModuleOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *num_blocks, hipFunction_t function, int block_size, size_t dyn_shared_mem_per_blk, unsigned int flags);
hipError_t hipModuleOccupancyMaxPotentialBlockSize(int *grid_size, int *block_size, hipFunction_t function, size_t dyn_shared_mem_per_blk, int block_size_limit);
hipError_t hipModuleOccupancyMaxPotentialBlockSizeWithFlags(int *grid_size, int *block_size, hipFunction_t function, size_t dyn_shared_mem_per_blk, int block_size_limit, unsigned int flags);
hipError_t hipOccupancyAvailableDynamicSMemPerBlock(size_t *dynamic_smem_size, const void *function, int num_blocks, int block_size);
hipError_t hipOccupancyMaxActiveBlocksPerMultiprocessor(int *num_blocks, const void *function, int block_size, size_t dyn_shared_mem_per_blk);
hipError_t hipOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *num_blocks, const void *function, int block_size, size_t dyn_shared_mem_per_blk, unsigned int flags);
hipError_t hipOccupancyMaxActiveClusters(int *num_clusters, const void *function, const hipLaunchConfig_t *config);
hipError_t hipOccupancyMaxPotentialBlockSize(int *grid_size, int *block_size, const void *function, size_t dyn_shared_mem_per_blk, int block_size_limit);
hipError_t hipOccupancyMaxPotentialClusterSize(int *cluster_size, const void *function, const hipLaunchConfig_t *config);

/* Profiler Control (old) */
hipError_t hipProfilerStart(void);
hipError_t hipProfilerStop(void);

/* What a compiler's host code calls: registration of device code and the launch in two halves. */
void **__hipRegisterFatBinary(const void *data);
void __hipRegisterFunction(void **modules, const void *host_function, char *device_function, const char *device_name, unsigned int thread_limit, void *tid, void *bid, dim3 *block_dim, dim3 *grid_dim, int *warp_size);
void __hipRegisterVar(void **modules, void *variable, char *host_variable, char *device_variable, int ext, size_t size, int constant, int global);
void __hipRegisterManagedVar(void *module, void **pointer, void *init_value, const char *name, size_t size, unsigned int align);
void __hipUnregisterFatBinary(void **modules);
hipError_t __hipPushCallConfiguration(dim3 grid_dim, dim3 block_dim, size_t shared_mem STREAM_HAL_OR(0), hipStream_t stream STREAM_HAL_OR(0));
hipError_t __hipPopCallConfiguration(dim3 *grid_dim, dim3 *block_dim, size_t *shared_mem, hipStream_t *stream);

/* Ours: ends all devices of the process; the next call starts anew. */
hipError_t hipHALDeinit(void);

#ifdef __cplusplus
}
#endif

/* The symbol that a name of the program means. */
#define hipGetDeviceProperties hipGetDevicePropertiesR0600
#define hipDeviceProp_t hipDeviceProp_tR0600
#define hipChooseDevice hipChooseDeviceR0600
#define hipStreamAddCallback STREAM_HAL_SPT(hipStreamAddCallback)
#define hipStreamGetFlags STREAM_HAL_SPT(hipStreamGetFlags)
#define hipStreamGetPriority STREAM_HAL_SPT(hipStreamGetPriority)
#define hipStreamQuery STREAM_HAL_SPT(hipStreamQuery)
#define hipStreamSynchronize STREAM_HAL_SPT(hipStreamSynchronize)
#define hipStreamWaitEvent STREAM_HAL_SPT(hipStreamWaitEvent)
#define hipEventRecord STREAM_HAL_SPT(hipEventRecord)
#define hipLaunchCooperativeKernel STREAM_HAL_SPT(hipLaunchCooperativeKernel)
#define hipLaunchHostFunc STREAM_HAL_SPT(hipLaunchHostFunc)
#define hipLaunchKernel STREAM_HAL_SPT(hipLaunchKernel)
#define hipGetDriverEntryPoint STREAM_HAL_SPT(hipGetDriverEntryPoint)
#define hipGetProcAddress STREAM_HAL_SPT(hipGetProcAddress)
#define hipMemcpy STREAM_HAL_SPT(hipMemcpy)
#define hipMemcpy2D STREAM_HAL_SPT(hipMemcpy2D)
#define hipMemcpy2DAsync STREAM_HAL_SPT(hipMemcpy2DAsync)
#define hipMemcpy2DFromArray STREAM_HAL_SPT(hipMemcpy2DFromArray)
#define hipMemcpy2DFromArrayAsync STREAM_HAL_SPT(hipMemcpy2DFromArrayAsync)
#define hipMemcpy2DToArray STREAM_HAL_SPT(hipMemcpy2DToArray)
#define hipMemcpy2DToArrayAsync STREAM_HAL_SPT(hipMemcpy2DToArrayAsync)
#define hipMemcpy3D STREAM_HAL_SPT(hipMemcpy3D)
#define hipMemcpy3DAsync STREAM_HAL_SPT(hipMemcpy3DAsync)
#define hipMemcpyAsync STREAM_HAL_SPT(hipMemcpyAsync)
#define hipMemcpyFromSymbol STREAM_HAL_SPT(hipMemcpyFromSymbol)
#define hipMemcpyFromSymbolAsync STREAM_HAL_SPT(hipMemcpyFromSymbolAsync)
#define hipMemcpyToSymbol STREAM_HAL_SPT(hipMemcpyToSymbol)
#define hipMemcpyToSymbolAsync STREAM_HAL_SPT(hipMemcpyToSymbolAsync)
#define hipMemset STREAM_HAL_SPT(hipMemset)
#define hipMemset2D STREAM_HAL_SPT(hipMemset2D)
#define hipMemset2DAsync STREAM_HAL_SPT(hipMemset2DAsync)
#define hipMemset3D STREAM_HAL_SPT(hipMemset3D)
#define hipMemset3DAsync STREAM_HAL_SPT(hipMemset3DAsync)
#define hipMemsetAsync STREAM_HAL_SPT(hipMemsetAsync)
#define hipMemcpyFromArray STREAM_HAL_SPT(hipMemcpyFromArray)
#define hipGraphLaunch STREAM_HAL_SPT(hipGraphLaunch)
#define hipStreamBeginCapture STREAM_HAL_SPT(hipStreamBeginCapture)
#define hipStreamEndCapture STREAM_HAL_SPT(hipStreamEndCapture)
#define hipStreamGetCaptureInfo STREAM_HAL_SPT(hipStreamGetCaptureInfo)
#define hipStreamGetCaptureInfo_v2 STREAM_HAL_SPT(hipStreamGetCaptureInfo_v2)
#define hipStreamIsCapturing STREAM_HAL_SPT(hipStreamIsCapturing)

#endif
