import type { OutgoingHttpHeaders } from 'node:http';
import { NANO_PER_DOLLAR, type NanoDollars } from '../../contracts/money';
import type { Asked, Course } from './asked';

/** Who answered, at what cost and after how many calls: as headers beside OpenAI's own. */
export function headersOf({ id }: Asked, { candidate, calls, costNano }: Course): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { 'x-request-id': id, 'x-gantry-attempts': String(calls) };
  if (candidate) {
    headers['x-gantry-provider'] = candidate.provider;
    headers['x-gantry-model'] = headerText(candidate.model);
  }
  if (costNano !== undefined) headers['x-gantry-cost-usd'] = dollars(costNano);
  return headers;
}

/** Names of models are the configuration's, and a header takes no more than plain letters. */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}

/** All digits, and never `1e-7`. */
function dollars(nano: NanoDollars): string {
  const whole = Math.floor(nano / NANO_PER_DOLLAR);
  const rest = String(nano % NANO_PER_DOLLAR)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return rest === '' ? String(whole) : `${whole}.${rest}`;
}
