import { isObject } from '../json';

/** How far into a body the name of the model is looked for: clients write it first. */
const HEAD_BYTES = 512;
const MODEL_FIRST = /^\s*\{\s*"model"\s*:\s*"((?:[^"\\]|\\.)*)"/;

export interface Changes {
  readonly model: string;
  /** A stream tells its usage at the end. */
  readonly includeUsage?: boolean;
}

/**
 * The body for a provider: the client's own bytes, with the name of the model put in its place. Only where that place
 * is not plain to see is the body written anew. `body` is what `raw` parses to.
 */
export function bodyFor(
  raw: Buffer,
  body: Readonly<Record<string, unknown>>,
  { model, includeUsage = false }: Changes,
): Buffer {
  const asked = body['stream_options'];
  const knowsUsage = isObject(asked) && asked['include_usage'] === true;
  const addsUsage = includeUsage && !knowsUsage;
  const named = body['model'] === model;
  if (named && !addsUsage) return raw;
  const options = addsUsage ? { stream_options: { ...(isObject(asked) && asked), include_usage: true } } : {};
  const spliced = addsUsage && asked !== undefined ? undefined : splice(raw, body, { model, addsUsage, named });
  return spliced ?? Buffer.from(JSON.stringify({ ...body, model, ...options }));
}

const USAGE = Buffer.from(',"stream_options":{"include_usage":true}}');

function splice(
  raw: Buffer,
  body: Readonly<Record<string, unknown>>,
  { model, addsUsage, named }: { readonly model: string; readonly addsUsage: boolean; readonly named: boolean },
): Buffer | undefined {
  const end = addsUsage ? raw.lastIndexOf('}') : raw.length;
  const tail = addsUsage ? [USAGE] : [];
  if (named) return Buffer.concat([raw.subarray(0, end), ...tail]);
  const place = placeOfModel(raw, body);
  if (place === undefined) return undefined;
  const name = Buffer.from(JSON.stringify(model));
  return Buffer.concat([raw.subarray(0, place.from), name, raw.subarray(place.to, end), ...tail]);
}

/** Where the value of `model` stands, quotes included; undefined where it might stand twice, or under another spelling. */
function placeOfModel(
  raw: Buffer,
  body: Readonly<Record<string, unknown>>,
): { readonly from: number; readonly to: number } | undefined {
  const found = MODEL_FIRST.exec(raw.toString('latin1', 0, HEAD_BYTES));
  if (!found || found[1] !== body['model']) return undefined;
  const to = found[0].length;
  const twice = raw.indexOf('"model"', to) !== -1 || raw.includes('\\u006', to);
  return twice ? undefined : { from: to - (found[1]?.length ?? 0) - 2, to };
}
