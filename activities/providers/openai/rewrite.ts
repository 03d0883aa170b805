import type { WireRequest } from '../model-provider';

/** How far into a body the name of the model is looked for: clients write it first. */
const HEAD_BYTES = 512;
const MODEL_FIRST = /^\s*\{\s*"model"\s*:\s*"((?:[^"\\]|\\.)*)"/;

/** Fields as they are to be; undefined: as if it had not been said. */
export type Changes = Readonly<Record<string, unknown>> & { readonly model: string };

/**
 * The body for a provider: the client's own bytes, with the name of the model put in its place and what is new put at
 * their end. Only where that is not plain to do is the body written anew.
 */
export function rewritten({ raw, body }: WireRequest, changes: Changes): Buffer {
  const { model, ...others } = changes;
  const isNamed = body['model'] === model;
  const names = Object.keys(others);
  if (isNamed && names.length === 0) return raw;
  const isPlain = names.every((name) => others[name] !== undefined && !Object.hasOwn(body, name));
  const spliced = isPlain ? splice(raw, body, isNamed ? undefined : model, others) : undefined;
  return spliced ?? Buffer.from(JSON.stringify({ ...body, ...changes }));
}

/** @param model its name, where the one in the body has to give way */
function splice(
  raw: Buffer,
  body: WireRequest['body'],
  model: string | undefined,
  added: Readonly<Record<string, unknown>>,
): Buffer | undefined {
  const tail = Object.entries(added).map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const end = tail.length === 0 ? raw.length : raw.lastIndexOf('}');
  const after = tail.length === 0 ? [] : [Buffer.from(`${tail.join('')}}`)];
  if (model === undefined) return Buffer.concat([raw.subarray(0, end), ...after]);
  const place = placeOfModel(raw, body);
  if (place === undefined) return undefined;
  const name = Buffer.from(JSON.stringify(model));
  return Buffer.concat([raw.subarray(0, place.from), name, raw.subarray(place.to, end), ...after]);
}

/** Where the value of `model` stands, quotes included; undefined where it might stand twice, or under another spelling. */
function placeOfModel(
  raw: Buffer,
  body: WireRequest['body'],
): { readonly from: number; readonly to: number } | undefined {
  const found = MODEL_FIRST.exec(raw.toString('latin1', 0, HEAD_BYTES));
  if (!found || found[1] !== body['model']) return undefined;
  const to = found[0].length;
  const twice = raw.indexOf('"model"', to) !== -1 || raw.includes('\\u006', to);
  return twice ? undefined : { from: to - (found[1]?.length ?? 0) - 2, to };
}
