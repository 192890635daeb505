# What both cross builds share: Debian's cross compiler and a sysroot that
# sysroot.sh extracted to build/sysroot/<architecture>. Programs of the host run
# (cmake, pkg-config); headers, libraries and CMake packages come from the
# sysroot alone.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_CXX_COMPILER "${STEWARD_CROSS_TRIPLET}-g++")
set(CMAKE_C_COMPILER "${STEWARD_CROSS_TRIPLET}-gcc")

get_filename_component(steward_root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(CMAKE_SYSROOT "${steward_root}/build/sysroot/${STEWARD_CROSS_ARCH}")
if(NOT EXISTS "${CMAKE_SYSROOT}/usr/include")
  message(FATAL_ERROR "No sysroot at ${CMAKE_SYSROOT}. Make it: ./dev build ${STEWARD_CROSS_ARCH}")
endif()
set(CMAKE_LIBRARY_ARCHITECTURE "${STEWARD_CROSS_TRIPLET}")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${CMAKE_SYSROOT}/usr/lib/${STEWARD_CROSS_TRIPLET}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")

# CTest runs the tests through qemu-user; -L is where their loader and libraries lie.
set(CMAKE_CROSSCOMPILING_EMULATOR "${STEWARD_CROSS_EMULATOR};-L;${CMAKE_SYSROOT}")
