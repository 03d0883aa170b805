import { Connection } from '@temporalio/client';
import { taskStores } from '../../../../workers/build-model-work';
import { registerDurable, registerTasks } from '../../../../workers/gateway/tasks/register-tasks';
import { TaskDoor } from '../../../../workers/doors/tasks/task-door';
import { startGateway, type LiveGateway } from '../../../support/live-gateway';
import { removeTemporary, temporaryDirectory } from '../../../support/temporary-home';

const ASKED = { model: 'small', messages: [{ role: 'user', content: 'What is two and two?' }] };

describe('while no Temporal server answers', () => {
  let gateway: LiveGateway;
  let connection: Connection;
  let home: string;
  beforeEach(async () => {
    home = await temporaryDirectory();
    connection = Connection.lazy({ address: '127.0.0.1:1' });
    const door = new TaskDoor({ connection, namespace: 'default', taskQueue: 'none', answerMs: 300 });
    const ports = { ...taskStores(home), door, catalogue: { demand: () => undefined } };
    gateway = await startGateway({
      more: [(app) => registerTasks(app, ports), (app) => registerDurable(app, ports)],
    });
  });
  afterEach(async () => {
    await gateway.close();
    await connection.close();
    await removeTemporary(home);
  });

  const post = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/v1/chat/completions${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(path === '/batch' ? { requests: [{ custom_id: 'a', body: ASKED }] } : ASKED),
    });

  it.each(['?batch=true', '/batch'])('%s is not tried again by SDKs: it may have been begun', async (path) => {
    const response = await post(path);
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'false']);
    expect(await response.json()).toMatchObject({
      error: {
        code: 'tasks_unavailable',
        message: expect.stringMatching(
          /^Whether (task_\w+) was begun is not known\. .*GET \/v1\/tasks\/\1 tells/,
        ) as string,
      },
    });
  });

  it.each(['', '?batch=true', '/batch'])('%p with an Idempotency-Key may be tried again', async (path) => {
    const response = await post(path, { 'idempotency-key': 'one' });
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, null]);
    expect(response.headers.get('retry-after')).toBe('5');
  });
});
