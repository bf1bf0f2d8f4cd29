import type { StepContext } from '../engine/context.js';
import { type CliErrorOptions } from '../errors/cli-error.js';
import { CommandError } from '../exec/checked.js';
import type { Command, CommandResult } from '../exec/command.js';

/** A kubectl command as the server's k3s runs it. */
export const kubectl = (...args: string[]): Command => ({ file: 'k3s', args: ['kubectl', ...args] });

/** Default timeout of a kubectl call (milliseconds). */
const CALL_MS = 60_000;

export interface KubectlOptions extends CliErrorOptions {
  readonly stdin?: string;
  readonly what?: string;
  readonly timeoutMs?: number;
}

/** Runs kubectl on the server machine; throws KUBECTL_FAILED with its error output. */
export const runKubectl = async (
  context: StepContext,
  server: string,
  args: readonly string[],
  { stdin, timeoutMs = CALL_MS, ...options }: KubectlOptions = {},
): Promise<CommandResult> => {
  const command = { ...kubectl(...args), ...(stdin === undefined ? {} : { stdin }) };
  const result = await context.machine(server).exec(command, { signal: context.signal, timeoutMs });
  if (result.exitCode === 0) return result;
  throw new CommandError('KUBECTL_FAILED', server, command, result, {
    what: `\`kubectl ${args.slice(0, 3).join(' ')}\``,
    ...options,
  });
};

/** Any Kubernetes object, as far as kglab looks into it. */
export interface KubeObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    /** When its deletion was requested; it exists until its finalizers are done. */
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** The objects of `kubectl get … -o json`. */
export const getObjects = async (
  context: StepContext,
  server: string,
  ...args: string[]
): Promise<readonly KubeObject[]> => {
  const { stdout } = await runKubectl(context, server, ['get', ...args, '--ignore-not-found', '-o', 'json']);
  if (stdout.trim() === '') return [];
  const found = JSON.parse(stdout) as KubeObject & { readonly items?: readonly KubeObject[] };
  return found.items ?? [found];
};

interface NodeStatus {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly message?: string;
    readonly lastHeartbeatTime?: string;
  }[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
}

/** A Kubernetes node as kglab shows and checks it. */
export interface NodeView {
  readonly name: string;
  readonly ready: boolean;
  /** Why it is not ready, in the kubelet's words. */
  readonly message: string;
  readonly address: string | undefined;
  /** When its kubelet last reported, in milliseconds since 1970 by its clock, to the second; 0 when it never did. */
  readonly reportedAt: number;
}

/** Reads a Node object. */
export const nodeView = ({ metadata, status }: KubeObject): NodeView => {
  const { conditions = [], addresses = [] } = (status ?? {}) as NodeStatus;
  const ready = conditions.find(({ type }) => type === 'Ready');
  return {
    name: metadata.name,
    ready: ready?.status === 'True',
    message: ready?.message ?? 'the kubelet has not reported yet',
    address: addresses.find(({ type }) => type === 'InternalIP')?.address,
    reportedAt: Date.parse(ready?.lastHeartbeatTime ?? '') || 0,
  };
};
