# 64-bit ARM gateways (Cortex-A53 and later), Debian 12's own ABI.
set(STEWARD_CROSS_TRIPLET aarch64-linux-gnu)
set(STEWARD_CROSS_ARCH arm64)
set(STEWARD_CROSS_EMULATOR qemu-aarch64-static)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake")
