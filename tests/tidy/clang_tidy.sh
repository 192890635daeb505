#!/usr/bin/env bash
# clang_tidy.sh BUILD JOBS: clang-tidy over every .cpp of ours that BUILD compiles,
# each file once. Prints findings and, last, the five slowest files.
set -euo pipefail
build=${1:?usage: clang_tidy.sh BUILD JOBS}
jobs=${2:?usage: clang_tidy.sh BUILD JOBS}
times=$(mktemp)
trap 'rm -f "$times"' EXIT

one() {
  local from=${EPOCHREALTIME/./} status=0
  clang-tidy-16 --quiet -p "$1" "$3" 2> >(grep -vE '^[0-9]+ warnings? (generated|treated)' >&2) || status=$?
  echo "$(((${EPOCHREALTIME/./} - from) / 1000)) ms $3" >>"$2"
  return "$status"
}
export -f one

# What the build generated is not ours to mend.
status=0
grep -o '"file": "[^"]*"' "$build/compile_commands.json" | cut -d '"' -f 4 | grep -v "/$build/" | sort -u |
  xargs -r -P "$jobs" -I{} bash -c 'one "$@"' one "$build" "$times" {} || status=1
echo "slowest:" # sed reads to the end; head would break the pipe under sort and pipefail
sort -rn "$times" | sed -n 1,5p
echo "$(wc -l <"$times") files"
exit "$status"
