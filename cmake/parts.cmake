# Standard headers that most files include, parsed once (STEWARD_PCH); files with doctest have a set of their own.
# A file still includes what it uses: the presets without it (release, tidy, arm64, armhf) refuse one that does not.
# Not <filesystem>: it brings std::quoted, which a call of our own quoted(text) would find.
# Compiled with the same flags as everything else, or GCC would turn it down.
option(STEWARD_PCH "Parse common headers once (presets check and tsan)" OFF)
set(common_headers <algorithm> <array> <chrono> <cstdint> <fstream> <functional> <map> <memory> <optional> <set> <span>
  <sstream> <string> <string_view> <tuple> <utility> <variant> <vector>)
set(test_headers ${common_headers} <doctest/doctest.h>)
if(STEWARD_PCH)
  foreach(set common test)
    file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/${set}_headers.cpp" CONTENT "// compiled for its headers alone\n")
    add_library(steward_${set}_headers OBJECT "${PROJECT_BINARY_DIR}/${set}_headers.cpp")
    target_link_libraries(steward_${set}_headers PRIVATE steward::flags)
    target_precompile_headers(steward_${set}_headers PRIVATE ${${set}_headers})
  endforeach()
endif()
# `parse_once(TARGET common|test)`: the target takes one of the two.
function(parse_once target set)
  if(STEWARD_PCH)
    target_precompile_headers(${target} REUSE_FROM steward_${set}_headers)
  endif()
endfunction()

# steward_library(NAME SOURCES a.cpp ... LINKS steward::x PRIVATE_LINKS Lib::lib)
# makes steward_NAME with alias steward::NAME. Without SOURCES it is header-only.
function(steward_library name)
  cmake_parse_arguments(PART "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  if(PART_SOURCES)
    add_library(steward_${name} STATIC ${PART_SOURCES})
    target_link_libraries(steward_${name} PUBLIC steward::flags ${PART_LINKS} PRIVATE ${PART_PRIVATE_LINKS})
    parse_once(steward_${name} common)
  else()
    add_library(steward_${name} INTERFACE)
    target_link_libraries(steward_${name} INTERFACE steward::flags ${PART_LINKS})
  endif()
  add_library(steward::${name} ALIAS steward_${name})
endfunction()

# steward_program(steward-edge SOURCES ... LINKS ...): binaries land in <build>/bin.
function(steward_program name)
  cmake_parse_arguments(PART "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${PART_SOURCES})
  target_link_libraries(${name} PRIVATE steward::flags ${PART_LINKS})
  parse_once(${name} common)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()

# steward_test(NAME SUITE unit SOURCES x_test.cpp ... LINKS ...): one doctest
# binary, one CTest entry. SUITE is its label and its budget (tests/budgets.txt):
# unit, property, fault, simulation, tidy, process, chaos or scenario. TIMEOUT is seconds for this binary
# alone. THREADED: more than one thread runs, so the TSan build runs it too.
# quick_tests: what `./dev test` builds, all but the tests that start whole programs.
add_custom_target(threaded_tests)
add_custom_target(quick_tests)
function(steward_test name)
  cmake_parse_arguments(PART "THREADED" "SUITE;TIMEOUT" "SOURCES;LINKS" ${ARGN})
  if(NOT PART_SUITE MATCHES "^(unit|property|fault|simulation|tidy|process|chaos|scenario)$")
    message(FATAL_ERROR "${name}: SUITE '${PART_SUITE}' is none of unit, property, fault, simulation, tidy, process, chaos, scenario")
  endif()
  if(NOT PART_TIMEOUT)
    set(PART_TIMEOUT 120)
  endif()
  add_executable(${name} ${PART_SOURCES})
  target_link_libraries(${name} PRIVATE steward::flags steward::doctest_main ${PART_LINKS})
  parse_once(${name} test)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  target_compile_definitions(${name} PRIVATE STEWARD_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    STEWARD_BINARY_DIR="${PROJECT_BINARY_DIR}")
  set(labels ${PART_SUITE})
  if(PART_SUITE MATCHES "^(unit|property|fault|simulation|tidy)$")
    add_dependencies(quick_tests ${name})
  endif()
  if(PART_THREADED)
    list(APPEND labels threaded)
    add_dependencies(threaded_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name} --no-version --force-colors=0)
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${PART_TIMEOUT})
  if(STEWARD_SANITIZE MATCHES "thread")
    set_tests_properties(${name} PROPERTIES
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan.supp")
  endif()
endfunction()

# steward_fuzz(NAME SOURCES x_fuzz.cpp LINKS ...): one libFuzzer program in
# <build>/fuzz (clang 16); seeds in tests/fuzz/corpus/NAME. `./dev fuzz` runs all.
add_custom_target(fuzz_targets)
function(steward_fuzz name)
  cmake_parse_arguments(PART "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${PART_SOURCES})
  target_link_libraries(${name} PRIVATE steward::flags ${PART_LINKS})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  add_dependencies(fuzz_targets ${name})
endfunction()

# steward_bench(NAME SOURCES x_bench.cpp LINKS ...): one measuring program in
# <build>/bench (STEWARD_BENCH=ON). `./dev bench X` runs x_bench.
function(steward_bench name)
  cmake_parse_arguments(PART "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${PART_SOURCES})
  target_link_libraries(${name} PRIVATE steward::flags ${PART_LINKS})
  target_compile_definitions(${name} PRIVATE STEWARD_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    STEWARD_BINARY_DIR="${PROJECT_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endfunction()
