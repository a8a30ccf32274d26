#!/usr/bin/env bash
# Fuzzes one target, guided by what its inputs reach: tests/fuzz/run.sh TARGET [SECONDS]. Needs a C++ compiler.
# What it finds stays in target/fuzz/TARGET; a crash is a file crash-*, which the same command replays when it is
# named as third argument.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${1:?a target: $(ls tests/fuzz/seeds | tr '\n' ' ')}
seconds=${2:-600}
host=$(rustc -vV | sed -n 's/^host: //p')
build=${CARGO_TARGET_DIR:-target}/fuzz
corpus=$build/corpus/$target
mkdir -p "$corpus"
counters="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
export RUSTFLAGS="--cfg fuzzing -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1 $(echo $counters)"
export DOLMEN_FUZZ_TARGET=$target
# A page of a Parquet file says how long it will be, up to 2 GiB, of which only what comes is touched.
most=1024
[ "$target" = segment ] && most=3072
# With a target named, what runs while building is not counted.
cargo build --release -p fuzz --target "$host" --target-dir "$build" --config profile.release.lto=false
exec "$build/$host/release/fuzz" -max_total_time="$seconds" -rss_limit_mb=2048 -malloc_limit_mb="$most" -timeout=20 \
  -max_len=16384 -artifact_prefix="$corpus-" ${3:-"$corpus" "tests/fuzz/seeds/$target"}
