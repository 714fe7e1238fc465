/* Part of <hip/hip_runtime_api.h>: handles, callbacks and structs of the HIP API. */
#ifndef STREAM_HAL_HIP_TYPES_H
#define STREAM_HAL_HIP_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include "values.h"

/* Handles and plain types. Handles are opaque: nothing of ours lies behind the pointer. */
typedef int hipDevice_t;
typedef struct ihipMemPoolHandle_t *hipMemPool_t;
typedef struct ihipEvent_t *hipEvent_t;
typedef struct ihipCtx_t *hipCtx_t;
typedef struct ihipStream_t *hipStream_t;
typedef struct hipGraphNode *hipGraphNode_t;
typedef struct ihipGraph *hipGraph_t;
typedef struct hipGraphExec *hipGraphExec_t;
typedef struct ihipModuleSymbol_t *hipFunction_t;
typedef struct hipArray *hipArray_t;
typedef struct ihipKernel_t *hipKernel_t;
typedef struct ihipLibrary_t *hipLibrary_t;
typedef struct ihipLinkState_t *hipLinkState_t;
typedef struct ihipModule_t *hipModule_t;
typedef struct ihipMemGenericAllocationHandle *hipMemGenericAllocationHandle_t;
typedef struct hipUserObject *hipUserObject_t;

struct hipUUID_t {
    char bytes[16];
};
typedef struct hipUUID_t hipUUID_t;
typedef struct hipUUID_t hipUUID;

struct hipIpcEventHandle_st {
    char reserved[64];
};
typedef struct hipIpcEventHandle_st hipIpcEventHandle_st;
typedef struct hipIpcEventHandle_st hipIpcEventHandle_t;

struct hipIpcMemHandle_st {
    char reserved[64];
};
typedef struct hipIpcMemHandle_st hipIpcMemHandle_st;
typedef struct hipIpcMemHandle_st hipIpcMemHandle_t;
typedef void (*hipStreamCallback_t)(hipStream_t stream, hipError_t status, void *user_data);
typedef void *hipDeviceptr_t;

struct hipStreamBatchMemOpParams_union_hipStreamMemOpWaitValueParams_t {
    hipStreamBatchMemOpType operation;
    hipDeviceptr_t address;
    union {
        uint32_t value;
        uint64_t value64;
    };
    unsigned int flags;
    hipDeviceptr_t alias;
};
typedef struct hipStreamBatchMemOpParams_union_hipStreamMemOpWaitValueParams_t hipStreamBatchMemOpParams_union_hipStreamMemOpWaitValueParams_t;

struct hipStreamBatchMemOpParams_union_hipStreamMemOpWriteValueParams_t {
    hipStreamBatchMemOpType operation;
    hipDeviceptr_t address;
    union {
        uint32_t value;
        uint64_t value64;
    };
    unsigned int flags;
    hipDeviceptr_t alias;
};
typedef struct hipStreamBatchMemOpParams_union_hipStreamMemOpWriteValueParams_t hipStreamBatchMemOpParams_union_hipStreamMemOpWriteValueParams_t;

struct hipStreamBatchMemOpParams_union_hipStreamMemOpFlushRemoteWritesParams_t {
    hipStreamBatchMemOpType operation;
    unsigned int flags;
};
typedef struct hipStreamBatchMemOpParams_union_hipStreamMemOpFlushRemoteWritesParams_t hipStreamBatchMemOpParams_union_hipStreamMemOpFlushRemoteWritesParams_t;

struct hipStreamBatchMemOpParams_union_hipStreamMemOpMemoryBarrierParams_t {
    hipStreamBatchMemOpType operation;
    unsigned int flags;
};
typedef struct hipStreamBatchMemOpParams_union_hipStreamMemOpMemoryBarrierParams_t hipStreamBatchMemOpParams_union_hipStreamMemOpMemoryBarrierParams_t;

union hipStreamBatchMemOpParams_union {
    hipStreamBatchMemOpType operation;
    struct hipStreamBatchMemOpParams_union_hipStreamMemOpWaitValueParams_t waitValue;
    struct hipStreamBatchMemOpParams_union_hipStreamMemOpWriteValueParams_t writeValue;
    struct hipStreamBatchMemOpParams_union_hipStreamMemOpFlushRemoteWritesParams_t flushRemoteWrites;
    struct hipStreamBatchMemOpParams_union_hipStreamMemOpMemoryBarrierParams_t memoryBarrier;
    uint64_t pad[6];
};
typedef union hipStreamBatchMemOpParams_union hipStreamBatchMemOpParams_union;
typedef union hipStreamBatchMemOpParams_union hipStreamBatchMemOpParams;

struct hipAccessPolicyWindow {
    void *base_ptr;
    hipAccessProperty hitProp;
    float hitRatio;
    hipAccessProperty missProp;
    size_t num_bytes;
};
typedef struct hipAccessPolicyWindow hipAccessPolicyWindow;

struct hipLaunchMemSyncDomainMap {
    unsigned char default_;
    unsigned char remote;
};
typedef struct hipLaunchMemSyncDomainMap hipLaunchMemSyncDomainMap;

struct hipExtDynDataPrefetchRegion {
    void *address;
    size_t stride;
    size_t width;
    size_t height;
};
typedef struct hipExtDynDataPrefetchRegion hipExtDynDataPrefetchRegion;

struct hipExtDynDataPrefetchConfig {
    unsigned int numRegions;
    hipExtDynDataPrefetchTemporal temporal;
    struct hipExtDynDataPrefetchRegion regions[2];
};
typedef struct hipExtDynDataPrefetchConfig hipExtDynDataPrefetchConfig;

union hipLaunchAttributeValue {
    char pad[64];
    struct hipAccessPolicyWindow accessPolicyWindow;
    int cooperative;
    int priority;
    hipSynchronizationPolicy syncPolicy;
    struct hipLaunchMemSyncDomainMap memSyncDomainMap;
    hipLaunchMemSyncDomain memSyncDomain;
    struct {
        unsigned int x;
        unsigned int y;
        unsigned int z;
    } clusterDim;
    hipClusterSchedulingPolicy clusterSchedulingPolicyPreference;
    const struct hipExtDynDataPrefetchConfig *dynDataPrefetch;
};
typedef union hipLaunchAttributeValue hipLaunchAttributeValue;

struct hipLaunchAttribute_st {
    hipLaunchAttributeID id;
    char pad[4];
    union {
        union hipLaunchAttributeValue val;
        union hipLaunchAttributeValue value;
    };
};
typedef struct hipLaunchAttribute_st hipLaunchAttribute_st;
typedef struct hipLaunchAttribute_st hipLaunchAttribute;

struct HIP_LAUNCH_CONFIG_st {
    unsigned int gridDimX;
    unsigned int gridDimY;
    unsigned int gridDimZ;
    unsigned int blockDimX;
    unsigned int blockDimY;
    unsigned int blockDimZ;
    unsigned int sharedMemBytes;
    hipStream_t hStream;
    hipLaunchAttribute *attrs;
    unsigned int numAttrs;
};
typedef struct HIP_LAUNCH_CONFIG_st HIP_LAUNCH_CONFIG_st;
typedef struct HIP_LAUNCH_CONFIG_st HIP_LAUNCH_CONFIG;

struct dim3 {
    uint32_t x;
    uint32_t y;
    uint32_t z;
#ifdef __cplusplus
    constexpr dim3(uint32_t x_ = 1, uint32_t y_ = 1, uint32_t z_ = 1) : x(x_), y(y_), z(z_) {}
#endif
};
typedef struct dim3 dim3;

struct hipLaunchParams_t {
    void *func;
    struct dim3 gridDim;
    struct dim3 blockDim;
    void **args;
    size_t sharedMem;
    hipStream_t stream;
};
typedef struct hipLaunchParams_t hipLaunchParams_t;
typedef struct hipLaunchParams_t hipLaunchParams;

struct hipLaunchConfig_st {
    struct dim3 gridDim;
    struct dim3 blockDim;
    size_t dynamicSmemBytes;
    hipStream_t stream;
    hipLaunchAttribute *attrs;
    unsigned int numAttrs;
};
typedef struct hipLaunchConfig_st hipLaunchConfig_st;
typedef struct hipLaunchConfig_st hipLaunchConfig_t;

struct hipFunctionLaunchParams_t {
    hipFunction_t function;
    unsigned int gridDimX;
    unsigned int gridDimY;
    unsigned int gridDimZ;
    unsigned int blockDimX;
    unsigned int blockDimY;
    unsigned int blockDimZ;
    unsigned int sharedMemBytes;
    hipStream_t hStream;
    void **kernelParams;
};
typedef struct hipFunctionLaunchParams_t hipFunctionLaunchParams_t;
typedef struct hipFunctionLaunchParams_t hipFunctionLaunchParams;
typedef void (*hipHostFn_t)(void *user_data);
typedef hipLibraryOption_e hipLibraryOption;
typedef const struct hipArray *hipArray_const_t;
typedef void *hipExternalSemaphore_t;

struct hipExternalSemaphoreSignalParams_st {
    struct {
        struct {
            unsigned long long value;
        } fence;
        union {
            void *fence;
            unsigned long long reserved;
        } nvSciSync;
        struct {
            unsigned long long key;
        } keyedMutex;
        unsigned int reserved[12];
    } params;
    unsigned int flags;
    unsigned int reserved[16];
};
typedef struct hipExternalSemaphoreSignalParams_st hipExternalSemaphoreSignalParams_st;
typedef struct hipExternalSemaphoreSignalParams_st hipExternalSemaphoreSignalParams;

struct hipExternalSemaphoreWaitParams_st {
    struct {
        struct {
            unsigned long long value;
        } fence;
        union {
            void *fence;
            unsigned long long reserved;
        } nvSciSync;
        struct {
            unsigned long long key;
            unsigned int timeoutMs;
        } keyedMutex;
        unsigned int reserved[10];
    } params;
    unsigned int flags;
    unsigned int reserved[16];
};
typedef struct hipExternalSemaphoreWaitParams_st hipExternalSemaphoreWaitParams_st;
typedef struct hipExternalSemaphoreWaitParams_st hipExternalSemaphoreWaitParams;

struct hipDeviceArch_t {
    unsigned int hasGlobalInt32Atomics : 1;
    unsigned int hasGlobalFloatAtomicExch : 1;
    unsigned int hasSharedInt32Atomics : 1;
    unsigned int hasSharedFloatAtomicExch : 1;
    unsigned int hasFloatAtomicAdd : 1;
    unsigned int hasGlobalInt64Atomics : 1;
    unsigned int hasSharedInt64Atomics : 1;
    unsigned int hasDoubles : 1;
    unsigned int hasWarpVote : 1;
    unsigned int hasWarpBallot : 1;
    unsigned int hasWarpShuffle : 1;
    unsigned int hasFunnelShift : 1;
    unsigned int hasThreadFenceSystem : 1;
    unsigned int hasSyncThreadsExt : 1;
    unsigned int hasSurfaceFuncs : 1;
    unsigned int has3dGrid : 1;
    unsigned int hasDynamicParallelism : 1;
};
typedef struct hipDeviceArch_t hipDeviceArch_t;

struct hipDeviceProp_tR0600 {
    char name[256];
    hipUUID uuid;
    char luid[8];
    unsigned int luidDeviceNodeMask;
    size_t totalGlobalMem;
    size_t sharedMemPerBlock;
    int regsPerBlock;
    int warpSize;
    size_t memPitch;
    int maxThreadsPerBlock;
    int maxThreadsDim[3];
    int maxGridSize[3];
    int clockRate;
    size_t totalConstMem;
    int major;
    int minor;
    size_t textureAlignment;
    size_t texturePitchAlignment;
    int deviceOverlap;
    int multiProcessorCount;
    int kernelExecTimeoutEnabled;
    int integrated;
    int canMapHostMemory;
    int computeMode;
    int maxTexture1D;
    int maxTexture1DMipmap;
    int maxTexture1DLinear;
    int maxTexture2D[2];
    int maxTexture2DMipmap[2];
    int maxTexture2DLinear[3];
    int maxTexture2DGather[2];
    int maxTexture3D[3];
    int maxTexture3DAlt[3];
    int maxTextureCubemap;
    int maxTexture1DLayered[2];
    int maxTexture2DLayered[3];
    int maxTextureCubemapLayered[2];
    int maxSurface1D;
    int maxSurface2D[2];
    int maxSurface3D[3];
    int maxSurface1DLayered[2];
    int maxSurface2DLayered[3];
    int maxSurfaceCubemap;
    int maxSurfaceCubemapLayered[2];
    size_t surfaceAlignment;
    int concurrentKernels;
    int ECCEnabled;
    int pciBusID;
    int pciDeviceID;
    int pciDomainID;
    int tccDriver;
    int asyncEngineCount;
    int unifiedAddressing;
    int memoryClockRate;
    int memoryBusWidth;
    int l2CacheSize;
    int persistingL2CacheMaxSize;
    int maxThreadsPerMultiProcessor;
    int streamPrioritiesSupported;
    int globalL1CacheSupported;
    int localL1CacheSupported;
    size_t sharedMemPerMultiprocessor;
    int regsPerMultiprocessor;
    int managedMemory;
    int isMultiGpuBoard;
    int multiGpuBoardGroupID;
    int hostNativeAtomicSupported;
    int singleToDoublePrecisionPerfRatio;
    int pageableMemoryAccess;
    int concurrentManagedAccess;
    int computePreemptionSupported;
    int canUseHostPointerForRegisteredMem;
    int cooperativeLaunch;
    int cooperativeMultiDeviceLaunch;
    size_t sharedMemPerBlockOptin;
    int pageableMemoryAccessUsesHostPageTables;
    int directManagedMemAccessFromHost;
    int maxBlocksPerMultiProcessor;
    int accessPolicyMaxWindowSize;
    size_t reservedSharedMemPerBlock;
    int hostRegisterSupported;
    int sparseHipArraySupported;
    int hostRegisterReadOnlySupported;
    int timelineSemaphoreInteropSupported;
    int memoryPoolsSupported;
    int gpuDirectRDMASupported;
    unsigned int gpuDirectRDMAFlushWritesOptions;
    int gpuDirectRDMAWritesOrdering;
    unsigned int memoryPoolSupportedHandleTypes;
    int deferredMappingHipArraySupported;
    int ipcEventSupported;
    int clusterLaunch;
    int unifiedFunctionPointers;
    int reserved[63];
    int hipReserved[32];
    char gcnArchName[256];
    size_t maxSharedMemoryPerMultiProcessor;
    int clockInstructionRate;
    struct hipDeviceArch_t arch;
    unsigned int *hdpMemFlushCntl;
    unsigned int *hdpRegFlushCntl;
    int cooperativeMultiDeviceUnmatchedFunc;
    int cooperativeMultiDeviceUnmatchedGridDim;
    int cooperativeMultiDeviceUnmatchedBlockDim;
    int cooperativeMultiDeviceUnmatchedSharedMem;
    int isLargeBar;
    int asicRevision;
};
typedef struct hipDeviceProp_tR0600 hipDeviceProp_tR0600;

struct hipBatchMemOpNodeParams {
    hipCtx_t ctx;
    unsigned int count;
    hipStreamBatchMemOpParams *paramArray;
    unsigned int flags;
};
typedef struct hipBatchMemOpNodeParams hipBatchMemOpNodeParams;

struct hipFuncAttributes {
    int binaryVersion;
    int cacheModeCA;
    size_t constSizeBytes;
    size_t localSizeBytes;
    int maxDynamicSharedSizeBytes;
    int maxThreadsPerBlock;
    int numRegs;
    int preferredShmemCarveout;
    int ptxVersion;
    size_t sharedSizeBytes;
};
typedef struct hipFuncAttributes hipFuncAttributes;

struct hip_Memcpy2D {
    size_t srcXInBytes;
    size_t srcY;
    hipMemoryType srcMemoryType;
    const void *srcHost;
    hipDeviceptr_t srcDevice;
    hipArray_t srcArray;
    size_t srcPitch;
    size_t dstXInBytes;
    size_t dstY;
    hipMemoryType dstMemoryType;
    void *dstHost;
    hipDeviceptr_t dstDevice;
    hipArray_t dstArray;
    size_t dstPitch;
    size_t WidthInBytes;
    size_t Height;
};
typedef struct hip_Memcpy2D hip_Memcpy2D;

struct HIP_ARRAY3D_DESCRIPTOR {
    size_t Width;
    size_t Height;
    size_t Depth;
    hipArray_Format Format;
    unsigned int NumChannels;
    unsigned int Flags;
};
typedef struct HIP_ARRAY3D_DESCRIPTOR HIP_ARRAY3D_DESCRIPTOR;

struct HIP_ARRAY_DESCRIPTOR {
    size_t Width;
    size_t Height;
    hipArray_Format Format;
    unsigned int NumChannels;
};
typedef struct HIP_ARRAY_DESCRIPTOR HIP_ARRAY_DESCRIPTOR;

struct hipChannelFormatDesc {
    int x;
    int y;
    int z;
    int w;
    hipChannelFormatKind f;
};
typedef struct hipChannelFormatDesc hipChannelFormatDesc;

struct hipExtent {
    size_t width;
    size_t height;
    size_t depth;
};
typedef struct hipExtent hipExtent;

struct HIP_MEMCPY3D {
    size_t srcXInBytes;
    size_t srcY;
    size_t srcZ;
    size_t srcLOD;
    hipMemoryType srcMemoryType;
    const void *srcHost;
    hipDeviceptr_t srcDevice;
    hipArray_t srcArray;
    size_t srcPitch;
    size_t srcHeight;
    size_t dstXInBytes;
    size_t dstY;
    size_t dstZ;
    size_t dstLOD;
    hipMemoryType dstMemoryType;
    void *dstHost;
    hipDeviceptr_t dstDevice;
    hipArray_t dstArray;
    size_t dstPitch;
    size_t dstHeight;
    size_t WidthInBytes;
    size_t Height;
    size_t Depth;
};
typedef struct HIP_MEMCPY3D HIP_MEMCPY3D;

struct hipPitchedPtr {
    void *ptr;
    size_t pitch;
    size_t xsize;
    size_t ysize;
};
typedef struct hipPitchedPtr hipPitchedPtr;

struct hipPos {
    size_t x;
    size_t y;
    size_t z;
};
typedef struct hipPos hipPos;

struct hipMemcpy3DParms {
    hipArray_t srcArray;
    struct hipPos srcPos;
    struct hipPitchedPtr srcPtr;
    hipArray_t dstArray;
    struct hipPos dstPos;
    struct hipPitchedPtr dstPtr;
    struct hipExtent extent;
    hipMemcpyKind kind;
};
typedef struct hipMemcpy3DParms hipMemcpy3DParms;

struct hipMemLocation {
    hipMemLocationType type;
    int id;
};
typedef struct hipMemLocation hipMemLocation;

struct hipOffset3D {
    size_t x;
    size_t y;
    size_t z;
};
typedef struct hipOffset3D hipOffset3D;

struct hipMemcpy3DOperand {
    hipMemcpy3DOperandType type;
    union {
        struct {
            void *ptr;
            size_t rowLength;
            size_t layerHeight;
            struct hipMemLocation locHint;
        } ptr;
        struct {
            hipArray_t array;
            struct hipOffset3D offset;
        } array;
    } op;
};
typedef struct hipMemcpy3DOperand hipMemcpy3DOperand;

struct hipMemcpy3DBatchOp {
    struct hipMemcpy3DOperand src;
    struct hipMemcpy3DOperand dst;
    struct hipExtent extent;
    hipMemcpySrcAccessOrder srcAccessOrder;
    unsigned int flags;
};
typedef struct hipMemcpy3DBatchOp hipMemcpy3DBatchOp;

struct hipMemcpy3DPeerParms {
    hipArray_t srcArray;
    struct hipPos srcPos;
    struct hipPitchedPtr srcPtr;
    int srcDevice;
    hipArray_t dstArray;
    struct hipPos dstPos;
    struct hipPitchedPtr dstPtr;
    int dstDevice;
    struct hipExtent extent;
};
typedef struct hipMemcpy3DPeerParms hipMemcpy3DPeerParms;

struct hipMemcpyAttributes {
    hipMemcpySrcAccessOrder srcAccessOrder;
    struct hipMemLocation srcLocHint;
    struct hipMemLocation dstLocHint;
    unsigned int flags;
};
typedef struct hipMemcpyAttributes hipMemcpyAttributes;

struct hipPointerAttribute_t {
    hipMemoryType type;
    int device;
    void *devicePointer;
    void *hostPointer;
    int isManaged;
    unsigned int allocationFlags;
};
typedef struct hipPointerAttribute_t hipPointerAttribute_t;

struct hipMemPoolProps {
    hipMemAllocationType allocType;
    hipMemAllocationHandleType handleTypes;
    struct hipMemLocation location;
    void *win32SecurityAttributes;
    size_t maxSize;
    unsigned char reserved[56];
};
typedef struct hipMemPoolProps hipMemPoolProps;

struct hipMemPoolPtrExportData {
    unsigned char reserved[64];
};
typedef struct hipMemPoolPtrExportData hipMemPoolPtrExportData;

struct hipMemAccessDesc {
    struct hipMemLocation location;
    hipMemAccessFlags flags;
};
typedef struct hipMemAccessDesc hipMemAccessDesc;

struct hipMemAllocationProp {
    hipMemAllocationType type;
    union {
        hipMemAllocationHandleType requestedHandleType;
        hipMemAllocationHandleType requestedHandleTypes;
    };
    struct hipMemLocation location;
    void *win32HandleMetaData;
    struct {
        unsigned char compressionType;
        unsigned char gpuDirectRDMACapable;
        unsigned short usage;
    } allocFlags;
};
typedef struct hipMemAllocationProp hipMemAllocationProp;

struct hipMipmappedArray {
    void *data;
    struct hipChannelFormatDesc desc;
    unsigned int type;
    unsigned int width;
    unsigned int height;
    unsigned int depth;
    unsigned int min_mipmap_level;
    unsigned int max_mipmap_level;
    unsigned int flags;
    hipArray_Format format;
    unsigned int num_channels;
};
typedef struct hipMipmappedArray hipMipmappedArray;

struct hipArrayMapInfo {
    hipResourceType resourceType;
    union {
        struct hipMipmappedArray mipmap;
        hipArray_t array;
    } resource;
    hipArraySparseSubresourceType subresourceType;
    union {
        struct {
            unsigned int level;
            unsigned int layer;
            unsigned int offsetX;
            unsigned int offsetY;
            unsigned int offsetZ;
            unsigned int extentWidth;
            unsigned int extentHeight;
            unsigned int extentDepth;
        } sparseLevel;
        struct {
            unsigned int layer;
            unsigned long long offset;
            unsigned long long size;
        } miptail;
    } subresource;
    hipMemOperationType memOperationType;
    hipMemHandleType memHandleType;
    union {
        hipMemGenericAllocationHandle_t memHandle;
    } memHandle;
    unsigned long long offset;
    unsigned int deviceBitMask;
    unsigned int flags;
    unsigned int reserved[2];
};
typedef struct hipArrayMapInfo hipArrayMapInfo;

struct hipMemsetParams {
    void *dst;
    unsigned int elementSize;
    size_t height;
    size_t pitch;
    unsigned int value;
    size_t width;
};
typedef struct hipMemsetParams hipMemsetParams;

struct hipExternalSemaphoreSignalNodeParams {
    hipExternalSemaphore_t *extSemArray;
    const hipExternalSemaphoreSignalParams *paramsArray;
    unsigned int numExtSems;
};
typedef struct hipExternalSemaphoreSignalNodeParams hipExternalSemaphoreSignalNodeParams;

struct hipExternalSemaphoreWaitNodeParams {
    hipExternalSemaphore_t *extSemArray;
    const hipExternalSemaphoreWaitParams *paramsArray;
    unsigned int numExtSems;
};
typedef struct hipExternalSemaphoreWaitNodeParams hipExternalSemaphoreWaitNodeParams;

struct hipHostNodeParams {
    hipHostFn_t fn;
    void *userData;
};
typedef struct hipHostNodeParams hipHostNodeParams;

struct hipKernelNodeParams {
    struct dim3 blockDim;
    void **extra;
    void *func;
    struct dim3 gridDim;
    void **kernelParams;
    unsigned int sharedMemBytes;
};
typedef struct hipKernelNodeParams hipKernelNodeParams;

struct hipMemAllocNodeParams {
    struct hipMemPoolProps poolProps;
    const struct hipMemAccessDesc *accessDescs;
    size_t accessDescCount;
    size_t bytesize;
    void *dptr;
};
typedef struct hipMemAllocNodeParams hipMemAllocNodeParams;

struct hipMemcpyNodeParams {
    int flags;
    int reserved[3];
    struct hipMemcpy3DParms copyParams;
};
typedef struct hipMemcpyNodeParams hipMemcpyNodeParams;

struct hipChildGraphNodeParams {
    hipGraph_t graph;
};
typedef struct hipChildGraphNodeParams hipChildGraphNodeParams;

struct hipEventWaitNodeParams {
    hipEvent_t event;
};
typedef struct hipEventWaitNodeParams hipEventWaitNodeParams;

struct hipEventRecordNodeParams {
    hipEvent_t event;
};
typedef struct hipEventRecordNodeParams hipEventRecordNodeParams;

struct hipMemFreeNodeParams {
    void *dptr;
};
typedef struct hipMemFreeNodeParams hipMemFreeNodeParams;

struct hipGraphNodeParams {
    hipGraphNodeType type;
    int reserved0[3];
    union {
        long long reserved1[29];
        struct hipKernelNodeParams kernel;
        struct hipMemcpyNodeParams memcpy;
        struct hipMemsetParams memset;
        struct hipHostNodeParams host;
        struct hipChildGraphNodeParams graph;
        struct hipEventWaitNodeParams eventWait;
        struct hipEventRecordNodeParams eventRecord;
        struct hipExternalSemaphoreSignalNodeParams extSemSignal;
        struct hipExternalSemaphoreWaitNodeParams extSemWait;
        struct hipMemAllocNodeParams alloc;
        struct hipMemFreeNodeParams free;
    };
    long long reserved2;
};
typedef struct hipGraphNodeParams hipGraphNodeParams;

struct hipGraphInstantiateParams {
    hipGraphNode_t errNode_out;
    unsigned long long flags;
    hipGraphInstantiateResult result_out;
    hipStream_t uploadStream;
};
typedef struct hipGraphInstantiateParams hipGraphInstantiateParams;

struct hipGraphEdgeData {
    unsigned char from_port;
    unsigned char reserved[5];
    unsigned char to_port;
    unsigned char type;
};
typedef struct hipGraphEdgeData hipGraphEdgeData;

#endif
