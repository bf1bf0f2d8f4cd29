const fail = (failures: readonly unknown[], total: number): void => {
  // After an abort, all fail with the same reason.
  const errors = [...new Set(failures)];
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} of ${total} failed`);
};

/**
 * Runs `work` for every item, at most `limit` at a time, and returns the results in order. After a failure it starts no
 * more work (unless `goOn`), waits for running work, and throws the error, or an AggregateError of several.
 */
export const mapPool = async <T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
  { goOn = false }: { readonly goOn?: boolean } = {},
): Promise<R[]> => {
  const results: R[] = [];
  const errors: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && (goOn || errors.length === 0)) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  fail(errors, items.length);
  return results;
};

/**
 * Promise.all that waits for all promises before it throws the error, or an AggregateError of several. For a few promises
 * of different types; for many of one type see {@link mapPool}.
 */
export const awaitAll = async <T extends readonly unknown[]>(
  started: readonly [...{ [K in keyof T]: T[K] | Promise<T[K]> }],
): Promise<T> => {
  const settled = await Promise.allSettled(started.map((one) => Promise.resolve(one)));
  fail(
    settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : [])),
    settled.length,
  );
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined)) as unknown as T;
};
