# Sourced by the scripts that run programs built with a sanitizer.

# RocksDB, yaml-cpp and the like are not instrumented, so container overflow checks would be false.
export ASAN_OPTIONS="detect_container_overflow=0:strict_string_checks=1:abort_on_error=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="suppressions=$ROOT/script/lib/tsan.supp:halt_on_error=1:second_deadlock_stack=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
# Arrow's own allocator is not instrumented: its memory would seem never to be given back.
export ARROW_DEFAULT_MEMORY_POOL=system
if [ -x /usr/lib/llvm-14/bin/llvm-symbolizer ]; then
  export ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-14/bin/llvm-symbolizer
fi

# Newer kernels place mappings where the sanitizers' shadow memory lies; without randomisation they
# do not. Where that may not be turned off, the program runs as it is.
without_aslr() {
  if setarch "$(uname -m)" -R true 2>/dev/null; then setarch "$(uname -m)" -R "$@"; else "$@"; fi
}
