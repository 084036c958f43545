{
  "targets": [
    {
      "target_name": "sigprof",
      "sources": ["<!@(node scripts/native-sources.mjs)"],
      "include_dirs": ["native", "<!@(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "_GNU_SOURCE"],
      "cflags!": ["-fno-omit-frame-pointer", "-O3"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++1y", "-O3"],
      "cflags": ["-O2", "-g", "-fvisibility=hidden", "-fno-omit-frame-pointer", "-ffunction-sections", "-fdata-sections"],
      "cflags_cc": ["-std=gnu++20", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Wno-unused-parameter"],
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,relro,-z,now", "-Wl,--gc-sections", "-Wl,--exclude-libs,ALL", "-static-libstdc++", "-static-libgcc"]
    }
  ]
}
