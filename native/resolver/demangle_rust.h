// SPDX-License-Identifier: MIT
// Rust's symbols: the legacy form (_ZN…17h0123456789abcdefE) and v0 (_R…, RFC 2603). Any thread.
#pragma once

#include <string>
#include <string_view>

namespace sigprof {

// The path without its hash and crate ids; empty when `symbol` is none of Rust's.
std::string DemangleRust(std::string_view symbol);

}  // namespace sigprof
