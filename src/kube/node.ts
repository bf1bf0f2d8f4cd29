import type { KubeObject } from './kubectl.js';

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
  /** When its kubelet reported last, in milliseconds since 1970 by its own clock, to the second; 0 when it never did. */
  readonly reportedAt: number;
}

/** Reads a Node object. */
export const nodeView = ({ metadata, status }: KubeObject): NodeView => {
  const { conditions = [], addresses = [] } = (status ?? {}) as NodeStatus;
  const ready = conditions.find(({ type }) => type === 'Ready');
  return {
    name: metadata.name,
    ready: ready?.status === 'True',
    message: ready?.message ?? 'it has not reported yet',
    address: addresses.find(({ type }) => type === 'InternalIP')?.address,
    reportedAt: Date.parse(ready?.lastHeartbeatTime ?? '') || 0,
  };
};
