// SPDX-License-Identifier: MIT
#include "os/maps.h"

#include "test_runner.h"

namespace sigprof {
namespace {

TEST("maps: a line of a file gives all fields") {
  Mapping map;
  REQUIRE(ParseMapsLine(
      "7f1c2e000000-7f1c2e021000 r-xp 00001000 fe:1f 1835062                    /usr/bin/node\n",
      &map));
  EXPECT_EQ(map.start, 0x7f1c2e000000u);
  EXPECT_EQ(map.end, 0x7f1c2e021000u);
  EXPECT(map.readable && !map.writable && map.executable && !map.shared && !map.deleted);
  EXPECT_EQ(map.offset, 0x1000u);
  EXPECT_EQ(map.dev_major, 0xfeu);
  EXPECT_EQ(map.dev_minor, 0x1fu);
  EXPECT_EQ(map.inode, 1835062u);
  EXPECT_EQ(map.path, "/usr/bin/node");
}

TEST("maps: odd paths are kept as they are") {
  const struct {
    const char *text, *path;
    bool deleted;
  } cases[] = {
      {"", "", false},
      {"          ", "", false},
      {"   /a b  c", "/a b  c", false},
      {"   /tail  ", "/tail  ", false},
      {"   /x (deleted)", "/x", true},
      {"   /x (deleted) (deleted)", "/x (deleted)", true},
      {"   /new\\012line", "/new\nline", false},
      {"   /back\\slash\\01", "/back\\slash\\01", false},
      {"   [anon:v8: code 1-2 rwxp]", "[anon:v8: code 1-2 rwxp]", false},
      {"   /1000-2000 r-xp 0 0:0 0 /y", "/1000-2000 r-xp 0 0:0 0 /y", false},
  };
  for (const auto& c : cases) {
    Mapping map;
    EXPECT(ParseMapsLine(std::string("1000-2000 rw-s 00000000 00:00 0") + c.text, &map));
    EXPECT_EQ(map.path, c.path);
    EXPECT_EQ(map.deleted, c.deleted);
    EXPECT(map.shared && map.writable && !map.executable);
  }
}

TEST("maps: malformed lines are left out, also when cut anywhere") {
  const std::string whole = "1000-2000 r-xp 00000000 08:01 42 /bin/x";
  const size_t complete = whole.find(" /bin") - 1;  // one digit of the inode is enough
  for (size_t i = 0; i < whole.size(); i++) {
    Mapping map;
    EXPECT_EQ(ParseMapsLine(whole.substr(0, i), &map), i >= complete);
  }
  for (const char* text : {"2000-1000 r-xp 0 0:0 0", "-1000-2000 r-xp 0 0:0 0", "zz-2000 r-xp 0",
                           "1000-2000  r-xp 0 0:0 0", "10000000000000000-2 r-xp 0 0:0 0"}) {
    Mapping map;
    EXPECT(!ParseMapsLine(text, &map));
  }
  EXPECT_EQ(ParseMaps("1000-2000 r-xp 0 0:0 0\n\njunk\n3000-4000 ---p 0 0:0 0").size(), 2u);
}

TEST("maps: own code and stack are found in the own maps") {
  std::vector<Mapping> maps;
  REQUIRE(ReadMaps(0, &maps));
  int local = 0;
  const Mapping* code = FindMapping(maps, reinterpret_cast<uint64_t>(&ParseMaps));
  const Mapping* stack = FindMapping(maps, reinterpret_cast<uint64_t>(&local));
  REQUIRE(code != nullptr && stack != nullptr);
  EXPECT(code->executable && !code->writable && code->path.find("native_tests") != code->path.npos);
  EXPECT(stack->writable);
  EXPECT(FindMapping(maps, 0) == nullptr);
  EXPECT(FindMapping(maps, ~uint64_t{0}) == nullptr);
  EXPECT(FindMapping({}, 1) == nullptr);
  EXPECT(!ReadMaps(1 << 30, &maps));
}

}  // namespace
}  // namespace sigprof
