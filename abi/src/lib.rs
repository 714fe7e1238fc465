//! The C library: how the runtime is spelled in C.
