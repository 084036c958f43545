// SPDX-License-Identifier: MIT
#include "resolver/demangle.h"

#include <cxxabi.h>
#include <stdlib.h>

#include "resolver/demangle_rust.h"

namespace sigprof {
namespace {

// The runtime's demangler recurses once for each level of nesting; a crafted name must not use up a
// stack. Real names that long are unreadable anyway.
constexpr size_t kMaxMangled = 1000;

// "operator()", "operator<", "operator->": brackets that are part of a name begin here.
size_t SkipOperator(std::string_view text, size_t at) {
  constexpr std::string_view kWord = "operator";
  if (!text.substr(at).starts_with(kWord)) return at;
  if (at > 0 && (isalnum(static_cast<unsigned char>(text[at - 1])) || text[at - 1] == '_')) {
    return at;
  }
  at += kWord.size();
  if (text.substr(at).starts_with("()")) return at + 2;
  while (at < text.size() && std::string_view("<>=-!+*/%^&|~,").find(text[at]) != text.npos) at++;
  return at;
}

// Where the parameters of the outermost function begin: the last "(" outside of all brackets that
// is not "(anonymous namespace)" or such, which "::" follows.
size_t ParametersOf(std::string_view text) {
  size_t found = text.size();
  int depth = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t next = SkipOperator(text, i);
    if (next != i) {
      i = next;
      continue;
    }
    const char c = text[i];
    if (c == '(' && depth == 0) found = i;
    if (c == '<' || c == '(' || c == '[' || c == '{') depth++;
    if (c == '>' || c == ')' || c == ']' || c == '}') {
      depth--;
      // A scope in brackets, "(anonymous namespace)::" or "f(int)::lambda": not the parameters.
      if (c == ')' && depth == 0 && text.substr(i + 1).starts_with("::")) found = text.size();
    }
    i++;
  }
  return found;
}

// Where the name begins: after the return type, which only instances of templates have.
size_t NameStart(std::string_view text) {
  size_t start = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size();) {
    // "operator new", "operator unsigned long": the rest is one name.
    if (depth == 0 && SkipOperator(text, i) != i) break;
    const char c = text[i];
    if (c == '<' || c == '(' || c == '[' || c == '{') depth++;
    if (c == '>' || c == ')' || c == ']' || c == '}') depth--;
    if (c == ' ' && depth == 0) start = i + 1;
    i++;
  }
  return start;
}

std::string_view WithoutCloneSuffix(std::string_view symbol) {
  // ".L" and such are whole names; a suffix follows a name.
  const size_t dot = symbol.find('.', 1);
  return dot == symbol.npos ? symbol : symbol.substr(0, dot);
}

// The names of a nested name up to the first that is none, as "a::b::C" of "_ZN1a1b1CIiE…": for
// what the runtime's demangler does not know, as constraints of C++20 in gcc 12's.
std::string PlainScopes(std::string_view symbol) {
  std::string text;
  if (!symbol.starts_with("_ZN")) return text;
  size_t at = symbol.find_first_not_of("KVrRO", 3);
  while (at < symbol.size() && isdigit(static_cast<unsigned char>(symbol[at]))) {
    size_t length = 0;
    while (at < symbol.size() && isdigit(static_cast<unsigned char>(symbol[at]))) {
      length = length * 10 + static_cast<size_t>(symbol[at++] - '0');
      if (length > kMaxMangled) return "";
    }
    if (length > symbol.size() - at) return "";
    const std::string_view name = symbol.substr(at, length);
    if (!text.empty()) text += "::";
    text += name.starts_with("_GLOBAL__N") ? "(anonymous namespace)" : name;
    at += length;
  }
  return text;
}

std::string DemangleCpp(const std::string& symbol) {
  int status = 0;
  char* text = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  std::string result;
  if (status == 0 && text != nullptr) result = text;
  free(text);
  return result;
}

}  // namespace

std::string ReadableSymbol(std::string_view symbol) {
  const std::string bare(WithoutCloneSuffix(symbol.substr(0, symbol.find('@'))));
  if (bare.size() > kMaxMangled) return std::string(symbol);
  std::string rust = DemangleRust(bare);
  if (!rust.empty()) return rust;
  if (!bare.starts_with("_Z")) return bare;
  const std::string text = DemangleCpp(bare);
  if (text.empty()) {
    const std::string scopes = PlainScopes(bare);
    return scopes.empty() ? bare : scopes;
  }
  const std::string_view named = std::string_view(text).substr(0, ParametersOf(text));
  return std::string(named.substr(NameStart(named)));
}

}  // namespace sigprof
