import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../../contracts/json';
import { tokensOfAnswer } from '../../../contracts/tokens';
import type { StreamAccount, StreamPart, WholeAnswer } from '../model-provider';
import type { Asked, Protocol } from '../protocol';
import { UnusableAnswer } from '../provider-failure';
import { wantsUsage } from '../wire-request';
import type { Wire } from '../wire/wire';
import type { Piece, Told } from './piece';
import { longestAnswer, readChat, type AskedChat } from './read-chat';
import { Teller } from './teller';

/** Ask a provider that does not speak OpenAI's protocol: its answer always streams, and is put together where need be. */
export type AskInOwnWords = (asked: AskedChat, wire: Wire, told: Told) => Promise<AsyncIterable<Piece>>;

/** Chat completions of such a provider. */
export function translated(ask: AskInOwnWords): Pick<Protocol, 'alwaysStreams' | 'chat' | 'stream'> {
  return {
    alwaysStreams: true,
    chat: async (asked, wire) => {
      const answer = new Answer(asked.model);
      // The teller remembers what it told.
      for await (const _ of await answer.begin(asked, wire, ask));
      return answer.whole();
    },
    stream: async (asked, wire) => {
      const answer = new Answer(asked.model);
      return { parts: await answer.begin(asked, wire, ask), account: () => answer.account() };
    },
  };
}

/** One answer as it comes. */
class Answer {
  private readonly told: Told;
  private readonly teller: Teller;
  private requestId: string | undefined;
  private received = 0;

  constructor(model: string) {
    this.told = { id: `chatcmpl-${randomBytes(12).toString('hex')}`, model };
    this.teller = new Teller(this.told, Math.floor(Date.now() / 1000));
  }

  async begin(asked: Asked, wire: Wire, ask: AskInOwnWords): Promise<AsyncIterable<StreamPart>> {
    const chat = read(asked);
    const pieces = await ask(chat, wire, this.told);
    this.requestId = wire.requestId();
    return this.parts(pieces, wire, { mayBeEmpty: chat.stop.length > 0, tellsUsage: wantsUsage(asked.request) });
  }

  whole(): WholeAnswer {
    const { model, usage, costUsd, requestId } = this.account();
    const body = this.teller.whole();
    return { model, usage, costUsd, requestId, body, bytes: Buffer.from(JSON.stringify(body)) };
  }

  account(): StreamAccount {
    const { requestId, received } = this;
    const { id, model, usage } = this.told;
    return { id, model, usage, costUsd: undefined, received: tokensOfAnswer(received), requestId };
  }

  private async *parts(
    pieces: AsyncIterable<Piece>,
    wire: Wire,
    { mayBeEmpty, tellsUsage }: { readonly mayBeEmpty: boolean; readonly tellsUsage: boolean },
  ): AsyncGenerator<StreamPart> {
    let commits = false;
    for await (const piece of pieces) {
      // The id and the model of all chunks are known with the first of them.
      if (!commits) yield part(this.teller.role(), false);
      if (piece.kind === 'end' && piece.reason === 'stop' && !mayBeEmpty) this.demandContent();
      commits = true;
      wire.begun();
      this.received += bytesOf(piece);
      yield part(this.teller.tell(piece), commits);
    }
    // SDKs end an aborted stream as if it were complete.
    wire.signal.throwIfAborted();
    const usage = tellsUsage ? this.teller.usage() : undefined;
    if (usage) yield part(usage, commits);
  }

  private demandContent(): void {
    if (!this.teller.isEmpty) return;
    throw new UnusableAnswer('Provider.BadResponse', 'empty', 'the answer is empty');
  }
}

/** What is asked, for no longer answer than may be. */
function read({ request: { body }, model, maxOutput }: Asked): AskedChat {
  const chat = readChat({ ...body, model });
  if (maxOutput === undefined) return chat;
  return { ...chat, max_completion_tokens: Math.min(maxOutput, longestAnswer(chat) ?? maxOutput) };
}

function part(chunk: JsonObject, commits: boolean): StreamPart {
  return { bytes: Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`), commits };
}

function bytesOf(piece: Piece): number {
  return 'text' in piece ? Buffer.byteLength(piece.text) : 'name' in piece ? Buffer.byteLength(piece.name) : 0;
}
