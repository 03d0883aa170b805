import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AskAnswer } from '../../contracts/sessions';
import { writeOnce } from '../files/whole-file';
import { agentDir, answersDir } from './agent-record';
import { isRecorded } from './dispatch/outcome';
import { dispatchDir } from './dispatch/prepare-dispatch';
import { readClaim } from './dispatch/receipts';

const ASK_ID = /^[A-Za-z0-9_.-]{1,200}$/;

/** Put people's answer where the agent waits for it. A question is answered once: a second answer changes nothing. */
export async function answerAgent(
  { dispatchId, askId, allow, text }: AskAnswer,
  home: string,
): Promise<{ readonly answered: boolean }> {
  if (!ASK_ID.test(askId)) return { answered: false };
  const dir = dispatchDir(home, dispatchId);
  const claim = await readClaim(dir);
  if (claim === undefined || (await isRecorded(dir))) return { answered: false };
  const answers = answersDir(agentDir(home, claim.agentId));
  await mkdir(answers, { recursive: true, mode: 0o700 });
  const answer = JSON.stringify({ allow, ...(text !== undefined && { text }) });
  return { answered: await writeOnce(join(answers, `${askId}.json`), answer) };
}
