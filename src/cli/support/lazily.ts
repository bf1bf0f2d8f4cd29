import type { Session } from './session.js';

/** What a command's file exports: takes the session, the positional arguments and the flags. */
export type Runner<A extends unknown[]> = (session: Session, ...args: A) => Promise<void>;

/** Turns a loader of such a function into the action of a command. */
export type Lazily = <A extends unknown[]>(load: () => Promise<Runner<A>>) => (...args: A) => Promise<void>;

/** Commands are loaded when they run: `kglab version` must not wait for what only `up` needs. */
export const lazilyIn =
  (session: Session): Lazily =>
  (load) =>
  async (...args) => {
    const run = await load();
    await run(session, ...args);
  };
