import type { ResolvedAttachment } from '../../../contracts/activities';
import type { Attachment } from '../../../contracts/definition';
import { renderTemplate } from '../../../contracts/expressions';
import { excerpt, type Text } from '../../../contracts/text';
import { cellRecords } from '../plan';
import type { Work } from './work-item';

/**
 * The prompt as it is sent. A stage that is to mend something is told what, unless its prompt says so itself, and an
 * agent that was cut off is told so.
 */
export function renderPrompt(work: Work, prompt: string, isCutOff = false): string {
  const text = withEvidence(work, prompt);
  return isCutOff ? `${text}\n\n${CUT_OFF}` : text;
}

const CUT_OFF = 'You were interrupted while you worked on this: see what is done already, and go on from there.';

function withEvidence({ run, key, stage }: Work, prompt: string): string {
  const text = renderTemplate(prompt, run.scope(key));
  const mending = run.state.mending[stage.id];
  if (mending === undefined || /\bfailure\b/.test(prompt)) return text;
  const { failure } = mending;
  const evidence = failure.evidence === undefined ? '' : `\n\n${excerpt(failure.evidence)}`;
  return `${text}\n\nThis was tried before, and stage "${mending.stage}" then failed: ${failure.message}${evidence}\n\nMend that.`;
}

export function resolveAttachments(work: Work, attachments: readonly Attachment[]): ResolvedAttachment[] {
  return attachments.flatMap((one): ResolvedAttachment[] => {
    if (one === 'diff') return [{ kind: 'diff' }];
    if ('file' in one) return [{ kind: 'file', path: renderTemplate(one.file, work.run.scope(work.key)) }];
    return logsOf(work, one.log).map((text) => ({ kind: 'text', title: `log of ${one.log}`, text }));
  });
}

function logsOf({ run }: Work, stageId: string): Text[] {
  const single = run.state.stages[stageId];
  const records = single === undefined ? cellRecords(run.state, stageId) : [single];
  return records.flatMap((record) => record.log ?? []);
}
