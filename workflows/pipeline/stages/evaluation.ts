import type { PromptStage } from '../../../contracts/definition';
import type { AnswerCheck, CommandCheck, Evaluation, Judge, Verdict } from '../../../contracts/evaluation';
import { prepareCommand } from '../../../contracts/expressions';
import { candidateKey, type CallModelResult } from '../../../contracts/models';
import { excerpt, tailOf } from '../../../contracts/text';
import type { Asking } from '../../models/ask-models';
import type { FailedCall } from '../../models/next-call';
import { scopeOfAnswer } from './answer-scope';
import { askJudge } from './judge';
import { executionId, MARGIN_MS, type Work } from './work-item';

const SHOWN_OF_ANSWER = 1_200;
const SHOWN_OF_LOG = 600;

/**
 * Hold an answer against what its stage demands of it: first what can be computed, then commands, then judges, and no
 * further than to the first that does not pass. Undefined: it passes.
 * @param asking How the stage asks models; judges are asked the same way.
 * @param call Which call of the stage's turn gave the answer, from 1 on.
 */
export async function evaluateAnswer(
  work: Work<PromptStage>,
  asking: Asking,
  answer: CallModelResult,
  call: number,
): Promise<FailedCall | undefined> {
  const verdicts: Verdict[] = [];
  for (const step of stepsOf(work, asking, answer, call)) {
    verdicts.push(...(await step()));
    if (verdicts.some(isInTheWay)) break;
  }
  await learn(work, answer, verdicts);
  return failureOf(answer, verdicts);
}

type Step = () => Promise<readonly Verdict[]>;

function stepsOf(work: Work<PromptStage>, asking: Asking, answer: CallModelResult, call: number): Step[] {
  const { evaluate = [] } = work.stage;
  const checks = evaluate.filter(isComputed);
  const told = (verdicts: readonly Verdict[]) => {
    verdicts.forEach((verdict) => tell(work, verdict));
    return verdicts;
  };
  return [
    ...(checks.length === 0 ? [] : [async () => told(await compute(work, answer, checks))]),
    ...evaluate
      .filter(isCommand)
      .map((check, index) => async () => told([await tryCommand(work, answer, check, `${call}.${index}`)])),
    ...evaluate
      .filter(isJudge)
      .map((judge, index) => async () => told(await judged(work, asking, answer, judge, `${call}.${index}`))),
  ];
}

async function compute({ run, key }: Work, answer: CallModelResult, checks: readonly AnswerCheck[]) {
  const activities = run.activities(`${key}: hold the answer against what can be computed`);
  const input = { run: run.input.run, stage: key, answer: answer.text, checks };
  return (await activities.evaluateAnswer(input)).verdicts;
}

async function tryCommand(
  work: Work<PromptStage>,
  answer: CallModelResult,
  check: CommandCheck,
  place: string,
): Promise<Verdict> {
  const { run, key, stage } = work;
  const workspace = await run.workspaces.forStage(stage, key);
  const { runCommand } = run.activities(`${key}: ${check.run}`, { startToCloseTimeout: stage.timeoutMs + MARGIN_MS });
  const { exitCode, timedOut, log } = await runCommand({
    run: run.input.run,
    executionId: executionId(work, `evaluate-${place}`),
    command: prepareCommand(check.run, scopeOfAnswer(work, answer), { env: {}, secrets: [] }),
    ...(workspace === undefined ? {} : { workspace }),
    timeoutMs: stage.timeoutMs,
  });
  const by = `run ${check.run}`;
  if (exitCode === 0 && !timedOut) return { by, outcome: 'pass', message: 'exit code 0' };
  const how = timedOut ? 'it took too long' : `exit code ${exitCode}`;
  return { by, outcome: 'fail', message: `${how}: ${tailOf(log, SHOWN_OF_LOG)}` };
}

async function judged(
  work: Work<PromptStage>,
  asking: Asking,
  answer: CallModelResult,
  judge: Judge,
  place: string,
): Promise<Verdict[]> {
  const verdict = await askJudge(work, asking, answer, judge, place);
  if (verdict.outcome !== 'error' || judge.onError === 'fail') return [verdict];
  return [{ ...verdict, accepted: true, message: `accepted without a verdict: ${verdict.message}` }];
}

function tell({ run, key }: Work, { by, outcome, score, message }: Verdict): void {
  const scored = score === undefined ? '' : ` (${score})`;
  const text = `${by}: ${outcome}${scored}: ${message}`;
  run.apply({ type: 'audit', what: 'answer.evaluated', who: 'gantry', stage: key, text });
}

/** Routes by quality know how good the model was. Where there was no verdict nothing is learned. */
async function learn({ run, key, stage }: Work<PromptStage>, answer: CallModelResult, verdicts: readonly Verdict[]) {
  if (verdicts.some(({ outcome }) => outcome === 'error')) return;
  const failed = verdicts.some(({ outcome }) => outcome === 'fail');
  const scores = verdicts.flatMap(({ score }) => (score === undefined ? [] : [score]));
  const quality = scores.length > 0 ? Math.min(...scores) : failed ? 0 : 1;
  const { recordQuality } = run.activities(`${key}: learn how good the answer was`);
  await recordQuality({ ...answer.asked, quality, ...(stage.task === undefined ? {} : { task: stage.task }) });
}

/** An answer that fails goes back to its model with the reasons; a missing verdict says nothing of the answer. */
function failureOf({ asked, text }: CallModelResult, verdicts: readonly Verdict[]): FailedCall | undefined {
  const told = { rejected: [], findings: [] };
  const unjudged = verdicts.find((verdict) => verdict.outcome === 'error' && isInTheWay(verdict));
  if (unjudged !== undefined) {
    const message = `There is no verdict on the answer of ${candidateKey(asked)}: ${unjudged.by}: ${unjudged.message.replace(/\.$/, '')}.`;
    return { type: 'Evaluation.JudgeFailed', message, told: { ...told, goesOn: false } };
  }
  const failed = verdicts.filter(({ outcome }) => outcome === 'fail');
  if (failed.length === 0) return undefined;
  const issues = failed.map(({ by, message }) => `${by}: ${message}`).join('; ');
  const rejected = { ...asked, issues, answer: excerpt(text).slice(0, SHOWN_OF_ANSWER) };
  const message = `The answer of ${candidateKey(asked)} did not pass: ${issues}.`;
  return { type: 'Evaluation.Failed', message, told: { ...told, goesOn: true, next: asked, answer: rejected } };
}

/** The answer is not gone on with. */
function isInTheWay({ outcome, accepted }: Verdict): boolean {
  return outcome !== 'pass' && accepted !== true;
}

function isComputed(one: Evaluation): one is AnswerCheck {
  return one.kind !== 'run' && one.kind !== 'judge';
}

function isCommand(one: Evaluation): one is CommandCheck {
  return one.kind === 'run';
}

function isJudge(one: Evaluation): one is Judge {
  return one.kind === 'judge';
}
