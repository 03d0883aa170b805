import OpenAI from 'openai';
import { z } from 'zod';

const edit = z.union([
  z.strictObject({ path: z.string(), find: z.string().min(1), replace: z.string() }),
  z.strictObject({ path: z.string(), content: z.string() }),
]);

const answer = z.object({
  edits: z.array(edit),
  commit: z.string().default(''),
  say: z.string().default('done'),
  output: z.json().optional(),
});

export type Edit = z.output<typeof edit>;
export type EditAnswer = z.output<typeof answer>;

const INSTRUCTIONS = `You are a coding agent. Answer with one JSON object and nothing else:
{ "edits": [ { "path": "…", "find": "…", "replace": "…" } or { "path": "…", "content": "…" } ],
  "commit": "the message of the commit", "say": "one or two sentences on what you did" }
"find" must occur exactly once in the file. Paths are relative to the repository. If the task asks for a result in the
file GANTRY_OUTPUT, add it to the object as "output".`;

/** Ask the model for an edit of the repository. An answer in words is one without edits. Fails when it cannot be reached, or names edits that are none. */
export async function askForEdit(prompt: string, repository: string, signal: AbortSignal): Promise<EditAnswer> {
  const client = new OpenAI({
    baseURL: process.env['GANTRY_OFFLINE_MODEL_URL'] ?? null,
    apiKey: process.env['OPENAI_API_KEY'] ?? 'offline',
    maxRetries: 2,
  });
  const completion = await client.chat.completions.create(
    {
      model: process.env['GANTRY_OFFLINE_MODEL'] ?? 'offline-scripted',
      messages: [
        { role: 'system', content: INSTRUCTIONS },
        { role: 'user', content: `${repository}\n\nThe task:\n\n${prompt}` },
      ],
    },
    { signal },
  );
  return readAnswer(completion.choices[0]?.message.content ?? '');
}

/** The answer in a model's words, which may stand in a code fence. */
export function readAnswer(text: string): EditAnswer {
  const json = /^```(?:json)?\n([\s\S]*)\n```$/.exec(text.trim())?.[1] ?? text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { edits: [], commit: '', say: text.trim() }; // it has something to say, and nothing to change
  }
  const parsed = answer.safeParse(value);
  if (!parsed.success) throw new Error(`the model's answer is no edit: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
