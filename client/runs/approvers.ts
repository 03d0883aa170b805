import type { GateRecord } from '../../contracts/run';

/** `lead or release-manager`, `2 of lead, qa and release-manager`, `anybody`, `2 people`. */
export function approversOf({ approvers, min }: Pick<GateRecord, 'approvers' | 'min'>): string {
  if (approvers.includes('*')) return min > 1 ? `${min} people` : 'anybody';
  if (min === 1) return new Intl.ListFormat('en', { type: 'disjunction' }).format(approvers);
  return `${min} of ${new Intl.ListFormat('en', { type: 'conjunction' }).format(approvers)}`;
}
