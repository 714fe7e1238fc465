/*
 * How the examples speak: a line for each step, a failure that names its call, and PASSED at the end.
 * Include it after <cuda.h> or <hip/hip_runtime_api.h>.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(CUDA_VERSION)
typedef CUresult status_t;
static const char *status_name(status_t status) {
    const char *name = NULL;
    return cuGetErrorName(status, &name) == CUDA_SUCCESS && name != NULL ? name : "an unnamed error";
}
#else
typedef hipError_t status_t;
static const char *status_name(status_t status) { return hipGetErrorName(status); }
#endif

/* The call must succeed. */
#define CHECK(call) check_status((call), (status_t)0, #call, __FILE__, __LINE__)
/* The call must be refused with this status; says so. */
#define REFUSED(status, call) check_status((call), (status), #call, __FILE__, __LINE__)
/* The condition must hold; what follows says what was found, as for printf. */
#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) fail(#condition, __FILE__, __LINE__, __VA_ARGS__);                                           \
    } while (0)

static inline void say(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    vprintf(format, rest);
    va_end(rest);
    putchar('\n');
    fflush(stdout);
}

static inline void fail(const char *condition, const char *file, int line, const char *format, ...) {
    va_list rest;
    printf("FAILED at %s:%d: %s: ", file, line, condition);
    va_start(rest, format);
    vprintf(format, rest);
    va_end(rest);
    putchar('\n');
    exit(1);
}

static inline void check_status(status_t status, status_t wanted, const char *call, const char *file, int line) {
    if (status != wanted) {
        printf("FAILED at %s:%d: %s gave %s (%d)", file, line, call, status_name(status), (int)status);
        printf(", not %s\n", status_name(wanted));
        exit(1);
    }
    if (wanted != (status_t)0) say("refused with %s: %s", status_name(status), call);
}

static inline int passed(void) {
    say("PASSED");
    return 0;
}

#endif
