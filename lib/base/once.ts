/** A value that is made at its first use and then kept. */
export interface Once<T> {
  /** The value; whoever asks while it is made waits for the same one. A failure is thrown and forgotten: the next call tries again. */
  (): Promise<T>;
  /** Forgets the value, for whoever has to end it; `undefined` where none was made or asked for. */
  take(): Promise<T> | undefined;
}

/** Makes a value once. Only success is kept: an SDK that could not be loaded at a bad moment is loaded by the next call. */
export function once<T>(make: () => Promise<T>): Once<T> {
  let kept: Promise<T> | undefined;
  const ask = () => {
    if (kept !== undefined) return kept;
    const making = make();
    kept = making;
    making.catch(() => {
      if (kept === making) kept = undefined;
    });
    return making;
  };
  return Object.assign(ask, {
    take() {
      const taken = kept;
      kept = undefined;
      return taken;
    },
  });
}
