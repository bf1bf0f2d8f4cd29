import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What multipass gives every instance besides the user's own data. */
const VENDOR_DATA = `#cloud-config
growpart:
  mode: auto
  devices: ["/"]
  ignore_growroot_disabled: false
users:
  - default
manage_etc_hosts: true
ssh_authorized_keys:
  - ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC0standin multipass
timezone: Etc/UTC
packages:
  - pollinate
`;

/** Ubuntu's image: its user, and packages only from where the machine finds them. */
const CLOUD_CFG = `apt:
  preserve_sources_list: true
system_info:
  default_user:
    name: ubuntu
    gecos: Ubuntu
    groups: []
    lock_passwd: true
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
`;

/** A package that Debian has not and that multipass always asks for. */
const POLLINATE = `
Package: pollinate
Status: install ok installed
Priority: optional
Section: admin
Maintainer: nobody <nobody@localhost>
Architecture: all
Version: 4.33
Description: in name only, as there is no network to get randomness from

`;

/** Files of a machine beyond its seed. With no package source at all, apt "installs" what is installed already. */
export const guestFiles = async (
  image: string,
  userData: string,
): Promise<Readonly<Record<string, string>>> => ({
  'var/lib/cloud/seed/nocloud/vendor-data': VENDOR_DATA,
  'var/lib/cloud/seed/nocloud/user-data': userData,
  'etc/cloud/cloud.cfg.d/99-zz-standin.cfg': CLOUD_CFG,
  'etc/apt/sources.list': '',
  'var/lib/dpkg/status': `${(await readFile(join(image, 'var/lib/dpkg/status'), 'utf8')).trimEnd()}\n${POLLINATE}`,
  'var/lib/dpkg/info/pollinate.list': '/.\n',
});
