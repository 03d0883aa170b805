import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The repositories below a directory by HTTP, for one user with a password: git's own server program behind Node's. */
export class GitHttpServer {
  private constructor(
    private readonly server: Server,
    private readonly login: string,
  ) {}

  static async start(root: string, login: string): Promise<GitHttpServer> {
    const expected = `Basic ${Buffer.from(login).toString('base64')}`;
    const server = createServer((request, response) => {
      if (request.headers.authorization === expected) serve(root, request, response);
      else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new GitHttpServer(server, login);
  }

  /** With or without who logs in. */
  address(name: string, { login = this.login }: { readonly login?: string } = {}): string {
    const who = login === '' ? '' : `${login.split(':').map(encodeURIComponent).join(':')}@`;
    return `http://${who}127.0.0.1:${(this.server.address() as AddressInfo).port}/${name}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const BACKEND = `${execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim()}/git-http-backend`;

function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url!, 'http://server');
  const { headers } = request;
  const backend = spawn(BACKEND, {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.receivepack',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      REMOTE_USER: 'someone',
    },
  });
  request.pipe(backend.stdin);
  backend.stdin.on('error', () => undefined); // it answered without reading all
  const parts: Buffer[] = [];
  backend.stdout.on('data', (part: Buffer) => parts.push(part));
  backend.on('close', () => {
    const answer = Buffer.concat(parts);
    const end = answer.indexOf('\r\n\r\n');
    const lines = answer.subarray(0, end).toString().split('\r\n');
    const fields = new Map(lines.map((line) => [line.split(':')[0]!, line.slice(line.indexOf(':') + 2)]));
    const status = Number(fields.get('Status')?.split(' ')[0] ?? 200);
    fields.delete('Status');
    response.writeHead(status, Object.fromEntries(fields)).end(answer.subarray(end + 4));
  });
}
