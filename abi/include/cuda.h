/*
 * The CUDA driver API as Stream HAL serves it, at the level of CUDA 13.4.
 *
 * Programs written for the driver API compile against this header and run on any device that the
 * library knows. Names, values and layouts are those of the API; the text is our own.
 * With CUDA_API_PER_THREAD_DEFAULT_STREAM defined, stream 0 means the calling thread's own stream.
 */
#ifndef STREAM_HAL_CUDA_H
#define STREAM_HAL_CUDA_H

#include <stddef.h>
#include <stdint.h>

#define CUDA_VERSION 13040

#define CUDAAPI
#define CUDA_CB

#if defined(CUDA_API_PER_THREAD_DEFAULT_STREAM)
#define STREAM_HAL_PTSZ(name) name##_ptsz
#define STREAM_HAL_PTDS(name) name##_ptds
#else
#define STREAM_HAL_PTSZ(name) name
#define STREAM_HAL_PTDS(name) name
#endif

#include "stream_hal/cuda/types.h"
#include "stream_hal/cuda/functions.h"

/* Streams that always exist. */
#define CU_STREAM_LEGACY ((CUstream)0x1)
#define CU_STREAM_PER_THREAD ((CUstream)0x2)

/* Devices that are none. */
#define CU_DEVICE_CPU ((CUdevice)-1)
#define CU_DEVICE_INVALID ((CUdevice)-2)

/* The list form of kernel arguments. */
#define CU_LAUNCH_PARAM_END_AS_INT 0x00
#define CU_LAUNCH_PARAM_END ((void *)CU_LAUNCH_PARAM_END_AS_INT)
#define CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT 0x01
#define CU_LAUNCH_PARAM_BUFFER_POINTER ((void *)CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT)
#define CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT 0x02
#define CU_LAUNCH_PARAM_BUFFER_SIZE ((void *)CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT)

/* Flags of host memory. */
#define CU_MEMHOSTALLOC_PORTABLE 0x01
#define CU_MEMHOSTALLOC_DEVICEMAP 0x02
#define CU_MEMHOSTALLOC_WRITECOMBINED 0x04
#define CU_MEMHOSTREGISTER_PORTABLE 0x01
#define CU_MEMHOSTREGISTER_DEVICEMAP 0x02
#define CU_MEMHOSTREGISTER_IOMEMORY 0x04
#define CU_MEMHOSTREGISTER_READ_ONLY 0x08

/* Ports of kernel nodes that an edge may leave from. */
#define CU_GRAPH_KERNEL_NODE_PORT_DEFAULT 0
#define CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC 1
#define CU_GRAPH_KERNEL_NODE_PORT_LAUNCH_ORDER 2

#define CU_GRAPH_COND_ASSIGN_DEFAULT 0x1

/* Attributes of streams and kernel nodes share the numbers of launch attributes. */
#define CU_STREAM_ATTRIBUTE_ACCESS_POLICY_WINDOW CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW
#define CU_STREAM_ATTRIBUTE_SYNCHRONIZATION_POLICY CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY
#define CU_STREAM_ATTRIBUTE_PRIORITY CU_LAUNCH_ATTRIBUTE_PRIORITY
#define CU_KERNEL_NODE_ATTRIBUTE_ACCESS_POLICY_WINDOW CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW
#define CU_KERNEL_NODE_ATTRIBUTE_COOPERATIVE CU_LAUNCH_ATTRIBUTE_COOPERATIVE
#define CU_KERNEL_NODE_ATTRIBUTE_PRIORITY CU_LAUNCH_ATTRIBUTE_PRIORITY

#endif
