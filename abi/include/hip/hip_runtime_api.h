/*
 * The HIP host API as Stream HAL serves it, at the level of HIP 7.
 *
 * Programs written for HIP compile against this header and run on any device that the library
 * knows. Names, values and layouts are those of the API; the text is our own.
 */
#ifndef STREAM_HAL_HIP_RUNTIME_API_H
#define STREAM_HAL_HIP_RUNTIME_API_H

#define HIP_VERSION_MAJOR 7
#define HIP_VERSION_MINOR 14
#define HIP_VERSION_PATCH 60850
#define HIP_VERSION 71460850

#ifndef __HIP_PLATFORM_AMD__
#define __HIP_PLATFORM_AMD__
#endif

#if defined(HIP_API_PER_THREAD_DEFAULT_STREAM) || defined(__HIP_API_PER_THREAD_DEFAULT_STREAM__)
#define STREAM_HAL_SPT(name) name##_spt
#else
#define STREAM_HAL_SPT(name) name
#endif

#ifdef __cplusplus
#define STREAM_HAL_OR(value) = value
#else
#define STREAM_HAL_OR(value)
#endif

#include "../stream_hal/hip/types.h"
#include "../stream_hal/hip/functions.h"

/* Streams that always exist. */
#define hipStreamLegacy ((hipStream_t)1)
#define hipStreamPerThread ((hipStream_t)2)

/* Devices that are none. */
#define hipCpuDeviceId ((int)-1)
#define hipInvalidDeviceId ((int)-2)

/* The list form of kernel arguments; the order is fixed: pointer, size, end. */
#define HIP_LAUNCH_PARAM_BUFFER_POINTER ((void *)0x01)
#define HIP_LAUNCH_PARAM_BUFFER_SIZE ((void *)0x02)
#define HIP_LAUNCH_PARAM_END ((void *)0x03)

#define hipStreamAttrID hipLaunchAttributeID
#define hipStreamAttrValue hipLaunchAttributeValue
#define hipKernelNodeAttrID hipLaunchAttributeID
#define hipKernelNodeAttrValue hipLaunchAttributeValue

#ifdef __cplusplus
/* Typed forms, as C++ programs call them. */
template <class T> static inline hipError_t hipMalloc(T **pointer, size_t bytes) {
    return hipMalloc(reinterpret_cast<void **>(pointer), bytes);
}
template <class T> static inline hipError_t hipHostMalloc(T **pointer, size_t bytes, unsigned int flags = 0) {
    return hipHostMalloc(reinterpret_cast<void **>(pointer), bytes, flags);
}
template <class T> static inline hipError_t hipMallocAsync(T **pointer, size_t bytes, hipStream_t stream) {
    return hipMallocAsync(reinterpret_cast<void **>(pointer), bytes, stream);
}
#endif

#endif
