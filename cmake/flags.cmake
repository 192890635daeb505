# One INTERFACE target carries what every translation unit is compiled with.
add_library(steward_flags INTERFACE)
add_library(steward::flags ALIAS steward_flags)

target_compile_features(steward_flags INTERFACE cxx_std_20)
set(CMAKE_CXX_EXTENSIONS OFF)

# Includes are written from the root, so a file's first folder says which layer it is from.
target_include_directories(steward_flags INTERFACE "${PROJECT_SOURCE_DIR}")

target_compile_options(steward_flags INTERFACE
  -Wall -Wextra            # the two groups every compiler agrees on
  -Wpedantic               # no GNU extensions: two compilers must read this tree
  -Werror                  # a warning nobody must act on is noise; one that matters stops the build
  -Wconversion             # a narrowed integer is a wrong bill
  -Wsign-conversion        # a negative count that turns huge is one too
  -Wshadow                 # two things of one name in one view mislead the reader
  -Wold-style-cast         # a cast must say which kind it is
  -Wnon-virtual-dtor       # deleting through a seam must run the right destructor
  -Woverloaded-virtual     # an override that is none would silently not run
  -fno-omit-frame-pointer  # stacks in a core dump from the field can be read
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(steward_flags INTERFACE
    -Wduplicated-cond               # an else-if that repeats its if never runs
    -Wlogical-op                    # a == 1 && a == 2: conditions that cannot both be meant
    -Wno-missing-field-initializers # designated initialisers leave out what has a default, on purpose
    -fcoroutines                    # GCC 12 wants it said even at C++20
    -Wno-mismatched-new-delete      # takes a coroutine frame's own operator delete for a wrong one; ASan checks the pairs at run time
  )
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    # At -O1 GCC 12 takes the unused side of a std::variant for uninitialised; at -O2, as shipped, it does not.
    target_compile_options(steward_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^arm")
    target_compile_options(steward_flags INTERFACE -Wno-psabi)  # notes an ABI change of GCC 7; nothing here is that old
  endif()
else()
  target_compile_options(steward_flags INTERFACE
    -Wno-missing-field-initializers  # as above
  )
  # clang 16 reads libstdc++ 12's coroutines only when told that they exist (Asio asks for these).
  target_compile_definitions(steward_flags INTERFACE
    __cpp_impl_coroutine=201902L BOOST_ASIO_HAS_CO_AWAIT=1 BOOST_ASIO_HAS_STD_COROUTINE=1)
  # ... and then warns that the first of these names is the compiler's own.
  target_compile_options(steward_flags INTERFACE -Wno-builtin-macro-redefined -Wno-reserved-macro-identifier)
endif()

# Asserts stay in release builds: a wrong bill is worse than a stopped program.
foreach(config RELEASE RELWITHDEBINFO MINSIZEREL)
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_${config} "${CMAKE_CXX_FLAGS_${config}}")
endforeach()

target_compile_definitions(steward_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED      # the old names hide which executor runs a handler
  BOOST_ASIO_SEPARATE_COMPILATION  # Asio's bodies are compiled once, in kit/loop
  STEWARD_VERSION="${PROJECT_VERSION}"
)

set(STEWARD_SANITIZE "" CACHE STRING "Sanitizers: 'address,undefined' or 'thread' or empty")
if(STEWARD_SANITIZE)
  target_compile_options(steward_flags INTERFACE -fsanitize=${STEWARD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(steward_flags INTERFACE -fsanitize=${STEWARD_SANITIZE})
  if(STEWARD_SANITIZE MATCHES "thread")
    # TSan does not see fences, and GCC says so for each of Asio's. The loop's queue is locked by a mutex,
    # which it does see, so nothing is hidden by leaving the fences out of this build.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(steward_flags INTERFACE -Wno-tsan)
    endif()
    target_compile_definitions(steward_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
  if(STEWARD_SANITIZE MATCHES "undefined")
    # These four triple the compile time of header-only libraries and find nothing the others miss here.
    target_compile_options(steward_flags INTERFACE -fno-sanitize=null,alignment,vptr,object-size)
  endif()
endif()

if(STEWARD_FUZZ AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # libFuzzer steers by the branches it sees taken: the code under test must report them, not only the target.
  target_compile_options(steward_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Hardening (release): what Debian's own packages are built with.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT STEWARD_SANITIZE)
  target_compile_options(steward_flags INTERFACE -fstack-protector-strong -D_FORTIFY_SOURCE=2)
  target_link_options(steward_flags INTERFACE -Wl,-z,relro -Wl,-z,now -pie)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()
