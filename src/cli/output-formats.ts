import { UsageError } from './reporter.ts';

/** A format the commands can write. */
export interface OutputFormat {
  /** As `Profile.encode` knows it. */
  readonly name: string;
  /** The first one is used for names made up by us. */
  readonly extensions: readonly string[];
  /** What to do with the file, for people. */
  readonly hint: string;
}

const FORMATS: readonly OutputFormat[] = [
  {
    name: 'flamegraph',
    extensions: ['.svg'],
    hint: 'open it in a browser',
  },
  {
    name: 'html',
    extensions: ['.html', '.htm'],
    hint: 'open it in a browser',
  },
  {
    name: 'collapsed',
    extensions: ['.collapsed', '.folded', '.txt'],
    hint: "draw it with 'sigprof flamegraph'",
  },
  {
    name: 'sigprof',
    extensions: ['.sigprof'],
    hint: "look at it with 'sigprof report', draw it with 'sigprof flamegraph'",
  },
];

/** Formats of the contract that are not built yet, with their extensions. */
const FUTURE_FORMATS: Readonly<Record<string, readonly string[]>> = {
  speedscope: ['.speedscope.json'],
  cpuprofile: ['.cpuprofile'],
  pprof: ['.pb.gz', '.pprof'],
};

/** All extensions that tell a format. */
export const KNOWN_EXTENSIONS: readonly string[] = FORMATS.flatMap((format) => format.extensions);

/** The format of that name. @throws UsageError */
export function formatNamed(name: string): OutputFormat {
  const format = FORMATS.find((candidate) => candidate.name === name.toLowerCase());
  if (format !== undefined) return format;
  const known = FORMATS.map((candidate) => candidate.name).join(', ');
  if (name.toLowerCase() in FUTURE_FORMATS) throw notYet(name, known);
  throw new UsageError(`unknown format '${name}'; known are ${known}`);
}

/** The format a file's name tells. @throws UsageError */
export function formatOfFile(path: string): OutputFormat {
  const lower = path.toLowerCase();
  const hasExtension = (extension: string) => lower.endsWith(extension);
  const format = FORMATS.find((candidate) => candidate.extensions.some(hasExtension));
  if (format !== undefined) return format;
  const known = KNOWN_EXTENSIONS.join(' ');
  for (const [name, extensions] of Object.entries(FUTURE_FORMATS)) {
    if (extensions.some(hasExtension)) throw notYet(name, known);
  }
  throw new UsageError(
    `the extension of '${path}' tells no format; use one of ${known}, or say it with --format`,
  );
}

function notYet(name: string, known: string): UsageError {
  return new UsageError(`format '${name}' is not available yet; use one of ${known}`);
}
