/** Where a frame's time belongs; pictures colour by it. */
export type FrameCategory =
  | 'app'
  | 'package'
  | 'node'
  | 'builtin'
  | 'wasm'
  | 'regexp'
  | 'native'
  | 'gc'
  | 'special';
