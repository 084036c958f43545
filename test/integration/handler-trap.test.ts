import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { NODE_VERSIONS, nodeBinary } from '../../scripts/fetch-nodes.mjs';
import { useNative } from './native-fixture.ts';
import { preloadPath, TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const trap = useNative('handler_trap', 'library');
const allocate = fileURLToPath(new URL('../fixtures/programs/allocate.cjs', import.meta.url));

// A signal frame, the handler's own and the walk's: the smallest alternate stack has room for it.
const MAX_STACK_BYTES = 1024;
// With the rules of unwind data, which may be expressions: half of glibc's smallest alternate stack on processors whose
// signal frames are largest.
const MAX_NATIVE_STACK_BYTES = 2560;

describe('the tick handler', () => {
  test.each(
    NODE_VERSIONS.flatMap(
      (version) =>
        [
          [version, '0'],
          [version, '1'],
        ] as const,
    ),
  )(
    'allocates, locks, maps and calls nothing at 10 kHz in an allocating Node %s, SIGPROF_NATIVE=%s',
    async (version, native) => {
      const node = await nodeBinary(version);
      const control = await new TestProcess(node, [allocate, '1']).ended;
      const report = join(folder.path, 'report.json');
      const program = new TestProcess(node, ['-r', preloadPath, allocate, '500'], {
        env: {
          LD_PRELOAD: trap.path,
          TRAP_REPORT: report,
          SIGPROF_AUTOSTART: '1',
          SIGPROF_RATE: '10000',
          SIGPROF_NATIVE: native,
          SIGPROF_DIR: folder.path,
          SIGPROF_FORMATS: 'sigprof',
        },
      });
      const ended = await program.ended;
      expect(ended).toMatchObject({ code: 0, stdout: control.stdout });
      expect(ended.stderr).not.toContain('handler-trap');
      const { handled, deepest } = JSON.parse(readFileSync(report, 'utf8'));
      // Half a second on three threads, with two cores at worst for all the machine does: the timers
      // tick with CPU time, of which 35 rounds on three threads alone need more than that.
      expect(handled).toBeGreaterThan(500);
      expect(deepest).toBeGreaterThan(0);
      expect(deepest).toBeLessThan(native === '1' ? MAX_NATIVE_STACK_BYTES : MAX_STACK_BYTES);
      expect(readdirSync(folder.path).filter((name) => name.endsWith('.sigprof'))).toHaveLength(1);
    },
  );
});

// A handler that was there before ours gets the signals that are not ours: a careless one serves to
// show that the trap sees what happens inside of a handler.
describe('the trap', () => {
  const signalled = (violation: string) =>
    new TestProcess(
      process.execPath,
      ['-r', preloadPath, '-e', `process.kill(process.pid, 'SIGURG'); console.log('alive')`],
      {
        env: {
          LD_PRELOAD: trap.path,
          TRAP_VIOLATE: violation,
          SIGPROF_AUTOSTART: '1',
          SIGPROF_DIR: folder.path,
        },
      },
    ).ended;

  test.each([
    ['malloc', 'malloc'],
    ['pthread_mutex_lock', 'pthread_mutex_lock'],
    ['mmap', 'mmap'],
    ['dladdr', 'dladdr'],
    ['errno', 'a changed errno'],
  ])('ends a process whose handler does this: %s', async (violation, what) => {
    const ended = await signalled(violation);
    expect(ended.stderr).toContain(`handler-trap: ${what} in the signal handler`);
    expect(ended).toMatchObject({ signal: 'SIGKILL', stdout: '' });
  });

  test('leaves a careful handler alone', async () => {
    expect(await signalled('nothing')).toMatchObject({ code: 0, stdout: 'alive\n' });
  });
});
