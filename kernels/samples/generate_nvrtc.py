#!/usr/bin/env python3
"""Compiles the samples of this folder to PTX with NVIDIA's run-time compiler, which needs neither a GPU nor a driver.

usage: generate_nvrtc.py [folder for the PTX]   (default: ptx-nvrtc beside this script)

The library is the one of PyPI's nvidia-cuda-nvrtc-cu12, or what the environment variable NVRTC names. The committed
files are those of the version in ptx-nvrtc/VERSION. Exit status 3: there is no such library here.
"""

import ctypes
import glob
import os
import re
import sys
import sysconfig

HERE = os.path.dirname(os.path.abspath(__file__))
OPTIONS = ["--gpu-architecture=compute_80", "--std=c++17", "--fmad=false", "--device-int128"]
NO_LIBRARY = 3


def library():
    named = os.environ.get("NVRTC")
    found = [named] if named else []
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path}:
        found += sorted(glob.glob(os.path.join(folder, "nvidia/cuda_nvrtc/lib/libnvrtc.so.*")))
    for path in found:
        try:
            return ctypes.CDLL(path)
        except OSError:
            continue
    print("no libnvrtc: pip install nvidia-cuda-nvrtc-cu12", file=sys.stderr)
    sys.exit(NO_LIBRARY)


def text(nvrtc, program, what):
    """The log or the PTX of a program."""
    size = ctypes.c_size_t()
    getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{what}")(program, buffer)
    return buffer.value.decode()


def compile(nvrtc, sources, name, headers, options):
    """The PTX of one source of a folder."""
    with open(os.path.join(sources, name + ".cu"), "rb") as file:
        source = file.read()
    names = (ctypes.c_char_p * len(headers))(*[header.encode() for header in headers])
    contents = (ctypes.c_char_p * len(headers))(*headers.values())
    listed = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
    program = ctypes.c_void_p()
    made = nvrtc.nvrtcCreateProgram(
        ctypes.byref(program), source, (name + ".cu").encode(), len(headers), contents, names
    )
    if made == 0:
        made = nvrtc.nvrtcCompileProgram(program, len(options), listed)
    if made != 0:
        sys.exit(f"{name}: error {made}\n{text(nvrtc, program, 'ProgramLog')}")
    ptx = text(nvrtc, program, "PTX")
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return ptx


def generate(sources, folder, options):
    """Writes the PTX of every source of a folder, and the compiler's version."""
    nvrtc = library()
    os.makedirs(folder, exist_ok=True)
    headers = {}
    for path in sorted(glob.glob(os.path.join(sources, "*.h"))):
        with open(path, "rb") as file:
            headers[os.path.basename(path)] = file.read()
    version = None
    for path in sorted(glob.glob(os.path.join(sources, "*.cu"))):
        name = os.path.basename(path)[:-3]
        ptx = compile(nvrtc, sources, name, headers, options)
        version = re.search(r"release [0-9.]+, V([0-9.]+)", ptx).group(1)
        with open(os.path.join(folder, name + ".ptx"), "w") as file:
            file.write(ptx)
    with open(os.path.join(folder, "VERSION"), "w") as file:
        file.write(version + "\n")


if __name__ == "__main__":
    generate(HERE, sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "ptx-nvrtc"), OPTIONS)
