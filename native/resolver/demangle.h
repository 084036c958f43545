// SPDX-License-Identifier: MIT
// From a symbol to what people call the function. Any thread; not for the signal handler.
#pragma once

#include <string>
#include <string_view>

namespace sigprof {

// C++ (by the C++ runtime's own demangler) and Rust, without parameters and return type, and
// without what compilers add to parts and clones of a function (".cold", ".part.0"). Other symbols,
// and those too long to be taken apart, stay as they are.
std::string ReadableSymbol(std::string_view symbol);

}  // namespace sigprof
