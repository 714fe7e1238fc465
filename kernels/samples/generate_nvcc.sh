#!/bin/sh
# Compiles the samples with NVIDIA's compiler, whose PTX differs from clang's: shared addresses in 32 bits, floats in
# untyped registers, debug sections. NVRTC has the same front end and compiles all samples; these are the first seven.
# Needs nvcc 13 on the path. Run by hand; the files are committed.
set -eu
cd "$(dirname "$0")"
here=$PWD
# Debug sections hold the sources' path: one that is nobody's.
mkdir -p /tmp/samples
cp ./*.cu ./*.h /tmp/samples
cd /tmp/samples
compile() {
    folder=$here/$1
    source=$2
    shift 2
    mkdir -p "$folder"
    nvcc -ptx --fmad=false -std=c++17 "$@" "$source" -o "$folder/${source%.cu}.ptx"
    nvcc --version | sed -n 's/.*release.*, V//p' > "$folder/VERSION"
}
for source in histogram.cu mandelbrot.cu matmul_tiled.cu nbody.cu reduce.cu saxpy.cu vector_add.cu; do
    compile ptx-nvcc-80 "$source" -arch=compute_80
    compile ptx-nvcc-100 "$source" -arch=compute_100
done
compile ptx-nvcc-debug vector_add.cu -arch=compute_80 -G
