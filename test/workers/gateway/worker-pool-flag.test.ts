import type { FastifyInstance } from 'fastify';
import { Connection } from '@temporalio/client';
import { taskStores } from '../../../workers/build-model-work';
import { registerDurable, registerTasks } from '../../../workers/gateway/tasks/register-tasks';
import { TaskDoor } from '../../../workers/doors/tasks/task-door';
import { startGateway } from '../../support/live-gateway';
import { json, openAiAnswer, openAiWhole } from '../../support/model-wire';
import { removeTemporary, temporaryDirectory } from '../../support/temporary-home';

const MESSAGES = [{ role: 'user', content: 'What is two and two?' }];
const EMBEDDING = {
  object: 'list',
  model: 'e',
  data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
  usage: { prompt_tokens: 4, total_tokens: 4 },
};

const REQUESTS = [
  ['GET', '/healthz'],
  ['GET', '/readyz'],
  ['GET', '/v1/models'],
  ['GET', '/v1/models/first/large'],
  ['GET', '/v1/models/nothing'],
  ['GET', '/nothing'],
  ['POST', '/v1/chat/completions', { model: 'small', messages: MESSAGES }],
  ['POST', '/v1/chat/completions', { model: 'small', messages: MESSAGES, stream: true }],
  ['POST', '/v1/chat/completions', { model: 'nothing', messages: MESSAGES }],
  ['POST', '/v1/chat/completions', { model: 'small', messages: [] }],
  ['POST', '/v1/chat/completions?batch=false', { model: 'small', messages: MESSAGES }],
  ['POST', '/v1/embeddings', { model: 'small', input: 'Four' }],
] as const;

describe('the worker pool of the gateway', () => {
  test('changes no byte of anything else, whether it is on or off', async () => {
    const home = await temporaryDirectory();
    const connection = Connection.lazy({ address: '127.0.0.1:1' });
    const door = new TaskDoor({ connection, namespace: 'default', taskQueue: 'none' });
    const ports = { ...taskStores(home), door, catalogue: { demand: () => undefined } };
    const durable = (app: FastifyInstance): void => registerDurable(app, ports);
    const pool = (app: FastifyInstance): Promise<void> => registerTasks(app, ports);
    try {
      const off = await answersWith([durable]);
      expect(off.map(({ status }) => status)).toEqual([200, 200, 200, 200, 404, 404, 200, 200, 404, 400, 200, 200]);
      expect(await answersWith([pool, durable])).toEqual(off);
    } finally {
      await connection.close();
      await removeTemporary(home);
    }
  });
});

async function answersWith(more: NonNullable<Parameters<typeof startGateway>[0]>['more']) {
  const gateway = await startGateway({ ...(more && { more }) });
  try {
    gateway.upstreams['first']!.reply(
      openAiWhole('Four.'),
      openAiAnswer(['Fo', 'ur.']),
      openAiWhole('Four.'),
      json(200, EMBEDDING),
    );
    const answers = [];
    for (const [method, path, body] of REQUESTS) {
      const response = await fetch(gateway.url + path, {
        ...{ method, headers: body ? { 'content-type': 'application/json' } : {} },
        ...(body && { body: JSON.stringify(body) }),
      });
      const headers = Object.fromEntries(response.headers);
      const bytes = Buffer.from(await response.arrayBuffer()).toString('base64');
      // These two are never the same twice.
      answers.push({ status: response.status, headers: { ...headers, 'x-request-id': '', date: '' }, bytes });
    }
    return answers;
  } finally {
    await gateway.close();
  }
}
