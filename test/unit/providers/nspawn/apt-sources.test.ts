import { describe, expect, it } from 'vitest';
import {
  findSignedBy,
  parseAptOptions,
  parseIndexTargets,
  toSourceLines,
  type IndexTarget,
} from '../../../../src/providers/nspawn/apt-sources.js';

const OUTPUT = `Debian|http://mirror.example/debian|bookworm|main|/etc/apt/sources.list.d/debian.sources:1
Debian|http://mirror.example/debian|bookworm|contrib|/etc/apt/sources.list.d/debian.sources:1
Debian|http://mirror.example/debian-security|bookworm-security|main|/etc/apt/sources.list.d/debian.sources:2
Docker|https://docker.example/linux/debian|bookworm|stable|/etc/apt/sources.list.d/docker.list:1
Debian|http://mirror.example/debian|trixie|main|/etc/apt/sources.list.d/trixie.list:3
$(ORIGIN)|http://never.example/|bookworm|main|/etc/apt/sources.list:2
`;

const SOURCES = `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Signed-By: /etc/apt/keyrings/security.gpg
`;

const target = (entry: string, site: string): IndexTarget => ({
  origin: 'Debian',
  site,
  release: 'bookworm',
  component: 'main',
  entry,
});

describe('apt sources of the image', () => {
  const targets = parseIndexTargets(OUTPUT);

  it("are the host's own mirrors of its release, and nobody else's", () => {
    expect(toSourceLines(targets, 'bookworm', 'bookworm', () => undefined)).toEqual([
      'deb http://mirror.example/debian bookworm main contrib',
      'deb http://mirror.example/debian-security bookworm-security main',
    ]);
  });

  it('are asked for another release when the lab wants that', () => {
    expect(toSourceLines(targets, 'bookworm', 'trixie', ({ site }) => `${site.slice(-1)}.gpg`)).toEqual([
      'deb [signed-by=n.gpg] http://mirror.example/debian trixie main contrib',
      'deb [signed-by=y.gpg] http://mirror.example/debian-security trixie-security main',
    ]);
  });

  it('are none when the host has no package lists', () => {
    expect(toSourceLines(parseIndexTargets('\n'), 'bookworm', 'bookworm', () => undefined)).toEqual([]);
  });
});

describe('findSignedBy', () => {
  it('reads the stanza of a .sources file that has the mirror', () => {
    const keyring = (site: string) =>
      findSignedBy(SOURCES, target('/etc/apt/sources.list.d/debian.sources:1', site));
    expect(keyring('http://mirror.example/debian-security')).toBe('/etc/apt/keyrings/security.gpg');
  });

  it('reads the line of a .list file', () => {
    const text = '# mine\ndeb [arch=amd64 signed-by=/k/a.gpg] http://a x main\ndeb http://b x main\n';
    expect(findSignedBy(text, target('/etc/apt/sources.list:2', 'http://a'))).toBe('/k/a.gpg');
    expect(findSignedBy(text, target('/etc/apt/sources.list:3', 'http://b'))).toBeUndefined();
  });
});

describe('parseAptOptions', () => {
  it('takes over proxies and the rest of the way to the mirrors, not what the host does besides', () => {
    const dump = `APT::Update::Post-Invoke:: "rm -f /var/cache/apt/*.bin";
Acquire "";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example:3142";
Acquire::https::Verify-Peer "1";
Acquire::Check-Date "false";
Acquire::Languages "none";
Dir "/";`;
    expect(parseAptOptions(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy.example:3142";',
      'Acquire::https::Verify-Peer "1";',
      'Acquire::Check-Date "false";',
    ]);
  });
});
