// As common_headers.hpp, for test binaries.
#pragma once

#include "common_headers.hpp"

#include <doctest/doctest.h>
