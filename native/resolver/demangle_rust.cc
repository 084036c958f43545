// SPDX-License-Identifier: MIT
#include "resolver/demangle_rust.h"

#include <cstdint>

namespace sigprof {
namespace {

constexpr size_t kMaxLength = 2000;  // of a demangled name
constexpr int kMaxDepth = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

// "$LT$", "$u7b$", "..": how the legacy form writes what C symbols may not hold.
std::string UnescapeLegacy(std::string_view text) {
  constexpr struct {
    std::string_view code, text;
  } kCodes[] = {{"$SP$", "@"}, {"$BP$", "*"}, {"$RF$", "&"}, {"$LT$", "<"},
                {"$GT$", ">"}, {"$LP$", "("}, {"$RP$", ")"}, {"$C$", ","}};
  std::string out;
  if (text.starts_with("_$")) text.remove_prefix(1);
  while (!text.empty()) {
    size_t used = 0;
    for (const auto& known : kCodes) {
      if (!text.starts_with(known.code)) continue;
      out += known.text;
      used = known.code.size();
    }
    if (used == 0 && text.starts_with("$u") && text.find('$', 2) < 6) {
      const size_t end = text.find('$', 2);
      out += static_cast<char>(std::stoi("0" + std::string(text.substr(2, end - 2)), nullptr, 16));
      used = end + 1;
    }
    if (used == 0 && text.starts_with("..")) {
      out += "::";
      used = 2;
    }
    if (used == 0) {
      out += text[0];
      used = 1;
    }
    text.remove_prefix(used);
  }
  return out;
}

bool IsHash(std::string_view part) {
  return part.size() == 17 && part[0] == 'h' &&
         part.find_first_not_of("0123456789abcdef", 1) == part.npos;
}

// A C++ nested name whose last part is a hash.
std::string DemangleLegacy(std::string_view symbol) {
  if (!symbol.starts_with("_ZN")) return "";
  std::string out;
  size_t at = 3;
  bool has_hash = false;
  while (at < symbol.size() && symbol[at] != 'E') {
    size_t length = 0;
    if (!IsDigit(symbol[at])) return "";
    while (at < symbol.size() && IsDigit(symbol[at]) && length < kMaxLength) {
      length = length * 10 + static_cast<size_t>(symbol[at++] - '0');
    }
    if (length > symbol.size() - at) return "";
    const std::string_view part = symbol.substr(at, length);
    at += length;
    has_hash = IsHash(part) && at < symbol.size() && symbol[at] == 'E';
    if (has_hash) break;
    if (!out.empty()) out += "::";
    out += UnescapeLegacy(part);
  }
  return has_hash ? out : "";
}

// The grammar's names as in RFC 2603. What is of no use in a profile (lifetimes, constants' values,
// binders) is read and left out; anything unknown ends with failure, and the symbol stays as it is.
class V0 {
 public:
  explicit V0(std::string_view text) : text_(text) {}

  std::string Demangle() {
    Path(0, true);
    return ok_ && out_.size() <= kMaxLength ? out_ : "";
  }

 private:
  char Next() {
    if (at_ >= text_.size()) {
      ok_ = false;
      return '\0';
    }
    return text_[at_++];
  }
  bool Eat(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }
  void Print(std::string_view text) {
    if (quiet_ == 0) out_ += text;
    if (out_.size() > kMaxLength) ok_ = false;
  }

  // "_" is 0, "0_" is 1, ...
  uint64_t Base62() {
    if (Eat('_')) return 0;
    uint64_t value = 0;
    for (char c = Next(); ok_ && c != '_'; c = Next()) {
      const int digit = IsDigit(c) ? c - '0' : IsLower(c) ? c - 'a' + 10 : c - 'A' + 36;
      if (digit < 0 || digit > 61) ok_ = false;
      value = value * 62 + static_cast<uint64_t>(digit);
    }
    return value + 1;
  }
  uint64_t Optional(char tag) { return Eat(tag) ? Base62() + 1 : 0; }

  std::string_view Identifier() {
    Optional('s');
    Eat('u');  // punycode stays as it is written
    size_t length = 0;
    while (at_ < text_.size() && IsDigit(text_[at_]) && length < kMaxLength) {
      length = length * 10 + static_cast<size_t>(text_[at_++] - '0');
    }
    Eat('_');
    if (length > text_.size() - at_) {
      ok_ = false;
      return {};
    }
    const std::string_view name = text_.substr(at_, length);
    at_ += length;
    return name;
  }

  void Nested(int depth, bool in_value) {
    const char space = Next();
    Path(depth, in_value);
    const std::string_view name = Identifier();
    if (space == 'C') {
      Print("::{closure}");
    } else if (!name.empty()) {
      Print("::");
      Print(name);
    }
  }

  void Impl(int depth) {
    quiet_++;  // the path of the impl block's place
    Optional('s');
    Path(depth, false);
    quiet_--;
  }

  void Path(int depth, bool in_value) {
    if (depth > kMaxDepth || !ok_) {
      ok_ = false;
      return;
    }
    depth++;
    switch (Next()) {
      case 'C':
        Print(Identifier());
        break;
      case 'N':
        Nested(depth, in_value);
        break;
      case 'M':
        Impl(depth);
        Print("<");
        Type(depth);
        Print(">");
        break;
      case 'X':
        Impl(depth);
        TraitOf(depth);
        break;
      case 'Y':
        TraitOf(depth);
        break;
      case 'I':
        Path(depth, in_value);
        Print(in_value ? "::<" : "<");
        List(depth);
        Print(">");
        break;
      case 'B':
        Backref([&] { Path(depth, in_value); });
        break;
      default:
        ok_ = false;
    }
  }

  void TraitOf(int depth) {
    Print("<");
    Type(depth);
    Print(" as ");
    Path(depth, false);
    Print(">");
  }

  // Generic arguments or the parts of a tuple, up to E.
  void List(int depth) {
    for (bool first = true; ok_ && !Eat('E'); first = false) {
      if (!first) Print(", ");
      if (Eat('L')) {
        Base62();
        Print("'_");
      } else if (Eat('K')) {
        Constant();
      } else {
        Type(depth);
      }
    }
  }

  void Constant() {
    if (Eat('p')) {
      Print("_");
      return;
    }
    Next();  // its type
    while (ok_ && !Eat('_')) Next();
    Print("_");
  }

  void Type(int depth) {
    if (depth > kMaxDepth || !ok_) {
      ok_ = false;
      return;
    }
    depth++;
    const char tag = Next();
    switch (tag) {
      case 'A':
      case 'S':
        Print("[");
        Type(depth);
        if (tag == 'A') Constant();
        Print("]");
        break;
      case 'T':
        Print("(");
        List(depth);
        Print(")");
        break;
      case 'R':
      case 'Q':
        if (Eat('L')) Base62();
        Print(tag == 'R' ? "&" : "&mut ");
        Type(depth);
        break;
      case 'P':
      case 'O':
        Print(tag == 'P' ? "*const " : "*mut ");
        Type(depth);
        break;
      case 'B':
        Backref([&] { Type(depth); });
        break;
      default:
        at_--;
        if (IsLower(tag)) {
          at_++;
          Print(BasicType(tag));
        } else {
          Path(depth, false);
        }
    }
  }

  template <typename Read>
  void Backref(Read read) {
    const size_t start = at_ - 1;
    const uint64_t target = Base62();
    if (!ok_ || target >= start) {
      ok_ = false;
      return;
    }
    // Each jump goes back, but one may be met again and again: bounded as a whole.
    if (++backrefs_ > kMaxDepth) {
      ok_ = false;
      return;
    }
    const size_t here = at_;
    at_ = target;
    if (quiet_ == 0) read();
    at_ = here;
  }

  std::string_view BasicType(char tag) {
    switch (tag) {
      case 'a':
        return "i8";
      case 'b':
        return "bool";
      case 'c':
        return "char";
      case 'd':
        return "f64";
      case 'e':
        return "str";
      case 'f':
        return "f32";
      case 'h':
        return "u8";
      case 'i':
        return "isize";
      case 'j':
        return "usize";
      case 'l':
        return "i32";
      case 'm':
        return "u32";
      case 'n':
        return "i128";
      case 'o':
        return "u128";
      case 'p':
        return "_";
      case 's':
        return "i16";
      case 't':
        return "u16";
      case 'u':
        return "()";
      case 'v':
        return "...";
      case 'x':
        return "i64";
      case 'y':
        return "u64";
      case 'z':
        return "!";
      default:
        ok_ = false;
        return "";
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  int quiet_ = 0;
  int backrefs_ = 0;
  bool ok_ = true;
};

}  // namespace

std::string DemangleRust(std::string_view symbol) {
  if (symbol.starts_with("_R")) return V0(symbol.substr(2)).Demangle();
  return DemangleLegacy(symbol);
}

}  // namespace sigprof
