#!/bin/sh
# Compiles every sample of this folder to PTX, and writes the header with the kernels of the C examples.
# usage: generate.sh [folder for the PTX [header]]   (default: ptx beside this script, examples/c/kernels.h)
# CLANG names the compiler; the committed files are those of the version in ptx/VERSION.
set -eu
cd "$(dirname "$0")"
out=${1:-ptx}
header=${2:-../../examples/c/kernels.h}
clang=${CLANG:-clang-19}

mkdir -p "$out"
for source in *.cu; do
    "$clang" -x cuda --cuda-device-only -nocudainc -nocudalib --cuda-gpu-arch=sm_80 --cuda-feature=+ptx70 \
        -std=c++17 -O2 -ffp-contract=off -fdeclspec -Wall -Wextra -Werror -Wno-unknown-cuda-version \
        -S "$source" -o "$out/${source%.cu}.ptx"
done
"$clang" -dumpversion > "$out/VERSION"

# PTX as C strings, without comments and with single blanks.
{
    echo "/* The kernels of the examples, as PTX text. Written by kernels/samples/generate.sh. */"
    echo "#ifndef KERNELS_H"
    echo "#define KERNELS_H"
    for name in vector_add saxpy; do
        echo
        echo "static const char ${name}_ptx[] ="
        sed -e 's/[[:space:]]*\/\/.*$//' -e '/^[[:space:]]*$/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' \
            -e 's/[[:space:]][[:space:]]*/ /g' -e 's/^\(.*\)$/    "\1\\n"/' "$out/$name.ptx"
        echo "    ;"
    done
    echo
    echo "#endif"
} > "$header"
