// SPDX-License-Identifier: MIT
// The runner of the native tests: TEST registers a function, EXPECT_* note failures and go on.
//   TEST("maps: a path with blanks is kept whole") { EXPECT_EQ(ParseLine("…").path, "/a b"); }
// A test that dies (signal, sanitizer report) ends the run without a summary, which counts as
// failed.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <type_traits>

namespace sigprof::test {

using TestFunction = void (*)();

struct Registration {
  Registration(const char* name, TestFunction function);
};

// Notes a failure of the running test.
void Fail(const char* file, int line, const std::string& message);

// How many times more rounds than usual tests with random damage run: SIGPROF_FUZZ, else 1.
uint32_t FuzzFactor();

template <typename T>
std::string Show(const T& value) {
  std::ostringstream out;
  if constexpr (std::is_enum_v<T>) {
    out << static_cast<int64_t>(value);
  } else if constexpr (sizeof(T) == 1 && std::is_integral_v<T> && !std::is_same_v<T, char>) {
    out << static_cast<int>(value);
  } else {
    out << value;
  }
  return out.str();
}

template <typename A, typename B>
bool CheckEqual(const A& actual, const B& expected, const char* text, const char* file, int line) {
  if (actual == expected) return true;
  Fail(file, line, std::string(text) + " is " + Show(actual) + ", expected " + Show(expected));
  return false;
}

inline bool CheckTrue(bool ok, const char* text, const char* file, int line) {
  if (!ok) Fail(file, line, std::string(text) + " does not hold");
  return ok;
}

}  // namespace sigprof::test

#define SIGPROF_JOIN2(a, b) a##b
#define SIGPROF_JOIN(a, b) SIGPROF_JOIN2(a, b)
#define SIGPROF_TEST(function, name)                                                          \
  static void function();                                                                     \
  static const ::sigprof::test::Registration SIGPROF_JOIN(function, _registration)(name,      \
                                                                                   function); \
  static void function()
#define TEST(name) SIGPROF_TEST(SIGPROF_JOIN(Test, __LINE__), name)

#define EXPECT_EQ(actual, expected) \
  ::sigprof::test::CheckEqual((actual), (expected), #actual, __FILE__, __LINE__)
#define EXPECT(condition) \
  ::sigprof::test::CheckTrue(static_cast<bool>(condition), #condition, __FILE__, __LINE__)
// Ends the test when it fails: what follows relies on it.
#define REQUIRE(condition)          \
  do {                              \
    if (!EXPECT(condition)) return; \
  } while (false)
