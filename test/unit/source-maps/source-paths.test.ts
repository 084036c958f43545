import { expect, test } from 'vitest';
import { sourcePath } from '../../../src/source-maps/source-paths.ts';

test.each([
  ['../src/a.ts', '/app/src/a.ts'],
  ['../src/a#1?.ts', '/app/src/a#1?.ts'],
  ['/other/a.ts', '/other/a.ts'],
  ['file:///app/src/a.ts', 'file:///app/src/a.ts'],
  ['webpack://my-app/./src/a.ts?1a2b', 'src/a.ts'],
  ['webpack:///./src/a.ts', 'src/a.ts'],
  ['turbopack:///[project]/src/a.ts', 'src/a.ts'],
  ['https://example.org/a.ts', 'https://example.org/a.ts'],
])('the source %s of a map in /app/dist is called %s', (source, path) => {
  expect(sourcePath(source, '/app/dist')).toBe(path);
});
