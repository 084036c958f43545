// SPDX-License-Identifier: MIT
// What people read: symbols, demangled names, system calls.
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "os/loaded_modules.h"
#include "os/memory.h"
#include "resolver/demangle.h"
#include "resolver/symbol_table.h"
#include "resolver/syscalls.h"
#include "test_runner.h"

namespace sigprof {
namespace {

TEST("names: C++ is read without parameters, return type and clone suffix") {
  EXPECT_EQ(ReadableSymbol("_ZN2v88internal9Execution4CallEPNS0_7IsolateE"),
            "v8::internal::Execution::Call");
  EXPECT_EQ(ReadableSymbol("_ZNSt6vectorIiSaIiEE9push_backERKi.part.0"),
            "std::vector<int, std::allocator<int> >::push_back");
  EXPECT_EQ(ReadableSymbol("_Z3fooIiET_S0_"), "foo<int>");
  EXPECT_EQ(ReadableSymbol("_ZN12_GLOBAL__N_13runEv"), "(anonymous namespace)::run");
  EXPECT_EQ(ReadableSymbol("_ZNK1AclEv"), "A::operator()");
  EXPECT_EQ(ReadableSymbol("_ZplRK1AS1_"), "operator+");
  EXPECT_EQ(ReadableSymbol("_Znwm"), "operator new");
  EXPECT_EQ(ReadableSymbol("_ZN1AcvmEv"), "A::operator unsigned long");
  // What no demangler knows has its scopes at least.
  EXPECT_EQ(ReadableSymbol("_ZN2v88internal12_GLOBAL__N_13FooI?E"),
            "v8::internal::(anonymous namespace)::Foo");
}

TEST("names: Rust is read in both its manglings") {
  EXPECT_EQ(ReadableSymbol("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
  EXPECT_EQ(ReadableSymbol("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
  EXPECT_EQ(ReadableSymbol("_RINvNtC3std3mem8align_ofjE"), "std::mem::align_of::<usize>");
}

TEST("names: other symbols stay, without version and clone suffix") {
  EXPECT_EQ(ReadableSymbol("malloc@@GLIBC_2.2.5"), "malloc");
  EXPECT_EQ(ReadableSymbol("uv__io_poll.cold"), "uv__io_poll");
  EXPECT_EQ(ReadableSymbol("_Zbroken"), "_Zbroken");
  EXPECT_EQ(ReadableSymbol(""), "");
}

TEST("names: damage to mangled names never harms") {
  const std::string names[] = {
      "_ZN2v88internal12_GLOBAL__N_16InvokeEPNS0_7IsolateERKNS1_12InvokeParamsE",
      "_ZNSt6vectorISt4pairIiSsESaIS1_EE9push_backERKS1_", "_RINvNtC3std3mem8align_ofjE",
      "_RNvXs2_NtCs1_5alloc3vecINtB5_3VecTNtB7_6StringjEENtNtCs3_4core5clone5Clone5clone",
      "_RNvMNtC1a1bINtB2_1CKj123_E1d"};
  std::mt19937 random(4711);
  size_t changed = 0;
  const uint32_t rounds = 20000 * test::FuzzFactor();
  for (uint32_t round = 0; round < rounds; round++) {
    std::string name = names[random() % std::size(names)];
    for (auto left = random() % 4; left > 0; left--) {
      name[2 + random() % (name.size() - 2)] = static_cast<char>(
          random() % 3 == 0 ? random() : "0123456789_ENSIRTKBCjsu"[random() % 23]);
    }
    if (random() % 4 == 0) name.resize(2 + random() % (name.size() - 2));
    if (random() % 8 == 0) name += name.substr(2);
    if (ReadableSymbol(name) != name) changed++;
  }
  EXPECT(changed > rounds / 10);
}

TEST("names: the names of system calls, and what holds a call back") {
  EXPECT_EQ(SyscallName(0), "read");
  EXPECT_EQ(SyscallName(334), "rseq");
  EXPECT_EQ(SyscallName(424), "pidfd_send_signal");
  EXPECT_EQ(SyscallName(435), "clone3");
  EXPECT_EQ(SyscallName(462), "mseal");
  EXPECT_EQ(SyscallName(335), "");
  EXPECT_EQ(SyscallName(-1), "");
  EXPECT_EQ(SyscallName(100000), "");
}

struct Code {
  uint8_t bytes[kSyscallBefore + kSyscallAfter] = {};
  // Ends at the pc, `after` bytes of it behind.
  explicit Code(std::vector<uint8_t> text, size_t after = 0) {
    std::copy(text.begin(), text.end(), bytes + kSyscallBefore + after - text.size());
  }
};

TEST("names: the system call is told by the code before it") {
  int64_t number = -7;
  EXPECT(FindSyscall(Code({0xb8, 1, 1, 0, 0, 0x0f, 0x05}).bytes, &number));  // mov eax, 257
  EXPECT_EQ(SyscallName(number), "openat");
  EXPECT(FindSyscall(Code({0x31, 0xc0, 0x0f, 0x05}).bytes, &number));  // xor eax, eax
  EXPECT_EQ(SyscallName(number), "read");
  EXPECT(FindSyscall(Code({0xb8, 7, 0, 0, 0, 0x0f, 0x05}, 2).bytes, &number));  // to be restarted
  EXPECT_EQ(SyscallName(number), "poll");
  EXPECT(FindSyscall(Code({0x48, 0x89, 0xf8, 0x0f, 0x05}).bytes, &number));  // mov rax, rdi
  EXPECT_EQ(number, -1);
  EXPECT(!FindSyscall(Code({0x0f, 0x05, 0x90}).bytes, &number));
}

TEST("names: functions are found by address, exported or not, and only within their bounds") {
  ProcessMemory memory(getpid());
  ModuleChanges changes;
  const auto modules = ListModules(&changes);
  const auto address = reinterpret_cast<uint64_t>(dlsym(RTLD_DEFAULT, "qsort"));
  const auto libc = std::find_if(modules.begin(), modules.end(), [&](const LoadedModule& module) {
    return address >= module.start && address < module.end;
  });
  REQUIRE(libc != modules.end());
  SymbolCache cache("", &memory);
  EXPECT(cache.Find(*libc) == nullptr);
  cache.Load(*libc);
  const auto symbols = cache.Find(*libc);
  REQUIRE(symbols != nullptr);
  EXPECT_EQ(symbols->Find(address - libc->bias + 1).name, "qsort");
  EXPECT_EQ(symbols->Find(address - libc->bias).start, address - libc->bias);
  EXPECT(symbols->Find(0).name.empty());
  EXPECT(symbols->Find(~uint64_t{0}).name.empty());
  // Another file has taken the place of the one that is loaded.
  LoadedModule replaced = *libc;
  replaced.build_id = "another";
  cache.Load(replaced);
  EXPECT_EQ(cache.Find(replaced)->size(), 0u);
}

}  // namespace
}  // namespace sigprof
