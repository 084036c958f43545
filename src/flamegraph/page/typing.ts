const LONGEST_WAIT_MS = 80;

/** A listener for keys that acts at once where that is quickly done, and otherwise when typing pauses. */
export function whenTyped(act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let costMs = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        const start = performance.now();
        act();
        costMs = performance.now() - start;
      },
      Math.min(LONGEST_WAIT_MS, 2 * costMs),
    );
  };
}
