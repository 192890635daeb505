#pragma once
#include "drivers/bus/line_codec.hpp"
#include "edge/poll/poll_plan.hpp"

namespace steward {

/// How frames look on a line with these meters: the one codec of all protocols they speak, and of
/// no other, so that no frame can be taken for one nobody sends here. Lives for ever. Thread: any.
const LineCodec& codec_of(const BusPlan& plan);

}  // namespace steward
