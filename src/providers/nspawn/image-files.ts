/**
 * Runs in the guest at boot, so that Kubernetes works: systemd-nspawn mounts /proc/sys and, on hosts with cgroup v1,
 * the controllers read-only. A plain `remount,rw` is refused ("busy"); with `bind` it works. The unreachable route makes
 * kubelet's request to a cloud's metadata service fail at once instead of after 6 s.
 */
const LAB_RW = `[Unit]
Description=Make kernel settings and control groups writable
DefaultDependencies=no
After=local-fs.target
Before=basic.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-/bin/mount -o remount,bind,rw /proc/sys
ExecStart=-/bin/sh -c 'for dir in /sys/fs/cgroup/*; do if [ ! -L "$dir" ] && mountpoint -q "$dir"; then mount -o remount,bind,rw "$dir"; fi; done; true'
ExecStart=-/sbin/ip route replace unreachable 169.254.169.254/32

[Install]
WantedBy=sysinit.target
`;

/** Additional files of the image, by path. Their hash is part of the image's name. */
export const IMAGE_FILES: Readonly<Record<string, string>> = {
  '/etc/systemd/system/lab-rw.service': LAB_RW,
  // Many pods ignore SIGTERM; systemd-shutdown waits this long for them (90 s by default).
  '/etc/systemd/system.conf.d/10-lab.conf': '[Manager]\nDefaultTimeoutStopSec=10s\n',
  // The seed always exists, so cloud-init need not search other data sources.
  '/etc/cloud/cloud.cfg.d/99-lab.cfg': 'datasource_list: [NoCloud]\n',
  // Empty: lookups fail at once. An unreachable nameserver costs kubelet 5 s each time.
  '/etc/resolv.conf': '',
  '/etc/hostname': 'localhost\n',
  '/etc/hosts': '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n',
};

const UNITS = '/etc/systemd/system';
const MASKED = [
  // The static address is there at once; this unit would wait 12 s.
  'systemd-networkd-wait-online.service',
  // Nothing may change the packages of a lab in the background.
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'e2scrub_all.timer',
  'fstrim.timer',
];

/** Symbolic links of the image: path → target. */
export const IMAGE_LINKS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(MASKED.map((unit) => [`${UNITS}/${unit}`, '/dev/null'])),
  [`${UNITS}/sysinit.target.wants/lab-rw.service`]: '../lab-rw.service',
  [`${UNITS}/multi-user.target.wants/systemd-networkd.service`]:
    '/lib/systemd/system/systemd-networkd.service',
  [`${UNITS}/sockets.target.wants/systemd-networkd.socket`]: '/lib/systemd/system/systemd-networkd.socket',
};
