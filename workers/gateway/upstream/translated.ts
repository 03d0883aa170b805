import type { ChatStream, ModelBody, ModelProvider } from '../../../activities/providers/model-provider';
import { tokensOfAnswer } from '../../../contracts/tokens';
import { isObject } from '../json';
import { contentBytesOf } from './content';
import type { StreamPart, StreamedAnswer, Upstream, UpstreamCall, UpstreamRequest, WholeAnswer } from './upstream';

/** A provider that does not speak OpenAI's protocol: it translates both ways, and its pieces are written down here. */
export function createTranslatedUpstream(provider: ModelProvider): Upstream {
  return {
    provider: provider.name,
    async complete(request, call) {
      const { body, ...account } = await provider.chat(bodyOf(request, call), { ...optionsOf(call), stream: false });
      return written(body, account);
    },
    async stream(request, call) {
      return streamOf(await provider.chat(bodyOf(request, call), { ...optionsOf(call), stream: true }), request);
    },
    async embed(request, call) {
      const { body, ...account } = await provider.embed(bodyOf(request, call), optionsOf(call));
      return written(body, account);
    },
    close: () => Promise.resolve(),
  };
}

function bodyOf({ body }: UpstreamRequest, { model }: UpstreamCall): ModelBody {
  return { ...body, model };
}

function optionsOf({ timeouts, signal }: UpstreamCall): Pick<UpstreamCall, 'timeouts' | 'signal'> {
  return { timeouts, signal };
}

function written(body: object, account: Omit<WholeAnswer, 'bytes'>): WholeAnswer {
  return { ...account, bytes: Buffer.from(JSON.stringify(body)) };
}

function streamOf(answer: ChatStream, { wantsUsage }: UpstreamRequest): StreamedAnswer {
  let bytes = 0;
  let id: string | undefined;
  return {
    parts: parts(),
    account: () => ({
      ...answer.account(),
      received: tokensOfAnswer(bytes),
      ...(id !== undefined && { id }),
    }),
  };

  async function* parts(): AsyncGenerator<StreamPart> {
    for await (const { chunk, raw, bears } of answer.events) {
      if (typeof chunk['id'] === 'string') id ??= chunk['id'];
      if (bears === 'usage' && !wantsUsage) continue;
      if (bears === 'content') bytes += contentBytesIn(chunk['choices']);
      yield { bytes: Buffer.from(raw), commits: bears === 'content' };
    }
  }
}

function contentBytesIn(choices: unknown): number {
  const each = Array.isArray(choices) ? choices.filter(isObject) : [];
  return each.reduce((sum, { delta }) => sum + (isObject(delta) ? contentBytesOf(delta) : 0), 0);
}
