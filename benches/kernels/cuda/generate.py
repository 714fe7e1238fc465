#!/usr/bin/env python3
"""Compiles this folder's kernels to PTX by NVRTC, as nvcc does without options (a * b + c becomes one operation).

usage: generate.py [folder for the PTX]   (default: ptx beside this folder)

Finds NVRTC as kernels/samples/generate_nvrtc.py does, and exits with 3 where there is none.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "../../../kernels/samples"))

import generate_nvrtc

PTX = os.path.join(HERE, "../ptx")
generate_nvrtc.generate(HERE, sys.argv[1] if len(sys.argv) > 1 else PTX, ["--gpu-architecture=compute_80", "--std=c++17"])
