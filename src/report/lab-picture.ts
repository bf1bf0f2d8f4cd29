import type { MachineState } from '../machines/provider.js';

/** How well something is: drawn as a dot before it. `unknown` draws none, for a lab that is only planned. */
export type Health = 'good' | 'off' | 'bad' | 'unknown';

export interface PictureBrick {
  readonly volume: string;
  readonly path: string;
  readonly health: Health;
  /** Holds names only, no data. */
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
  /** State of the machine; undefined when there is none yet. */
  readonly machine?: MachineState | undefined;
  /** Its state as a Kubernetes node, e.g. `Ready`; undefined when it is none. */
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

/** A lab as it is to be drawn: the measured one, or the planned one with every health `unknown`. */
export interface LabPicture {
  readonly name: string;
  /** Short facts for the headline: provider, address range, k3s version. */
  readonly facts: readonly string[];
  readonly nodes: readonly PictureNode[];
  readonly volumes: readonly PictureVolume[];
  readonly classes: readonly PictureClass[];
}
