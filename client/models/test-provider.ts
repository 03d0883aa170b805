import { randomBytes } from 'node:crypto';
import type { NanoDollars } from '../../contracts/money';
import type { Temporal } from '../temporal';

/** How one provider answered a small question. Lengths are milliseconds. */
export type ProviderTest = { readonly provider: string } & (
  | {
      readonly ok: true;
      readonly model: string;
      readonly ms: number;
      readonly tokens: number;
      readonly costNano?: NanoDollars;
    }
  | { readonly ok: false; readonly type: string; readonly message: string }
);

const QUESTION = 'Answer with the one word: ready';
/** Room for models that think first. */
const MAX_TOKENS = 512;
const LOOK_EVERY_MS = 200;

/**
 * Ask a provider a small question, from a worker and with its key: the same way that runs ask. It is asked once.
 * @param model `provider` or `provider/model`.
 */
export async function testProvider(temporal: Temporal, model: string, timeoutMs: number): Promise<ProviderTest> {
  const id = `test-${randomBytes(4).toString('hex')}`;
  const input = { id, prompt: QUESTION, model, timeoutMs, attempts: 1, watched: false, maxOutputTokens: MAX_TOKENS };
  await temporal.modelCalls.start(input, `test of ${model}`);
  const standing = await untilClosed(temporal, id);
  const end = await temporal.modelCalls.end(id);
  const [provider = model] = model.split('/');
  if ('failure' in end) return { provider, ok: false, ...end.failure };
  const { result } = end;
  return {
    provider,
    ok: true,
    model: result.model,
    ms: (standing.closedAt ?? standing.startedAt) - standing.startedAt,
    tokens: result.inputTokens + result.outputTokens,
    ...(result.costNano === undefined ? {} : { costNano: result.costNano }),
  };
}

async function untilClosed(temporal: Temporal, id: string) {
  for (;;) {
    const standing = await temporal.modelCalls.look(id);
    if (!standing.open) return standing;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
