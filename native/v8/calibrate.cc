// SPDX-License-Identifier: MIT
// Isolate offsets are in no symbol, but V8's own entry stub uses them: JSEntry pushes the words it
// saves as [r13 + disp32], r13 being the isolate + 0x80 (kRootRegisterBias) on x64.
#include <cstring>

#include "v8/layout.h"

namespace sigprof {
namespace {

constexpr int32_t kRootRegisterBias = 0x80;
// push rbp; mov rbp,rsp; push imm8 (frame type marker); sub rsp,8; push r12..r15,rbx; mov r13,rdi
constexpr uint8_t kPrologue[] = {0x55, 0x48, 0x89, 0xe5, 0x6a, 0x02, 0x48, 0x83, 0xec, 0x08, 0x41,
                                 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x53, 0x4c, 0x8b, 0xef};
constexpr size_t kBodyBytes = 160;

int32_t Displacement(const uint8_t* at) {
  int32_t value;
  std::memcpy(&value, at, sizeof value);
  return value + kRootRegisterBias;
}

bool ReadEntry(const uint8_t* body, CaptureLayout* layout) {
  int32_t pushes[8];
  int push_count = 0;
  int32_t js_entry_sp = 0;
  for (size_t i = 0; i + 7 <= kBodyBytes; i++) {
    const uint8_t* at = body + i;
    if (at[0] == 0x41 && at[1] == 0xff && at[2] == 0xb5 && push_count < 8) {
      pushes[push_count++] = Displacement(at + 3);  // push [r13+disp32]
      i += 6;
    } else if (at[0] == 0x49 && at[1] == 0x8b && at[2] == 0x85 && js_entry_sp == 0) {
      js_entry_sp = Displacement(at + 3);  // mov rax,[r13+disp32]
      i += 6;
    }
  }
  // V8 10-12 push c_entry_fp and the handler; V8 13 added the fast call pair between them.
  if ((push_count != 2 && push_count != 4) || js_entry_sp == 0) return false;
  layout->c_entry_fp = pushes[0];
  layout->js_entry_sp = js_entry_sp;
  layout->vm_state = js_entry_sp + 16;
  layout->entry_saved_c_entry_fp = -64;
  if (push_count == 4) {
    layout->fast_call_fp = pushes[1];
    layout->fast_call_pc = pushes[2];
    layout->entry_saved_fast_fp = -72;
    layout->entry_saved_fast_pc = -80;
  }
  return true;
}

}  // namespace

bool CalibrateCapture(const uint8_t* code, size_t size, CaptureLayout* layout, size_t* entry) {
  if (size < sizeof kPrologue + kBodyBytes) return false;
  const void* at = memmem(code, size - kBodyBytes, kPrologue, sizeof kPrologue);
  if (at == nullptr) return false;
  const auto* found = static_cast<const uint8_t*>(at);
  if (entry != nullptr) *entry = static_cast<size_t>(found - code);
  return ReadEntry(found + sizeof kPrologue, layout);
}

}  // namespace sigprof
