import type { OutgoingHttpHeaders } from 'node:http';
import { NANO_PER_DOLLAR, type NanoDollars } from '../../contracts/money';
import type { Asked, Course } from './asked';

/** Who answered, at what cost and after how many calls: as headers beside OpenAI's own. */
export function headersOf({ id }: Asked, { candidate, calls, costNano }: Course): OutgoingHttpHeaders {
  return {
    'x-request-id': id,
    ...(candidate && { 'x-gantry-provider': candidate.provider, 'x-gantry-model': headerText(candidate.model) }),
    'x-gantry-attempts': String(calls),
    ...(costNano !== undefined && { 'x-gantry-cost-usd': dollars(costNano) }),
  };
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
