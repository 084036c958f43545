import { invalid } from './invalid.ts';

/**
 * What a reader could not use. Strict reading ends at the first such thing; lenient reading leaves it out, and
 * {@link summary} says how many there were and what the first one was.
 */
export class Skipped {
  readonly #what: string;
  readonly #isLenient: boolean;
  #count = 0;
  #first = '';

  constructor(what: string, isLenient: boolean) {
    this.#what = what;
    this.#isLenient = isLenient;
  }

  get count(): number {
    return this.#count;
  }

  /** @throws SigprofError ERR_SIGPROF_INVALID_PROFILE when reading strictly */
  add(reason: string): void {
    if (!this.#isLenient) throw invalid(reason);
    this.#count++;
    this.#first ||= reason;
  }

  /** One line, or none when nothing was skipped. */
  summary(): string[] {
    return this.#count === 0
      ? []
      : [`${this.#count} ${this.#what} skipped; the first is ${this.#first}`];
  }
}
