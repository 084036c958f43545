// SPDX-License-Identifier: MIT
#include "test_runner.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace sigprof::test {
namespace {

struct Test {
  const char* name;
  TestFunction function;
};

// A function's static: registrations run before main in an unknown order.
std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

int g_failures_of_test = 0;

}  // namespace

Registration::Registration(const char* name, TestFunction function) {
  Tests().push_back({name, function});
}

uint32_t FuzzFactor() {
  const char* text = std::getenv("SIGPROF_FUZZ");
  const long factor = text != nullptr ? std::strtol(text, nullptr, 10) : 1;
  return factor > 0 ? static_cast<uint32_t>(factor) : 1;
}

void Fail(const char* file, int line, const std::string& message) {
  g_failures_of_test++;
  std::printf("  %s:%d: %s\n", file, line, message.c_str());
}

int RunAll(const char* filter) {
  int passed = 0, failed = 0;
  for (const Test& test : Tests()) {
    if (filter != nullptr && std::strstr(test.name, filter) == nullptr) continue;
    g_failures_of_test = 0;
    std::printf("%s\n", test.name);
    std::fflush(stdout);  // names the test that dies
    test.function();
    (g_failures_of_test == 0 ? passed : failed)++;
    if (g_failures_of_test != 0) std::printf("  FAILED: %s\n", test.name);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace sigprof::test

// One argument: run only the tests whose name contains it.
int main(int argc, char** argv) { return sigprof::test::RunAll(argc > 1 ? argv[1] : nullptr); }
