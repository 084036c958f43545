import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Profile } from '../../src/profile.ts';
import { makeProfile } from './model/make-profile.ts';

const profile = new Profile(
  makeProfile([
    { frames: ['main', 'work'], weight: 3000 },
    { frames: ['main', 'rest'], weight: 1000 },
  ]),
);
const folded = 'main;rest 1\nmain;work 3\n';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigprof-unit-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('Profile', () => {
  it('writes by extension what it reads back', async () => {
    for (const name of ['a.collapsed', 'a.folded', 'a.txt', 'a.sigprof']) {
      const path = join(folder, name);
      await profile.write(path);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(Profile.read(path).toCollapsed()).toBe(folded);
      expect(Profile.read(pathToFileURL(path)).totals.samples).toBeGreaterThan(0);
      expect(Profile.read(readFileSync(path)).toCollapsed()).toBe(folded);
    }
    await profile.write(join(folder, 'a.svg'), { title: 'my title' });
    expect(readFileSync(join(folder, 'a.svg'), 'utf8')).toContain('<title>my title</title>');
    expect(readdirSync(folder)).toHaveLength(5);
  });

  it('replaces a link and leaves what it points to alone', async () => {
    const [target, link] = [join(folder, 'target'), join(folder, 'link.txt')];
    writeFileSync(target, 'precious');
    symlinkSync(target, link);
    await profile.write(link);
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(lstatSync(link).isFile()).toBe(true);
  });

  it('writes to a device without replacing it', async () => {
    await profile.write('/dev/null', { format: 'collapsed' });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    await expect(profile.write('/dev/full', { format: 'collapsed' })).rejects.toMatchObject({
      code: 'ERR_SIGPROF_OUTPUT',
      message: expect.stringContaining('no space left'),
    });
  });

  it('leaves nothing behind when it fails', async () => {
    mkdirSync(join(folder, 'taken.svg'));
    const code = 'ERR_SIGPROF_OUTPUT';
    await expect(profile.write(join(folder, 'taken.svg'))).rejects.toMatchObject({ code });
    await expect(profile.write(join(folder, 'no/such/a.svg'))).rejects.toMatchObject({ code });
    expect(readdirSync(folder)).toEqual(['taken.svg']);
  });

  it('refuses unknown formats, missing and unreadable files by name', async () => {
    await expect(profile.write('x.docx')).rejects.toMatchObject({
      code: 'ERR_SIGPROF_UNKNOWN_FORMAT',
      message: expect.stringContaining('.svg'),
    });
    expect(() => Profile.read('/no/such/file')).toThrow(/can't read \/no\/such\/file/);
    const path = join(folder, 'bad.folded');
    writeFileSync(path, 'a 1\nb x\n');
    expect(() => Profile.read(path)).toThrow(`${path}: line 2: the count "x" is no whole number`);
    expect(Profile.read(path, { lenient: true }).warnings).toHaveLength(1);
    expect(() => profile.encode('yaml')).toThrow(/no format is called "yaml"/);
  });

  it('filters, merges and lists functions without changing', () => {
    const work = profile.filter({ include: ['work'] });
    expect(work.toCollapsed()).toBe('main;work 3\n');
    expect(work.merge(profile, work).toCollapsed()).toBe('main;rest 1\nmain;work 9\n');
    expect(profile.functions({ sort: 'total', limit: 1 })[0]).toMatchObject({
      name: 'main',
      totalWeight: 4000,
    });
    expect(profile.toCollapsed()).toBe(folded);
    expect(profile.totals).toEqual({ weight: 4000, samples: 2 });
  });
});
