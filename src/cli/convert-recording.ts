// Run by the recorder of `sigprof/register` for each finished recording, by the profiled program's
// own Node (18 or later), so it stays free of what the command line needs:
//   node convert-recording.js --formats collapsed,svg [--remove] RECORDING.sigprof
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Profile } from '../profile.ts';
import { ExitCode } from './exit-codes.ts';
import { report, reportError } from './reporter.ts';

/** Extensions of formats that are not called like them. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  speedscope: 'speedscope.json',
  pprof: 'pb.gz',
};

try {
  await convertRecording();
} catch (error) {
  reportError(error);
  process.exitCode = ExitCode.told;
}

async function convertRecording(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { formats: { type: 'string' }, remove: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [recording] = positionals;
  if (recording === undefined || values.formats === undefined) {
    throw new Error('convert-recording is called by sigprof/register only');
  }
  try {
    const profile = Profile.read(recording);
    const base = recording.replace(/\.sigprof$/, '');
    const written = values.formats
      .split(',')
      .map((format) => `${base}.${EXTENSIONS[format] ?? format}`);
    for (const path of written) await profile.write(path);
    // Only now: until all pictures are there, the recording is all there is.
    if (values.remove === true) rmSync(recording);
    else written.push(recording);
    report(`wrote ${written.join(' ')}`);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `${message}; the recording is kept in ${recording}, convert it with 'sigprof convert ${recording} -o FILE'`,
      { cause: error },
    );
  }
}
