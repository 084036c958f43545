// SPDX-License-Identifier: MIT
#include "v8/wasm_names.h"

#include <string.h>
#include <unistd.h>

#include <vector>

#include "test_runner.h"

namespace sigprof {
namespace {

using Text = std::vector<uint8_t>;

Text Join(std::initializer_list<Text> parts) {
  Text joined;
  for (const Text& part : parts) joined.insert(joined.end(), part.begin(), part.end());
  return joined;
}
Text Word(const char* word) {
  Text text = {static_cast<uint8_t>(strlen(word))};
  for (const char* c = word; *c != 0; c++) text.push_back(static_cast<uint8_t>(*c));
  return text;
}
Text Section(uint8_t id, const Text& payload) {
  // The size in two bytes, as compilers pad it.
  const size_t size = payload.size();
  return Join(
      {{id, static_cast<uint8_t>(0x80 | (size & 0x7f)), static_cast<uint8_t>(size >> 7)}, payload});
}
const Text kMagic = {0, 'a', 's', 'm', 1, 0, 0, 0};
// A memory with a maximum, a table, a function, a mutable global, and another function.
const Text kImports = Join({{5},
                            Word("e"),
                            Word("m"),
                            {2, 1, 1, 0x80, 0x02},
                            Word("e"),
                            Word("t"),
                            {1, 0x70, 0, 4},
                            Word("e"),
                            Word("f"),
                            {0, 3},
                            Word("e"),
                            Word("g"),
                            {3, 0x7f, 1},
                            Word("e"),
                            Word("h"),
                            {0, 3}});

WasmNames Read(const Text& bytes, bool* is_module = nullptr) {
  ProcessMemory memory(getpid());
  WasmNames names;
  const bool ok =
      ReadWasmNames(&memory, reinterpret_cast<Address>(bytes.data()), bytes.size(), &names);
  if (is_module != nullptr) *is_module = ok;
  return names;
}

TEST("wasm names: functions are counted past imports of other kinds, and named") {
  const Text functions = Join({{3}, {2}, Word("spin"), {3}, Word(""), {200, 1}, Word("last")});
  const Text section = Join({Word("name"),
                             {0, 4},
                             Word("mod"),
                             {1, static_cast<uint8_t>(functions.size())},
                             functions,
                             {2, 1, 0}});
  const WasmNames names = Read(
      Join({kMagic, Section(1, {0}), Section(2, kImports), Section(3, {7, 0, 0, 0, 0, 0, 0, 0}),
            Section(0, Join({Word("other"), {9, 9}})), Section(0, section)}));
  EXPECT_EQ(names.imported, 2u);
  EXPECT_EQ(names.declared, 7u);
  EXPECT_EQ(names.functions.size(), 2u);
  EXPECT_EQ(names.functions.at(2), std::string("spin"));
  EXPECT_EQ(names.functions.at(200), std::string("last"));
}

TEST("wasm names: a module cut anywhere is read as far as it goes") {
  const Text functions = Join({{1}, {2}, Word("spin")});
  const Text whole = Join(
      {kMagic, Section(2, kImports), Section(3, {1, 0}),
       Section(0, Join({Word("name"), {1, static_cast<uint8_t>(functions.size())}, functions}))});
  for (size_t size = 0; size < whole.size(); size++) {
    // A buffer of its own, so that the sanitizer sees a read past the end.
    const Text cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    bool is_module = false;
    const WasmNames names = Read(cut, &is_module);
    EXPECT_EQ(is_module, size >= kMagic.size());
    EXPECT(names.imported <= 2 && names.declared <= 1 && names.functions.size() <= 1);
  }
  EXPECT_EQ(Read(whole).functions.at(2), std::string("spin"));
}

TEST("wasm names: counts that the bytes can't hold end the reading") {
  const Text huge = {0xff, 0xff, 0xff, 0xff, 0x0f};
  const Text section = Join({Word("name"), {1, 9}, huge, {1}, Word("ab")});
  const WasmNames names = Read(Join({kMagic, Section(2, huge), Section(0, section)}));
  EXPECT_EQ(names.imported, 0u);
  EXPECT_EQ(names.functions.at(1), std::string("ab"));
}

TEST("wasm names: other bytes are no module") {
  bool is_module = true;
  Read({'M', 'Z', 0, 0, 0, 0, 0, 0}, &is_module);
  EXPECT(!is_module);
}

}  // namespace
}  // namespace sigprof
