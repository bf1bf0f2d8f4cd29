import type { ClusterVolumes, PersistentVolume } from './cluster.js';
import { parseDirectoryName } from './entry.js';
import type { Directory, Surveyed } from './survey.js';

/** A persistent volume with all that is known of it. */
export interface VolumeRow {
  readonly pv: string;
  readonly claim: string | undefined;
  readonly class: string;
  readonly phase: string;
  readonly requested: string;
  /** What its directory takes; undefined when there is no directory. */
  readonly bytes: number | undefined;
  /** Where its pods run, or the node that it is pinned to. */
  readonly nodes: readonly string[];
  readonly pods: readonly string[];
  /** Gluster volume that it lies on. */
  readonly volume: string | undefined;
  readonly directory: string | undefined;
  /** The claim has a Gluster volume of its own. */
  readonly dedicated: boolean;
}

/** What belongs to nothing, found from three sides. */
export interface Orphans {
  /** Volumes whose claim is gone, or that never had one. */
  readonly withoutClaim: readonly string[];
  /** Volumes whose claim no pod uses. */
  readonly withoutPod: readonly string[];
  /** Volumes whose directory is not there. */
  readonly withoutDirectory: readonly string[];
  /** Directories that no volume of the cluster stands for. */
  readonly directories: readonly OrphanDirectory[];
}

/** A directory without a volume. */
export interface OrphanDirectory {
  readonly volume: string;
  readonly path: string;
  readonly bytes: number;
  /** The claim that it was made for, when its name tells. */
  readonly claim: string | undefined;
}

export interface VolumeView {
  readonly rows: readonly VolumeRow[];
  readonly orphans: Orphans;
}

interface Place {
  readonly on: Surveyed;
  readonly directory: Directory | undefined;
}

const isBelow = (path: string, base: string): boolean => path.startsWith(`${base}/`);

/** The Gluster volume that a path lies on, and the directory there that it names. */
export const placeOf = (path: string | undefined, surveyed: readonly Surveyed[]): Place | undefined => {
  if (path === undefined) return undefined;
  const clean = path.replace(/\/+$/, '');
  const on = surveyed.find(({ mount, claims }) => isBelow(clean, mount) || isBelow(clean, claims));
  return on && { on, directory: on.directories.find((one) => one.path === clean) };
};

const row = (pv: PersistentVolume, surveyed: readonly Surveyed[], cluster: ClusterVolumes): VolumeRow => {
  const place = placeOf(pv.path, surveyed);
  const uses = (pv.claim && cluster.pods.get(pv.claim)) || [];
  const running = uses.map(({ node }) => node).filter((node) => node !== undefined);
  return {
    pv: pv.name,
    claim: pv.claim,
    class: pv.class,
    phase: pv.phase,
    requested: pv.capacity,
    bytes: place?.directory?.bytes,
    nodes: [...new Set(running.length > 0 ? running : pv.node === undefined ? [] : [pv.node])],
    pods: uses.map(({ pod }) => pod),
    volume: place?.directory?.dedicated ? pv.name : place?.on.volume,
    directory: pv.path,
    dedicated: place?.directory?.dedicated ?? false,
  };
};

const orphanDirectories = (
  surveyed: readonly Surveyed[],
  volumes: readonly PersistentVolume[],
): readonly OrphanDirectory[] => {
  const paths = volumes.map(({ path }) => path?.replace(/\/+$/, '')).filter((path) => path !== undefined);
  return surveyed.flatMap(({ volume, directories }) =>
    directories
      // A volume may lie deeper than the top of a mount.
      .filter(({ path }) => !paths.some((one) => one === path || isBelow(one, path)))
      .map(({ path, name, bytes }) => {
        const made = parseDirectoryName(name);
        return { volume, path, bytes, claim: made && `${made.namespace}/${made.claim}` };
      }),
  );
};

/** Puts together what the cluster and the volumes say. */
export const viewVolumes = (cluster: ClusterVolumes, surveyed: readonly Surveyed[]): VolumeView => {
  const ours = cluster.volumes.filter(({ path }) => placeOf(path, surveyed) !== undefined);
  const rows = ours.map((pv) => row(pv, surveyed, cluster));
  const claimed = (id: string | undefined, pv: string): boolean =>
    cluster.claims.some((one) => one.id === id && (one.volumeName ?? pv) === pv);
  return {
    rows,
    orphans: {
      withoutClaim: rows.filter(({ pv, claim }) => !claimed(claim, pv)).map(({ pv }) => pv),
      withoutPod: rows
        .filter(({ pv, claim, pods }) => claimed(claim, pv) && pods.length === 0)
        .map(({ pv }) => pv),
      withoutDirectory: ours
        .filter(({ path }) => {
          const place = placeOf(path, surveyed);
          const isTop = place?.on.mount === path?.replace(/\/+$/, '').replace(/\/[^/]*$/, '');
          return (
            place?.on.mounted === true && place.directory === undefined && (isTop || isClaims(path, place.on))
          );
        })
        .map(({ name }) => name),
      directories: orphanDirectories(surveyed, cluster.volumes),
    },
  };
};

const isClaims = (path: string | undefined, { claims }: Surveyed): boolean =>
  path !== undefined && isBelow(path, claims);
