import type { OpenAiSettings } from '../settings';
import type { Address } from '../wire/wire';

/** Where a server of OpenAI's protocol answers, and as whom it is asked. */
export function addressOf(settings: OpenAiSettings, path: string): Address {
  const { origin, pathname } = new URL(settings.baseUrl);
  return { origin, path: pathname.replace(/\/+$/, '') + path, headers: headersOf(settings) };
}

function headersOf({ apiKey, organization, project }: OpenAiSettings): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'accept-encoding': 'identity',
    'user-agent': 'gantry',
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...(organization === undefined ? {} : { 'openai-organization': organization }),
    ...(project === undefined ? {} : { 'openai-project': project }),
  };
}
