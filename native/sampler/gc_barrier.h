// SPDX-License-Identifier: MIT
// V8's GC callbacks of one isolate: nothing may move while a pending sample still refers to it.
// Before a scavenge the pending samples are pinned: their function words, the only ones that can
// refer to young objects, become SharedFunctionInfos, which V8 allocates old. Before a mark-compact
// everything pending is resolved at once. Both run on the isolate's own thread.
#pragma once

namespace sigprof {

// As v8::Isolate::GCCallbackWithData; `data` is the JsThread. Registered for kMovingGcTypes.
void OnGcPrologue(void* isolate, int gc_type, int flags, void* data);
void OnGcEpilogue(void* isolate, int gc_type, int flags, void* data);

}  // namespace sigprof
