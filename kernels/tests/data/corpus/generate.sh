#!/usr/bin/env bash
# Renews the texts in this folder: runs the clients of abi/tests/clients, whose PTX the tests keep, and takes the few
# files that hold the most forms of instructions. Needs tinygrad, halide and numpy; see README.md for versions.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../../.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
SEED=1 STREAM_HAL_REQUIRE_ALL=1 STREAM_HAL_TEST_CORPUS="$fresh" \
    cargo test --release -p stream-hal-abi --test python_clients
for client in tinygrad halide; do
    rm -rf "${here:?}/$client"
    python3 "$here/select.py" "$fresh/$client" "$here/$client"
done
