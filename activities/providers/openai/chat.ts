import { exchange, exchangeStream, type Exchange, type ExchangeOf } from '../exchange';
import type {
  Chat,
  ChatEvent,
  ChatStream,
  Embeddings,
  ModelBody,
  ModelProvider,
  StreamAccount,
  Timeouts,
  WholeChat,
  WireOptions,
} from '../model-provider';
import { UnusableAnswer } from '../provider-failure';
import type { OpenAiSettings } from '../settings';
import { chatBody, embeddingBody, headersOf, urlOf } from './bodies';
import { AnswerReader, ErrorInAnswer, parse } from './read-answer';
import { accountOf } from './account';
import { serverSentEvents } from './server-sent-events';

/** What OpenAI's protocol needs no SDK for: bodies go on as they came, and so do answers. */
export function createOpenAiChat(settings: OpenAiSettings, of: ExchangeOf): Pick<ModelProvider, 'chat' | 'embed'> {
  return {
    chat: chatOf(settings, of),
    embed: (body, options) => embed(settings, { ...of, refuses: NO_JSON }, body, options),
  };
}

const NO_JSON = /text\/(html|event-stream)/;

function chatOf(settings: OpenAiSettings, of: ExchangeOf): Chat {
  function chat(body: ModelBody, options: WireOptions & { readonly stream: false }): Promise<WholeChat>;
  function chat(body: ModelBody, options: WireOptions & { readonly stream: true }): Promise<ChatStream>;
  function chat(body: ModelBody, options: WireOptions & { readonly stream: boolean }) {
    return options.stream ? streamed(settings, of, body, options) : whole(settings, of, body, options);
  }
  return chat;
}

async function whole(
  settings: OpenAiSettings,
  of: ExchangeOf,
  body: ModelBody,
  { timeouts, signal }: WireOptions,
): Promise<WholeChat> {
  const since = Date.now();
  const asked = { model: body.model, timeouts: ofOnePiece(timeouts) };
  return exchange({ ...of, refuses: NO_JSON }, asked, signal, async (wire) => {
    const text = await post(settings, wire, '/chat/completions', chatBody(settings, body, false));
    const reader = readerFor(body);
    const answer = readOr(wire, () => reader.whole(text));
    return { ...reader.account, ...idOf(wire), body: answer, firstEventMs: Date.now() - since };
  });
}

async function streamed(
  settings: OpenAiSettings,
  of: ExchangeOf,
  body: ModelBody,
  { timeouts, signal }: WireOptions,
): Promise<ChatStream> {
  const since = Date.now();
  const reader = readerFor(body);
  let beside: Pick<StreamAccount, 'requestId' | 'firstEventMs'> = {};
  const events = await exchangeStream(of, { model: body.model, timeouts }, signal, async (wire) => {
    const sent = JSON.stringify(chatBody(settings, body, true));
    const bytes = await wire.post(urlOf(settings, '/chat/completions'), headersOf(settings), sent);
    beside = idOf(wire);
    return read(wire, bytes);
  });
  return { events, account: () => ({ ...reader.account, ...beside }) };

  async function* read(wire: Exchange, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ChatEvent> {
    for await (const { raw, data } of wire.events(serverSentEvents(bytes))) {
      const event = reader.chunk(data);
      if (!event) continue;
      if (event.bears === 'content') beside = { firstEventMs: Date.now() - since, ...beside };
      yield { ...event, raw };
    }
    reader.end();
  }
}

async function embed(
  settings: OpenAiSettings,
  of: ExchangeOf,
  body: ModelBody,
  { timeouts, signal }: WireOptions,
): Promise<Embeddings> {
  return exchange(of, { model: body.model, timeouts: ofOnePiece(timeouts) }, signal, async (wire) => {
    const text = await post(settings, wire, '/embeddings', embeddingBody(settings, body));
    const answer = readOr(wire, () => parse(text));
    const { data, model, usage } = answer;
    if (!Array.isArray(data) || data.length === 0) {
      if (answer['error'] !== undefined) throw wire.refuse(text);
      throw new UnusableAnswer('Provider.BadResponse', 'empty', 'the answer holds no embedding');
    }
    const named = typeof model === 'string' && model !== '' ? model : body.model;
    return { body: answer, model: named, ...accountOf(usage), ...idOf(wire) };
  });
}

/** The text of an answer in one piece. Blank lines before it, which keep a connection alive, are no harm to JSON. */
async function post(settings: OpenAiSettings, wire: Exchange, path: string, body: object): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  const bytes = await wire.post(urlOf(settings, path), headersOf(settings), JSON.stringify(body));
  for await (const chunk of wire.events(bytes)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** An error with status 200 is classified as if it had a status of its own. */
function readOr<T>(wire: Exchange, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ErrorInAnswer ? wire.refuse(JSON.stringify({ error: error.error })) : error;
  }
}

function readerFor(body: ModelBody): AnswerReader {
  const { n, stop } = body;
  const stops = typeof stop === 'string' ? stop !== '' : Array.isArray(stop) && stop.length > 0;
  return new AnswerReader(body.model, { choices: typeof n === 'number' ? n : 1, mayBeEmpty: stops });
}

/** Before an answer in one piece there is nothing to be seen of it, however long it takes. */
function ofOnePiece(timeouts: Timeouts): Timeouts {
  return { ...timeouts, firstEventMs: timeouts.totalMs };
}

function idOf(wire: Exchange): { requestId?: string } {
  const requestId = wire.requestId();
  return requestId === undefined ? {} : { requestId };
}
