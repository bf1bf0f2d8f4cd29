/** Lab files by name; together they cover every kind of lab. */
export const LABS = {
  default: '',
  'one-node': 'name: solo\nnodes: 1\n',
  'dedicated-storage': `
name: split
nodes:
  - { name: control, roles: [server] }
  - { name: work1, roles: [agent] }
  - { name: work2, roles: [agent] }
  - { name: store1, roles: [storage], disk: 20GiB }
  - { name: store2, roles: [storage], disk: 20GiB }
  - { name: store3, roles: [storage], disk: 20GiB }
`,
  arbiter: `
name: arb
gluster: { type: arbiter }
smoke: { enabled: false }
`,
  'two-volumes': `
name: two
nodes: 3
gluster:
  volumes:
    - { name: fast, replica: 3, options: { network.ping-timeout: 10 } }
    - { name: safe, type: arbiter, mount: /opt/safe }
storage:
  classes:
    - { name: fast, volume: fast, default: true }
    - { name: keep, volume: safe, reclaim: Retain }
`,
} as const;
