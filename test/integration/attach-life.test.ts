// What comes and goes while a process is recorded from outside: threads, child processes, other programs, ends of all kinds.
import { afterEach, describe, expect, test } from 'vitest';
import { NODE_VERSIONS } from '../../scripts/fetch-nodes.mjs';
import type { ProcessDump } from '../../src/session/dump.ts';
import { Attachment, attachProgram, startWaiting } from './attached-program.ts';
import {
  hasFrame,
  mainThreadSamples,
  type Sample,
  threadSamples,
  weightOf,
} from './recorded-program.ts';
import { sigprof, type TestProcess, useFolder } from './sigprof-process.ts';

const folder = useFolder();
const started: TestProcess[] = [];
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

/** burning.cjs, which begins when it is being recorded. */
async function recordBurning(...args: string[]) {
  const target = await startWaiting('burning.cjs', { version: '24.21.0', args });
  started.push(target);
  const attachment = await Attachment.to(target.child.pid, folder.path);
  target.go();
  return { target, attachment };
}

const BURN_MS = 150;
const ROLES = ['burnInMain', 'burnInWorker', 'burnInChild', 'burnInClusterWorker'] as const;

/**
 * Each function used BURN_MS of CPU time or a little more. Of what its thread used, a share p is that function's; samples of
 * weights w show it as well as n = (sum w)^2 / sum w^2 equal ones, so with a standard deviation of sqrt(p (1 - p) / n).
 * 5 of these, and two ticks of the kernel's clock that the program reads.
 */
function expectBurnt(samples: readonly Sample[], role: string): void {
  const all = weightOf(samples, () => true);
  const n = all ** 2 / samples.reduce((sum, { weightNs }) => sum + weightNs ** 2, 0);
  const p = Math.min(1, (BURN_MS * 1e6) / all);
  const least = p - 5 * Math.sqrt((p * (1 - p)) / n) - 8e6 / all;
  expect(weightOf(samples, hasFrame(role)) / all, role).toBeGreaterThan(least);
}

describe('a process with a worker and children', () => {
  // Every other version: the steps are the same, what differs between versions is where a thread keeps its isolate.
  test.each(NODE_VERSIONS.filter((_, i) => i % 2 === 1))(
    'is recorded with all of them: Node %s',
    async (version) => {
      const { profile } = await attachProgram('family.cjs', {
        folder: folder.path,
        version,
        args: [String(BURN_MS), 'traced'],
        recordArgs: ['-s'],
      });
      const { threads } = profile;
      for (const role of ROLES) {
        const kind = role === 'burnInWorker' ? 'worker' : 'main';
        const own = threads.filter((thread) =>
          threadSamples(profile, (other) => other === thread).some(hasFrame(role)),
        );
        expect(own.map((thread) => thread.kind)).toEqual([kind]);
        expectBurnt(
          threadSamples(profile, (thread) => own.includes(thread)),
          role,
        );
      }
    },
  );

  test('is recorded alone without -s', async () => {
    const { profile } = await attachProgram('family.cjs', {
      folder: folder.path,
      version: '24.21.0',
      args: [String(BURN_MS)],
    });
    const samples = threadSamples(profile, () => true);
    const seen = ROLES.filter((role) => samples.some(hasFrame(role)));
    expect(seen).toEqual(['burnInMain', 'burnInWorker']);
  });

  test('is dumped with all of them', async () => {
    const target = await startWaiting('family.cjs', { version: '24.21.0', args: ['60000'] });
    started.push(target);
    target.go();
    const where = async () => {
      const { stdout } = await sigprof(['dump', '-s', '-j', '-p', String(target.child.pid)]);
      const dumps = JSON.parse(stdout) as ProcessDump[];
      const frames = dumps.flatMap(({ threads }) =>
        threads.flatMap(({ kind, frames }) => frames.map(({ name }) => `${kind} ${name}`)),
      );
      return frames.filter((frame) => frame.includes(' burnIn')).sort();
    };
    // They take a while to come up.
    await expect
      .poll(where, { timeout: 30_000 })
      .toEqual([
        'main burnInChild',
        'main burnInClusterWorker',
        'main burnInMain',
        'worker burnInWorker',
      ]);
  });
});

describe('a recording ends, and is written,', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'on %s, and the process runs on',
    async (signal) => {
      const { target, attachment } = await recordBurning();
      await target.said(/burnt 300\n/);
      const profile = await attachment.profile(signal);
      expect(mainThreadSamples(profile).some(hasFrame('hot'))).toBe(true);
      await target.said(/burnt 500\n/);
    },
  );

  test('when it is asked to before it has begun', async () => {
    const { target, attachment } = await recordBurning();
    const profile = await attachment.profile('SIGINT');
    expect(profile.meta.pid).toBe(target.child.pid);
    await target.said(/burnt 500\n/);
  });

  test('when the process is killed', async () => {
    const { target, attachment } = await recordBurning();
    await target.said(/burnt 300\n/);
    target.child.kill('SIGKILL');
    const profile = await attachment.profile();
    const { stderr } = await attachment.recorder.ended;
    expect(stderr).toContain(`sigprof: process ${target.child.pid} has ended\n`);
    expect(mainThreadSamples(profile).some(hasFrame('hot'))).toBe(true);
    expect(await target.ended).toMatchObject({ signal: 'SIGKILL' });
  });

  test('when it becomes another program, which is left out', async () => {
    const later = `function later() { for (const end = Date.now() + 300; Date.now() < end;); }
      later(); console.log('later'); process.exit(3);`;
    const { target, attachment } = await recordBurning('300', later);
    expect(await target.ended).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/later\n$/),
    });
    const profile = await attachment.profile();
    const { stderr } = await attachment.recorder.ended;
    expect(stderr).toContain(`process ${target.child.pid} runs another program now\n`);
    const samples = threadSamples(profile, () => true);
    expect(samples.some(hasFrame('hot'))).toBe(true);
    expect(samples.some(hasFrame('later'))).toBe(false);
  });
});
