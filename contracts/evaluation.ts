import type { Template } from './definition';
import type { Json } from './json';
import type { Candidate } from './models';
import type { RunRef } from './run';
import type { Text } from './text';

// How an answer of a model is judged before a run goes on with it: first what can be computed, which costs nothing and
// never changes its mind, then a model that is asked for a verdict. Three things can come of it: the answer passes, it
// fails, or the judge gave no verdict; the last says nothing about the answer.

/** Languages whose code fences can be held to compile. */
export const FENCE_LANGUAGES = ['json', 'yaml', 'js', 'jsx', 'ts', 'tsx', 'sh', 'python'] as const;
export type FenceLanguage = (typeof FENCE_LANGUAGES)[number];

/** What can be computed about an answer. */
export type AnswerCheck =
  | { readonly kind: 'matches'; readonly pattern: string }
  | { readonly kind: 'lacks'; readonly pattern: string }
  /** Characters. */
  | { readonly kind: 'length'; readonly min?: number; readonly max?: number }
  /** Every code fence of these languages; there must be one at least. */
  | { readonly kind: 'compiles'; readonly languages: readonly FenceLanguage[] };

export interface CommandCheck {
  readonly kind: 'run';
  /** Must end with exit code 0; `output` is the answer. */
  readonly run: Template;
}

export interface Judge {
  readonly kind: 'judge';
  /** What the judge is to hold the answer against. */
  readonly criteria: Template;
  readonly model?: string;
  /** 0 to 1: the score from which on an answer passes. */
  readonly atLeast: number;
  /** What it means that the judge gave no verdict: the stage fails, or goes on with the answer unjudged. */
  readonly onError: 'fail' | 'accept';
}

export type Evaluation = AnswerCheck | CommandCheck | Judge;

/** The task under which judges are routed and learned about. */
export const JUDGING = 'judging';

export interface Verdict {
  /** `matches /^## /m`, `judge`. */
  readonly by: string;
  readonly outcome: 'pass' | 'fail' | 'error';
  /** With an error: the stage goes on with the answer unjudged. */
  readonly accepted?: true;
  /** Of a judge: 0 to 1. */
  readonly score?: number;
  readonly message: string;
}

/** The shape a judge has to answer in. */
export const VERDICT_SHAPE = { verdict: 'pass | fail', score: 'number', reason: 'string' } as const;

/**
 * A judge's answer as a verdict. A score outside of 0 to 1, and one that says another thing than the verdict beside it,
 * are no verdict at all.
 */
export function readVerdict(output: Json | undefined, atLeast: number): Verdict {
  const by = 'judge';
  const unreadable = (message: string): Verdict => ({ by, outcome: 'error', message });
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return unreadable('it gave no verdict');
  const { verdict, score, reason } = output;
  const words = typeof reason === 'string' ? reason : '';
  if (verdict !== 'pass' && verdict !== 'fail') return unreadable('it said neither pass nor fail');
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) return unreadable('its score is not between 0 and 1');
  if ((verdict === 'pass') !== score >= atLeast) {
    return unreadable(`it said ${verdict} and gave ${score}, where ${atLeast} is needed: ${words}`);
  }
  return { by, outcome: verdict, score, message: words };
}

export interface EvaluationActivities {
  /** Hold an answer against what can be computed about it; every check says how it went. */
  evaluateAnswer(input: EvaluateAnswerInput): Promise<{ readonly verdicts: readonly Verdict[] }>;
  /** Learn how good a model's answer was; routes by quality know it then. */
  recordQuality(input: RecordQualityInput): Promise<void>;
}

export interface EvaluateAnswerInput {
  readonly run: RunRef;
  readonly stage: string;
  readonly answer: Text;
  readonly checks: readonly AnswerCheck[];
}

export interface RecordQualityInput extends Candidate {
  readonly task?: string;
  /** 0 to 1. */
  readonly quality: number;
}
