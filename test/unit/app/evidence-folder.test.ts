import { describe, expect, it } from 'vitest';
import { redactEvidence } from '../../../src/app/evidence-folder.js';

const KEY = 'MIIEpAIBAAKCAQEAs0secretsecretsecret';

describe('redactEvidence', () => {
  it.each([
    ['a known token anywhere', 'joined with deadbeefcafe today', 'deadbeefcafe'],
    ['a token in config.yaml', 'token: hunter2hunter2\nnode-name: a\n', 'hunter2hunter2'],
    ['a token in JSON', '{"token": "hunter2hunter2", "name": "a"}', 'hunter2hunter2'],
    ['a token in an environment', 'K3S_TOKEN=hunter2hunter2 k3s server', 'hunter2hunter2'],
    ['a full k3s token', 'K10aabbccddeeff00112233445566::server:hunter2', 'hunter2'],
    ['a client key', `    client-key-data: ${KEY}\n`, KEY],
    ['a private key', `-----BEGIN RSA PRIVATE KEY-----\n${KEY}\n-----END RSA PRIVATE KEY-----\nnext`, KEY],
    ['a private key cut off', `-----BEGIN PRIVATE KEY-----\n${KEY}\n`, KEY],
    ['a bearer token', 'curl -H "Authorization: Bearer hunter2.hunter2"', 'hunter2.hunter2'],
    [
      "a service account's token",
      'got eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJl.c2lnbmF0dXJl!',
      'eyJpc3MiOiJrdWJl',
    ],
    ['a password of a volume file', '    option auth.login.9f.password hunter2-hunter2\n', 'hunter2-hunter2'],
    ['a password', 'password=hunter2hunter2', 'hunter2hunter2'],
    ['the key of a snapshot store', 'etcd-s3-secret-key: hunter2\n', 'hunter2'],
    ['a password in an address', 'datastore-endpoint: postgres://u:hunter2@h:5432/k3s', 'hunter2'],
    ['a token among options', '/usr/local/bin/k3s agent --token hunter2 --debug', 'hunter2'],
    ['a password among options', 'program --db-password "two hunter2" --debug', 'hunter2'],
    ['a short name of a password', 'DB_PASS: hunter2', 'hunter2'],
    ['all words of a phrase in quotes', 'x: {password: "three word hunter2", y: z}', 'hunter2'],
    ['all words of a phrase without them', '  password: three word hunter2\n', 'hunter2'],
    ['a private key without its beginning', `${KEY}\n${KEY}==\n-----END RSA PRIVATE KEY-----\nnext`, KEY],
    [
      "a registry's credentials",
      'configs:\n  "r:5000":\n    auth:\n      auth: dXNlcjpodW50ZXIy\n',
      'dXNlcj',
    ],
    ["a registry's credentials in JSON", '{"auths": {"r": {"auth": "dXNlcjpodW50ZXIy"}}}', 'dXNlcj'],
  ])('blanks %s', (_what, text, secret) => {
    const shown = redactEvidence(text, ['deadbeefcafe']);
    expect(shown).not.toContain(secret);
    expect(shown).toContain('***');
  });

  it('keeps the text around a secret, and text that is no secret', () => {
    expect(redactEvidence('token: abc\nnode-name: a\n', [])).toBe('token: ***\nnode-name: a\n');
    const told = 'Node password rejected, duplicate hostname\nsecretName: db\nUUID=4e44170c-9cc8\n';
    expect(redactEvidence(told, [])).toBe(told);
    const registry = 'auth:\n  username: me\n  password: x\n';
    expect(redactEvidence(registry, [])).toBe('auth:\n  username: me\n  password: ***\n');
    const options = 'auth.allow: *\nk3s agent --token x --server https://h:6443\nbypass: 1\n';
    expect(redactEvidence(options, [])).toBe(options.replace('--token x', '--token ***'));
  });
});
