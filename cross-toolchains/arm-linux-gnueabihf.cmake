# 32-bit ARM gateways (ARMv7 with hardware floating point), Debian 12's own ABI.
# libc's time_t is 32 bits there; Steward keeps time in its own int64.
set(STEWARD_CROSS_TRIPLET arm-linux-gnueabihf)
set(STEWARD_CROSS_ARCH armhf)
set(STEWARD_CROSS_EMULATOR qemu-arm-static)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
include("${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake")
