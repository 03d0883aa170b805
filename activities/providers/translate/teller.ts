import type { Json, JsonObject } from '../../../contracts/json';
import type { Usage } from '../model-provider';
import type { FinishReason, Piece, Told } from './piece';

interface ToldCall {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

/** Tells an answer in OpenAI's words: chunk by chunk, and as a whole afterwards. */
export class Teller {
  private text = '';
  private reasoning = '';
  private readonly calls: ToldCall[] = [];
  private reason: FinishReason | null = null;

  constructor(
    private readonly told: Told,
    /** Epoch seconds. */
    private readonly created: number,
  ) {}

  get isEmpty(): boolean {
    return this.text.trim() === '' && this.reasoning === '' && this.calls.length === 0;
  }

  role(): JsonObject {
    return this.chunk({ role: 'assistant', content: '' });
  }

  tell(piece: Piece): JsonObject {
    switch (piece.kind) {
      case 'text':
        this.text += piece.text;
        return this.chunk({ content: piece.text });
      case 'reasoning':
        this.reasoning += piece.text;
        return this.chunk({ reasoning_content: piece.text });
      case 'call': {
        const { index, id, name } = piece;
        this.calls[index] = { id, name, arguments: '' };
        return this.chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
      }
      case 'arguments': {
        const { index, text } = piece;
        const call = this.calls[index];
        if (call) call.arguments += text;
        return this.chunk({ tool_calls: [{ index, function: { arguments: text } }] });
      }
      case 'end':
        this.reason = piece.reason;
        return this.chunk({}, piece.reason);
    }
  }

  /** The chunk without choices; undefined: the provider did not say. */
  usage(): JsonObject | undefined {
    const { usage } = this.told;
    return usage && { ...this.head('chat.completion.chunk'), choices: [], usage: usageOf(usage) };
  }

  whole(): JsonObject {
    const { usage } = this.told;
    const calls = this.calls.map(({ id, ...called }) => ({ id, type: 'function', function: { ...called } }));
    const message = {
      role: 'assistant',
      content: this.text === '' && calls.length > 0 ? null : this.text,
      refusal: null,
      ...(this.reasoning === '' ? {} : { reasoning_content: this.reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
    return {
      ...this.head('chat.completion'),
      choices: [{ index: 0, message, finish_reason: this.reason, logprobs: null }],
      ...(usage && { usage: usageOf(usage) }),
    };
  }

  private chunk(delta: JsonObject, finish: FinishReason | null = null): JsonObject {
    return { ...this.head('chat.completion.chunk'), choices: [{ index: 0, delta, finish_reason: finish }] };
  }

  private head(object: string): { [key: string]: Json } {
    return { id: this.told.id, object, created: this.created, model: this.told.model };
  }
}

function usageOf({ input, output, cacheRead, cacheWrite }: Usage): JsonObject {
  const details = {
    ...(cacheRead === undefined ? {} : { cached_tokens: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
  };
  return {
    ...{ prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
    ...(Object.keys(details).length === 0 ? {} : { prompt_tokens_details: details }),
  };
}
