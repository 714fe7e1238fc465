//! Names that are exported and have no meaning yet: each refuses as "not supported" and says so once.
//!
//! Implementing a function takes its name out of this list. All of these answer an error code; a
//! name that answers something else has a body of its own from the first day.

use std::ffi::c_int;
use std::sync::Once;

use crate::entry::{self, Row, Symbol};
use crate::log;

/// Refuses without looking at the arguments: in the C calling convention the caller clears them up.
#[cold]
fn refuse(symbol: &'static Symbol, said: &Once) -> c_int {
    log::start();
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
    // CUDA: Initialization
    cuInit
    // CUDA: Version Management
    cuDriverGetVersion
    // CUDA: Device Management
    cuDeviceGet cuDeviceGetAttribute cuDeviceGetCount cuDeviceGetDefaultMemPool
    cuDeviceGetExecAffinitySupport cuDeviceGetHostAtomicCapabilities cuDeviceGetLuid cuDeviceGetMemPool
    cuDeviceGetName cuDeviceGetNvSciSyncAttributes cuDeviceGetTexture1DLinearMaxWidth cuDeviceGetUuid
    cuDeviceGetUuid_v2 cuDeviceSetMemPool cuDeviceTotalMem cuDeviceTotalMem_v2 cuFlushGPUDirectRDMAWrites
    // CUDA: Device Management [DEPRECATED]
    cuDeviceComputeCapability cuDeviceGetProperties
    // CUDA: Primary Context Management
    cuDevicePrimaryCtxGetState cuDevicePrimaryCtxRelease cuDevicePrimaryCtxRelease_v2
    cuDevicePrimaryCtxReset cuDevicePrimaryCtxReset_v2 cuDevicePrimaryCtxRetain cuDevicePrimaryCtxSetFlags
    cuDevicePrimaryCtxSetFlags_v2
    // CUDA: Context Management
    cuCtxCreate cuCtxCreate_v2 cuCtxCreate_v3 cuCtxCreate_v4 cuCtxDestroy cuCtxDestroy_v2 cuCtxGetApiVersion
    cuCtxGetCacheConfig cuCtxGetCurrent cuCtxGetDevice cuCtxGetDevice_v2 cuCtxGetExecAffinity cuCtxGetFlags
    cuCtxGetId cuCtxGetLimit cuCtxGetStreamPriorityRange cuCtxPopCurrent cuCtxPopCurrent_v2 cuCtxPushCurrent
    cuCtxPushCurrent_v2 cuCtxRecordEvent cuCtxResetPersistingL2Cache cuCtxSetCacheConfig cuCtxSetCurrent
    cuCtxSetFlags cuCtxSetLimit cuCtxSynchronize cuCtxSynchronize_v2 cuCtxWaitEvent
    // CUDA: Context Management [DEPRECATED]
    cuCtxAttach cuCtxDetach cuCtxGetSharedMemConfig cuCtxSetSharedMemConfig
    // CUDA: Module Management
    cuLinkAddData cuLinkAddData_v2 cuLinkAddFile cuLinkAddFile_v2 cuLinkComplete cuLinkCreate
    cuLinkCreate_v2 cuLinkDestroy cuModuleEnumerateFunctions cuModuleGetFunction cuModuleGetFunctionCount
    cuModuleGetGlobal cuModuleGetGlobal_v2 cuModuleGetLoadingMode cuModuleLoad cuModuleLoadData
    cuModuleLoadDataEx cuModuleLoadFatBinary cuModuleUnload
    // CUDA: Module Management [DEPRECATED]
    cuModuleGetSurfRef cuModuleGetTexRef
    // CUDA: Library Management
    cuKernelGetAttribute cuKernelGetFunction cuKernelGetLibrary cuKernelGetName cuKernelGetParamCount
    cuKernelGetParamInfo cuKernelSetAttribute cuKernelSetCacheConfig cuLibraryEnumerateKernels
    cuLibraryGetGlobal cuLibraryGetKernel cuLibraryGetKernelCount cuLibraryGetManaged cuLibraryGetModule
    cuLibraryGetUnifiedFunction cuLibraryLoadData cuLibraryLoadFromFile cuLibraryUnload
    // CUDA: Memory Management
    cuArray3DCreate cuArray3DCreate_v2 cuArray3DGetDescriptor cuArray3DGetDescriptor_v2 cuArrayCreate
    cuArrayCreate_v2 cuArrayDestroy cuArrayGetDescriptor cuArrayGetDescriptor_v2
    cuArrayGetMemoryRequirements cuArrayGetPlane cuArrayGetSparseProperties cuDeviceGetByPCIBusId
    cuDeviceGetPCIBusId cuDeviceRegisterAsyncNotification cuDeviceUnregisterAsyncNotification
    cuIpcCloseMemHandle cuIpcGetEventHandle cuIpcGetMemHandle cuIpcOpenEventHandle cuIpcOpenMemHandle
    cuIpcOpenMemHandle_v2 cuMemAlloc cuMemAlloc_v2 cuMemAllocHost cuMemAllocHost_v2 cuMemAllocManaged
    cuMemAllocPitch cuMemAllocPitch_v2 cuMemBatchDecompressAsync cuMemBatchDecompressAsync_ptsz cuMemFree
    cuMemFree_v2 cuMemFreeHost cuMemGetAddressRange cuMemGetAddressRange_v2 cuMemGetHandleForAddressRange
    cuMemGetInfo cuMemGetInfo_v2 cuMemHostAlloc cuMemHostGetDevicePointer cuMemHostGetDevicePointer_v2
    cuMemHostGetFlags cuMemHostRegister cuMemHostRegister_v2 cuMemHostUnregister cuMemcpy cuMemcpy_ptds
    cuMemcpy2D cuMemcpy2D_v2 cuMemcpy2D_v2_ptds cuMemcpy2DAsync cuMemcpy2DAsync_v2 cuMemcpy2DAsync_v2_ptsz
    cuMemcpy2DUnaligned cuMemcpy2DUnaligned_v2 cuMemcpy2DUnaligned_v2_ptds cuMemcpy3D cuMemcpy3D_v2
    cuMemcpy3D_v2_ptds cuMemcpy3DAsync cuMemcpy3DAsync_v2 cuMemcpy3DAsync_v2_ptsz cuMemcpy3DBatchAsync
    cuMemcpy3DBatchAsync_ptsz cuMemcpy3DBatchAsync_v2 cuMemcpy3DBatchAsync_v2_ptsz cuMemcpy3DPeer
    cuMemcpy3DPeer_ptds cuMemcpy3DPeerAsync cuMemcpy3DPeerAsync_ptsz cuMemcpy3DWithAttributesAsync
    cuMemcpy3DWithAttributesAsync_ptsz cuMemcpyAsync cuMemcpyAsync_ptsz cuMemcpyAtoA cuMemcpyAtoA_v2
    cuMemcpyAtoA_v2_ptds cuMemcpyAtoD cuMemcpyAtoD_v2 cuMemcpyAtoD_v2_ptds cuMemcpyAtoH cuMemcpyAtoH_v2
    cuMemcpyAtoH_v2_ptds cuMemcpyAtoHAsync cuMemcpyAtoHAsync_v2 cuMemcpyAtoHAsync_v2_ptsz cuMemcpyBatchAsync
    cuMemcpyBatchAsync_ptsz cuMemcpyBatchAsync_v2 cuMemcpyBatchAsync_v2_ptsz cuMemcpyDtoA cuMemcpyDtoA_v2
    cuMemcpyDtoA_v2_ptds cuMemcpyDtoD cuMemcpyDtoD_v2 cuMemcpyDtoD_v2_ptds cuMemcpyDtoDAsync
    cuMemcpyDtoDAsync_v2 cuMemcpyDtoDAsync_v2_ptsz cuMemcpyDtoH cuMemcpyDtoH_v2 cuMemcpyDtoH_v2_ptds
    cuMemcpyDtoHAsync cuMemcpyDtoHAsync_v2 cuMemcpyDtoHAsync_v2_ptsz cuMemcpyHtoA cuMemcpyHtoA_v2
    cuMemcpyHtoA_v2_ptds cuMemcpyHtoAAsync cuMemcpyHtoAAsync_v2 cuMemcpyHtoAAsync_v2_ptsz cuMemcpyHtoD
    cuMemcpyHtoD_v2 cuMemcpyHtoD_v2_ptds cuMemcpyHtoDAsync cuMemcpyHtoDAsync_v2 cuMemcpyHtoDAsync_v2_ptsz
    cuMemcpyPeer cuMemcpyPeer_ptds cuMemcpyPeerAsync cuMemcpyPeerAsync_ptsz cuMemcpyWithAttributesAsync
    cuMemcpyWithAttributesAsync_ptsz cuMemsetD16 cuMemsetD16_v2 cuMemsetD16_v2_ptds cuMemsetD16Async
    cuMemsetD16Async_ptsz cuMemsetD2D16 cuMemsetD2D16_v2 cuMemsetD2D16_v2_ptds cuMemsetD2D16Async
    cuMemsetD2D16Async_ptsz cuMemsetD2D32 cuMemsetD2D32_v2 cuMemsetD2D32_v2_ptds cuMemsetD2D32Async
    cuMemsetD2D32Async_ptsz cuMemsetD2D8 cuMemsetD2D8_v2 cuMemsetD2D8_v2_ptds cuMemsetD2D8Async
    cuMemsetD2D8Async_ptsz cuMemsetD32 cuMemsetD32_v2 cuMemsetD32_v2_ptds cuMemsetD32Async
    cuMemsetD32Async_ptsz cuMemsetD8 cuMemsetD8_v2 cuMemsetD8_v2_ptds cuMemsetD8Async cuMemsetD8Async_ptsz
    cuMipmappedArrayCreate cuMipmappedArrayDestroy cuMipmappedArrayGetLevel
    cuMipmappedArrayGetMemoryRequirements cuMipmappedArrayGetSparseProperties
    // CUDA: Virtual Memory Management
    cuMemAddressFree cuMemAddressReserve cuMemCreate cuMemExportToShareableHandle cuMemGetAccess
    cuMemGetAllocationGranularity cuMemGetAllocationPropertiesFromHandle cuMemImportFromShareableHandle
    cuMemMap cuMemMapArrayAsync cuMemMapArrayAsync_ptsz cuMemRelease cuMemRetainAllocationHandle
    cuMemSetAccess cuMemUnmap
    // CUDA: Stream Ordered Memory Allocator
    cuMemAllocAsync cuMemAllocAsync_ptsz cuMemAllocFromPoolAsync cuMemAllocFromPoolAsync_ptsz cuMemFreeAsync
    cuMemFreeAsync_ptsz cuMemGetDefaultMemPool cuMemGetMemPool cuMemPoolCreate cuMemPoolDestroy
    cuMemPoolExportPointer cuMemPoolExportToShareableHandle cuMemPoolGetAccess cuMemPoolGetAttribute
    cuMemPoolImportFromShareableHandle cuMemPoolImportPointer cuMemPoolSetAccess cuMemPoolSetAttribute
    cuMemPoolTrimTo cuMemSetMemPool
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
    cuMemAdvise cuMemAdvise_v2 cuMemDiscardAndPrefetchBatchAsync cuMemDiscardAndPrefetchBatchAsync_ptsz
    cuMemDiscardBatchAsync cuMemDiscardBatchAsync_ptsz cuMemGetLocationInfo cuMemPrefetchAsync
    cuMemPrefetchAsync_ptsz cuMemPrefetchAsync_v2 cuMemPrefetchAsync_v2_ptsz cuMemPrefetchBatchAsync
    cuMemPrefetchBatchAsync_ptsz cuMemRangeGetAttribute cuMemRangeGetAttributes cuPointerGetAttribute
    cuPointerGetAttributes cuPointerSetAttribute
    // CUDA: Stream Management
    cuStreamAddCallback cuStreamAddCallback_ptsz cuStreamAttachMemAsync cuStreamAttachMemAsync_ptsz
    cuStreamBeginCapture cuStreamBeginCapture_ptsz cuStreamBeginCapture_v2 cuStreamBeginCapture_v2_ptsz
    cuStreamBeginCaptureToCig cuStreamBeginCaptureToCig_ptsz cuStreamBeginCaptureToGraph
    cuStreamBeginCaptureToGraph_ptsz cuStreamBeginRecaptureToGraph cuStreamBeginRecaptureToGraph_ptsz
    cuStreamCopyAttributes cuStreamCopyAttributes_ptsz cuStreamCreate cuStreamCreateWithPriority
    cuStreamDestroy cuStreamDestroy_v2 cuStreamEndCapture cuStreamEndCapture_ptsz cuStreamEndCaptureToCig
    cuStreamEndCaptureToCig_ptsz cuStreamGetAttribute cuStreamGetAttribute_ptsz cuStreamGetCaptureInfo
    cuStreamGetCaptureInfo_ptsz cuStreamGetCaptureInfo_v2 cuStreamGetCaptureInfo_v2_ptsz
    cuStreamGetCaptureInfo_v3 cuStreamGetCaptureInfo_v3_ptsz cuStreamGetCtx cuStreamGetCtx_ptsz
    cuStreamGetCtx_v2 cuStreamGetCtx_v2_ptsz cuStreamGetDevice cuStreamGetDevice_ptsz cuStreamGetFlags
    cuStreamGetFlags_ptsz cuStreamGetId cuStreamGetId_ptsz cuStreamGetPriority cuStreamGetPriority_ptsz
    cuStreamIsCapturing cuStreamIsCapturing_ptsz cuStreamQuery cuStreamQuery_ptsz cuStreamSetAttribute
    cuStreamSetAttribute_ptsz cuStreamSynchronize cuStreamSynchronize_ptsz cuStreamUpdateCaptureDependencies
    cuStreamUpdateCaptureDependencies_ptsz cuStreamUpdateCaptureDependencies_v2
    cuStreamUpdateCaptureDependencies_v2_ptsz cuStreamWaitEvent cuStreamWaitEvent_ptsz
    cuThreadExchangeStreamCaptureMode
    // CUDA: Event Management
    cuEventCreate cuEventDestroy cuEventDestroy_v2 cuEventElapsedTime cuEventElapsedTime_v2 cuEventQuery
    cuEventRecord cuEventRecord_ptsz cuEventRecordWithFlags cuEventRecordWithFlags_ptsz cuEventSynchronize
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
    cuFuncGetAttribute cuFuncGetModule cuFuncGetName cuFuncGetParamCount cuFuncGetParamInfo cuFuncIsLoaded
    cuFuncLoad cuFuncSetAttribute cuFuncSetCacheConfig cuLaunchCooperativeKernel
    cuLaunchCooperativeKernel_ptsz cuLaunchHostFunc cuLaunchHostFunc_ptsz cuLaunchHostFunc_v2
    cuLaunchHostFunc_v2_ptsz cuLaunchKernel cuLaunchKernel_ptsz cuLaunchKernelEx cuLaunchKernelEx_ptsz
    // CUDA: Execution Control [DEPRECATED]
    cuFuncSetBlockShape cuFuncSetSharedMemConfig cuFuncSetSharedSize cuLaunch
    cuLaunchCooperativeKernelMultiDevice cuLaunchGrid cuLaunchGridAsync cuParamSetSize cuParamSetTexRef
    cuParamSetf cuParamSeti cuParamSetv
    // CUDA: Graph Management
    cuDeviceGetGraphMemAttribute cuDeviceGraphMemTrim cuDeviceSetGraphMemAttribute cuGraphAddBatchMemOpNode
    cuGraphAddChildGraphNode cuGraphAddDependencies cuGraphAddDependencies_v2 cuGraphAddEmptyNode
    cuGraphAddEventRecordNode cuGraphAddEventWaitNode cuGraphAddExternalSemaphoresSignalNode
    cuGraphAddExternalSemaphoresWaitNode cuGraphAddHostNode cuGraphAddKernelNode cuGraphAddKernelNode_v2
    cuGraphAddMemAllocNode cuGraphAddMemFreeNode cuGraphAddMemcpyNode cuGraphAddMemsetNode cuGraphAddNode
    cuGraphAddNode_v2 cuGraphAddNode_v3 cuGraphBatchMemOpNodeGetParams cuGraphBatchMemOpNodeSetParams
    cuGraphChildGraphNodeGetGraph cuGraphClone cuGraphConditionalHandleCreate cuGraphCreate
    cuGraphDebugDotPrint cuGraphDestroy cuGraphDestroyNode cuGraphEventRecordNodeGetEvent
    cuGraphEventRecordNodeSetEvent cuGraphEventWaitNodeGetEvent cuGraphEventWaitNodeSetEvent
    cuGraphExecBatchMemOpNodeSetParams cuGraphExecChildGraphNodeSetParams cuGraphExecDestroy
    cuGraphExecEventRecordNodeSetEvent cuGraphExecEventWaitNodeSetEvent
    cuGraphExecExternalSemaphoresSignalNodeSetParams cuGraphExecExternalSemaphoresWaitNodeSetParams
    cuGraphExecGetFlags cuGraphExecGetId cuGraphExecHostNodeSetParams cuGraphExecKernelNodeSetParams
    cuGraphExecKernelNodeSetParams_v2 cuGraphExecMemcpyNodeSetParams cuGraphExecMemsetNodeSetParams
    cuGraphExecNodeSetParams cuGraphExecUpdate cuGraphExecUpdate_v2
    cuGraphExternalSemaphoresSignalNodeGetParams cuGraphExternalSemaphoresSignalNodeSetParams
    cuGraphExternalSemaphoresWaitNodeGetParams cuGraphExternalSemaphoresWaitNodeSetParams cuGraphGetEdges
    cuGraphGetEdges_v2 cuGraphGetId cuGraphGetNodes cuGraphGetRootNodes cuGraphHostNodeGetParams
    cuGraphHostNodeSetParams cuGraphInstantiate cuGraphInstantiate_v2 cuGraphInstantiateWithFlags
    cuGraphInstantiateWithParams cuGraphInstantiateWithParams_ptsz cuGraphKernelNodeCopyAttributes
    cuGraphKernelNodeGetAttribute cuGraphKernelNodeGetParams cuGraphKernelNodeGetParams_v2
    cuGraphKernelNodeSetAttribute cuGraphKernelNodeSetParams cuGraphKernelNodeSetParams_v2 cuGraphLaunch
    cuGraphLaunch_ptsz cuGraphMemAllocNodeGetParams cuGraphMemFreeNodeGetParams cuGraphMemcpyNodeGetParams
    cuGraphMemcpyNodeSetParams cuGraphMemsetNodeGetParams cuGraphMemsetNodeSetParams cuGraphNodeFindInClone
    cuGraphNodeGetContainingGraph cuGraphNodeGetDependencies cuGraphNodeGetDependencies_v2
    cuGraphNodeGetDependentNodes cuGraphNodeGetDependentNodes_v2 cuGraphNodeGetEnabled cuGraphNodeGetLocalId
    cuGraphNodeGetParams cuGraphNodeGetToolsId cuGraphNodeGetType cuGraphNodeSetEnabled cuGraphNodeSetParams
    cuGraphNodeSetParams_v2 cuGraphReleaseUserObject cuGraphRemoveDependencies cuGraphRemoveDependencies_v2
    cuGraphRetainUserObject cuGraphUpload cuGraphUpload_ptsz cuUserObjectCreate cuUserObjectRelease
    cuUserObjectRetain
    // CUDA: Occupancy
    cuOccupancyAvailableDynamicSMemPerBlock cuOccupancyMaxActiveBlocksPerMultiprocessor
    cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags cuOccupancyMaxActiveClusters
    cuOccupancyMaxPotentialBlockSize cuOccupancyMaxPotentialBlockSizeWithFlags
    cuOccupancyMaxPotentialClusterSize
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
    cuCtxDisablePeerAccess cuCtxEnablePeerAccess cuDeviceCanAccessPeer cuDeviceGetP2PAtomicCapabilities
    cuDeviceGetP2PAttribute
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
    // CUDA: HAL extension
    cuHALDeinit
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
    // HIP: HAL extension
    hipHALDeinit
    // HIP: Initialization and Version
    hipDeviceComputeCapability hipDeviceGet hipDeviceGetByPCIBusId hipDeviceGetName hipDeviceGetP2PAttribute
    hipDeviceGetPCIBusId hipDeviceGetUuid hipDeviceTotalMem hipDriverGetVersion hipInit hipRuntimeGetVersion
    // HIP: Device Management
    hipChooseDevice hipChooseDeviceR0000 hipChooseDeviceR0600 hipDeviceFlushGPUDirectRDMAWrites
    hipDeviceGetAttribute hipDeviceGetCacheConfig hipDeviceGetDefaultMemPool hipDeviceGetLimit
    hipDeviceGetLuid hipDeviceGetMemPool hipDeviceGetSharedMemConfig hipDeviceGetTexture1DLinearMaxWidth
    hipDeviceReset hipDeviceSetCacheConfig hipDeviceSetLimit hipDeviceSetMemPool hipDeviceSetSharedMemConfig
    hipDeviceSynchronize hipExtGetLinkTypeAndHopCount hipGetDevice hipGetDeviceCount hipGetDeviceFlags
    hipGetDeviceProperties hipGetDevicePropertiesR0000 hipGetDevicePropertiesR0600 hipInitDevice
    hipIpcCloseMemHandle hipIpcGetEventHandle hipIpcGetMemHandle hipIpcOpenEventHandle hipIpcOpenMemHandle
    hipSetDevice hipSetDeviceFlags hipSetValidDevices
    // HIP: Context Management [Deprecated]
    hipCtxCreate hipCtxDestroy hipCtxDisablePeerAccess hipCtxEnablePeerAccess hipCtxGetApiVersion
    hipCtxGetCacheConfig hipCtxGetCurrent hipCtxGetDevice hipCtxGetFlags hipCtxGetSharedMemConfig
    hipCtxPopCurrent hipCtxPushCurrent hipCtxSetCacheConfig hipCtxSetCurrent hipCtxSetSharedMemConfig
    hipCtxSynchronize hipDevicePrimaryCtxGetState hipDevicePrimaryCtxRelease hipDevicePrimaryCtxReset
    hipDevicePrimaryCtxRetain hipDevicePrimaryCtxSetFlags
    // HIP: PeerToPeer Device Memory Access
    hipDeviceCanAccessPeer hipDeviceDisablePeerAccess hipDeviceEnablePeerAccess hipMemcpyPeer
    hipMemcpyPeerAsync
    // HIP: Stream Management
    hipDeviceGetStreamPriorityRange hipExtStreamCreateWithCUMask hipExtStreamGetCUMask hipStreamAddCallback
    hipStreamAddCallback_spt hipStreamCopyAttributes hipStreamCreate hipStreamCreateWithFlags
    hipStreamCreateWithPriority hipStreamDestroy hipStreamGetAttribute hipStreamGetDevice hipStreamGetFlags
    hipStreamGetFlags_spt hipStreamGetId hipStreamGetPriority hipStreamGetPriority_spt hipStreamQuery
    hipStreamQuery_spt hipStreamSetAttribute hipStreamSynchronize hipStreamSynchronize_spt
    hipStreamWaitEvent hipStreamWaitEvent_spt
    // HIP: Stream Memory Operations
    hipGraphAddBatchMemOpNode hipGraphBatchMemOpNodeGetParams hipGraphBatchMemOpNodeSetParams
    hipGraphExecBatchMemOpNodeSetParams hipStreamBatchMemOp hipStreamWaitValue32 hipStreamWaitValue64
    hipStreamWriteValue32 hipStreamWriteValue64
    // HIP: Event Management
    hipEventCreate hipEventCreateWithFlags hipEventDestroy hipEventElapsedTime hipEventQuery hipEventRecord
    hipEventRecord_spt hipEventRecordWithFlags hipEventSynchronize
    // HIP: Execution Control
    hipDrvLaunchKernelEx hipExtLaunchMultiKernelMultiDevice hipExtModuleLaunchKernel
    _Z24hipExtModuleLaunchKernelP18ihipModuleSymbol_tjjjjjjmP12ihipStream_tPPvS4_P11ihipEvent_tS6_j
    hipFuncGetAttribute hipFuncGetAttributes hipFuncSetAttribute hipFuncSetCacheConfig
    hipFuncSetSharedMemConfig hipHccModuleLaunchKernel
    _Z24hipHccModuleLaunchKernelP18ihipModuleSymbol_tjjjjjjmP12ihipStream_tPPvS4_P11ihipEvent_tS6_
    hipLaunchKernelExC hipModuleLaunchKernel
    // HIP: Cooperative groups kernel launch of Module management
    hipLaunchCooperativeKernel hipLaunchCooperativeKernel_spt hipLaunchCooperativeKernelMultiDevice
    hipModuleLaunchCooperativeKernel hipModuleLaunchCooperativeKernelMultiDevice
    // HIP: Launch API to support the triple-chevron syntax
    __hipPopCallConfiguration __hipPushCallConfiguration hipConfigureCall hipDrvMemcpy2DUnaligned
    hipExtLaunchKernel hipLaunchByPtr hipLaunchHostFunc hipLaunchHostFunc_spt hipLaunchKernel
    hipLaunchKernel_spt hipSetupArgument
    // HIP: Compiler registration ABI
    __hipRegisterFatBinary __hipRegisterFunction __hipRegisterManagedVar __hipRegisterSurface
    __hipRegisterTexture __hipRegisterVar __hipUnregisterFatBinary
    // HIP: Module Management
    hipGetFuncBySymbol hipKernelGetAttribute hipKernelGetFunction hipKernelGetLibrary hipKernelGetName
    hipKernelGetParamInfo hipKernelSetAttribute hipLibraryEnumerateKernels hipLibraryGetGlobal
    hipLibraryGetKernel hipLibraryGetKernelCount hipLibraryGetManaged hipLibraryGetModule hipLibraryLoadData
    hipLibraryLoadFromFile hipLibraryUnload hipLinkAddData hipLinkAddFile hipLinkComplete hipLinkCreate
    hipLinkDestroy hipMemGetHandleForAddressRange hipModuleEnumerateFunctions hipModuleGetFunction
    hipModuleGetFunctionCount hipModuleGetGlobal hipModuleGetTexRef hipModuleLoad hipModuleLoadData
    hipModuleLoadDataEx hipModuleLoadFatBinary hipModuleUnload
    // HIP: Memory Management
    hipArray3DCreate hipArray3DGetDescriptor hipArrayCreate hipArrayDestroy hipArrayGetDescriptor
    hipArrayGetInfo hipDrvMemcpy3D hipDrvMemcpy3DAsync hipDrvPointerGetAttributes hipExtMallocWithFlags
    hipFree hipFreeArray hipFreeHost hipGetSymbolAddress hipGetSymbolSize hipHostAlloc
    hipHostGetDevicePointer hipHostGetFlags hipHostMalloc hipHostRegister hipHostUnregister hipMalloc
    hipMalloc3D hipMalloc3DArray hipMallocArray hipMallocAsync hipMallocPitch hipMemAllocPitch
    hipMemGetAddressRange hipMemGetInfo hipMemPtrGetInfo hipMemcpy hipMemcpy_spt hipMemcpy2D hipMemcpy2D_spt
    hipMemcpy2DArrayToArray hipMemcpy2DAsync hipMemcpy2DAsync_spt hipMemcpy2DFromArray
    hipMemcpy2DFromArray_spt hipMemcpy2DFromArrayAsync hipMemcpy2DFromArrayAsync_spt hipMemcpy2DToArray
    hipMemcpy2DToArray_spt hipMemcpy2DToArrayAsync hipMemcpy2DToArrayAsync_spt hipMemcpy3D hipMemcpy3D_spt
    hipMemcpy3DAsync hipMemcpy3DAsync_spt hipMemcpy3DBatchAsync hipMemcpy3DPeer hipMemcpy3DPeerAsync
    hipMemcpyAsync hipMemcpyAsync_spt hipMemcpyAtoA hipMemcpyAtoD hipMemcpyAtoH hipMemcpyAtoHAsync
    hipMemcpyBatchAsync hipMemcpyDtoA hipMemcpyDtoD hipMemcpyDtoDAsync hipMemcpyDtoH hipMemcpyDtoHAsync
    hipMemcpyFromSymbol hipMemcpyFromSymbol_spt hipMemcpyFromSymbolAsync hipMemcpyFromSymbolAsync_spt
    hipMemcpyHtoA hipMemcpyHtoAAsync hipMemcpyHtoD hipMemcpyHtoDAsync hipMemcpyParam2D hipMemcpyParam2DAsync
    hipMemcpyToSymbol hipMemcpyToSymbol_spt hipMemcpyToSymbolAsync hipMemcpyToSymbolAsync_spt
    hipMemcpyWithStream hipMemset hipMemset_spt hipMemset2D hipMemset2D_spt hipMemset2DAsync
    hipMemset2DAsync_spt hipMemset3D hipMemset3D_spt hipMemset3DAsync hipMemset3DAsync_spt hipMemsetAsync
    hipMemsetAsync_spt hipMemsetD16 hipMemsetD16Async hipMemsetD2D16 hipMemsetD2D16Async hipMemsetD2D32
    hipMemsetD2D32Async hipMemsetD2D8 hipMemsetD2D8Async hipMemsetD32 hipMemsetD32Async hipMemsetD8
    hipMemsetD8Async hipMipmappedArrayGetMemoryRequirements hipPointerGetAttribute hipPointerGetAttributes
    hipPointerSetAttribute
    // HIP: Memory Management [Deprecated]
    hipHostFree hipMallocHost hipMemAllocHost hipMemcpyFromArray hipMemcpyFromArray_spt hipMemcpyToArray
    // HIP: Managed Memory
    hipDrvMemDiscardAndPrefetchBatchAsync hipDrvMemDiscardBatchAsync hipMallocManaged hipMemAdvise
    hipMemAdvise_v2 hipMemDiscardAndPrefetchBatchAsync hipMemDiscardBatchAsync hipMemPrefetchAsync
    hipMemPrefetchAsync_v2 hipMemPrefetchBatchAsync hipMemRangeGetAttribute hipMemRangeGetAttributes
    hipStreamAttachMemAsync
    // HIP: Stream Ordered Memory Allocator
    hipFreeAsync hipMallocFromPoolAsync hipMemGetDefaultMemPool hipMemGetMemPool hipMemPoolCreate
    hipMemPoolDestroy hipMemPoolExportPointer hipMemPoolExportToShareableHandle hipMemPoolGetAccess
    hipMemPoolGetAttribute hipMemPoolImportFromShareableHandle hipMemPoolImportPointer hipMemPoolSetAccess
    hipMemPoolSetAttribute hipMemPoolTrimTo hipMemSetMemPool
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
    hipDrvGraphAddMemFreeNode hipDrvGraphAddMemcpyNode hipDrvGraphAddMemsetNode
    hipDrvGraphExecMemcpyNodeSetParams hipDrvGraphExecMemsetNodeSetParams hipDrvGraphMemcpyNodeGetParams
    hipDrvGraphMemcpyNodeSetParams hipGraphAddChildGraphNode hipGraphAddDependencies hipGraphAddEmptyNode
    hipGraphAddEventRecordNode hipGraphAddEventWaitNode hipGraphAddExternalSemaphoresSignalNode
    hipGraphAddExternalSemaphoresWaitNode hipGraphAddHostNode hipGraphAddKernelNode hipGraphAddMemAllocNode
    hipGraphAddMemFreeNode hipGraphAddMemcpyNode hipGraphAddMemcpyNode1D hipGraphAddMemcpyNodeFromSymbol
    hipGraphAddMemcpyNodeToSymbol hipGraphAddMemsetNode hipGraphAddNode hipGraphChildGraphNodeGetGraph
    hipGraphClone hipGraphCreate hipGraphDebugDotPrint hipGraphDestroy hipGraphDestroyNode
    hipGraphEventRecordNodeGetEvent hipGraphEventRecordNodeSetEvent hipGraphEventWaitNodeGetEvent
    hipGraphEventWaitNodeSetEvent hipGraphExecChildGraphNodeSetParams hipGraphExecDestroy
    hipGraphExecEventRecordNodeSetEvent hipGraphExecEventWaitNodeSetEvent
    hipGraphExecExternalSemaphoresSignalNodeSetParams hipGraphExecExternalSemaphoresWaitNodeSetParams
    hipGraphExecGetFlags hipGraphExecHostNodeSetParams hipGraphExecKernelNodeSetParams
    hipGraphExecMemcpyNodeSetParams hipGraphExecMemcpyNodeSetParams1D
    hipGraphExecMemcpyNodeSetParamsFromSymbol hipGraphExecMemcpyNodeSetParamsToSymbol
    hipGraphExecMemsetNodeSetParams hipGraphExecNodeSetParams hipGraphExecUpdate
    hipGraphExternalSemaphoresSignalNodeGetParams hipGraphExternalSemaphoresSignalNodeSetParams
    hipGraphExternalSemaphoresWaitNodeGetParams hipGraphExternalSemaphoresWaitNodeSetParams hipGraphGetEdges
    hipGraphGetNodes hipGraphGetRootNodes hipGraphHostNodeGetParams hipGraphHostNodeSetParams
    hipGraphInstantiate hipGraphInstantiateWithFlags hipGraphInstantiateWithParams
    hipGraphKernelNodeCopyAttributes hipGraphKernelNodeGetAttribute hipGraphKernelNodeGetParams
    hipGraphKernelNodeSetAttribute hipGraphKernelNodeSetParams hipGraphLaunch hipGraphLaunch_spt
    hipGraphMemAllocNodeGetParams hipGraphMemFreeNodeGetParams hipGraphMemcpyNodeGetParams
    hipGraphMemcpyNodeSetParams hipGraphMemcpyNodeSetParams1D hipGraphMemcpyNodeSetParamsFromSymbol
    hipGraphMemcpyNodeSetParamsToSymbol hipGraphMemsetNodeGetParams hipGraphMemsetNodeSetParams
    hipGraphNodeFindInClone hipGraphNodeGetDependencies hipGraphNodeGetDependentNodes hipGraphNodeGetEnabled
    hipGraphNodeGetType hipGraphNodeSetEnabled hipGraphNodeSetParams hipGraphReleaseUserObject
    hipGraphRemoveDependencies hipGraphRetainUserObject hipGraphUpload hipStreamBeginCapture
    hipStreamBeginCapture_spt hipStreamBeginCaptureToGraph hipStreamEndCapture hipStreamEndCapture_spt
    hipStreamGetCaptureInfo hipStreamGetCaptureInfo_spt hipStreamGetCaptureInfo_v2
    hipStreamGetCaptureInfo_v2_spt hipStreamIsCapturing hipStreamIsCapturing_spt
    hipStreamUpdateCaptureDependencies hipThreadExchangeStreamCaptureMode hipUserObjectCreate
    hipUserObjectRelease hipUserObjectRetain
    // HIP: Occupancy
    hipModuleOccupancyMaxActiveBlocksPerMultiprocessor
    hipModuleOccupancyMaxActiveBlocksPerMultiprocessorWithFlags hipModuleOccupancyMaxPotentialBlockSize
    hipModuleOccupancyMaxPotentialBlockSizeWithFlags hipOccupancyAvailableDynamicSMemPerBlock
    hipOccupancyMaxActiveBlocksPerMultiprocessor hipOccupancyMaxActiveBlocksPerMultiprocessorWithFlags
    hipOccupancyMaxActiveClusters hipOccupancyMaxPotentialBlockSize hipOccupancyMaxPotentialClusterSize
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
