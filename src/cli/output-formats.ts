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
    name: 'speedscope',
    extensions: ['.speedscope.json', '.speedscope'],
    hint: 'open it in https://www.speedscope.app',
  },
  {
    name: 'cpuprofile',
    extensions: ['.cpuprofile'],
    hint: 'open it in VS Code, or in the Performance panel of Chrome DevTools',
  },
  {
    name: 'pprof',
    extensions: ['.pb.gz', '.pprof', '.pb'],
    hint: "look at it with 'go tool pprof -http=: FILE'",
  },
  {
    name: 'sigprof',
    extensions: ['.sigprof'],
    hint: "look at it with 'sigprof report', draw it with 'sigprof flamegraph'",
  },
];

/** The formats' names, for help. */
export const FORMAT_NAMES: string = FORMATS.map(({ name }) => name).join(', ');

/** All extensions that tell a format. */
export const KNOWN_EXTENSIONS: readonly string[] = FORMATS.flatMap((format) => format.extensions);

/** The format of that name. @throws UsageError */
export function formatNamed(name: string): OutputFormat {
  const format = FORMATS.find((candidate) => candidate.name === name.toLowerCase());
  if (format !== undefined) return format;
  const known = FORMATS.map((candidate) => candidate.name).join(', ');
  throw new UsageError(`unknown format '${name}'; known are ${known}`);
}

/** The format a file's name tells. @throws UsageError */
export function formatOfFile(path: string): OutputFormat {
  const lower = path.toLowerCase();
  const hasExtension = (extension: string) => lower.endsWith(extension);
  const format = FORMATS.find((candidate) => candidate.extensions.some(hasExtension));
  if (format !== undefined) return format;
  const known = KNOWN_EXTENSIONS.join(' ');
  throw new UsageError(
    `the extension of '${path}' tells no format; use one of ${known}, or say it with --format`,
  );
}
