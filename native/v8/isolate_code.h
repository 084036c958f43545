// SPDX-License-Identifier: MIT
// Where the code of one isolate of another process lies: its builtins, the copy of them that V8 11+
// maps into each isolate's code range, and that range. Any thread; not for the signal handler.
#pragma once

#include <vector>

#include "os/maps.h"
#include "os/memory.h"
#include "unwinder/capture.h"
#include "v8/builtins.h"
#include "v8/image.h"

namespace sigprof {

// `load_bias`: what the program runs at, less what it is linked for. False if the isolate does not
// have the table of entry points that every initialized one has.
bool FindIsolateCode(const V8Image& image, uint64_t load_bias, const std::vector<Mapping>& maps,
                     Memory* memory, Address isolate, Builtins* builtins, CodeRanges* ranges);

}  // namespace sigprof
