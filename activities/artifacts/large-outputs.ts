import type { Json } from '../../contracts/json';
import { OUTPUT_LIMIT_BYTES, type Text } from '../../contracts/text';

type Act<I, R> = (input: I) => Promise<R>;

/**
 * An activity whose output, where it is too large for a history, goes to the artifact store: what is left of it in
 * the run is `{ artifact, bytes }`, by which `gantry logs` and other tools find it.
 */
export function storingLargeOutput<I, R extends object>(
  act: Act<I, R>,
  storeText: (text: string) => Promise<Text>,
): Act<I, R> {
  return async (input) => {
    const result = await act(input);
    const { output } = result as { readonly output?: Json };
    if (output === undefined) return result;
    const text = JSON.stringify(output);
    if (Buffer.byteLength(text) <= OUTPUT_LIMIT_BYTES) return result;
    const stored = await storeText(text);
    if ('inline' in stored) return result;
    return { ...result, output: { artifact: stored.artifact, bytes: stored.bytes } };
  };
}
