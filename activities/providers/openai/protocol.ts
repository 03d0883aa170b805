import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { classifyAnythingLlm, classifyOpenAi } from '../classify/openai';
import { holdsStrictly, requiresEveryKey } from '../hold-to-schema';
import type { StreamedAnswer, StreamPart, WholeAnswer } from '../model-provider';
import type { Asked, Protocol } from '../protocol';
import type { OpenAiSettings } from '../settings';
import { wholeBody } from '../wire/whole-body';
import { NO_OBJECT, NO_STREAM, type Address, type Wire } from '../wire/wire';
import { addressOf } from './address';
import { ErrorInAnswer, expectedOf } from './choices';
import { EventReader } from './event-reader';
import { chatChanges, embeddingChanges } from './fields';
import { readCompletion, readEmbeddings, type ReadAnswer } from './read-whole';
import { rewritten } from './rewrite';

/**
 * The chat completions protocol: OpenAI itself, and every server that speaks as it does. What is asked goes on as it is,
 * and so does what comes back; it is read as it passes, for usage and for its end.
 */
export function openAiProtocol(settings: OpenAiSettings): Protocol {
  const { name, vendor, apiKey: secret, structuredOutput } = settings;
  const chats = addressOf(settings, '/chat/completions');
  const embeddings = addressOf(settings, '/embeddings');
  return {
    ...{ name, secret, alwaysStreams: false },
    classify: vendor === 'anythingllm' ? classifyAnythingLlm : classifyOpenAi,
    chat: (asked, wire) => {
      const body = rewritten(asked.request, chatChanges(settings, asked, false));
      return answerOf(wire, chats, body, (bytes) => readCompletion(bytes, expectedOf(asked)));
    },
    embed: (asked, wire) => {
      const body = rewritten(asked.request, embeddingChanges(settings, asked));
      return answerOf(wire, embeddings, body, (bytes) => readEmbeddings(bytes, asked.model));
    },
    stream: async (asked, wire) => {
      const body = rewritten(asked.request, chatChanges(settings, asked, true));
      return streamed(asked, wire, await wire.post(chats, body, NO_STREAM));
    },
    formatFor: (schema) => {
      if (!structuredOutput || schema['type'] !== 'object') return undefined;
      const strict = holdsStrictly(schema) && requiresEveryKey(schema);
      return { type: 'json_schema', json_schema: { name: 'answer', schema, strict } };
    },
  };
}

async function answerOf(
  wire: Wire,
  to: Address,
  body: Buffer,
  read: (bytes: Buffer) => ReadAnswer,
): Promise<WholeAnswer> {
  const bytes = await wholeBody(await wire.post(to, body, NO_OBJECT), wire);
  try {
    const { body: answer, told } = read(bytes);
    const { model, usage, costUsd } = told;
    return { bytes, body: answer, model, usage, costUsd, requestId: wire.requestId() };
  } catch (error) {
    // An error with status 200 is classified as if it had a status of its own.
    throw error instanceof ErrorInAnswer ? wire.refuse(JSON.stringify({ error: error.error })) : error;
  }
}

function streamed(asked: Asked, wire: Wire, body: Readable): StreamedAnswer {
  const reader = new EventReader(expectedOf(asked));
  return { parts: read(), account: () => reader.account(wire.requestId()) };

  async function* read(): AsyncGenerator<StreamPart> {
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    try {
      for (;;) {
        const next = chunks.next();
        const { done, value } = reader.isOver ? await Promise.race([next, lingered()]) : await next;
        if (done || value === undefined) break;
        wire.alive();
        const part = reader.push(value);
        if (part === undefined) continue;
        if (part.commits) wire.begun();
        yield part;
        reader.check();
      }
      const last = reader.end();
      if (last) yield last;
    } finally {
      body.destroy();
    }
  }
}

/** Behind its end mark a stream is read on for so long, so that its connection can be used again. */
const LINGER_MS = 500;

/** Some servers leave the connection open behind an answer that is whole. */
function lingered(): Promise<IteratorResult<Buffer, undefined>> {
  return sleep(LINGER_MS, { done: true, value: undefined }, { ref: false });
}
