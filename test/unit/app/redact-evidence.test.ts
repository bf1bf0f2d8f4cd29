import { describe, expect, it } from 'vitest';
import { redactEvidence } from '../../../src/app/redact-evidence.js';

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
  ])('blanks %s', (_what, text, secret) => {
    const shown = redactEvidence(text, ['deadbeefcafe']);
    expect(shown).not.toContain(secret);
    expect(shown).toContain('***');
  });

  it('leaves what stands around a secret, and what only looks like one at first', () => {
    expect(redactEvidence('token: abc\nnode-name: a\n', [])).toBe('token: ***\nnode-name: a\n');
    const told = 'Node password rejected, duplicate hostname\nsecretName: db\nUUID=4e44170c-9cc8\n';
    expect(redactEvidence(told, [])).toBe(told);
  });
});
