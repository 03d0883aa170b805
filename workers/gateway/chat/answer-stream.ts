import type { FastifyReply } from 'fastify';
import { CallFailed, type Answered } from '../../../activities/models/client/model-client';
import type { StreamAccount, StreamedAnswer } from '../../../activities/providers/model-provider';
import type { Trial } from '../../../contracts/models';
import { askModels, type Turn } from '../ask-models';
import type { Asked, Course } from '../asked';
import { headersOf } from '../answer-headers';
import type { GatewayPorts } from '../ports';
import type { ChatRequest } from './read-chat';
import { StreamWriter } from './stream-writer';

/**
 * Answer with a stream. Until its first event with content others may answer instead; after it a failure is told within
 * the stream, and the stream ends without its end mark. Fails as `askModels` does, and only where nothing was written.
 */
export async function answerStream(
  ports: GatewayPorts,
  asked: Asked,
  course: Course,
  chat: ChatRequest,
  reply: FastifyReply,
): Promise<void> {
  let answer: StreamedAnswer | undefined;
  const writer = new StreamWriter(
    reply,
    () => headersOf(asked, course),
    () => (course.firstEventMs = Date.now() - asked.since),
  );
  const call = async ({ provider, call: wireCall }: Turn): Promise<Answered<undefined>> => {
    writer.restart();
    answer = await provider.stream(chat, wireCall);
    const cut = await pass(answer, writer, asked);
    return answeredBy(answer.account(), asked, cut);
  };
  try {
    await askModels(ports, asked, course, { call, committed: () => writer.committed });
    writer.end('data: [DONE]\n\n');
  } catch (error) {
    if (!writer.committed) throw error;
    course.error = error instanceof CallFailed ? error.trial.lastType : 'internal_error';
    const trial = error instanceof CallFailed ? error.trial : undefined;
    if (!trial) ports.log.error({ error, id: asked.id }, 'a stream broke off');
    writer.end(failureFrame(answer?.account(), asked, trial));
  }
}

/** Whether it was cut because the client is gone: what was received by then is paid for. */
async function pass({ parts }: StreamedAnswer, writer: StreamWriter, asked: Asked): Promise<boolean> {
  try {
    for await (const part of parts) {
      const slow = writer.write(part);
      if (slow) await slow;
    }
    return false;
  } catch (error) {
    if (asked.signal.aborted && writer.committed) return true;
    throw error;
  }
}

function answeredBy(account: StreamAccount, asked: Asked, cut: boolean): Answered<undefined> {
  const { model, usage, received, costUsd } = account;
  return {
    ...{ value: undefined, model },
    // Where nobody tells, what was sent and received is estimated: an unknown number of tokens is not none.
    usage: usage ?? { input: asked.inputTokens, output: received },
    ...(costUsd !== undefined && { costUsd }),
    ...(cut && { cut }),
  };
}

/** The answer had begun: clients know from it that what they have is a part, and that asking elsewhere repeats it. */
function failureFrame(account: StreamAccount | undefined, { id, since }: Asked, trial: Trial | undefined): string {
  const frame = {
    id: account?.id ?? id,
    object: 'chat.completion.chunk',
    created: Math.floor(since / 1000),
    model: account?.model ?? '',
    error: {
      code: trial?.lastType === 'Provider.Timeout' ? 504 : 502,
      message: trial?.message ?? 'The gateway failed while it answered.',
      metadata: { error_type: trial?.lastType ?? 'internal_error', committed: true },
    },
    choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
  };
  return `data: ${JSON.stringify(frame)}\n\n`;
}
