import type { Plan } from './step.js';

/** The result of a step. */
export type Outcome = 'changed' | 'unchanged' | 'would-change' | 'skipped' | 'failed';

/** What happens in a run, as plain data; `--json` prints one event a line. */
export type RunEvent =
  | { readonly type: 'run.started'; readonly plan: Plan; readonly at: number }
  | { readonly type: 'step.started'; readonly id: string; readonly at: number }
  /** The probe found work to do; `because` says what is missing. */
  | { readonly type: 'step.pending'; readonly id: string; readonly because: string; readonly at: number }
  | { readonly type: 'step.line'; readonly id: string; readonly line: string; readonly at: number }
  | {
      readonly type: 'step.finished';
      readonly id: string;
      readonly outcome: Outcome;
      /** Why it was skipped or pending; the error message of a step that failed. */
      readonly because?: string;
      readonly durationMs: number;
      readonly at: number;
    }
  | {
      readonly type: 'run.finished';
      readonly ok: boolean;
      readonly changed: number;
      readonly durationMs: number;
      readonly at: number;
    };

/** Shows the events of a run. `close` resolves when everything is written. */
export interface Reporter {
  emit(event: RunEvent): void;
  close(): Promise<void>;
}

/**
 * Wraps a reporter so that it never throws, as a reporter must not end the run. Passes every error to `onFailure`.
 */
export const unfailing = (
  inner: Reporter,
  onFailure: (error: unknown) => void = () => undefined,
): Reporter => ({
  emit: (event) => {
    try {
      inner.emit(event);
    } catch (error) {
      onFailure(error);
    }
  },
  close: async () => {
    try {
      await inner.close();
    } catch (error) {
      onFailure(error);
    }
  },
});
