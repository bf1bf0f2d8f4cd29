/** Facts read once and shared; `clear` forgets them all, as any change may have made them false. */
export interface FactCache {
  get<T>(key: string, read: () => Promise<T>): Promise<T>;
  clear(): void;
}

/** An empty cache. Readers of one key share one promise; one that fails is forgotten at once. */
export const factCache = (): FactCache => {
  const facts = new Map<string, Promise<unknown>>();
  return {
    get: <T>(key: string, read: () => Promise<T>): Promise<T> => {
      const known = facts.get(key);
      if (known !== undefined) return known as Promise<T>;
      const reading = read();
      facts.set(key, reading);
      reading.catch(() => facts.get(key) === reading && facts.delete(key));
      return reading;
    },
    clear: () => facts.clear(),
  };
};
