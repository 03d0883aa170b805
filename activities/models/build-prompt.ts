import type { JsonObject } from '../../contracts/json';
import { candidateKey, type CallModelInput, type Candidate, type RejectedAnswer } from '../../contracts/models';
import { shapeToJsonSchema } from '../../contracts/schemas/output';
import { tokensOfPrompt } from '../../contracts/tokens';
import { renderAttachments } from '../attachments/render-attachments';
import type { CompletionRequest, Message } from '../providers/model-provider';
import type { ModelPorts } from './ports';

export type Prompt = Pick<CompletionRequest, 'system' | 'messages' | 'schema'>;

/**
 * What the model reads: the prompt, what is attached to it, and the shape its answer has to have. Fails: Path.Escapes,
 * Git.Failed, Definition.Invalid.
 */
export async function buildPrompt(
  ports: Pick<ModelPorts, 'readText' | 'redact'>,
  input: Pick<CallModelInput, 'attachments' | 'output' | 'prompt' | 'system' | 'workspace'>,
): Promise<Prompt> {
  const attached = await renderAttachments(input.attachments, input.workspace, ports);
  const schema = input.output === undefined ? undefined : shapeToJsonSchema(input.output);
  const parts = [input.prompt, attached, schema ? instruction(schema) : ''].filter((part) => part !== '');
  return {
    messages: [{ role: 'user', content: ports.redact(parts.join('\n\n')) }],
    ...(input.system ? { system: ports.redact(input.system) } : {}),
    ...(schema ? { schema } : {}),
  };
}

/** The prompt for one candidate: whoever answered in the wrong shape is shown its answer, and what is wrong with it. */
export function promptFor(prompt: Prompt, candidate: Candidate, rejected: RejectedAnswer | undefined): Prompt {
  if (rejected === undefined || candidateKey(rejected) !== candidateKey(candidate)) return prompt;
  return { ...prompt, messages: [...prompt.messages, ...correction(rejected)] };
}

/** About how many tokens it is. */
export function tokensOf({ system = '', messages, schema }: Prompt): number {
  const parts = [system, ...messages.map(({ content }) => content), schema === undefined ? '' : JSON.stringify(schema)];
  return tokensOfPrompt(parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0));
}

function instruction(schema: JsonObject): string {
  return `Answer with one JSON value and nothing else: no prose, no code fence. It must match this JSON Schema:\n${JSON.stringify(schema)}`;
}

function correction({ answer, issues }: RejectedAnswer): Message[] {
  return [
    { role: 'assistant', content: answer },
    {
      role: 'user',
      content: `That answer cannot be used: ${issues}. Answer again, with the whole answer and nothing else.`,
    },
  ];
}
