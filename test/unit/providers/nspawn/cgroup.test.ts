import { describe, expect, it } from 'vitest';
import { limitFiles, parseCgroupLayout } from '../../../../src/providers/nspawn/cgroup.js';

const HYBRID = `24 1 0:22 / /sys/fs/cgroup rw,relatime - tmpfs cgroup rw,mode=755
25 24 0:23 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
26 24 0:24 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
27 24 0:25 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
28 24 0:26 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
29 1 8:1 / / rw - ext4 /dev/vda rw`;

const UNIFIED = '30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate';

describe('parseCgroupLayout', () => {
  it('knows every tree of a host with cgroup v1', () => {
    expect(parseCgroupLayout(HYBRID)).toEqual({
      unified: false,
      trees: [
        { root: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] },
        { root: '/sys/fs/cgroup/memory', controllers: ['memory'] },
        { root: '/sys/fs/cgroup/systemd', controllers: [] },
        { root: '/sys/fs/cgroup/unified', controllers: [] },
      ],
    });
  });

  it('knows the one tree of a host with cgroup v2', () => {
    expect(parseCgroupLayout(UNIFIED)).toEqual({
      unified: true,
      trees: [{ root: '/sys/fs/cgroup', controllers: [] }],
    });
  });
});

describe('limitFiles', () => {
  const limits = { cpus: 1.5, memoryMiB: 2048 };

  it('limits memory and CPU time, in the words of each version', () => {
    expect(limitFiles(parseCgroupLayout(HYBRID), limits)).toEqual([
      { root: '/sys/fs/cgroup/cpu,cpuacct', file: 'cpu.cfs_quota_us', value: '150000' },
      { root: '/sys/fs/cgroup/memory', file: 'memory.limit_in_bytes', value: '2147483648' },
    ]);
    expect(limitFiles(parseCgroupLayout(UNIFIED), limits)).toEqual([
      { root: '/sys/fs/cgroup', file: 'memory.max', value: '2147483648' },
      { root: '/sys/fs/cgroup', file: 'cpu.max', value: '150000 100000' },
    ]);
  });
});
