// SPDX-License-Identifier: MIT
// On the signal handler's path: no calls out of the handler's files (scripts/check-handler.mjs).
#include "unwinder/cfi.h"

#include "unwinder/dwarf_reader.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns", "no-stack-protector")

namespace sigprof {
namespace {

// DW_EH_PE_*: how a pointer is written; the low half is its form.
constexpr uint8_t kPointerOmitted = 0xff;
constexpr uint8_t kPointerFormMask = 0x0f;
constexpr uint8_t kPointerBaseMask = 0x70;
constexpr uint8_t kPointerPcRelative = 0x10;
constexpr uint8_t kPointerIndirect = 0x80;

// DW_CFA_*. The first three keep their operand in the low six bits.
enum Opcode : uint8_t {
  kAdvanceLoc = 0x40,
  kOffset = 0x80,
  kRestore = 0xc0,
  kNop = 0x00,
  kSetLoc = 0x01,
  kAdvanceLoc1 = 0x02,
  kAdvanceLoc2 = 0x03,
  kAdvanceLoc4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefCfa = 0x0c,
  kDefCfaRegister = 0x0d,
  kDefCfaOffset = 0x0e,
  kDefCfaExpression = 0x0f,
  kExpression = 0x10,
  kOffsetExtendedSf = 0x11,
  kDefCfaSf = 0x12,
  kDefCfaOffsetSf = 0x13,
  kValOffset = 0x14,
  kValOffsetSf = 0x15,
  kValExpression = 0x16,
  kGnuArgsSize = 0x2e,
  kGnuNegativeOffsetExtended = 0x2f,
};

// gcc nests remember_state at most once, hand-written assembly twice.
constexpr uint32_t kMaxRemembered = 4;

struct Cie {
  uint64_t code_align = 1;
  int64_t data_align = 1;
  uint64_t return_register = kDwarfRip;
  uint8_t pointer_encoding = 0;  // of the FDEs' addresses
  bool has_augmentation = false;
  bool is_signal_frame = false;
  DwarfReader instructions{nullptr, nullptr, 0};
};

uint32_t PointerSize(uint8_t encoding) {
  switch (encoding & kPointerFormMask) {
    case 0x02:
    case 0x0a:
      return 2;
    case 0x03:
    case 0x0b:
      return 4;
    case 0x00:
    case 0x04:
    case 0x0c:
      return 8;
    default:
      return 0;
  }
}

// An address; `is_length`: a plain number in the same form.
uint64_t ReadPointer(DwarfReader* in, uint8_t encoding, bool is_length) {
  const uint64_t here = in->address();
  const uint32_t size = PointerSize(encoding);
  const uint8_t base = encoding & kPointerBaseMask;
  if (size == 0 || (encoding & kPointerIndirect) != 0 ||
      (base != 0 && base != kPointerPcRelative)) {
    in->Fail();
    return 0;
  }
  const bool is_signed = (encoding & 0x08) != 0 && !is_length;
  const uint64_t value = is_signed ? static_cast<uint64_t>(in->Signed(size)) : in->Fixed(size);
  return base == kPointerPcRelative && !is_length ? here + value : value;
}

int32_t TableWord(const UnwindModule& module, uint32_t index, uint32_t which) {
  DwarfReader word(module.table + uint64_t{index} * 8 + which * 4,
                   module.table + uint64_t{module.table_count} * 8, 0);
  return static_cast<int32_t>(word.U32());
}

// The FDE of the last function that starts at or before `pc`: its offset in .eh_frame.
bool FindFde(const UnwindModule& module, uint64_t pc, uint64_t* offset) {
  const int64_t relative = static_cast<int64_t>(pc - module.table_base);
  uint32_t low = 0, high = module.table_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (TableWord(module, middle, 0) <= relative) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return false;
  const uint64_t address =
      module.table_base + static_cast<uint64_t>(int64_t{TableWord(module, low - 1, 1)});
  *offset = address - module.frames_base;
  return *offset < module.frames_size;
}

// One record of .eh_frame without its length field. 64-bit lengths are written by no linker.
DwarfReader RecordAt(const UnwindModule& module, uint64_t offset) {
  DwarfReader in(module.frames + offset, module.frames + module.frames_size,
                 module.frames_base + offset);
  const uint32_t length = in.U32();
  if (length == 0 || length == 0xffffffff) in.Fail();
  DwarfReader record = in.Part(length);
  if (!in.ok()) record.Fail();
  return record;
}

// The letters of the augmentation say what its data holds: R encoding of addresses, P personality
// routine, L encoding of the language's data, S signal frame.
void ReadAugmentation(DwarfReader letters, DwarfReader data, Cie* cie) {
  while (!letters.empty()) {
    switch (letters.U8()) {
      case 'z':
        break;
      case 'R':
        cie->pointer_encoding = data.U8();
        break;
      case 'P': {
        const uint8_t encoding = data.U8();
        if (encoding != kPointerOmitted) data.Skip(PointerSize(encoding));
        break;
      }
      case 'L':
        data.U8();
        break;
      case 'S':
        cie->is_signal_frame = true;
        break;
      default:
        return;  // what follows an unknown letter can't be told
    }
  }
}

bool ReadCie(const UnwindModule& module, uint64_t offset, Cie* cie) {
  if (offset >= module.frames_size) return false;
  DwarfReader in = RecordAt(module, offset);
  if (in.U32() != 0) return false;  // the id that makes it a CIE
  const uint8_t version = in.U8();
  if (version != 1 && version != 3 && version != 4) return false;
  uint64_t letter_count = 0;
  DwarfReader ahead = in;
  while (ahead.U8() != 0) letter_count++;
  DwarfReader letters = in.Part(letter_count);
  in.U8();
  if (version == 4) in.Skip(2);  // sizes of addresses and segments
  cie->code_align = in.Uleb();
  cie->data_align = in.Sleb();
  cie->return_register = version == 1 ? in.U8() : in.Uleb();
  if (letter_count > 0) {
    // Without a leading z the size of the augmentation's data is unknown ("eh" of gcc 2).
    if (*letters.at() != 'z') return false;
    cie->has_augmentation = true;
    ReadAugmentation(letters, in.Part(in.Uleb()), cie);
  }
  cie->instructions = in;
  return in.ok() && cie->return_register == kDwarfRip;
}

// Runs the instructions of a CIE, then of an FDE, up to the row that holds at a pc.
class Interpreter {
 public:
  Interpreter(const UnwindModule& module, const Cie& cie, CfiRow* row)
      : module_(module), cie_(cie), row_(*row) {
    ClearRow(&row_);
    ClearRow(&initial_);
  }

  bool RunInitial() {
    if (!Run(cie_.instructions, 0, ~uint64_t{0})) return false;
    initial_ = row_;
    return true;
  }

  // From `location` on until the row that holds at `pc`. False when an instruction is unknown.
  bool Run(DwarfReader in, uint64_t location, uint64_t pc) {
    while (!in.empty()) {
      const uint8_t opcode = in.U8();
      const uint8_t operand = opcode & 0x3f;
      bool known = true;
      switch (opcode & 0xc0) {
        case kAdvanceLoc:
          location += operand * cie_.code_align;
          break;
        case kOffset:
          Set(operand, CfiRule::kAtOffset, Scaled(in.Uleb()));
          break;
        case kRestore:
          Restore(operand);
          break;
        default:
          known = IsLocation(opcode) ? Advance(opcode, &in, &location)
                                     : RunRegisterRule(opcode, &in) || RunCfaRule(opcode, &in);
      }
      if (!known || !in.ok()) return false;
      if (location > pc) return true;
    }
    return in.ok();
  }

 private:
  static void ClearRow(CfiRow* row) {
    row->cfa_is_expression = false;
    row->is_signal_frame = false;
    row->cfa_register = kDwarfRegisters;  // none
    row->cfa_value = 0;
    row->mentioned = 0;
  }

  static bool IsLocation(uint8_t opcode) { return opcode >= kSetLoc && opcode <= kAdvanceLoc4; }

  bool Advance(uint8_t opcode, DwarfReader* in, uint64_t* location) {
    switch (opcode) {
      case kSetLoc:
        *location = ReadPointer(in, cie_.pointer_encoding, false);
        break;
      case kAdvanceLoc1:
        *location += in->U8() * cie_.code_align;
        break;
      case kAdvanceLoc2:
        *location += in->U16() * cie_.code_align;
        break;
      default:
        *location += in->U32() * cie_.code_align;
    }
    return true;
  }

  bool RunRegisterRule(uint8_t opcode, DwarfReader* in) {
    switch (opcode) {
      case kNop:
        return true;
      case kGnuArgsSize:
        in->Uleb();
        return true;
      case kRememberState:
        if (remembered_ == kMaxRemembered) return false;
        saved_[remembered_++] = row_;
        return true;
      case kRestoreState:
        if (remembered_ == 0) return false;
        row_ = saved_[--remembered_];
        return true;
      default:
        break;
    }
    if (!IsRegisterRule(opcode)) return false;
    const uint64_t number = in->Uleb();
    switch (opcode) {
      case kRestoreExtended:
        Restore(number);
        break;
      case kUndefined:
        Set(number, CfiRule::kUndefined, 0);
        break;
      case kSameValue:
        Set(number, CfiRule::kSame, 0);
        break;
      case kRegister:
        Set(number, CfiRule::kRegister, static_cast<int64_t>(in->Uleb()));
        break;
      case kExpression:
        Set(number, CfiRule::kAtExpression, Expression(in));
        break;
      case kValExpression:
        Set(number, CfiRule::kExpression, Expression(in));
        break;
      case kOffsetExtended:
        Set(number, CfiRule::kAtOffset, Scaled(in->Uleb()));
        break;
      case kOffsetExtendedSf:
        Set(number, CfiRule::kAtOffset, Scaled(static_cast<uint64_t>(in->Sleb())));
        break;
      case kGnuNegativeOffsetExtended:
        Set(number, CfiRule::kAtOffset, -Scaled(in->Uleb()));
        break;
      case kValOffset:
        Set(number, CfiRule::kOffset, Scaled(in->Uleb()));
        break;
      default:
        Set(number, CfiRule::kOffset, Scaled(static_cast<uint64_t>(in->Sleb())));
    }
    return true;
  }

  static bool IsRegisterRule(uint8_t opcode) {
    return (opcode >= kOffsetExtended && opcode <= kRegister) || opcode == kExpression ||
           opcode == kOffsetExtendedSf || (opcode >= kValOffset && opcode <= kValExpression) ||
           opcode == kGnuNegativeOffsetExtended;
  }

  bool RunCfaRule(uint8_t opcode, DwarfReader* in) {
    switch (opcode) {
      case kDefCfa: {
        const uint64_t number = in->Uleb();
        return SetCfa(number, static_cast<int64_t>(in->Uleb()));
      }
      case kDefCfaSf: {
        const uint64_t number = in->Uleb();
        return SetCfa(number, Scaled(static_cast<uint64_t>(in->Sleb())));
      }
      case kDefCfaRegister:
        return !row_.cfa_is_expression && SetCfa(in->Uleb(), row_.cfa_value);
      case kDefCfaOffset:
        return !row_.cfa_is_expression &&
               SetCfa(row_.cfa_register, static_cast<int64_t>(in->Uleb()));
      case kDefCfaOffsetSf:
        return !row_.cfa_is_expression &&
               SetCfa(row_.cfa_register, Scaled(static_cast<uint64_t>(in->Sleb())));
      case kDefCfaExpression:
        row_.cfa_value = Expression(in);
        row_.cfa_is_expression = true;
        return true;
      default:
        return false;
    }
  }

  bool SetCfa(uint64_t number, int64_t value) {
    if (number >= kDwarfRip) return false;
    row_.cfa_is_expression = false;
    row_.cfa_register = static_cast<uint8_t>(number);
    row_.cfa_value = value;
    return true;
  }

  // Where the expression lies, which starts with its length; skips it.
  int64_t Expression(DwarfReader* in) {
    const int64_t offset = in->at() - module_.frames;
    in->Skip(in->Uleb());
    return offset;
  }

  int64_t Scaled(uint64_t factor) const {
    return static_cast<int64_t>(factor * static_cast<uint64_t>(cie_.data_align));
  }

  // Rules of vector registers and such are of no use for a walk.
  void Set(uint64_t number, CfiRule rule, int64_t value) {
    if (number >= kDwarfRegisters) return;
    const uint32_t bit = 1u << number;
    row_.mentioned = rule == CfiRule::kSame ? row_.mentioned & ~bit : row_.mentioned | bit;
    row_.rule[number] = rule;
    row_.value[number] = static_cast<int32_t>(value);
  }

  void Restore(uint64_t number) {
    if (number >= kDwarfRegisters) return;
    const bool mentioned = (initial_.mentioned >> number & 1) != 0;
    Set(number, mentioned ? initial_.rule[number] : CfiRule::kSame, initial_.value[number]);
  }

  const UnwindModule& module_;
  const Cie& cie_;
  CfiRow& row_;
  CfiRow initial_;
  CfiRow saved_[kMaxRemembered];
  uint32_t remembered_ = 0;
};

}  // namespace

CfiResult FindCfiRow(const UnwindModule& module, uint64_t pc, CfiRow* out) {
  uint64_t offset;
  if (!FindFde(module, pc, &offset)) return CfiResult::kNone;
  DwarfReader in = RecordAt(module, offset);
  const uint64_t id_offset = in.address() - module.frames_base;
  const uint32_t cie_distance = in.U32();  // back from this very field
  Cie cie;
  if (!in.ok() || cie_distance == 0 || cie_distance > id_offset ||
      !ReadCie(module, id_offset - cie_distance, &cie)) {
    return CfiResult::kBroken;
  }
  const uint64_t start = ReadPointer(&in, cie.pointer_encoding, false);
  const uint64_t size = ReadPointer(&in, cie.pointer_encoding, true);
  if (cie.has_augmentation) in.Skip(in.Uleb());
  if (!in.ok()) return CfiResult::kBroken;
  if (pc < start || pc - start >= size) return CfiResult::kNone;
  Interpreter interpreter(module, cie, out);
  if (!interpreter.RunInitial() || !interpreter.Run(in, start, pc)) return CfiResult::kBroken;
  out->is_signal_frame = cie.is_signal_frame;
  if (!out->cfa_is_expression && out->cfa_register >= kDwarfRip) return CfiResult::kBroken;
  return CfiResult::kFound;
}

}  // namespace sigprof
