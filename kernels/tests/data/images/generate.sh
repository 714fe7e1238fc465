#!/bin/sh
# Makes the images of this folder from kernels/samples/ptx: real files of real tools, a few hundred bytes each.
# Needs on the path: fatbinary and ptxas of CUDA 12.4 or later, clang-offload-bundler-19 and -22, and clang-19 with
# the AMDGPU target. Not run by any test; the files are committed.
set -eu
cd "$(dirname "$0")"
ptx=../../../samples/ptx
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

ptxas -arch=sm_80 $ptx/vector_add.ptx -o "$work/sm_80.cubin"
ptxas -arch=sm_90 $ptx/vector_add.ptx -o "$work/sm_90.cubin"
for mode in none size speed; do
    fatbinary -64 --create=fatbin_$mode.bin --compress-mode=$mode \
        --image3=kind=elf,sm=80,file="$work/sm_80.cubin" \
        --image3=kind=ptx,sm=75,file=$ptx/saxpy.ptx \
        --image3=kind=ptx,sm=80,file=$ptx/vector_add.ptx
done
fatbinary -64 --create=fatbin_cubins.bin --compress-mode=size \
    --image3=kind=elf,sm=80,file="$work/sm_80.cubin" --image3=kind=elf,sm=90,file="$work/sm_90.cubin"

echo | clang-19 -target amdgcn-amd-amdhsa -nogpulib -mcpu=gfx906 -x ir -c - -o "$work/gfx906.o"
fatbinary -64 --create=fatbin_joint.bin --concat --compress-all --compress-mode=size \
    --image3=kind=elf,sm=80,file="$work/sm_80.cubin" --image3=kind=elf,sm=90,file="$work/sm_90.cubin" \
    --image3=kind=ptx,sm=75,file=$ptx/saxpy.ptx --image3=kind=ptx,sm=80,file=$ptx/vector_add.ptx
bundle() {
    bundler=$1
    shift
    "$bundler" -type=o "$@" \
        -targets=host-x86_64-unknown-linux-gnu,hip-nvptx64-nvidia-cuda--sm_70,hip-nvptx64-nvidia-cuda--sm_80,hipv4-amdgcn-amd-amdhsa--gfx906 \
        -input=/dev/null -input=$ptx/saxpy.ptx -input=$ptx/vector_add.ptx -input="$work/gfx906.o"
}
bundle clang-offload-bundler-19 -output=bundle.bin
bundle clang-offload-bundler-19 -output=bundle_zstd.bin -compress
# Version 3 of the compressed bundle.
bundle clang-offload-bundler-22 -output=bundle_zstd_3.bin -compress
