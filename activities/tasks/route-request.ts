import type { Json, JsonObject } from '../../contracts/json';
import type { CompletionRequestRef } from '../../contracts/tasks/activities';
import type { BudgetScope } from '../../contracts/budgets';
import type { ClientRequest } from '../models/client/model-client';

/** Characters of a token at the least: an estimate that is used to hold money must not be too small. */
const CHARACTERS_PER_TOKEN = 3;

/** What routing knows of a chat completion that is asked for. */
export function routeRequestOf(
  id: string,
  body: JsonObject,
  { project, allowed }: CompletionRequestRef,
  { team }: BudgetScope,
): ClientRequest {
  const { model } = body;
  const maxOutputTokens = tokens(body['max_completion_tokens']) ?? tokens(body['max_tokens']);
  return {
    id,
    inputTokens: Math.ceil(JSON.stringify([body['messages'], body['tools'] ?? null]).length / CHARACTERS_PER_TOKEN),
    ...(typeof model === 'string' && model !== '' && { model }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(project !== undefined && { project }),
    ...(team !== undefined && { team }),
    ...(allowed !== undefined && { allowed }),
  };
}

function tokens(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}
