import type { FastifyReply } from 'fastify';
import type { WholeAnswer } from '../../activities/providers/model-provider';
import { tokensOfAnswer } from '../../contracts/tokens';
import { askModels, type Turn } from './ask-models';
import type { Asked, Course } from './asked';
import { headersOf } from './answer-headers';
import type { GatewayPorts } from './ports';

/** Answer in one piece. Fails as `askModels` does. */
export async function answerWhole(
  ports: GatewayPorts,
  asked: Asked,
  course: Course,
  reply: FastifyReply,
  ask: (turn: Turn) => Promise<WholeAnswer>,
): Promise<void> {
  const attempt = await askModels(ports, asked, course, {
    committed: () => false,
    call: async (turn) => {
      const { bytes, model, usage, costUsd } = await ask(turn);
      const told = usage ?? { input: asked.inputTokens, output: tokensOfAnswer(bytes.length) };
      return { value: bytes, model, usage: told, costUsd };
    },
  });
  reply.header('content-type', 'application/json; charset=utf-8').headers(headersOf(asked, course));
  await reply.send(attempt.value);
}
