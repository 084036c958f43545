// SPDX-License-Identifier: MIT
// V8 12 and later leave functions assigned to members unnamed; the source still says what they are.
#include "v8/functions.h"

namespace sigprof {
namespace {

bool IsSpace(char16_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsIdentifierPart(char16_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || c == '#' || c >= 0x80;
}

// A cursor that moves towards the start of the text.
class Backward {
 public:
  explicit Backward(const std::u16string& text) : text_(text), at_(text.size()) {}

  void SkipSpace() {
    while (at_ > 0 && IsSpace(text_[at_ - 1])) at_--;
  }
  bool Take(char16_t c) {
    if (at_ == 0 || text_[at_ - 1] != c) return false;
    at_--;
    return true;
  }
  bool TakeWord(std::u16string_view word) {
    if (at_ < word.size() || text_.compare(at_ - word.size(), word.size(), word) != 0) return false;
    if (at_ > word.size() && IsIdentifierPart(text_[at_ - word.size() - 1])) return false;
    at_ -= word.size();
    return true;
  }
  // Identifiers joined by dots, e.g. Module.prototype.load; empty if there is none.
  std::u16string TakePath() {
    const size_t end = at_;
    while (at_ > 0 && (IsIdentifierPart(text_[at_ - 1]) || text_[at_ - 1] == '.')) at_--;
    return text_.substr(at_, end - at_);
  }
  // A literal key in brackets, ['.js'] or ["a b"], as the member it is: `..js`, `.a b`.
  std::u16string TakeLiteralKey() {
    const size_t start = at_;
    if (!Take(']') || (Last() != '\'' && Last() != '"')) {
      at_ = start;
      return {};
    }
    const char16_t quote = Last();
    const size_t end = --at_;
    while (at_ > 0 && text_[at_ - 1] != quote && text_[at_ - 1] != '\n') at_--;
    const std::u16string key = text_.substr(at_, end - at_);
    if (Take(quote) && Take('[')) return u'.' + key;
    at_ = start;
    return {};
  }
  // A key in brackets with the brackets, as it is written: [Symbol.iterator].
  std::u16string TakeComputedKey() {
    const size_t end = at_;
    int depth = 0;
    for (size_t at = at_; at > 0 && text_[at - 1] != '\n'; at--) {
      if (text_[at - 1] == ']') depth++;
      if (text_[at - 1] == '[' && --depth == 0) {
        at_ = at - 1;
        return text_.substr(at_, end - at_);
      }
    }
    return {};
  }
  char16_t Last() const { return at_ == 0 ? 0 : text_[at_ - 1]; }

 private:
  const std::u16string& text_;
  size_t at_;
};

}  // namespace

std::u16string AssignedName(const std::u16string& text_before) {
  Backward cursor(text_before);
  cursor.SkipSpace();
  // Only a method has its key right before its parameters.
  if (cursor.Last() == ']') return cursor.TakeComputedKey();
  cursor.Take('*');
  cursor.SkipSpace();
  cursor.TakeWord(u"function");
  cursor.SkipSpace();
  cursor.TakeWord(u"async");
  cursor.SkipSpace();
  if (cursor.Take('=')) {
    // "==", "=>", "<=" and the like never precede a function's start with a target before them.
    if (cursor.Last() == '=' || cursor.Last() == '!' || cursor.Last() == '<' ||
        cursor.Last() == '>') {
      return {};
    }
    for (char16_t op : {u'|', u'&', u'?'}) {  // ||= &&= ??=
      while (cursor.Take(op)) {
      }
    }
  } else if (!cursor.Take(':')) {
    return {};
  }
  cursor.SkipSpace();
  const std::u16string key = cursor.TakeLiteralKey();
  std::u16string path = cursor.TakePath() + key;
  while (!path.empty() && path.front() == '.') path.erase(0, 1);
  if (path.empty() || path.back() == '.' || (path[0] >= '0' && path[0] <= '9')) return {};
  return path;
}

}  // namespace sigprof
