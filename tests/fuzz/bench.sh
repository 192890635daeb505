#!/usr/bin/env bash
# `./dev bench fuzz [seconds] [--keep]`: every fuzz target that long, as many at once as
# there are cores, and what each did. Called by ./dev with the targets built.
#
# Found inputs grow in build/fuzz/corpus. --keep writes what of them covers more than the
# seeds do into tests/fuzz/corpus, minimised: at most 16 files of 8 KiB a target, so that
# the tree stays small.
set -euo pipefail
seconds=60
keep=no
for argument in "$@"; do
  case $argument in
    --keep) keep=yes ;;
    *[!0-9]* | "") echo "./dev bench fuzz takes a number of seconds and --keep, not '$argument'" >&2; exit 2 ;;
    *) seconds=$argument ;;
  esac
done

targets=()
for target in build/fuzz/fuzz/*_fuzz; do [[ -x $target ]] && targets+=("$(basename "$target")"); done
((${#targets[@]} > 0)) || { echo "no fuzz target is built" >&2; exit 1; }
out=build/fuzz/bench
rm -rf "$out"
mkdir -p "$out"

run_one() { # NAME: its log and its exit status into $out
  local name=$1 seeds=() status=0
  mkdir -p "build/fuzz/corpus/$name"
  [[ -d tests/fuzz/corpus/$name ]] && seeds=("tests/fuzz/corpus/$name")
  "build/fuzz/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$out/$name-" "build/fuzz/corpus/$name" "${seeds[@]}" >"$out/$name.log" 2>&1 </dev/null || status=$?
  echo "$status" >"$out/$name.status"
}
keep_one() { # NAME: minimised into the tree
  local name=$1 file at
  mkdir -p "$out/merged/$name" "tests/fuzz/corpus/$name"
  local small="$out/small/$name"
  mkdir -p "$small"
  find "build/fuzz/corpus/$name" -type f -size -8k -exec cp -t "$small" {} +
  "build/fuzz/fuzz/$name" -merge=1 "$out/merged/$name" "tests/fuzz/corpus/$name" "$small" >"$out/$name-merge.log" 2>&1
  # Some of each length: the shortest alone would all be refused at the first byte.
  local found room
  mapfile -t found < <(find "$out/merged/$name" -type f -printf '%s %f\n' | sort -n | cut -d' ' -f2)
  room=$((16 - $(find "tests/fuzz/corpus/$name" -type f | wc -l)))
  ((room > 0 && ${#found[@]} > 0)) || return 0
  ((room < ${#found[@]})) || room=${#found[@]}
  for ((at = 1; at <= room; ++at)); do
    file=${found[at * ${#found[@]} / room - 1]}
    cp -n "$out/merged/$name/$file" "tests/fuzz/corpus/$name/$file"
  done
}

for name in "${targets[@]}"; do
  while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n || true; done
  run_one "$name" &
done
wait

found=0
for name in "${targets[@]}"; do
  status=$(cat "$out/$name.status")
  runs=$(awk '/stat::number_of_executed_units/ {print $2}' "$out/$name.log")
  rate=$(awk '/stat::average_exec_per_sec/ {print $2}' "$out/$name.log")
  covered=$(grep -o 'cov: [0-9]*' "$out/$name.log" | tail -1 | cut -d' ' -f2)
  inputs=$(find "build/fuzz/corpus/$name" -type f | wc -l)
  printf '%-22s %11s runs  %8s /s  %6s edges  %5s inputs  %s\n' "$name" "${runs:-?}" "${rate:-?}" "${covered:-?}" \
    "$inputs" "$([[ $status == 0 ]] && echo clean || echo "FOUND, see $out/$name.log")"
  [[ $status == 0 ]] || found=$((found + 1))
  if [[ $keep == yes && $status == 0 ]]; then keep_one "$name"; fi
done
printf 'goal fuzz/targets %d targets (>= 15) %s\n' "${#targets[@]}" "$( ((${#targets[@]} >= 15)) && echo met || echo short)"
printf 'goal fuzz/seconds_each %d s (>= 60) %s\n' "$seconds" "$( ((seconds >= 60)) && echo met || echo short)"
printf 'goal fuzz/found %d findings (<= 0) %s\n' "$found" "$( ((found == 0)) && echo met || echo short)"
((found == 0 && ${#targets[@]} >= 15 && seconds >= 60))
