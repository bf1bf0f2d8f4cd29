const fail = (failures: readonly unknown[], total: number): void => {
  // What was interrupted fails everywhere with the one reason of the signal.
  const errors = [...new Set(failures)];
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} of ${total} failed`);
};

/**
 * Runs `work` for every item, at most `limit` at a time, and returns the results in order. After a failure no more work
 * is started, unless `goOn` is set; what runs is waited for. Then throws the one error or an AggregateError of them.
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
 * The results of work that has been started: as Promise.all, but all of it has ended when this throws the one error or
 * an AggregateError of them. For a few unlike things; many alike are for {@link mapPool}.
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
