# Runs the test suites, counts their cases and holds their budgets. Sourced by ./dev.
#
# A suite is a line of tests/budgets.txt. It ends well when its command does, no
# case failed and it kept its budget. A suite that fails does not stop the next:
# one run tells everything that is wrong. bash and awk, nothing else.

passed_total=0
failed_total=0
failed_suites=()

budget_of() { # seconds of suite $1, times STEWARD_SLOW
  awk -v suite="$1" -v slow="${STEWARD_SLOW:-1}" '$1 == suite {print $2 * slow; found = 1} END {exit !found}' \
    tests/budgets.txt || stop "tests/budgets.txt has no suite '$1'"
}

# count_cases LOG: prints "PASSED FAILED" of a CTest log (LastTest.log).
# A doctest binary and a Python unittest count their cases; anything else counts as one. A binary that
# died, leaked or ran out of time without naming a failed case counts one failed.
count_cases() {
  awk '
    function close_block() {
      if (!open) return
      if (!counted) { if (good) passed++; else failed++ }
      else { passed += p; failed += f; if (!good && f == 0) failed++ }
      open = 0
    }
    /^[0-9]+\/[0-9]+ Testing: / { close_block(); open = 1; counted = good = p = f = 0 }
    /^\[doctest\] test cases:/ {
      counted = 1
      for (i = 1; i < NF; i++) { if ($(i + 1) == "passed") p += $i; if ($(i + 1) == "failed") f += $i }
    }
    /^Ran [0-9]+ tests? in / { counted = 1; p += $2 }
    /^Test Passed\.$/ { good = 1 }
    END { close_block(); print passed + 0, failed + 0 }
  ' "$1"
}

# finish SUITE STATUS PASSED FAILED SECONDS LOG: the verdict on one suite.
finish() {
  local suite=$1 status=$2 passed=$3 failed=$4 took=$5 log=$6 budget verdict=""
  budget=$(budget_of "$suite")
  if ((status != 0 && failed == 0)); then failed=1; fi
  if ((took > budget)); then
    failed=$((failed + 1))
    verdict="  OVER BUDGET"
  fi
  passed_total=$((passed_total + passed))
  failed_total=$((failed_total + failed))
  if ((failed > 0)); then
    failed_suites+=("$suite")
    if [[ -z $verdict || $status != 0 ]]; then tail -n 60 "$logs/$log.log" >&2; fi
    verdict+="  FAILED, see $logs/$log.log"
  fi
  say "$(printf '%-12s %d passed, %d failed in %d s of %d s%s' "$suite" "$passed" "$failed" "$took" "$budget" "$verdict")"
}

# suite_command SUITE COMMAND...: a suite that is one command and counts as one case.
suite_command() {
  local suite=$1 from=$SECONDS status=0
  shift
  run_logged "$suite" "suite-$suite" "$@" || status=$?
  finish "$suite" "$status" $((status == 0)) $((status != 0)) $((SECONDS - from)) "suite-$suite"
  return 0
}

# suite_ctest SUITE PRESET [CTEST ARGUMENTS...]: the CTest entries with that label.
suite_ctest() {
  local suite=$1 preset=$2 from=${suite_from:-$SECONDS} status=0 counts
  shift 2
  rm -f "build/$preset/Testing/Temporary/LastTest.log"
  run_logged "$suite" "suite-$suite" "${wrap[@]}" ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)" "$@" ||
    status=$?
  counts="0 0"
  [[ -f build/$preset/Testing/Temporary/LastTest.log ]] && counts=$(count_cases "build/$preset/Testing/Temporary/LastTest.log")
  # shellcheck disable=SC2086 # two words on purpose
  finish "$suite" "$status" $counts $((SECONDS - from)) "suite-$suite"
}
wrap=()

# compile PRESET [TARGET...]: a build inside a suite; its failure fails the suite, not the run.
compile() {
  local log=build-$1
  # In a subshell, because a step that fails ends the shell it is in.
  (configure_and_build "$@") || {
    failed_total=$((failed_total + 1))
    failed_suites+=("$log")
    return 1
  }
}

# --- the suites ---------------------------------------------------------------

suites_first() {
  ensure test
  local from=$SECONDS
  compile check quick_tests || return 0
  finish build-check 0 0 0 $((SECONDS - from)) build-check
  suite_ctest unit check -L '^unit$'
  suite_ctest property check -L '^property$'
  suite_ctest fault check -L '^fault$'
  suite_ctest simulation check -L '^simulation$'
  suite_ctest tidy check -L '^tidy$'
}

suites_rest() {
  ensure all
  # Whole programs under ASan and UBSan: most of the build is there already.
  compile check || return 0
  suite_ctest process check -L '^process$' -j 1
  suite_ctest chaos check -L '^chaos$' -j 1
  suite_ctest scenario check -L '^scenario$' -j 1
  suite_ctest peers check -L '^peers$'
  suite_command lint ./dev lint
  suite_tsan
  suite_arm arm64
  suite_arm armhf
}

# The packages: built (build-release), then looked at as a machine that installs them would (package).
suite_package() {
  local from=$SECONDS status=0 cases
  (verb_package both) || status=1
  finish build-release "$status" 0 "$status" $((SECONDS - from)) build-release
  ((status == 0)) || return 0
  from=$SECONDS
  run_logged package suite-package python3 tests/package/package_test.py \
    build/release/packages build/arm64-release/packages || status=$?
  cases=$(sed -n 's/^Ran \([0-9]*\) tests\{0,1\} in .*/\1/p' "$logs/suite-package.log")
  finish package "$status" $((${cases:-0} - (status != 0))) $((status != 0)) $((SECONDS - from)) suite-package
}

# TSan's shadow memory does not fit every address layout that the kernel may
# choose: without randomisation it does. A container may forbid to ask for that.
suite_tsan() {
  local suite_from=$SECONDS
  compile tsan threaded_tests || return 0
  if setarch "$(uname -m)" -R true 2>/dev/null; then wrap=(setarch "$(uname -m)" -R); fi
  suite_ctest tsan tsan -L '^threaded$'
  wrap=()
}

suite_arm() {
  local suite_from=$SECONDS
  (prepare_preset "$1") || { finish "$1" 1 0 1 $((SECONDS - suite_from)) "sysroot-$1"; return 0; }
  compile "$1" || return 0
  suite_ctest "$1" "$1" -L '^(unit|property)$'
}

run_suites() {
  local part
  trap closing_line EXIT
  for part in "$@"; do
    case $part in
      first) suites_first ;;
      rest) suites_rest ;;
      package)
        ensure all
        suite_package
        ;;
      arm64 | armhf)
        ensure all
        suite_arm "$part"
        ;;
    esac
  done
  complete=yes
  ((failed_total == 0)) || exit 1
}

# Also said when a step stopped everything: what did not run is not a success.
complete=no
closing_line() {
  local status=$?
  if [[ $complete == no && $failed_total == 0 ]]; then failed_total=1; fi
  if ((${#failed_suites[@]} > 0)); then say "failed: ${failed_suites[*]}"; fi
  [[ -n ${STEWARD_COUNTS:-} ]] && echo "$passed_total $failed_total" >>"$STEWARD_COUNTS"
  echo "$passed_total passed, $failed_total failed"
  exit "$status"
}
