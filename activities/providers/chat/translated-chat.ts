import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../../contracts/json';
import { exchange, exchangeStream, type Exchange, type ExchangeOf } from '../exchange';
import type { Chat, ChatEvent, ChatStream, ModelBody, StreamAccount, WholeChat, WireOptions } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';
import type { Piece, Told } from './piece';
import { readChat, type AskedChat } from './read-chat';
import { Teller } from './teller';

/** Ask a provider that does not speak OpenAI's protocol: its answer always streams, and is put together where need be. */
export type AskInOwnWords = (
  asked: AskedChat,
  wire: Exchange,
  told: Told,
  options: WireOptions,
) => Promise<AsyncIterable<Piece>>;

/** Chat completions of such a provider. */
export function translatedChat(of: ExchangeOf, ask: AskInOwnWords): Chat {
  function chat(body: ModelBody, options: WireOptions & { readonly stream: false }): Promise<WholeChat>;
  function chat(body: ModelBody, options: WireOptions & { readonly stream: true }): Promise<ChatStream>;
  function chat(body: ModelBody, options: WireOptions & { readonly stream: boolean }) {
    const answer = new Answer(body.model);
    const open = (wire: Exchange) => answer.begin(body, wire, options, ask);
    const asked = { model: body.model, timeouts: options.timeouts };
    return options.stream
      ? exchangeStream(of, asked, options.signal, open).then((events) => ({ events, account: () => answer.account() }))
      : exchange(of, asked, options.signal, async (wire) => answer.whole(await open(wire)));
  }
  return chat;
}

/** One answer as it comes. */
class Answer {
  private readonly since = Date.now();
  private readonly told: Told;
  private readonly teller: Teller;
  private firstEventMs: number | undefined;
  private requestId: string | undefined;

  constructor(model: string) {
    this.told = { id: `chatcmpl-${randomBytes(12).toString('hex')}`, model };
    this.teller = new Teller(this.told, Math.floor(this.since / 1000));
  }

  async begin(
    body: ModelBody,
    wire: Exchange,
    options: WireOptions,
    ask: AskInOwnWords,
  ): Promise<AsyncIterable<ChatEvent>> {
    const asked = readChat(body);
    const pieces = await ask(asked, wire, this.told, options);
    this.requestId = wire.requestId();
    return this.events(pieces, asked.stop.length > 0);
  }

  async whole(events: AsyncIterable<ChatEvent>): Promise<WholeChat> {
    // The teller remembers what it told.
    for await (const _ of events);
    return { ...this.account(), body: this.teller.whole(), firstEventMs: this.firstEventMs ?? 0 };
  }

  account(): StreamAccount {
    const { firstEventMs, requestId } = this;
    const { model, usage } = this.told;
    return {
      model,
      ...(usage === undefined ? {} : { usage }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(firstEventMs === undefined ? {} : { firstEventMs }),
    };
  }

  private async *events(pieces: AsyncIterable<Piece>, mayBeEmpty: boolean): AsyncGenerator<ChatEvent> {
    let begun = false;
    for await (const piece of pieces) {
      // The id and the model of all chunks are known with the first of them.
      if (!begun) yield event(this.teller.role(), 'nothing');
      begun = true;
      if (piece.kind === 'end' && piece.reason === 'stop' && !mayBeEmpty) this.demandContent();
      this.firstEventMs ??= Date.now() - this.since;
      yield event(this.teller.tell(piece), 'content');
    }
    const usage = this.teller.usage();
    if (usage) yield event(usage, 'usage');
  }

  private demandContent(): void {
    if (!this.teller.isEmpty) return;
    throw new UnusableAnswer('Provider.BadResponse', 'empty', 'the answer is empty');
  }
}

function event(chunk: JsonObject, bears: ChatEvent['bears']): ChatEvent {
  return { chunk, bears, raw: `data: ${JSON.stringify(chunk)}\n\n` };
}
