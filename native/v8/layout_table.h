// SPDX-License-Identifier: MIT
// What the v8dbg_* symbols do not tell, by V8 version; verified on the official Node binaries.
#pragma once

#include "v8/layout.h"

namespace sigprof {

// Sets the fields no symbol gives from the row of the newest known V8 not above `version`. An
// unknown newer V8 gets the newest row; its self-test then decides.
void ApplyLayoutTable(const V8Version& version, Layout* layout);

}  // namespace sigprof
