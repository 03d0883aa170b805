import type { GateRecord } from '../../contracts/run';

/** `lead or release-manager`, `anybody`. */
export function approversOf({ approvers }: Pick<GateRecord, 'approvers'>): string {
  if (approvers.includes('*')) return 'anybody';
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(approvers);
}
