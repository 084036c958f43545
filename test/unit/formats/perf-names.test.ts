import { describe, expect, it } from 'vitest';
import { decodeCollapsed } from '../../../src/formats/collapsed-decoder.ts';
import { fold } from './fold.ts';

/** As stackcollapse-perf.pl folds `perf script` of a Node with --perf-basic-prof, annotated. */
const folded = [
  'node;_start;main;node::Start(int, char**);Builtin:JSEntry;JS:*work /srv/my app/a.js:12:5_[j];JS:~get b file:///srv/b.js:3:1_[i] 7',
  'node;LazyCompile:~(anonymous) node:internal/timers:400:3;RegExp:a+b;do_syscall_64_[k] 2',
  'node;JS:*anon https://x.io/c.js?v=1:9:1;JS: /srv/d.js:1:1 3',
  'node;Function:plain 1',
  'node;main;Foo::bar:12 4',
  '',
].join('\n');

describe('folded stacks of perf', () => {
  it('have the names of V8 read like those of any other source', () => {
    expect(fold(decodeCollapsed(Buffer.from(folded)))).toBe(
      [
        'node;(anonymous) (node:internal/timers:400);RegExp: a+b;do_syscall_64_[k] 2',
        'node;Function:plain 1',
        'node;_start;main;node::Start(int, char**);JSEntry [builtin];work (/srv/my app/a.js:12);get b (/srv/b.js:3) 7',
        'node;anon (https://x.io/c.js:9);(anonymous) (/srv/d.js:1) 3',
        'node;main;Foo::bar:12 4',
        '',
      ].join('\n'),
    );
  });
});
