// SPDX-License-Identifier: MIT
#include "os/maps.h"

#include <algorithm>
#include <charconv>

#include "os/proc_file.h"

namespace sigprof {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

// Takes a number and the character that must follow it from the front of `rest`.
template <typename T>
bool TakeNumber(std::string_view* rest, int base, char terminator, T* out) {
  const char* end = rest->data() + rest->size();
  auto [at, error] = std::from_chars(rest->data(), end, *out, base);
  if (error != std::errc() || at == end || *at != terminator) return false;
  rest->remove_prefix(static_cast<size_t>(at - rest->data()) + 1);
  return true;
}

// seq_path() writes a newline in a path as \012 and leaves all other characters as they are, so a
// path with a literal "\012" reads the same; nothing can tell these apart.
std::string UnescapeNewlines(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  while (!path.empty()) {
    size_t at = path.find("\\012");
    out.append(path.substr(0, at));
    if (at == std::string_view::npos) break;
    out.push_back('\n');
    path.remove_prefix(at + 4);
  }
  return out;
}

}  // namespace

bool ParseMapsLine(std::string_view line, Mapping* out) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (!TakeNumber(&line, 16, '-', &out->start) || !TakeNumber(&line, 16, ' ', &out->end)) {
    return false;
  }
  if (out->start >= out->end || line.size() < 5 || line[4] != ' ') return false;
  out->readable = line[0] == 'r';
  out->writable = line[1] == 'w';
  out->executable = line[2] == 'x';
  out->shared = line[3] == 's';
  line.remove_prefix(5);
  if (!TakeNumber(&line, 16, ' ', &out->offset) || !TakeNumber(&line, 16, ':', &out->dev_major) ||
      !TakeNumber(&line, 16, ' ', &out->dev_minor)) {
    return false;
  }
  // The inode is padded with blanks to a fixed column, also when no path follows.
  const char* end = line.data() + line.size();
  auto [at, error] = std::from_chars(line.data(), end, out->inode, 10);
  if (error != std::errc() || (at != end && *at != ' ')) return false;
  line.remove_prefix(static_cast<size_t>(at - line.data()));
  // A path starts with '/', '[' or, for a few kernel objects, a letter; none starts with a blank.
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  out->deleted = line.ends_with(kDeleted);
  if (out->deleted) line.remove_suffix(kDeleted.size());
  out->path = UnescapeNewlines(line);
  return true;
}

std::vector<Mapping> ParseMaps(std::string_view text) {
  std::vector<Mapping> maps;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    Mapping mapping;
    if (ParseMapsLine(text.substr(0, end), &mapping)) maps.push_back(std::move(mapping));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return maps;
}

bool ReadMaps(pid_t pid, std::vector<Mapping>* out) {
  std::string text;
  if (!ReadProcFile(ProcPath(pid, "maps"), &text)) return false;
  *out = ParseMaps(text);
  return true;
}

const Mapping* FindMapping(const std::vector<Mapping>& maps, uint64_t address) {
  auto after = std::upper_bound(maps.begin(), maps.end(), address,
                                [](uint64_t at, const Mapping& map) { return at < map.start; });
  if (after == maps.begin()) return nullptr;
  const Mapping& candidate = *(after - 1);
  return candidate.Contains(address) ? &candidate : nullptr;
}

}  // namespace sigprof
