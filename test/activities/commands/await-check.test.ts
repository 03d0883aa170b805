import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { AwaitCheckInput } from '../../../contracts/activities';
import { createHostActivities, type HostActivities } from '../../../activities/host-activities';
import { findProcess } from '../../../activities/processes/process-table';
import { hostOptions, removeTemporary, temporaryDirectory, temporaryHost } from '../../support/temporary-home';
import { waitUntil } from '../../support/wait-until';

const base = { run: { project: 'calculator', runId: 'run-1' }, executionId: 'deploy#1.1/check' };
let root: string;
let activities: HostActivities;
let servers: Server[];

beforeEach(async () => {
  root = await temporaryDirectory();
  activities = createHostActivities(hostOptions(root));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  await removeTemporary(root);
});

const check = (input: Partial<AwaitCheckInput>, { awaitCheck } = activities) =>
  awaitCheck({ ...base, forMs: 0, everyMs: 20, withinMs: 30_000, ...input });
const command = (text: string, secrets: string[] = []) => ({ command: { command: text, env: {}, secrets } });
const failed = (message: RegExp) => ({ type: 'Stage.CheckFailed', message: expect.stringMatching(message) as string });

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('a check of an address', () => {
  it('holds with a 2xx status and the text', async () => {
    const http = await serve((_, response) => response.end('<h1>Calculator</h1>'));
    const result = await check({ http, contains: 'Calculator' });
    expect(result).toMatchObject({ looks: 1, saw: '200 OK, 19 bytes' });
  });

  it('waits until it does', async () => {
    let requests = 0;
    const http = await serve((_, response) => {
      requests += 1;
      response.statusCode = requests < 3 ? 503 : 200;
      response.end();
    });
    expect(await check({ http })).toMatchObject({ looks: 3 });
  });

  it.each<[string, RequestListener, RegExp]>([
    ['another status', (_, response) => response.writeHead(500).end(), /500 Internal Server Error, 0 bytes/],
    ['another text', (_, response) => response.end('hello'), /200 OK, 5 bytes, without "Calculator"/],
    ['a cut line', (_, response) => response.destroy(), /socket|closed|terminated/i],
  ])('does not hold with %s, and says so', async (_, listener, saw) => {
    const http = await serve(listener);
    await expect(check({ http, contains: 'Calculator', withinMs: 100 })).rejects.toMatchObject(failed(saw));
  });

  it('does not hold when nobody listens, or nobody answers', async () => {
    const silent = await serve(() => undefined);
    await expect(check({ http: silent, withinMs: 100 })).rejects.toMatchObject(failed(/no answer within/));
    const gone = await serve(() => undefined);
    await new Promise((resolve) => servers.at(-1)!.close(resolve));
    const second = { executionId: 'other', http: gone, withinMs: 100 };
    await expect(check(second)).rejects.toMatchObject(failed(/connection refused/));
  });

  it('must go on holding for as long as it is to', async () => {
    const http = await serve((_, response) => response.end());
    const { durationMs, looks } = await check({ http, forMs: 300 });
    expect(durationMs).toBeGreaterThanOrEqual(300);
    expect(looks).toBeGreaterThan(1);
  });

  it('fails when it stops holding', async () => {
    let isUp = true;
    const http = await serve((_, response) => response.writeHead(isUp ? 200 : 502).end(() => (isUp = false)));
    await expect(check({ http, forMs: 30_000 })).rejects.toMatchObject(failed(/held for .* not any more.*502/));
  });
});

describe('a check by command', () => {
  it('holds with exit code 0', async () => {
    const workspace = { repository: root, path: root, branch: 'b', base: 'main', baseCommit: '', ports: {} };
    const text = 'echo look >>looks; test $(wc -l <looks) -ge 3 && echo ready';
    const result = await check({ ...command(text), workspace });
    expect(result).toMatchObject({ looks: 3, saw: 'exit code 0: ready' });
  });

  it('gives its log as evidence and shows no secret', async () => {
    const text = 'echo "no: $DEPLOY_TOKEN"; exit 7';
    const failure = await check({ ...command(text, ['DEPLOY_TOKEN']), withinMs: 0 }).catch((error: unknown) => error);
    expect(failure).toMatchObject(failed(/exit code 7: no: \*\*\*/));
    expect(failure).toMatchObject({ details: [{ evidence: { inline: 'no: ***\n' } }] });
  });

  it('is ended with its children by a cancellation', async () => {
    const environment = new MockActivityEnvironment();
    const awaitCheck = (input: AwaitCheckInput) => environment.run(activities.awaitCheck, input) as never;
    const running = check(command(`echo $$ >${root}/pid; sleep 300`), { ...activities, awaitCheck });
    const pid = await waitUntil(() => readFile(join(root, 'pid'), 'utf8').then(Number, () => 0));
    environment.cancel();
    await expect(running).rejects.toThrow('CANCELLED');
    expect(await findProcess(pid)).toBeUndefined();
  });
});

describe('a second try of a check', () => {
  it('goes on counting from the first', async () => {
    const environment = new MockActivityEnvironment();
    const awaitCheck = (input: AwaitCheckInput) => environment.run(activities.awaitCheck, input) as never;
    const go = join(root, 'go');
    const first = check(command(`test -e ${go}`), { ...activities, awaitCheck });
    const progress = join(temporaryHost(root).paths.check('run-1', base.executionId), 'progress.json');
    const looks = async () => (JSON.parse(await readFile(progress, 'utf8')) as { looks: number }).looks;
    await waitUntil(async () => existsSync(progress) && (await looks()) >= 2);
    environment.cancel();
    await expect(first).rejects.toThrow();
    const before = await looks();
    await writeFile(go, '');
    expect((await check(command(`test -e ${go}`))).looks).toBeGreaterThan(before);
  });

  it('does not get more time than the first had', async () => {
    await expect(check({ ...command('false'), withinMs: 200 })).rejects.toMatchObject(failed(/within/));
    await expect(check({ ...command('false'), withinMs: 200 })).rejects.toMatchObject(failed(/within/));
  });
});
