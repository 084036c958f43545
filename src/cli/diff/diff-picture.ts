import { functionLabel, type Profile, type ProfileDiff } from '../../profile.ts';
import { type OutputTarget, resolveOutput } from '../output-target.ts';
import { report, UsageError } from '../reporter.ts';
import { writeOutput } from '../write-output.ts';

const PICTURES = ['flamegraph', 'html'];

/** The file a picture goes to. @throws UsageError, or SigprofError ERR_SIGPROF_OUTPUT */
export function pictureTarget(output: string): OutputTarget {
  // The table has stdout.
  if (output === '-') throw new UsageError('--output needs the name of an .svg or .html file');
  const target = resolveOutput({ output });
  if (!PICTURES.includes(target.format.name)) {
    throw new UsageError(
      `a difference is drawn as .svg or .html, not as ${target.format.name}; --json gives its numbers`,
    );
  }
  return target;
}

/** Draws what changed; what may be chance is grey. */
export async function writeDiffPicture(
  sides: { readonly base: readonly Profile[]; readonly new: readonly Profile[] },
  diff: ProfileDiff,
  target: OutputTarget,
  fullFilenames: boolean | undefined,
): Promise<void> {
  const certain = new Set(
    diff.functions
      .filter(({ self, total }) => self.significant || total.significant)
      .map((row) => functionLabel(row)),
  );
  const isOneToOne = diff.base.recordings === diff.new.recordings;
  await writeOutput(mergeAll(sides.new), target, {
    base: mergeAll(sides.base),
    normalize: !(diff.normalize === 'recording' && isOneToOne),
    isSure: (text) => certain.has(text),
    fullFilenames,
  });
  report(`wrote ${target.path}; ${target.format.hint}`);
}

function mergeAll(profiles: readonly Profile[]): Profile {
  const [first, ...others] = profiles as [Profile, ...Profile[]];
  return others.length === 0 ? first : first.merge(...others);
}
