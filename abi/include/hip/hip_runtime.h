/*
 * What a HIP program includes: the host API, and the launch of a kernel by its host function.
 *
 * The device side of the language comes from the compiler's own headers, or from a header that
 * the build puts in front of this one.
 */
#ifndef STREAM_HAL_HIP_RUNTIME_H
#define STREAM_HAL_HIP_RUNTIME_H

#include "hip_runtime_api.h"

#if defined(__HIP__) && defined(__cplusplus)
#define hipLaunchKernelGGL(kernel, blocks, threads, shared_bytes, stream, ...) \
    kernel<<<(blocks), (threads), (shared_bytes), (stream)>>>(__VA_ARGS__)
#endif

#endif
