//! Our structs against two independent bindings: sizes, alignments, and where each field lies.

use std::mem::{align_of, offset_of, size_of};

use cubecl_hip_sys as amd;
use cudarc::driver::sys as nvidia;

use super::{cuda, hip, pool, properties};

/// Size, alignment and the offsets of the fields named.
macro_rules! same {
    ($test:ident, $ours:ty, $theirs:ty, $($field:ident $(. $inner:ident)? = $other:ident $(. $part:ident)?),* $(,)?) => {
        #[test]
        fn $test() {
            assert_eq!(size_of::<$ours>(), size_of::<$theirs>(), "size");
            assert_eq!(align_of::<$ours>(), align_of::<$theirs>(), "alignment");
            $(assert_eq!(
                offset_of!($ours, $field $(. $inner)?),
                offset_of!($theirs, $other $(. $part)?),
                stringify!($other)
            );)*
        }
    };
}

same!(
    device_properties,
    cuda::DeviceProperties,
    nvidia::CUdevprop_st,
    max_threads_per_block = maxThreadsPerBlock,
    max_threads_dim = maxThreadsDim,
    max_grid_size = maxGridSize,
    shared_mem_per_block = sharedMemPerBlock,
    total_constant_memory = totalConstantMemory,
    simd_width = SIMDWidth,
    mem_pitch = memPitch,
    regs_per_block = regsPerBlock,
    clock_rate = clockRate,
    texture_align = textureAlign
);

same!(
    kernel_node_v1,
    cuda::KernelNodeV1,
    nvidia::CUDA_KERNEL_NODE_PARAMS_st,
    function = func,
    grid = gridDimX,
    block = blockDimX,
    shared_bytes = sharedMemBytes,
    parameters = kernelParams,
    extra = extra
);

same!(
    kernel_node,
    cuda::KernelNode,
    nvidia::CUDA_KERNEL_NODE_PARAMS_v2_st,
    v1 = func,
    kernel = kern,
    context = ctx
);

same!(
    memset_node,
    cuda::MemsetNode,
    nvidia::CUDA_MEMSET_NODE_PARAMS_st,
    to = dst,
    pitch = pitch,
    value = value,
    element_bytes = elementSize,
    width = width,
    height = height
);

same!(host_node, cuda::HostNode, nvidia::CUDA_HOST_NODE_PARAMS_st, function = fn_, data = userData);

same!(
    memcpy_2d,
    cuda::Memcpy2D,
    nvidia::CUDA_MEMCPY2D_st,
    from_x = srcXInBytes,
    from_y = srcY,
    from_kind = srcMemoryType,
    from_host = srcHost,
    from_device = srcDevice,
    from_array = srcArray,
    from_pitch = srcPitch,
    to_x = dstXInBytes,
    to_y = dstY,
    to_kind = dstMemoryType,
    to_host = dstHost,
    to_device = dstDevice,
    to_array = dstArray,
    to_pitch = dstPitch,
    width_bytes = WidthInBytes,
    height = Height
);

same!(
    memcpy_3d,
    cuda::Memcpy3D,
    nvidia::CUDA_MEMCPY3D_st,
    from.x = srcXInBytes,
    from.y = srcY,
    from.z = srcZ,
    from.level = srcLOD,
    from.kind = srcMemoryType,
    from.host = srcHost,
    from.device = srcDevice,
    from.array = srcArray,
    from.context = reserved0,
    from.pitch = srcPitch,
    from.height = srcHeight,
    to.x = dstXInBytes,
    to.y = dstY,
    to.z = dstZ,
    to.level = dstLOD,
    to.kind = dstMemoryType,
    to.host = dstHost,
    to.device = dstDevice,
    to.array = dstArray,
    to.context = reserved1,
    to.pitch = dstPitch,
    to.height = dstHeight,
    width_bytes = WidthInBytes,
    height = Height,
    depth = Depth
);

same!(
    memcpy_3d_peer,
    cuda::Memcpy3D,
    nvidia::CUDA_MEMCPY3D_PEER_st,
    from.context = srcContext,
    from.height = srcHeight,
    to.context = dstContext,
    to.height = dstHeight,
    width_bytes = WidthInBytes,
    depth = Depth
);

same!(
    memcpy_node,
    cuda::MemcpyNode,
    nvidia::CUDA_MEMCPY_NODE_PARAMS_st,
    flags = flags,
    reserved = reserved,
    context = copyCtx,
    copy = copyParams
);

same!(
    node_params,
    cuda::NodeParams,
    nvidia::CUgraphNodeParams_st,
    kind = type_,
    reserved = reserved0,
    body = __bindgen_anon_1,
    reserved_end = reserved2
);

same!(
    launch_attribute,
    cuda::LaunchAttribute,
    nvidia::CUlaunchAttribute_st,
    id = id,
    padding = pad,
    value = value
);

same!(
    launch_config,
    cuda::LaunchConfig,
    nvidia::CUlaunchConfig_st,
    grid = gridDimX,
    block = blockDimX,
    shared_bytes = sharedMemBytes,
    stream = hStream,
    attributes = attrs,
    count = numAttrs
);

same!(
    instantiate_params,
    cuda::InstantiateParams,
    nvidia::CUDA_GRAPH_INSTANTIATE_PARAMS_st,
    flags = flags,
    upload_stream = hUploadStream,
    error_node = hErrNode_out,
    result = result_out
);

same!(
    edge_data,
    cuda::EdgeData,
    nvidia::CUgraphEdgeData_st,
    from_port = from_port,
    to_port = to_port,
    kind = type_,
    reserved = reserved
);

same!(
    update_result,
    cuda::UpdateResult,
    nvidia::CUgraphExecUpdateResultInfo_st,
    result = result,
    error_node = errorNode,
    error_from_node = errorFromNode
);

same!(
    context_params,
    cuda::ContextParams,
    nvidia::CUctxCreateParams_st,
    affinity = execAffinityParams,
    affinity_count = numExecAffinityParams,
    graphics = cigParams
);

same!(
    hip_kernel_node,
    hip::KernelNode,
    amd::hipKernelNodeParams,
    block = blockDim,
    extra = extra,
    function = func,
    grid = gridDim,
    parameters = kernelParams,
    shared_bytes = sharedMemBytes
);

same!(
    hip_memset_node,
    hip::MemsetNode,
    amd::hipMemsetParams,
    to = dst,
    element_bytes = elementSize,
    height = height,
    pitch = pitch,
    value = value,
    width = width
);

same!(hip_host_node, cuda::HostNode, amd::hipHostNodeParams, function = fn_, data = userData);

same!(
    hip_pitched,
    hip::Pitched,
    amd::hipPitchedPtr,
    address = ptr,
    pitch = pitch,
    width = xsize,
    height = ysize
);

same!(hip_extent, hip::Extent, amd::hipExtent, width = width, height = height, depth = depth);

same!(hip_position, hip::Position, amd::hipPos, x = x, y = y, z = z);

same!(
    hip_memcpy_3d,
    hip::Memcpy3D,
    amd::hipMemcpy3DParms,
    from_array = srcArray,
    from_position = srcPos,
    from = srcPtr,
    to_array = dstArray,
    to_position = dstPos,
    to = dstPtr,
    extent = extent,
    kind = kind
);

same!(
    hip_memcpy_2d,
    cuda::Memcpy2D,
    amd::hip_Memcpy2D,
    from_x = srcXInBytes,
    from_kind = srcMemoryType,
    from_pitch = srcPitch,
    to_x = dstXInBytes,
    to_kind = dstMemoryType,
    to_pitch = dstPitch,
    width_bytes = WidthInBytes,
    height = Height
);

same!(
    hip_driver_memcpy_3d,
    hip::DriverMemcpy3D,
    amd::HIP_MEMCPY3D,
    from.x = srcXInBytes,
    from.y = srcY,
    from.z = srcZ,
    from.level = srcLOD,
    from.kind = srcMemoryType,
    from.host = srcHost,
    from.device = srcDevice,
    from.array = srcArray,
    from.pitch = srcPitch,
    from.height = srcHeight,
    to.x = dstXInBytes,
    to.kind = dstMemoryType,
    to.host = dstHost,
    to.device = dstDevice,
    to.array = dstArray,
    to.pitch = dstPitch,
    to.height = dstHeight,
    width_bytes = WidthInBytes,
    height = Height,
    depth = Depth
);

same!(
    hip_pointer_attributes,
    hip::PointerAttributes,
    amd::hipPointerAttribute_t,
    kind = type_,
    device = device,
    device_pointer = devicePointer,
    host_pointer = hostPointer,
    is_managed = isManaged,
    flags = allocationFlags
);

same!(
    hip_function_attributes,
    hip::FunctionAttributes,
    amd::hipFuncAttributes,
    binary_version = binaryVersion,
    cache_mode = cacheModeCA,
    constant_bytes = constSizeBytes,
    local_bytes = localSizeBytes,
    max_dynamic_shared = maxDynamicSharedSizeBytes,
    max_threads_per_block = maxThreadsPerBlock,
    registers = numRegs,
    carveout = preferredShmemCarveout,
    ptx_version = ptxVersion,
    shared_bytes = sharedSizeBytes
);

same!(
    hip_memcpy_node,
    hip::MemcpyNode,
    amd::hipMemcpyNodeParams,
    flags = flags,
    reserved = reserved,
    copy = copyParams
);

same!(
    hip_node_params,
    cuda::NodeParams,
    amd::hipGraphNodeParams,
    kind = type_,
    reserved = reserved0,
    body = __bindgen_anon_1,
    reserved_end = reserved2
);

same!(
    hip_launch_config,
    hip::LaunchConfig,
    amd::hipLaunchConfig_st,
    grid = gridDim,
    block = blockDim,
    shared_bytes = dynamicSmemBytes,
    stream = stream,
    attributes = attrs,
    count = numAttrs
);

same!(
    hip_driver_launch_config,
    cuda::LaunchConfig,
    amd::HIP_LAUNCH_CONFIG_st,
    grid = gridDimX,
    block = blockDimX,
    shared_bytes = sharedMemBytes,
    stream = hStream,
    attributes = attrs,
    count = numAttrs
);

same!(
    hip_instantiate_params,
    hip::InstantiateParams,
    amd::hipGraphInstantiateParams,
    error_node = errNode_out,
    flags = flags,
    result = result_out,
    upload_stream = uploadStream
);

same!(
    hip_edge_data,
    hip::EdgeData,
    amd::hipGraphEdgeData,
    from_port = from_port,
    reserved = reserved,
    to_port = to_port,
    kind = type_
);

same!(hip_dim3, hip::Dim3, amd::dim3, x = x, y = y, z = z);

same!(
    hip_properties,
    properties::Properties,
    amd::hipDeviceProp_tR0600,
    name = name,
    uuid = uuid,
    luid = luid,
    luid_device_node_mask = luidDeviceNodeMask,
    total_global_mem = totalGlobalMem,
    shared_mem_per_block = sharedMemPerBlock,
    regs_per_block = regsPerBlock,
    warp_size = warpSize,
    mem_pitch = memPitch,
    max_threads_per_block = maxThreadsPerBlock,
    max_threads_dim = maxThreadsDim,
    max_grid_size = maxGridSize,
    clock_rate = clockRate,
    total_const_mem = totalConstMem,
    major = major,
    minor = minor,
    texture_alignment = textureAlignment,
    texture_pitch_alignment = texturePitchAlignment,
    device_overlap = deviceOverlap,
    multi_processor_count = multiProcessorCount,
    kernel_exec_timeout_enabled = kernelExecTimeoutEnabled,
    integrated = integrated,
    can_map_host_memory = canMapHostMemory,
    compute_mode = computeMode,
    max_texture1_d = maxTexture1D,
    max_texture1_d_mipmap = maxTexture1DMipmap,
    max_texture1_d_linear = maxTexture1DLinear,
    max_texture2_d = maxTexture2D,
    max_texture2_d_mipmap = maxTexture2DMipmap,
    max_texture2_d_linear = maxTexture2DLinear,
    max_texture2_d_gather = maxTexture2DGather,
    max_texture3_d = maxTexture3D,
    max_texture3_d_alt = maxTexture3DAlt,
    max_texture_cubemap = maxTextureCubemap,
    max_texture1_d_layered = maxTexture1DLayered,
    max_texture2_d_layered = maxTexture2DLayered,
    max_texture_cubemap_layered = maxTextureCubemapLayered,
    max_surface1_d = maxSurface1D,
    max_surface2_d = maxSurface2D,
    max_surface3_d = maxSurface3D,
    max_surface1_d_layered = maxSurface1DLayered,
    max_surface2_d_layered = maxSurface2DLayered,
    max_surface_cubemap = maxSurfaceCubemap,
    max_surface_cubemap_layered = maxSurfaceCubemapLayered,
    surface_alignment = surfaceAlignment,
    concurrent_kernels = concurrentKernels,
    ecc_enabled = ECCEnabled,
    pci_bus_id = pciBusID,
    pci_device_id = pciDeviceID,
    pci_domain_id = pciDomainID,
    tcc_driver = tccDriver,
    async_engine_count = asyncEngineCount,
    unified_addressing = unifiedAddressing,
    memory_clock_rate = memoryClockRate,
    memory_bus_width = memoryBusWidth,
    l2_cache_size = l2CacheSize,
    persisting_l2_cache_max_size = persistingL2CacheMaxSize,
    max_threads_per_multi_processor = maxThreadsPerMultiProcessor,
    stream_priorities_supported = streamPrioritiesSupported,
    global_l1_cache_supported = globalL1CacheSupported,
    local_l1_cache_supported = localL1CacheSupported,
    shared_mem_per_multiprocessor = sharedMemPerMultiprocessor,
    regs_per_multiprocessor = regsPerMultiprocessor,
    managed_memory = managedMemory,
    is_multi_gpu_board = isMultiGpuBoard,
    multi_gpu_board_group_id = multiGpuBoardGroupID,
    host_native_atomic_supported = hostNativeAtomicSupported,
    single_to_double_precision_perf_ratio = singleToDoublePrecisionPerfRatio,
    pageable_memory_access = pageableMemoryAccess,
    concurrent_managed_access = concurrentManagedAccess,
    compute_preemption_supported = computePreemptionSupported,
    can_use_host_pointer_for_registered_mem = canUseHostPointerForRegisteredMem,
    cooperative_launch = cooperativeLaunch,
    cooperative_multi_device_launch = cooperativeMultiDeviceLaunch,
    shared_mem_per_block_optin = sharedMemPerBlockOptin,
    pageable_memory_access_uses_host_page_tables = pageableMemoryAccessUsesHostPageTables,
    direct_managed_mem_access_from_host = directManagedMemAccessFromHost,
    max_blocks_per_multi_processor = maxBlocksPerMultiProcessor,
    access_policy_max_window_size = accessPolicyMaxWindowSize,
    reserved_shared_mem_per_block = reservedSharedMemPerBlock,
    host_register_supported = hostRegisterSupported,
    sparse_hip_array_supported = sparseHipArraySupported,
    host_register_read_only_supported = hostRegisterReadOnlySupported,
    timeline_semaphore_interop_supported = timelineSemaphoreInteropSupported,
    memory_pools_supported = memoryPoolsSupported,
    gpu_direct_rdma_supported = gpuDirectRDMASupported,
    gpu_direct_rdma_flush_writes_options = gpuDirectRDMAFlushWritesOptions,
    gpu_direct_rdma_writes_ordering = gpuDirectRDMAWritesOrdering,
    memory_pool_supported_handle_types = memoryPoolSupportedHandleTypes,
    deferred_mapping_hip_array_supported = deferredMappingHipArraySupported,
    ipc_event_supported = ipcEventSupported,
    cluster_launch = clusterLaunch,
    unified_function_pointers = unifiedFunctionPointers,
    reserved = reserved,
    hip_reserved = hipReserved,
    gcn_arch_name = gcnArchName,
    max_shared_memory_per_multi_processor = maxSharedMemoryPerMultiProcessor,
    clock_instruction_rate = clockInstructionRate,
    arch = arch,
    hdp_mem_flush_cntl = hdpMemFlushCntl,
    hdp_reg_flush_cntl = hdpRegFlushCntl,
    cooperative_multi_device_unmatched_func = cooperativeMultiDeviceUnmatchedFunc,
    cooperative_multi_device_unmatched_grid_dim = cooperativeMultiDeviceUnmatchedGridDim,
    cooperative_multi_device_unmatched_block_dim = cooperativeMultiDeviceUnmatchedBlockDim,
    cooperative_multi_device_unmatched_shared_mem = cooperativeMultiDeviceUnmatchedSharedMem,
    is_large_bar = isLargeBar,
    asic_revision = asicRevision
);

same!(
    pool_properties,
    pool::PoolProperties,
    nvidia::CUmemPoolProps_st,
    allocation_kind = allocType,
    handle_types = handleTypes,
    location = location,
    security = win32SecurityAttributes,
    most_bytes = maxSize,
    usage = usage,
    reserved = reserved
);

same!(pool_access, pool::Access, nvidia::CUmemAccessDesc_st, location = location, flags = flags);

same!(
    hip_pool_properties,
    pool::PoolProperties,
    amd::hipMemPoolProps,
    allocation_kind = allocType,
    handle_types = handleTypes,
    location = location,
    security = win32SecurityAttributes,
    most_bytes = maxSize
);

same!(hip_pool_access, pool::Access, amd::hipMemAccessDesc, location = location, flags = flags);

/// The layout up to HIP 5 is in no binding at hand: its size is known.
#[test]
fn hip_properties_old() {
    assert_eq!(size_of::<properties::PropertiesOld>(), 792);
    assert_eq!(offset_of!(properties::PropertiesOld, gcn_arch_name), 396);
}
