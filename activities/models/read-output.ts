import type { Json } from '../../contracts/json';
import { outputSchema } from '../../contracts/schemas/output';
import type { Shape } from '../../contracts/shape';
import { extractJson } from './extract-json';

/** The output in an answer, or what is wrong with it in words the model and a person can use. */
export function readOutput(answer: string, shape: Shape): { readonly output: Json } | { readonly issues: string } {
  const found = extractJson(answer);
  if (!found) return { issues: 'there is no JSON in it' };
  const parsed = outputSchema(shape).safeParse(found.value);
  if (parsed.success) return { output: parsed.data };
  const issues = parsed.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  return { issues: issues.join('; ') };
}
