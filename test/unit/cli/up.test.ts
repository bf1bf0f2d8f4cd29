import { expect, it } from 'vitest';
import { nextCommands } from '../../../src/cli/up.js';
import { labOf } from '../../helpers/step-context.js';

it('suggests commands for a Kubernetes node and a mount of this lab', () => {
  const lab = labOf(`
name: blue
nodes:
  - { name: disks, roles: [storage] }
  - { name: head, roles: [server] }
gluster: { volumes: [{ name: gv0, replica: 1, mount: /srv/data }] }
`);
  expect(nextCommands(lab)).toContain('kglab exec -n blue head -- ls -la /srv/data\n');
  expect(nextCommands(lab)).toContain('kglab down -n blue\n');
});
