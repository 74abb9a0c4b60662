# Read by the scripts that start Millrace from a checkout; the image sets the same.
#
# glibc keeps what is freed: an arena per thread, and up to 32 MB per block once blocks that large have come and gone.
# Buffers travel between threads here and are megabytes large, so that a quarter of the memory ended as holes. Two arenas,
# and blocks from 256 KiB on given back at once, cost no time that could be measured. Other C libraries ignore these.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-262144}"
export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-262144}"

# Node keeps what it made of the sources: the next start is faster, and each thread does without the TypeScript compiler and
# its memory (10 MB or more).
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/node}"

# Main serves, and needs no young generation of 96 MB; threads that process streams ask for theirs. What is set already wins.
export NODE_OPTIONS="--max-semi-space-size=16 ${NODE_OPTIONS:-}"
