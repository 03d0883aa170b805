import type { CallModelInput } from '../../contracts/activities';
import { shapeToJsonSchema } from '../../contracts/schemas/output';
import type { JsonObject } from '../../contracts/json';
import { renderAttachments } from '../attachments/render-attachments';
import type { Candidate } from '../providers/choose';
import type { CompletionRequest, Message } from '../providers/model-provider';
import type { ModelPorts } from './create-model-activities';
import type { Memory } from './memory';

/**
 * What the model reads: the prompt, what is attached to it, and the shape its answer has to have; after an answer in
 * the wrong shape that answer and what was wrong with it, too.
 */
export async function buildPrompt(
  ports: ModelPorts,
  input: CallModelInput,
  memory: Memory,
  candidate: Candidate,
): Promise<Pick<CompletionRequest, 'system' | 'messages' | 'schema'>> {
  const attached = await renderAttachments(input.attachments, input.workspace, ports);
  const schema = input.output === undefined ? undefined : shapeToJsonSchema(input.output);
  const parts = [input.prompt, attached, schema ? instruction(schema) : ''].filter((part) => part !== '');
  const asked: Message = { role: 'user', content: ports.redact(parts.join('\n\n')) };
  return {
    messages: [asked, ...correction(memory, candidate)],
    ...(input.system ? { system: ports.redact(input.system) } : {}),
    ...(schema ? { schema } : {}),
  };
}

function instruction(schema: JsonObject): string {
  return `Answer with one JSON value and nothing else: no prose, no code fence. It must match this JSON Schema:\n${JSON.stringify(schema)}`;
}

function correction({ rejected }: Memory, { provider, model }: Candidate): Message[] {
  if (!rejected || rejected.provider !== provider || rejected.model !== model) return [];
  return [
    { role: 'assistant', content: rejected.answer },
    {
      role: 'user',
      content: `That answer cannot be used: ${rejected.issues}. Answer again, with the JSON value alone.`,
    },
  ];
}
