# Sourced by every script in script/: where the project is, and how scripts speak.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
VENV="$ROOT/build/venv"
JAVA_LIB="$ROOT/build/java/lib"
ARROW="$ROOT/build/arrow"
DUCKDB="$ROOT/build/duckdb"
if [ -z "${HOME:-}" ]; then export HOME="$ROOT/build/home" && mkdir -p "$HOME"; fi
# ccache without a preprocessor run of its own for each file that it does not know yet.
export CCACHE_DEPEND="${CCACHE_DEPEND:-1}"
export PYTHONDONTWRITEBYTECODE=1
cd "$ROOT"

say() { printf '\n== %s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}
# A compile job takes up to about 1.5 GB: never more jobs than the memory carries.
jobs_here() {
  local cpus memory
  cpus="$(nproc)"
  memory="$(awk '/^MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)"
  if [ "$memory" -lt 1 ]; then memory=1; fi
  if [ "$memory" -lt "$cpus" ]; then echo "$memory"; else echo "$cpus"; fi
}
hash_of() { sha256sum "$@" | sha256sum | cut -c1-32; }
