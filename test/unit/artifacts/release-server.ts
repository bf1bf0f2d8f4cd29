import { createServer, type RequestListener } from 'node:http';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface TestServer {
  readonly url: string;
  /** Paths as they were asked for, still encoded. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A server on the loopback that ends with the test. */
export const serve = async (listener: RequestListener): Promise<TestServer> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
};

/** Serves the files of a folder whatever the path before the name; `special` takes over for some of them. */
export const serveRelease = (
  dir: string,
  special: Readonly<Record<string, RequestListener>> = {},
): Promise<TestServer> =>
  serve((request, response) => {
    const name = basename(request.url ?? '');
    const listener = special[name];
    if (listener) return listener(request, response);
    try {
      const content = readFileSync(join(dir, name));
      response.setHeader('content-length', content.length).end(content);
    } catch {
      response.writeHead(404).end('Not Found');
    }
  });
