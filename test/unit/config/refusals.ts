/** A lab file and all its problems, as `line:column: message`. */
export type Refusal = readonly [text: string, ...problems: readonly string[]];

const KEYS = 'name, provider, image, nodes, machine, gluster, k3s, storage, smoke, network';
const LABEL = 'at most 63 lower case letters, digits and -';

export const FIELD_REFUSALS: readonly Refusal[] = [
  ['nmae: x', '1:1: nmae is not a known key (did you mean name?)'],
  ['foo: 1', `1:1: foo is not a known key (known: ${KEYS})`],
  ['smoke:\n  enable: false', '2:3: smoke.enable is not a known key (did you mean enabled?)'],
  [
    'nodes:\n  - name: a\n    mem: 2GiB',
    '3:5: nodes[0].mem is not a known key (known: name, roles, cpus, memory, disk)',
  ],
  ['__proto__: {a: 1}', `1:1: __proto__ is not a known key (known: ${KEYS})`],
  ['name: My Lab', `1:7: name must be ${LABEL}, starting with a letter, not "My Lab" (e.g. my-lab)`],
  ['name: 1st', `1:7: name must be ${LABEL}, starting with a letter, not "1st" (e.g. st)`],
  ['name: 5', '1:7: name must be text, not 5 (put it in quotes)'],
  [
    'provider: nspwan',
    '1:11: provider must be auto, multipass, nspawn or simulator, not "nspwan" (did you mean nspawn?)',
  ],
  ['image: 24.04', '1:8: image must be text, not 24.04 (put it in quotes)'],
  ['nodes: 0', '1:8: nodes must be at least 1, not 0'],
  ['nodes: 201', '1:8: nodes must be at most 200, not 201'],
  ['nodes: 2.5', '1:8: nodes must be a whole number (1 to 200) or a list of nodes, not 2.5'],
  ['nodes: []', '1:8: nodes must have at least 1 item, not 0'],
  [
    'nodes:\n  -\n  - name: b',
    '2:4: nodes[0] must be a mapping, not an empty value (write it as "key: value")',
  ],
  ['nodes:\n  - roles: [server]', '2:5: nodes[0].name is missing'],
  ['nodes: [{name: A_b}]', `1:16: nodes[0].name must be ${LABEL}, not "A_b" (e.g. a-b)`],
  [
    'nodes: [{name: a, roles: [storag]}]',
    '1:27: nodes[0].roles[0] must be server, agent or storage, not "storag" (did you mean storage?)',
  ],
  ['nodes: [{name: a, roles: []}]', '1:26: nodes[0].roles must not be empty (add a role, or remove the key)'],
  ['machine: 3', '1:10: machine must be a mapping, not 3 (write it as "key: value")'],
  ['machine:\n  cpus: 0', '2:9: machine.cpus must be at least 1, not 0'],
  ['machine:\n  cpus: 65', '2:9: machine.cpus must be at most 64, not 65'],
  ['machine:\n  cpus: 1.5', '2:9: machine.cpus must be a whole number, not 1.5'],
  ['machine:\n  memory: 2', '2:11: machine.memory must have a unit, not only 2 (write 2GiB)'],
  [
    'machine:\n  memory: "2048"',
    '2:11: machine.memory must be a size in MiB or GiB, not "2048" (write 2048MiB)',
  ],
  ['machine:\n  memory: 2Gi', '2:11: machine.memory must be a size in MiB or GiB, not "2Gi" (write 2GiB)'],
  ['machine:\n  memory: 511MiB', '2:11: machine.memory must be at least 512MiB, not 511MiB'],
  ['machine:\n  disk: 1TB', '2:9: machine.disk must be a size in MiB or GiB, not "1TB" (write 1024GiB)'],
  [
    'machine:\n  disk: lots',
    '2:9: machine.disk must be a size in MiB or GiB, not "lots" (e.g. 512MiB or 2GiB)',
  ],
  ['machine:\n  disk: 2', '2:9: machine.disk must have a unit, not only 2 (at least 3GiB)'],
  ['smoke:\n  timeout: 30min', '2:12: smoke.timeout must be a time in s or m, not "30min" (write 30m)'],
  ['machine:\n  disk: 3071MiB', '2:9: machine.disk must be at least 3GiB, not 3071MiB'],
  ['gluster:\n  volume: 123', '2:11: gluster.volume must be text, not 123 (put it in quotes)'],
  [
    'gluster:\n  volume: "123"',
    '2:11: gluster.volume must be letters, digits, - and _, but not only digits, not "123" (e.g. gv123)',
  ],
  [
    'gluster:\n  volume: a.b',
    '2:11: gluster.volume must be letters, digits, - and _, but not only digits, not "a.b" (e.g. a-b)',
  ],
  [
    'gluster:\n  volume: all',
    '2:11: gluster.volume must not be "all", a reserved word of Gluster (choose another name)',
  ],
  [
    'gluster:\n  type: arbitr',
    '2:9: gluster.type must be replica, arbiter, disperse or distribute, not "arbitr" (did you mean arbiter?)',
  ],
  ['gluster:\n  replica: three', '2:12: gluster.replica must be a number, not "three" (write digits)'],
  ['gluster:\n  replica: 0', '2:12: gluster.replica must be at least 1, not 0'],
  [
    'gluster:\n  options: {a b: 1}',
    '2:13: gluster.options.a b must be the name of a Gluster option, not "a b" (e.g. network.ping-timeout)',
  ],
  [
    'gluster:\n  options: {a.b: [1]}',
    '2:18: gluster.options.a.b must be a single value, not a list (join the items with commas)',
  ],
  [
    'gluster:\n  options: {auth.allow: "10.0.0.1, 10.0.0.2"}',
    '2:25: gluster.options.auth.allow must not contain spaces (Gluster would remove them): "10.0.0.1, 10.0.0.2" (write 10.0.0.1,10.0.0.2)',
  ],
  ['gluster:\n  volumes: [{type: arbiter}]', '2:13: gluster.volumes[0].name is missing'],
  ['gluster:\n  volumes: gv0', '2:12: gluster.volumes must be a list, not "gv0" (start each item with "- ")'],
  [
    'k3s:\n  version: 1.33.4',
    '2:12: k3s.version must be a k3s release tag or default, not "1.33.4" (write v1.33.4+k3s1)',
  ],
  [
    'k3s:\n  version: v1.33.4-k3s2',
    '2:12: k3s.version must be a k3s release tag or default, not "v1.33.4-k3s2" (write v1.33.4+k3s2)',
  ],
  [
    'k3s:\n  version: stable',
    '2:12: k3s.version must be a k3s release tag or default, not "stable" (e.g. v1.33.4+k3s1, or default)',
  ],
  [
    'k3s:\n  disable: [trafik]',
    '2:13: k3s.disable[0] must be coredns, servicelb, traefik, local-storage, metrics-server or runtimes, not "trafik" (did you mean traefik?)',
  ],
  ['k3s:\n  server: {token: x}', '2:12: k3s.server.token is set by kglab (remove it)'],
  ['k3s:\n  server: {server: x}', '2:12: k3s.server.server is set by kglab (remove it)'],
  ['k3s:\n  agent: {node-name: x}', '2:11: k3s.agent.node-name is set by kglab (remove it)'],
  ['k3s:\n  agent: {node-ip: x}', '2:11: k3s.agent.node-ip is set by kglab (remove it)'],
  ['k3s:\n  server: {disable+: [x]}', '2:12: k3s.server.disable+ is set by kglab (use k3s.disable)'],
  [
    'k3s:\n  server: {nodeLabel: x}',
    '2:12: k3s.server.nodeLabel must be a k3s option in kebab-case, not "nodeLabel" (write node-label)',
  ],
  [
    'k3s:\n  server: {tls-san: {a: 1}}',
    '2:21: k3s.server.tls-san must be a value or a list of values, not a mapping',
  ],
  ['k3s:\n  server: {tls-san: [[a]]}', '2:22: k3s.server.tls-san[0] must be a single value, not a list'],
  [
    'k3s:\n  artifacts: ~/k3s',
    '2:14: k3s.artifacts must be the path of a directory, not "~/k3s" (write the full path, ~ is not expanded)',
  ],
  [
    'storage:\n  path: opt/x',
    '2:9: storage.path must be an absolute path of letters, digits and . _ -, without .., // or a final slash, not "opt/x" (write /opt/x)',
  ],
  [
    'storage:\n  path: /opt//x/',
    '2:9: storage.path must be an absolute path of letters, digits and . _ -, without .., // or a final slash, not "/opt//x/" (write /opt/x)',
  ],
  [
    'storage:\n  path: /opt/../x',
    '2:9: storage.path must be an absolute path of letters, digits and . _ -, without .., // or a final slash, not "/opt/../x" (e.g. /data/lab)',
  ],
  ['storage:\n  path: /', '2:9: storage.path must not be /, a system directory (e.g. /data/lab)'],
  ['storage:\n  path: /var', '2:9: storage.path must not be /var, a system directory (e.g. /data/lab)'],
  [
    'storage:\n  path: /etc/lab',
    '2:9: storage.path must not be inside /etc, a system directory (e.g. /data/lab)',
  ],
  [
    'gluster:\n  brick: /usr/brick',
    '2:10: gluster.brick must not be inside /usr, a system directory (e.g. /data/lab)',
  ],
  [
    'storage:\n  class: Fast',
    '2:10: storage.class must be lower case letters, digits, - and ., not "Fast" (e.g. fast)',
  ],
  [
    'storage:\n  reclaim: delete',
    '2:12: storage.reclaim must be Delete or Retain, not "delete" (did you mean Delete?)',
  ],
  [
    'storage:\n  provisioner: {namespace: a.b}',
    `2:28: storage.provisioner.namespace must be ${LABEL}, not "a.b" (e.g. a-b)`,
  ],
  [
    'storage:\n  provisioner: {image: a b}',
    '2:24: storage.provisioner.image must be an image reference, not "a b" (e.g. docker.io/library/busybox:1.37)',
  ],
  ['smoke:\n  enabled: yes', '2:12: smoke.enabled must be true or false, not "yes" (write true)'],
  ['smoke:\n  enabled: "no"', '2:12: smoke.enabled must be true or false, not "no" (write false)'],
  ['gluster:\n  replica: "3"', '2:12: gluster.replica must be a number, not "3" (remove the quotes)'],
  ['smoke:\n  timeout: 180', '2:12: smoke.timeout must have a unit, not only 180 (write 180s)'],
  ['smoke:\n  timeout: 2h', '2:12: smoke.timeout must be a time in s or m, not "2h" (from 1s to 60m)'],
  ['smoke:\n  timeout: 0s', '2:12: smoke.timeout must be from 1s to 60m, not 0s'],
  [
    'smoke:\n  namespace: kube-system',
    '2:14: smoke.namespace must not be a system namespace, because it is removed after the test (e.g. kglab-smoke)',
  ],
  [
    'network:\n  subnet: 10.77.0.0',
    '2:11: network.subnet must be an IPv4 range, not "10.77.0.0" (e.g. 10.77.0.0/24)',
  ],
  [
    'network:\n  subnet: 10.0.0.0/8',
    '2:11: network.subnet must have a prefix length from /16 to /28, not /8 (e.g. 10.77.0.0/24)',
  ],
  [
    'network:\n  subnet: 10.77.0.5/24',
    '2:11: network.subnet must be a network address, not 10.77.0.5/24 (write 10.77.0.0/24)',
  ],
  [
    'network:\n  subnet: 8.8.8.0/24',
    '2:11: network.subnet must be a private range, not 8.8.8.0/24 (use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)',
  ],
  [
    'network:\n  internet: of',
    '2:13: network.internet must be auto, on or off, not "of" (did you mean on or off?)',
  ],
];

export const LAB_REFUSALS: readonly Refusal[] = [
  [
    'nodes: [{name: a}, {name: b}, {name: a}]',
    '1:38: name a is already used by another node (choose another name)',
  ],
  [
    'name: x\nnodes: [{name: a}, {name: b}, {name: x-a}]',
    '2:38: x-a is already the machine name of node a (choose another name)',
  ],
  [
    `name: ${'l'.repeat(30)}\nnodes: [{name: a}, {name: b}, {name: ${'n'.repeat(33)}}]`,
    `2:38: host name ${'l'.repeat(30)}-${'n'.repeat(33)} is 64 characters long, the limit is 63 (shorten the name)`,
  ],
  [
    `name: ${'l'.repeat(60)}`,
    `1:7: host name ${'l'.repeat(60)}-node1 is 66 characters long, the limit is 63 (shorten the name)`,
  ],
  [
    'nodes: [{name: a, roles: [server, storage]}, {name: b, roles: [server]}]\ngluster: {replica: 1}',
    '1:63: only one server is supported, and node a is the server (give this node the role agent)',
  ],
  ['nodes: [{name: a, roles: [agent, storage]}]', '1:8: no node is a server (give one node the role server)'],
  [
    'nodes: [{name: a, roles: [server, agent, storage]}]',
    '1:26: a node cannot be both server and agent (remove agent: a server runs pods too)',
  ],
  [
    'nodes: [{name: a, roles: [server]}]',
    '1:8: no node has the role storage (add it to the nodes that should hold bricks)',
  ],
  [
    'nodes: 2',
    '1:8: volume gv0 would have replica 2, which is prone to split brain (use 3 storage nodes, with type: replica or type: arbiter)',
  ],
  [
    'gluster: {replica: 2}',
    '1:20: volume gv0 would have replica 2, which is prone to split brain (use 3 storage nodes, with type: replica or type: arbiter)',
  ],
  [
    'nodes: [{name: a, roles: [server]}, {name: b, roles: [storage]}]',
    '1:8: volume gv0 would have only one copy of the data (use 3 storage nodes, or set replica: 1 if the data may be lost)',
  ],
  [
    'nodes: 2\ngluster: {replica: 3}',
    '2:20: volume gv0 needs at least 3 storage nodes for its replica sets, but has 2 (add storage nodes)',
  ],
  [
    'nodes: 2\ngluster: {type: arbiter}',
    '1:8: volume gv0 needs at least 3 storage nodes for its arbiter sets, but has 2 (add storage nodes)',
  ],
  ['gluster: {type: arbiter, replica: 1}', '1:35: an arbiter volume always has replica: 3 (remove the key)'],
  [
    'gluster: {volumes: [{name: a, nodes: [node1, node2, node9]}]}',
    '1:53: there is no node node9 (known: node1, node2, node3)',
  ],
  [
    'gluster: {volumes: [{name: a, nodes: [node1, node2, kglab-node3]}]}',
    '1:53: there is no node kglab-node3 (write node3)',
  ],
  [
    'gluster: {volumes: [{name: a, nodes: [node1, node2, node1]}]}',
    '1:53: node node1 is listed twice (remove one)',
  ],
  [
    'nodes: 4\ngluster: {volumes: [{name: a, nodes: [node1, node2, node3, node4]}]}',
    '2:38: 4 nodes cannot be divided into sets of 3 (list 3 or 6 nodes)',
  ],
  [
    'nodes: [{name: a}, {name: b, roles: [storage]}]\ngluster: {volumes: [{name: x, nodes: [a], replica: 1}]}',
    '2:39: node a does not have the role storage (add storage to its roles)',
  ],
  [
    'gluster: {volumes: [{name: a}, {name: a, mount: /mnt/b}]}',
    '1:39: name a is already used by another volume (choose another name)',
  ],
  [
    'gluster:\n  volume: x\n  replica: 3\n  volumes: [{name: a}]',
    '2:3: gluster.volume cannot be combined with gluster.volumes (move it into the list)',
    '3:3: gluster.replica cannot be combined with gluster.volumes (move it into the list)',
  ],
  [
    'storage:\n  class: x\n  reclaim: Retain\n  classes: [{name: a}]',
    '2:3: storage.class cannot be combined with storage.classes (move it into the list)',
    '3:3: storage.reclaim cannot be combined with storage.classes (move it into the list)',
  ],
  [
    'gluster: {volumes: [{name: a, mount: /mnt/a}, {name: b, mount: /mnt/a}]}',
    '1:64: /mnt/a is already the mount point of volume a (choose another path)',
  ],
  [
    'gluster: {volumes: [{name: a, mount: /mnt/a}, {name: b, mount: /mnt/a/b}]}',
    '1:64: /mnt/a/b is inside /mnt/a, the mount point of volume a (choose another path)',
  ],
  [
    'gluster: {volumes: [{name: a, mount: /mnt/a/b}, {name: b, mount: /mnt/a}]}',
    '1:66: /mnt/a would hide /mnt/a/b, the mount point of volume a (choose another path)',
  ],
  [
    'storage: {path: /data}',
    '1:17: mount point /data would hide the bricks in /data/brick (choose another path)',
  ],
  ['gluster: {brick: /opt}', '1:18: gluster.brick must not be /opt, a system directory (e.g. /data/lab)'],
  [
    'gluster: {brick: /opt/local-path-provisioner/b}',
    '1:18: mount point /opt/local-path-provisioner would hide the bricks in /opt/local-path-provisioner/b (choose another path)',
  ],
  [
    'storage: {path: /data/brick/x}',
    '1:17: mount point /data/brick/x is inside the brick directory /data/brick (choose another path)',
  ],
  ['storage: {classes: [{name: a, volume: gv1}]}', '1:39: there is no volume gv1 (did you mean gv0?)'],
  [
    'storage: {classes: [{name: a, default: true}, {name: a}]}',
    '1:54: name a is already used by another class (choose another name)',
  ],
  [
    'storage: {classes: [{name: a, default: true}, {name: b, default: true}]}',
    '1:66: class a is already the default class (keep only one default: true)',
  ],
  [
    'storage:\n  classes: [{name: a}, {name: b}]',
    '2:12: no class is the default class (set default: true on one of them)',
  ],
  [
    'storage: {classes: [{name: a, default: false}]}',
    '1:20: no class is the default class (set default: true on one of them)',
  ],
  [
    'gluster: {type: disperse, redundancy: 2}',
    '1:39: a disperse set of 3 bricks can have at most redundancy 1, not 2 (set redundancy: 1, or use more bricks)',
  ],
  [
    'nodes: 2\ngluster: {type: disperse}',
    '1:8: volume gv0 needs at least 3 nodes for its disperse sets, but has 2 (add nodes)',
  ],
  [
    'gluster: {type: disperse, disperse: 4}',
    '1:37: volume gv0 needs at least 4 storage nodes for its disperse sets, but has 3 (add storage nodes)',
  ],
  [
    'nodes: 4\ngluster: {volumes: [{name: a, type: disperse, disperse: 3, nodes: [node1, node2, node3, node4]}]}',
    '2:67: 4 nodes cannot be divided into sets of 3 (list 3 or 6 nodes)',
  ],
  [
    'gluster: {type: disperse, replica: 3}',
    '1:36: replica does not apply to a disperse volume (remove it, or set type: replica)',
  ],
  [
    'gluster: {type: distribute, replica: 3}',
    '1:38: replica does not apply to a distribute volume (remove it, or set type: replica)',
  ],
  [
    'gluster: {redundancy: 1}',
    '1:23: redundancy does not apply to a replica volume (remove it, or set type: disperse)',
  ],
  [
    'storage: {classes: [{name: a, volumeType: local}]}',
    '1:43: volumeType: local works only with mode: pinned, and class a is shared (remove volumeType, or set mode: pinned)',
  ],
  [
    'storage: {classes: [{name: a, mode: dedicated, volumeType: local}]}',
    '1:60: volumeType: local works only with mode: pinned, and class a is dedicated (remove volumeType, or set mode: pinned)',
  ],
  [
    'storage: {classes: [{name: a, mode: pinned, binding: Immediate}]}',
    '1:54: mode: pinned needs binding: WaitForFirstConsumer, because the first pod decides the node (remove binding)',
  ],
  [
    'gluster:\n  profile: database\n  quota: true\n  volumes: [{name: a}]',
    '2:3: gluster.profile cannot be combined with gluster.volumes (move it into the list)',
    '3:3: gluster.quota cannot be combined with gluster.volumes (move it into the list)',
  ],
  [
    'smoke: {namespace: local-path-storage}',
    '1:20: namespace local-path-storage belongs to the provisioner and would be removed after the smoke test (choose another namespace)',
  ],
  [
    'network: {subnet: 10.42.8.0/24}',
    '1:19: 10.42.8.0/24 overlaps 10.42.0.0/16, the cluster-cidr of k3s (e.g. 10.77.0.0/24)',
  ],
  [
    'network: {subnet: 10.9.0.0/24}\nk3s: {server: {service-cidr: 10.9.0.0/16}}',
    '1:19: 10.9.0.0/24 overlaps 10.9.0.0/16, the service-cidr of k3s (e.g. 10.77.0.0/24)',
  ],
  [
    'nodes: 14\nnetwork: {subnet: 10.77.0.0/28}',
    '2:19: 10.77.0.0/28 has room for 13 machines, but the lab has 14 (use a larger range)',
  ],
];

export const SYNTAX_REFUSALS: readonly Refusal[] = [
  ['name: a\nname: b', '2:1: This key occurs twice (keep one of the two)'],
  [
    'name: a\nname: b\nfoo: 1',
    '2:1: This key occurs twice (keep one of the two)',
    `3:1: foo is not a known key (known: ${KEYS})`,
  ],
  ['gluster:\n\tvolume: a', '2:1: Indentation must not contain tabs (use spaces)'],
  [
    'name: a\n---\nname: b',
    '2:1: The file must be a single YAML document (remove the --- line and what follows)',
  ],
  ['name: !word a', '1:7: YAML tags are not supported (remove the !word)'],
  ['nodes: [1', '1:10: The closing ] is missing, or not indented (add or indent it)'],
  ['name: "x\n', '2:1: Missing closing "quote'],
  [
    'name: a: b',
    '1:7: A value on the line of its key must not contain ": " (quote it, or check the indentation)',
  ],
  ['- a', '1:1: A lab file must consist of keys and values (e.g. name: kglab)'],
  ['# first\nhello', '2:1: A lab file must consist of keys and values (e.g. name: kglab)'],
  ['name: *x', '1:7: Alias *x has no anchor &x before it (write the values out)'],
  ['k3s: &k\n  server: *k', '2:11: Alias *k refers to a value that contains it (write the values out)'],
  ['\uFEFFname: X', `1:7: name must be ${LABEL}, starting with a letter, not "X" (e.g. x)`],
  ['name: x\r\nfoo: 1\r\n', `2:1: foo is not a known key (known: ${KEYS})`],
];
