import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SigprofError } from './errors.ts';

/** The private folder (0700) where the processes of one launched recording leave their streams. */
export class RecordingFolder {
  readonly path: string;

  constructor() {
    try {
      this.path = mkdtempSync(join(tmpdir(), 'sigprof-'));
    } catch (error) {
      throw new SigprofError(
        'ERR_SIGPROF_OUTPUT',
        `cannot create a folder in ${tmpdir()}: ${(error as Error).message}; set TMPDIR to a writable folder`,
        { cause: error },
      );
    }
  }

  /** Paths of the streams there are now. */
  streams(): string[] {
    return this.#files('.sigprof');
  }

  /** Why processes could not be sampled, each reason once. */
  problems(): string[] {
    return [...new Set(this.#files('.problem').map((file) => readFileSync(file, 'utf8').trim()))];
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #files(extension: string): string[] {
    const names = readdirSync(this.path).filter((name) => name.endsWith(extension));
    return names.sort().map((name) => join(this.path, name));
  }
}
