"""Compares what a client computed with numpy's answer; the first difference ends the script."""

import os
import sys
import time

import numpy as np

SEED = int(os.environ.get("SEED") or time.time_ns() % 1_000_000)
print(f"SEED={SEED}", flush=True)

# What the scripts draw inputs and shapes from.
draw = np.random.default_rng(SEED)


def fail(what, reason):
    sys.exit(f"{what}: {reason}")


def same(what, got, want):
    """Equal in type, shape and every bit (all NaNs are one)."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape or got.dtype != want.dtype:
        fail(what, f"{got.dtype}{got.shape}, not {want.dtype}{want.shape}")
    equal = (got == want) | ((got != got) & (want != want))
    if not equal.all():
        at = tuple(int(i) for i in np.argwhere(~equal)[0])
        fail(what, f"{got[at]} at {at}, not {want[at]}; {(~equal).sum()} of {equal.size} differ")


def close(what, got, want, tolerance=1e-5):
    """Equal but for rounding: relative to the largest value where values cancel."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        fail(what, f"{got.shape}, not {want.shape}")
    wide, right = got.astype(np.float64), want.astype(np.float64)
    strange = ~np.isfinite(right)
    same(f"{what}, what is not finite", np.where(strange, wide, 0), np.where(strange, right, 0))
    error = np.abs(np.where(strange, 0, wide - right))
    scale = max(1.0, float(np.abs(np.where(strange, 0, right)).max(initial=0)))
    if not (error <= tolerance * scale).all():
        at = tuple(int(i) for i in np.argwhere(~(error <= tolerance * scale))[0])
        fail(what, f"{wide[at]} at {at}, not {right[at]}")


def passed():
    print("PASSED")
