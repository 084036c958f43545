// SPDX-License-Identifier: MIT
#include <string>

#include "test_runner.h"
#include "v8/functions.h"

namespace sigprof {
namespace {

TEST("assigned name: the target of an assignment or the key of a property") {
  EXPECT(AssignedName(u"exports.run = async function ") == u"exports.run");
  EXPECT(AssignedName(u"a.b.c = function* ") == u"a.b.c");
  EXPECT(AssignedName(u"x ??= ") == u"x");
  EXPECT(AssignedName(u"{ load: ") == u"load");
  EXPECT(AssignedName(u"handlers['.js'] = function") == u"handlers..js");
}

TEST("assigned name: a method with a computed key is called by the key as it is written") {
  EXPECT(AssignedName(u"class A {\n  *[Symbol.iterator]") == u"[Symbol.iterator]");
  EXPECT(AssignedName(u"{ get [names[0]] ") == u"[names[0]]");
  EXPECT(AssignedName(u"{ [a\n]") == u"");
  EXPECT(AssignedName(u"]") == u"");
}

TEST("assigned name: other text tells no name") {
  for (const char16_t* text : {u"", u"foo(", u"a == ", u"=> ", u"return ", u"1 = ", u". = "}) {
    EXPECT(AssignedName(text).empty());
  }
}

}  // namespace
}  // namespace sigprof
