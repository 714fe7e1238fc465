//! Names that are exported and have no meaning yet: each refuses as "not supported" and says so once.
//!
//! Implementing a function takes its name out of this list. All of these answer an error code; a
//! name that answers something else has a body of its own from the first day.

use std::ffi::c_int;
use std::sync::Once;

use crate::entry::{self, Row, Symbol};
use crate::start;

/// Refuses without looking at the arguments: in the C calling convention the caller clears them up.
#[cold]
fn refuse(symbol: &'static Symbol, said: &Once) -> c_int {
    start::start();
    said.call_once(|| tracing::warn!(target: "stream_hal::api", "{} is not implemented", symbol.name));
    entry::refuse(symbol)
}

macro_rules! missing {
    ($($symbol:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $symbol() -> c_int {
                static SYMBOL: Symbol = Symbol::new(stringify!($symbol));
                static SAID: Once = Once::new();
                refuse(&SYMBOL, &SAID)
            }
        )*

        /// The names of this file.
        pub(crate) const TABLE: &[Row] = &[$(Row::new(stringify!($symbol), $symbol as *const ()),)*];
    };
}

// Kept together by the vendor's groups, so that what is left of a group can be seen. // table
missing! {
    // CUDA: Device Management
    cuDeviceGetExecAffinitySupport cuDeviceGetHostAtomicCapabilities cuDeviceGetLuid
    cuDeviceGetNvSciSyncAttributes cuDeviceGetTexture1DLinearMaxWidth cuDeviceTotalMem
    cuFlushGPUDirectRDMAWrites
    // CUDA: Context Management
    cuCtxGetExecAffinity cuCtxRecordEvent cuCtxSetFlags cuCtxWaitEvent
    // CUDA: Context Management [DEPRECATED]
    cuCtxAttach cuCtxDetach
    // CUDA: Module Management
    cuLinkAddData cuLinkAddData_v2 cuLinkAddFile cuLinkAddFile_v2 cuLinkComplete cuLinkCreate
    cuLinkCreate_v2 cuLinkDestroy cuModuleGetGlobal
    // CUDA: Module Management [DEPRECATED]
    cuModuleGetSurfRef cuModuleGetTexRef
    // CUDA: Library Management
    cuKernelGetLibrary cuLibraryGetManaged cuLibraryGetUnifiedFunction
    // CUDA: Memory Management
    cuArray3DCreate cuArray3DCreate_v2 cuArray3DGetDescriptor cuArray3DGetDescriptor_v2 cuArrayCreate
    cuArrayCreate_v2 cuArrayDestroy cuArrayGetDescriptor cuArrayGetDescriptor_v2
    cuArrayGetMemoryRequirements cuArrayGetPlane cuArrayGetSparseProperties
    cuDeviceRegisterAsyncNotification cuDeviceUnregisterAsyncNotification cuIpcCloseMemHandle
    cuIpcGetEventHandle cuIpcGetMemHandle cuIpcOpenEventHandle cuIpcOpenMemHandle cuIpcOpenMemHandle_v2
    cuMemAlloc cuMemAllocHost cuMemAllocPitch cuMemBatchDecompressAsync cuMemBatchDecompressAsync_ptsz
    cuMemFree cuMemGetAddressRange cuMemGetHandleForAddressRange cuMemGetInfo cuMemHostGetDevicePointer
    cuMemcpy2D cuMemcpy2DAsync cuMemcpy2DUnaligned cuMemcpy3D cuMemcpy3DAsync cuMemcpy3DBatchAsync
    cuMemcpy3DBatchAsync_ptsz cuMemcpy3DBatchAsync_v2 cuMemcpy3DBatchAsync_v2_ptsz
    cuMemcpy3DWithAttributesAsync cuMemcpy3DWithAttributesAsync_ptsz cuMemcpyAtoA cuMemcpyAtoA_v2
    cuMemcpyAtoA_v2_ptds cuMemcpyAtoD cuMemcpyAtoD_v2 cuMemcpyAtoD_v2_ptds cuMemcpyAtoH cuMemcpyAtoH_v2
    cuMemcpyAtoH_v2_ptds cuMemcpyAtoHAsync cuMemcpyAtoHAsync_v2 cuMemcpyAtoHAsync_v2_ptsz cuMemcpyBatchAsync
    cuMemcpyBatchAsync_ptsz cuMemcpyBatchAsync_v2 cuMemcpyBatchAsync_v2_ptsz cuMemcpyDtoA cuMemcpyDtoA_v2
    cuMemcpyDtoA_v2_ptds cuMemcpyDtoD cuMemcpyDtoDAsync cuMemcpyDtoH cuMemcpyDtoHAsync cuMemcpyHtoA
    cuMemcpyHtoA_v2 cuMemcpyHtoA_v2_ptds cuMemcpyHtoAAsync cuMemcpyHtoAAsync_v2 cuMemcpyHtoAAsync_v2_ptsz
    cuMemcpyHtoD cuMemcpyHtoDAsync cuMemcpyWithAttributesAsync cuMemcpyWithAttributesAsync_ptsz cuMemsetD16
    cuMemsetD2D16 cuMemsetD2D32 cuMemsetD2D8 cuMemsetD32 cuMemsetD8 cuMipmappedArrayCreate
    cuMipmappedArrayDestroy cuMipmappedArrayGetLevel cuMipmappedArrayGetMemoryRequirements
    cuMipmappedArrayGetSparseProperties
    // CUDA: Virtual Memory Management
    cuMemAddressFree cuMemAddressReserve cuMemCreate cuMemExportToShareableHandle cuMemGetAccess
    cuMemGetAllocationGranularity cuMemGetAllocationPropertiesFromHandle cuMemImportFromShareableHandle
    cuMemMap cuMemMapArrayAsync cuMemMapArrayAsync_ptsz cuMemRelease cuMemRetainAllocationHandle
    cuMemSetAccess cuMemUnmap
    // CUDA: Stream Ordered Memory Allocator
    cuMemGetDefaultMemPool cuMemGetMemPool cuMemPoolExportPointer cuMemPoolExportToShareableHandle
    cuMemPoolImportFromShareableHandle cuMemPoolImportPointer cuMemSetMemPool
    // CUDA: Multicast Object Management
    cuMulticastAddDevice cuMulticastBindAddr cuMulticastBindAddr_v2 cuMulticastBindMem cuMulticastBindMem_v2
    cuMulticastCreate cuMulticastGetGranularity cuMulticastUnbind
    // CUDA: Fabric Clique Information
    cuDeviceGetCliqueCount cuDeviceGetCliqueInfo cuDeviceGetFabricClusterUuid
    // CUDA: Logical Endpoint
    cuLogicalEndpointAddDevice cuLogicalEndpointBindAddr cuLogicalEndpointBindMem cuLogicalEndpointCreate
    cuLogicalEndpointDestroy cuLogicalEndpointExport cuLogicalEndpointGetLimits cuLogicalEndpointIdRelease
    cuLogicalEndpointIdReserve cuLogicalEndpointImport cuLogicalEndpointQuery cuLogicalEndpointUnbind
    // CUDA: Fabric Copy
    cuFabricCpyBatchAsync cuFabricCpyBatchAsync_ptsz
    // CUDA: Unified Addressing
    cuMemDiscardAndPrefetchBatchAsync cuMemDiscardAndPrefetchBatchAsync_ptsz cuMemDiscardBatchAsync
    cuMemDiscardBatchAsync_ptsz cuMemGetLocationInfo cuMemPrefetchBatchAsync cuMemPrefetchBatchAsync_ptsz
    cuMemRangeGetAttribute cuMemRangeGetAttributes
    // CUDA: Stream Management
    cuStreamBeginCaptureToCig cuStreamBeginCaptureToCig_ptsz cuStreamBeginRecaptureToGraph
    cuStreamBeginRecaptureToGraph_ptsz cuStreamEndCaptureToCig cuStreamEndCaptureToCig_ptsz
    // CUDA: External Resource Interoperability
    cuDestroyExternalMemory cuDestroyExternalSemaphore cuExternalMemoryGetMappedBuffer
    cuExternalMemoryGetMappedMipmappedArray cuImportExternalMemory cuImportExternalSemaphore
    cuSignalExternalSemaphoresAsync cuSignalExternalSemaphoresAsync_ptsz cuWaitExternalSemaphoresAsync
    cuWaitExternalSemaphoresAsync_ptsz
    // CUDA: Stream Memory Operations
    cuStreamBatchMemOp cuStreamBatchMemOp_ptsz cuStreamBatchMemOp_v2 cuStreamBatchMemOp_v2_ptsz
    cuStreamWaitValue32 cuStreamWaitValue32_ptsz cuStreamWaitValue32_v2 cuStreamWaitValue32_v2_ptsz
    cuStreamWaitValue64 cuStreamWaitValue64_ptsz cuStreamWaitValue64_v2 cuStreamWaitValue64_v2_ptsz
    cuStreamWriteValue32 cuStreamWriteValue32_ptsz cuStreamWriteValue32_v2 cuStreamWriteValue32_v2_ptsz
    cuStreamWriteValue64 cuStreamWriteValue64_ptsz cuStreamWriteValue64_v2 cuStreamWriteValue64_v2_ptsz
    // CUDA: Execution Control
    cuFuncGetModule
    // CUDA: Execution Control [DEPRECATED]
    cuFuncSetBlockShape cuFuncSetSharedSize cuLaunch cuLaunchCooperativeKernelMultiDevice cuLaunchGrid
    cuLaunchGridAsync cuParamSetSize cuParamSetTexRef cuParamSetf cuParamSeti cuParamSetv
    // CUDA: Graph Management
    cuDeviceGetGraphMemAttribute cuDeviceGraphMemTrim cuDeviceSetGraphMemAttribute cuGraphAddBatchMemOpNode
    cuGraphAddExternalSemaphoresSignalNode cuGraphAddExternalSemaphoresWaitNode cuGraphAddMemAllocNode
    cuGraphAddMemFreeNode cuGraphBatchMemOpNodeGetParams cuGraphBatchMemOpNodeSetParams
    cuGraphChildGraphNodeGetGraph cuGraphConditionalHandleCreate cuGraphExecBatchMemOpNodeSetParams
    cuGraphExecChildGraphNodeSetParams cuGraphExecEventRecordNodeSetEvent cuGraphExecEventWaitNodeSetEvent
    cuGraphExecExternalSemaphoresSignalNodeSetParams cuGraphExecExternalSemaphoresWaitNodeSetParams
    cuGraphExternalSemaphoresSignalNodeGetParams cuGraphExternalSemaphoresSignalNodeSetParams
    cuGraphExternalSemaphoresWaitNodeGetParams cuGraphExternalSemaphoresWaitNodeSetParams
    cuGraphKernelNodeCopyAttributes cuGraphKernelNodeGetAttribute cuGraphKernelNodeSetAttribute
    cuGraphMemAllocNodeGetParams cuGraphMemFreeNodeGetParams cuGraphNodeGetParams cuGraphNodeGetToolsId
    // CUDA: Occupancy
    cuOccupancyMaxActiveClusters cuOccupancyMaxPotentialClusterSize
    // CUDA: Texture Reference Management [DEPRECATED]
    cuTexRefCreate cuTexRefDestroy cuTexRefGetAddress cuTexRefGetAddress_v2 cuTexRefGetAddressMode
    cuTexRefGetArray cuTexRefGetBorderColor cuTexRefGetFilterMode cuTexRefGetFlags cuTexRefGetFormat
    cuTexRefGetMaxAnisotropy cuTexRefGetMipmapFilterMode cuTexRefGetMipmapLevelBias
    cuTexRefGetMipmapLevelClamp cuTexRefGetMipmappedArray cuTexRefSetAddress cuTexRefSetAddress_v2
    cuTexRefSetAddress2D cuTexRefSetAddress2D_v2 cuTexRefSetAddress2D_v3 cuTexRefSetAddressMode
    cuTexRefSetArray cuTexRefSetBorderColor cuTexRefSetFilterMode cuTexRefSetFlags cuTexRefSetFormat
    cuTexRefSetMaxAnisotropy cuTexRefSetMipmapFilterMode cuTexRefSetMipmapLevelBias
    cuTexRefSetMipmapLevelClamp cuTexRefSetMipmappedArray
    // CUDA: Surface Reference Management [DEPRECATED]
    cuSurfRefGetArray cuSurfRefSetArray
    // CUDA: Texture Object Management
    cuTexObjectCreate cuTexObjectDestroy cuTexObjectGetResourceDesc cuTexObjectGetResourceViewDesc
    cuTexObjectGetTextureDesc
    // CUDA: Surface Object Management
    cuSurfObjectCreate cuSurfObjectDestroy cuSurfObjectGetResourceDesc
    // CUDA: Tensor Map Object Management
    cuTensorMapEncodeIm2col cuTensorMapEncodeIm2colWide cuTensorMapEncodeTiled cuTensorMapReplaceAddress
    cuTensorMapSetAllocationClass
    // CUDA: Peer Context Memory Access
    cuDeviceGetP2PAtomicCapabilities
    // CUDA: Graphics Interoperability
    cuGraphicsMapResources cuGraphicsMapResources_ptsz cuGraphicsResourceGetMappedMipmappedArray
    cuGraphicsResourceGetMappedPointer cuGraphicsResourceGetMappedPointer_v2 cuGraphicsResourceSetMapFlags
    cuGraphicsResourceSetMapFlags_v2 cuGraphicsSubResourceGetMappedArray cuGraphicsUnmapResources
    cuGraphicsUnmapResources_ptsz cuGraphicsUnregisterResource
    // CUDA: Coredump Attributes Control API
    cuCoredumpDeregisterCompleteCallback cuCoredumpDeregisterStartCallback cuCoredumpGetAttribute
    cuCoredumpGetAttributeGlobal cuCoredumpRegisterCompleteCallback cuCoredumpRegisterStartCallback
    cuCoredumpSetAttribute cuCoredumpSetAttributeGlobal
    // CUDA: Green Contexts
    cuCtxFromGreenCtx cuCtxGetDevResource cuDevResourceGenerateDesc cuDevSmResourceSplit
    cuDevSmResourceSplitByCount cuDeviceGetDevResource cuGreenCtxCreate cuGreenCtxDestroy
    cuGreenCtxGetDevResource cuGreenCtxGetId cuGreenCtxRecordEvent cuGreenCtxStreamCreate
    cuGreenCtxWaitEvent cuStreamGetDevResource cuStreamGetDevResource_ptsz cuStreamGetGreenCtx
    // CUDA: Error Log Management Functions
    cuLogsCurrent cuLogsDumpToFile cuLogsDumpToMemory cuLogsRegisterCallback cuLogsUnregisterCallback
    // CUDA: CUDA Checkpointing
    cuCheckpointOperationComplete cuCheckpointProcessCheckpoint cuCheckpointProcessGetRestoreThreadId
    cuCheckpointProcessGetState cuCheckpointProcessLock cuCheckpointProcessRestore cuCheckpointProcessUnlock
    // CUDA: EGL Interoperability
    cuEGLStreamConsumerAcquireFrame cuEGLStreamConsumerConnect cuEGLStreamConsumerConnectWithFlags
    cuEGLStreamConsumerDisconnect cuEGLStreamConsumerReleaseFrame cuEGLStreamProducerConnect
    cuEGLStreamProducerDisconnect cuEGLStreamProducerPresentFrame cuEGLStreamProducerReturnFrame
    cuGraphicsEGLRegisterImage cuGraphicsResourceGetMappedEglFrame
    // CUDA: OpenGL Interoperability
    cuGLGetDevices cuGLGetDevices_v2 cuGraphicsGLRegisterBuffer cuGraphicsGLRegisterImage
    // CUDA: OpenGL Interoperability [DEPRECATED]
    cuGLCtxCreate cuGLCtxCreate_v2 cuGLInit cuGLMapBufferObject cuGLMapBufferObject_v2
    cuGLMapBufferObject_v2_ptds cuGLMapBufferObjectAsync cuGLMapBufferObjectAsync_v2
    cuGLMapBufferObjectAsync_v2_ptsz cuGLRegisterBufferObject cuGLSetBufferObjectMapFlags
    cuGLUnmapBufferObject cuGLUnmapBufferObjectAsync cuGLUnregisterBufferObject
    // CUDA: Profiler Control
    cuProfilerStart cuProfilerStop
    // CUDA: Profiler Control [DEPRECATED]
    cuProfilerInitialize
    // CUDA: Undocumented
    cuEGLApiInit cuMemGetAttribute cuMemGetAttribute_v2
    // CUDA: VDPAU Interoperability
    cuGraphicsVDPAURegisterOutputSurface cuGraphicsVDPAURegisterVideoSurface cuVDPAUCtxCreate
    cuVDPAUCtxCreate_v2 cuVDPAUGetDevice
    // HIP: Device Management
    hipChooseDevice hipChooseDeviceR0000 hipChooseDeviceR0600 hipDeviceFlushGPUDirectRDMAWrites
    hipDeviceGetLuid hipDeviceGetTexture1DLinearMaxWidth hipExtGetLinkTypeAndHopCount hipInitDevice
    hipIpcCloseMemHandle hipIpcGetEventHandle hipIpcGetMemHandle hipIpcOpenEventHandle hipIpcOpenMemHandle
    // HIP: Context Management [Deprecated]
    hipCtxGetApiVersion hipCtxGetCacheConfig hipCtxGetSharedMemConfig hipCtxSetCacheConfig
    hipCtxSetSharedMemConfig
    // HIP: Stream Management
    hipExtStreamCreateWithCUMask hipExtStreamGetCUMask
    // HIP: Stream Memory Operations
    hipGraphAddBatchMemOpNode hipGraphBatchMemOpNodeGetParams hipGraphBatchMemOpNodeSetParams
    hipGraphExecBatchMemOpNodeSetParams hipStreamBatchMemOp hipStreamWaitValue32 hipStreamWaitValue64
    hipStreamWriteValue32 hipStreamWriteValue64
    // HIP: Execution Control
    hipExtLaunchMultiKernelMultiDevice hipExtModuleLaunchKernel
    _Z24hipExtModuleLaunchKernelP18ihipModuleSymbol_tjjjjjjmP12ihipStream_tPPvS4_P11ihipEvent_tS6_j
    hipHccModuleLaunchKernel
    _Z24hipHccModuleLaunchKernelP18ihipModuleSymbol_tjjjjjjmP12ihipStream_tPPvS4_P11ihipEvent_tS6_
    // HIP: Cooperative groups kernel launch of Module management
    hipLaunchCooperativeKernelMultiDevice hipModuleLaunchCooperativeKernelMultiDevice
    // HIP: Launch API to support the triple-chevron syntax
    hipExtLaunchKernel
    // HIP: Module Management
    hipKernelGetLibrary hipLibraryGetManaged hipLinkAddData hipLinkAddFile hipLinkComplete hipLinkCreate
    hipLinkDestroy hipMemGetHandleForAddressRange hipModuleGetTexRef
    // HIP: Memory Management
    hipArray3DCreate hipArray3DGetDescriptor hipArrayCreate hipArrayDestroy hipArrayGetDescriptor
    hipArrayGetInfo hipFreeArray hipMalloc3DArray hipMallocArray hipMemcpy2DArrayToArray
    hipMemcpy2DFromArray hipMemcpy2DFromArray_spt hipMemcpy2DFromArrayAsync hipMemcpy2DFromArrayAsync_spt
    hipMemcpy2DToArray hipMemcpy2DToArray_spt hipMemcpy2DToArrayAsync hipMemcpy2DToArrayAsync_spt
    hipMemcpy3DBatchAsync hipMemcpy3DPeer hipMemcpy3DPeerAsync hipMemcpyAtoA hipMemcpyAtoD hipMemcpyAtoH
    hipMemcpyAtoHAsync hipMemcpyBatchAsync hipMemcpyDtoA hipMemcpyHtoA hipMemcpyHtoAAsync
    hipMipmappedArrayGetMemoryRequirements
    // HIP: Memory Management [Deprecated]
    hipMemcpyFromArray hipMemcpyFromArray_spt hipMemcpyToArray
    // HIP: Managed Memory
    hipDrvMemDiscardAndPrefetchBatchAsync hipDrvMemDiscardBatchAsync hipMemDiscardAndPrefetchBatchAsync
    hipMemDiscardBatchAsync hipMemPrefetchBatchAsync hipMemRangeGetAttribute hipMemRangeGetAttributes
    // HIP: Stream Ordered Memory Allocator
    hipMemGetDefaultMemPool hipMemGetMemPool hipMemPoolExportPointer hipMemPoolExportToShareableHandle
    hipMemPoolImportFromShareableHandle hipMemPoolImportPointer hipMemSetMemPool
    // HIP: Virtual Memory Management
    hipMemAddressFree hipMemAddressReserve hipMemCreate hipMemExportToShareableHandle hipMemGetAccess
    hipMemGetAllocationGranularity hipMemGetAllocationPropertiesFromHandle hipMemImportFromShareableHandle
    hipMemMap hipMemMapArrayAsync hipMemRelease hipMemRetainAllocationHandle hipMemSetAccess hipMemUnmap
    // HIP: External Resource Interoperability
    hipDestroyExternalMemory hipDestroyExternalSemaphore hipExternalMemoryGetMappedBuffer
    hipExternalMemoryGetMappedMipmappedArray hipImportExternalMemory hipImportExternalSemaphore
    hipSignalExternalSemaphoresAsync hipWaitExternalSemaphoresAsync
    // HIP: Graph Management
    hipDeviceGetGraphMemAttribute hipDeviceGraphMemTrim hipDeviceSetGraphMemAttribute
    hipDrvGraphAddMemFreeNode hipDrvGraphMemcpyNodeGetParams hipGraphAddExternalSemaphoresSignalNode
    hipGraphAddExternalSemaphoresWaitNode hipGraphAddMemAllocNode hipGraphAddMemFreeNode
    hipGraphChildGraphNodeGetGraph hipGraphExecChildGraphNodeSetParams hipGraphExecEventRecordNodeSetEvent
    hipGraphExecEventWaitNodeSetEvent hipGraphExecExternalSemaphoresSignalNodeSetParams
    hipGraphExecExternalSemaphoresWaitNodeSetParams hipGraphExternalSemaphoresSignalNodeGetParams
    hipGraphExternalSemaphoresSignalNodeSetParams hipGraphExternalSemaphoresWaitNodeGetParams
    hipGraphExternalSemaphoresWaitNodeSetParams hipGraphKernelNodeCopyAttributes
    hipGraphKernelNodeGetAttribute hipGraphKernelNodeSetAttribute hipGraphMemAllocNodeGetParams
    hipGraphMemFreeNodeGetParams
    // HIP: Occupancy
    hipOccupancyMaxActiveClusters hipOccupancyMaxPotentialClusterSize
    // HIP: Texture Management
    hipBindTextureToMipmappedArray hipCreateTextureObject hipDestroyTextureObject hipFreeMipmappedArray
    hipGetChannelDesc hipGetMipmappedArrayLevel hipGetTextureObjectResourceDesc
    hipGetTextureObjectResourceViewDesc hipGetTextureObjectTextureDesc hipMallocMipmappedArray
    hipMipmappedArrayCreate hipMipmappedArrayDestroy hipMipmappedArrayGetLevel hipTexObjectCreate
    hipTexObjectDestroy hipTexObjectGetResourceDesc hipTexObjectGetResourceViewDesc
    hipTexObjectGetTextureDesc
    // HIP: Texture Management [Deprecated]
    hipBindTexture hipBindTexture2D hipBindTextureToArray hipGetTextureAlignmentOffset
    hipGetTextureReference hipTexRefGetAddress hipTexRefGetAddressMode hipTexRefGetArray
    hipTexRefGetBorderColor hipTexRefGetFilterMode hipTexRefGetFlags hipTexRefGetFormat
    hipTexRefGetMaxAnisotropy hipTexRefGetMipMappedArray hipTexRefGetMipmapFilterMode
    hipTexRefGetMipmapLevelBias hipTexRefGetMipmapLevelClamp hipTexRefSetAddress hipTexRefSetAddress2D
    hipTexRefSetAddressMode hipTexRefSetArray hipTexRefSetBorderColor hipTexRefSetFilterMode
    hipTexRefSetFlags hipTexRefSetFormat hipTexRefSetMaxAnisotropy hipTexRefSetMipmapFilterMode
    hipTexRefSetMipmapLevelBias hipTexRefSetMipmapLevelClamp hipTexRefSetMipmappedArray hipUnbindTexture
    // HIP: Surface Object
    hipCreateSurfaceObject hipDestroySurfaceObject
    // HIP: Graphics Interoperability
    hipGLGetDevices hipGraphicsGLRegisterBuffer hipGraphicsGLRegisterImage hipGraphicsMapResources
    hipGraphicsResourceGetMappedPointer hipGraphicsSubResourceGetMappedArray hipGraphicsUnmapResources
    hipGraphicsUnregisterResource
    // HIP: Green Contexts
    hipDevResourceGenerateDesc hipDevSmResourceSplit hipDevSmResourceSplitByCount hipDeviceGetDevResource
    hipDeviceGetExecutionCtx hipExecutionCtxDestroy hipExecutionCtxGetDevResource hipExecutionCtxGetDevice
    hipExecutionCtxGetId hipExecutionCtxRecordEvent hipExecutionCtxStreamCreate hipExecutionCtxSynchronize
    hipExecutionCtxWaitEvent hipGreenCtxCreate hipStreamGetDevResource
    // HIP: Callback Activity APIs
    hipExtDisableLogging hipExtEnableLogging hipExtSetLoggingParams hipGetStreamDeviceId hipKernelNameRef
    hipKernelNameRefByPtr hipProfilerDisableExt hipProfilerEnableExt hipProfilerGetRecordsExt
    hipProfilerRegisterChunkCallbackExt hipRegisterTracerCallback
    // HIP: Profiler Control [Deprecated]
    hipProfilerStart hipProfilerStop
    // HIP: Runtime Compilation (hiprtc)
    hiprtcAddNameExpression hiprtcCompileProgram hiprtcCreateProgram hiprtcDestroyProgram hiprtcGetBitcode
    hiprtcGetBitcodeSize hiprtcGetCode hiprtcGetCodeSize hiprtcGetLoweredName hiprtcGetProgramLog
    hiprtcGetProgramLogSize hiprtcLinkAddData hiprtcLinkAddFile hiprtcLinkComplete hiprtcLinkCreate
    hiprtcLinkDestroy hiprtcVersion
}
