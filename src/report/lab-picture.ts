import type { MachineState } from '../machines/provider.js';

/** State of a thing, drawn as a mark before it; `unknown` (a planned lab) has no mark. */
export type Health = 'good' | 'off' | 'bad' | 'unknown';

export interface PictureBrick {
  readonly volume: string;
  readonly path: string;
  readonly health: Health;
  /** Stores names only, no data. */
  readonly arbiter?: boolean;
}

export interface PictureMount {
  readonly volume: string;
  readonly path: string;
  readonly health: Health;
}

export interface PictureNode {
  readonly name: string;
  /** e.g. `server`, `storage`. */
  readonly roles: readonly string[];
  readonly address?: string | undefined;
  /** State of the machine; undefined when it does not exist. */
  readonly machine?: MachineState | undefined;
  /** State of the Kubernetes node, e.g. `Ready`; undefined without the role. */
  readonly kubernetes?: string | undefined;
  readonly bricks: readonly PictureBrick[];
  readonly mounts: readonly PictureMount[];
}

export interface PictureVolume {
  readonly name: string;
  /** e.g. `replica 3`. */
  readonly type: string;
  /** e.g. `Started`. */
  readonly state?: string | undefined;
  readonly health: Health;
  /** Where the Kubernetes nodes mount it. */
  readonly mount: string;
}

export interface PictureClass {
  readonly name: string;
  readonly volume: string;
  readonly default: boolean;
  readonly reclaim: string;
}

/** A lab to draw: as measured, or as planned (every health is `unknown`). */
export interface LabPicture {
  readonly name: string;
  /** Short facts for the headline: provider, address range, k3s version. */
  readonly facts: readonly string[];
  readonly nodes: readonly PictureNode[];
  readonly volumes: readonly PictureVolume[];
  readonly classes: readonly PictureClass[];
}
