#!/usr/bin/env bash
# A month of an estate in a minute: every reading crosses a socket or a pty, two
# databases and a broker with mutual TLS, and ends on a bill that is explained.
# `./dev demo` builds and calls this; the scenario test calls it too.
set -euo pipefail

usage() {
  cat <<'END'
usage: ./dev demo [--dir DIR] [--units N] [--seed N] [--chinese] [--keep] [--quiet]

  --dir DIR    where everything is written (default build/demo; emptied first)
  --units N    flats in the estate (default 24); shops come on top
  --seed N     the estate's people and their habits (default 1)
  --chinese    the first floor has DL/T 645 and CJ/T 188 meters, on a serial line; three rounds a day (国标表)
  --keep       go on serving until Ctrl-C; the month is billed as usual
  --quiet      no progress line
  --bin DIR    where the three programs are (default build/release/bin)

Time is stepped: the wall clock of the three programs stands still during a
round and jumps to the next when the round is on disk. One seed gives the same bills
on any machine. 本演示按步推进时间，不是真实用量。
END
}

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${STEWARD_BIN:-$repo/build/release/bin} dir=$repo/build/demo units=24 seed=1 keep=0 quiet=0 meters=() due=721 step='the next hour'
while (($#)); do
  case $1 in
    --bin) bin=${2:?--bin needs a folder}; shift ;;
    --dir) dir=${2:?--dir needs a folder}; shift ;;
    --units) units=${2:?--units needs a number}; shift ;;
    --seed) seed=${2:?--seed needs a number}; shift ;;
    --chinese) meters=(--chinese) due=91 step='eight hours on' ;;
    --keep) keep=1 ;;
    --quiet) quiet=1 ;;
    -h | --help) usage; exit 0 ;;
    *) printf 'demo: unknown option %s\n\n' "$1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
for number in "$units" "$seed"; do
  [[ $number =~ ^[0-9]{1,6}$ ]] || { printf 'demo: %s is not a whole number up to 999999\n' "$number" >&2; exit 2; }
done
[[ -x $bin/steward-edge && -x $bin/steward-cloud && -x $bin/steward-sim ]] ||
  { printf 'demo: no steward programs in %s; build them: ./dev build release\n' "$bin" >&2; exit 2; }
command -v mosquitto >/dev/null ||
  { echo 'demo: mosquitto is missing; run ./dev setup test' >&2; exit 2; }

month=2026-06
from=2026-05-31T16:00:00Z   # local midnight of 1 June at UTC+8
to=2026-06-30T16:00:00Z     # local midnight of 1 July
site=riverside gateway=gw1

# The folder is ours to empty only if an earlier demo made it.
if [[ -e $dir && ! -e $dir/.steward-demo && -n $(ls -A "$dir" 2>/dev/null) ]]; then
  printf 'demo: %s holds other things; name an empty folder with --dir\n' "$dir" >&2
  exit 2
fi
rm -rf "$dir"
mkdir -p "$dir/log"
: >"$dir/.steward-demo"
dir=$(cd "$dir" && pwd)
log=$dir/log cloud_data=$dir/cloud clock=$dir/clock

started=()   # pids, in the order they were started
finish() {
  local status=$?
  trap - EXIT INT TERM
  local at
  for ((at = ${#started[@]} - 1; at >= 0; --at)); do
    kill "${started[at]}" 2>/dev/null || true
    wait "${started[at]}" 2>/dev/null || true
  done
  if ((status != 0 && status != 130)); then
    printf '\nThe demo stopped early (exit %d). The logs are in %s:\n' "$status" "$log" >&2
    local file
    for file in "$log"/*.log; do
      [[ -s $file ]] && printf '%s\n' "--- ${file##*/}" >&2 && tail -n 5 "$file" >&2
    done
  fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[[ -t 1 ]] || say() { printf '\n%s\n' "$*"; }
cloud() { "$bin/steward-cloud" --data "$cloud_data" "$@"; }

# start NAME COMMAND...: in the background, output to log/NAME.log.
start() {
  local name=$1
  shift
  "$@" >"$log/$name.log" 2>&1 &
  started+=($!)
}

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < until)) || { printf 'demo: %s\n' "$what did not come up" >&2; exit 1; }
    kill -0 "${started[-1]}" 2>/dev/null || { printf 'demo: %s\n' "$what ended at once" >&2; exit 1; }
    sleep 0.05
  done
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 10000))
    listens "$port" || { echo "$port"; return; }
  done
  echo 'demo: no free port between 20000 and 30000 on 127.0.0.1' >&2
  return 1
}

say 'Certificates, access rules and a broker of its own  (证书与消息服务器)'
port=$(free_port)
cloud broker setup --host localhost --port "$port" --bind 127.0.0.1 --out "$dir/broker"
"$bin/steward-edge" enrol request --site "$site" --gateway "$gateway" --folder "$dir/enrolment" --out "$dir/$gateway.request"
cloud gateway add --request "$dir/$gateway.request" --out "$dir/$gateway.enrolment" --broker-host localhost --broker-port "$port"
"$bin/steward-edge" enrol accept "$dir/$gateway.enrolment" --folder "$dir/enrolment"
start broker mosquitto -c "$dir/broker/mosquitto.conf"
await 10 'the broker' listens "$port"

say "An estate of $units flats, seed $seed  (模拟小区)"
"$bin/steward-sim" estate --seed "$seed" --units "$units" "${meters[@]}" --dir "$dir/estate" --from "$month-01" --to 2026-07-01
start sim "$bin/steward-sim" serve --seed "$seed" --units "$units" "${meters[@]}" --dir "$dir/gateway" --clock "$clock" \
  --profiles "$repo/drivers/profiles" --broker-host localhost --broker-port "$port" --enrolment "$dir/enrolment"
await 60 'the simulated estate' grep -q '^ready' "$log/sim.log"
start cloud "$bin/steward-cloud" --data "$cloud_data" serve --broker-host localhost --broker-port "$port" --step-clock "$clock"

say 'A month of rounds: socket or pty -> gateway -> broker (mTLS) -> cloud  (抄表一个月)'
echo "Time is STEPPED: it stands still during a round and jumps to $step when the round is on disk."
began=$SECONDS
show_progress() {
  local line at readings unacked total=0 rounds=0
  while IFS= read -r line; do
    [[ $line =~ \"round_at\":\"([^\"]*)\".*\"readings\":([0-9]+).*\"unacked\":([0-9]+) ]] || continue
    at=${BASH_REMATCH[1]} readings=${BASH_REMATCH[2]} unacked=${BASH_REMATCH[3]}
    total=$((total + readings)) rounds=$((rounds + 1))
    if [[ -t 1 ]]; then
      printf '\r%s  round %3d of %d  %6d readings  %3d blocks not yet acknowledged\033[K' "$at" "$rounds" "$due" "$total" "$unacked"
    elif ((rounds % 72 == 1)); then
      printf '%s  round %3d of %d  %6d readings\n' "$at" "$rounds" "$due" "$total"
    fi
  done
  ((quiet)) || printf '\n'
}
((quiet)) && show_progress() { cat >/dev/null; }
"$bin/steward-edge" --config "$dir/gateway/edge.json" --profiles "$repo/drivers/profiles" --progress \
  --step-clock "$clock" --step-from "$from" --step-to "$to" 2>"$log/edge.log" | show_progress
echo "The month took $((SECONDS - began)) s; the cloud has acknowledged every block."

say 'The books: import the estate, close the month  (导入与出账)'
cloud import "$dir/estate"
cloud close --month "$month" --issue

say 'Bills  (账单)'
cloud bills --month "$month"
cloud --json bills --month "$month" >"$dir/bills.json"

if ((${#meters[@]})); then
  say 'Lines that stand on Chinese meters  (国标表出账)'
  for profile in dlt645-2007-1ph/1 cjt188-2004-cold-water/1; do
    lines=$(grep -o "\"profile\":\"$profile\"" "$dir/bills.json" | wc -l)
    printf '%6d registers of %s\n' "$lines" "$profile"
    ((lines > 0)) || { printf 'demo: no bill stands on a meter of profile %s\n' "$profile" >&2; exit 1; }
  done
fi

say 'One bill explained, down to the register words  (逐行说明)'
bill=$(grep -o '"bill":"[^"]*"' "$dir/bills.json" | sed -n '3s/.*:"\(.*\)"/\1/p')
cloud explain "$bill"

say 'Doors and patrol rounds of the month, through the same outbox  (门禁与巡更)'
cloud doors --limit 5
cloud patrol --limit 5

say 'The bills beside the simulator’s own ledger, priced by an independent script  (独立核对)'
python3 "$repo/tests/oracle/compare_bills.py" "$dir/estate" "$dir/bills.json"

say 'Where things lie  (文件位置)'
cat <<END
  estate and its ledger        $dir/estate
  gateway: config, outbox      $dir/gateway
  cloud's database             $cloud_data
  bills                        $dir/bills.json, and: steward-cloud --data $cloud_data bills
  logs                         $log
END
if ((keep)); then
  say 'Serving until Ctrl-C  (按 Ctrl-C 结束)'
  wait
fi
