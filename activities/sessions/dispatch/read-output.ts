import type { Json } from '../../../contracts/json';
import { outputSchema } from '../../../contracts/schemas/output';
import type { Shape } from '../../../contracts/shape';
import { failure } from '../../failure';
import { readIfThere } from '../../files/whole-file';

/** The JSON an agent left in a file, of a declared shape. Fails: Stage.OutputInvalid. */
export async function readOutput(path: string, shape: Shape): Promise<Json> {
  const text = await readIfThere(path);
  if (text === undefined) throw invalid('The agent wrote nothing to $GANTRY_OUTPUT');
  const parsed = outputSchema(shape).safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
  throw invalid(`What the agent wrote to $GANTRY_OUTPUT does not have the declared shape${where}: ${issue?.message}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`What the agent wrote to $GANTRY_OUTPUT is not JSON: ${(error as Error).message}`);
  }
}

function invalid(what: string) {
  return failure('Stage.OutputInvalid', `${what}. The stage can be tried again.`);
}
