import {
  ApplicationFailure,
  CancellationScope,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import {
  modelCallQuery,
  modelCallWorkflowId,
  type ModelCallInput,
  type ModelCallLine,
  type ModelCallResult,
} from '../../contracts/model-call';
import type { CallModelResult, ModelActivities } from '../../contracts/models';
import type { NanoDollars } from '../../contracts/money';
import { askModels, type Asking, type PurseKeeper } from './ask-models';
import { detailsOf } from './call-details';
import { NOT_ASKED } from './next-call';
import { EMPTY_PURSE, giveBack, lose, take, toSettle, toTake } from './purse';

/** How soon a lost worker is noticed: every call is heartbeaten from a timer. */
const HEARTBEAT_TIMEOUT_MS = 5_000;
/** Calls end themselves; Temporal's own limit stands behind that. */
const MARGIN_MS = 30_000;
const PAUSE_MS = 2_000;
const SETTLE_ATTEMPTS = 20;
/** The newest that are kept: a question may wait for days. */
const TRAIL_LINES = 200;

/**
 * One question to models, as durable as a run: it waits for providers that take nothing now, and goes on when a worker
 * dies. The name is wire format. Fails as the stages of a run do, with what happened on the way as details.
 */
export async function modelCall(input: ModelCallInput): Promise<ModelCallResult> {
  const call = new Call(input);
  setHandler(modelCallQuery, () => call.view(), { description: 'Who was asked, and what came of it' });
  call.show();
  try {
    const outcome = await askModels(call.asking());
    if ('answer' in outcome) return call.answered(outcome.answer, outcome.calls);
    const failure = 'failure' in outcome ? outcome.failure : { type: 'Run.Broken', message: 'It was put down.' };
    throw ApplicationFailure.create({ ...failure, nonRetryable: true, details: [call.view()] });
  } finally {
    await CancellationScope.nonCancellable(() => call.settle());
  }
}

/** A question that is being asked. */
class Call {
  private trail: readonly ModelCallLine[] = [];
  private calls = 0;
  private purse = EMPTY_PURSE;
  private answer: CallModelResult | undefined;
  /** What all calls have cost, or count in the budget. */
  private spentNano: NanoDollars = 0;

  constructor(private readonly input: ModelCallInput) {}

  view() {
    const { answer, calls, trail } = this;
    return {
      ...{ id: this.input.id, calls, trail },
      ...(answer === undefined ? {} : { answered: { provider: answer.provider, model: answer.model } }),
      ...(answer?.costNano === undefined ? {} : { costNano: answer.costNano }),
      ...this.beside(),
    };
  }

  show(): void {
    setCurrentDetails(detailsOf(this.input, this.view(), this.answer));
  }

  asking(): Asking {
    const { id, prompt, system, task, model, project, maxOutputTokens, watched, timeoutMs, attempts } = this.input;
    const endsAt = workflowInfo().startTime.getTime() + timeoutMs;
    return {
      request: {
        id: modelCallWorkflowId(id),
        ...{ prompt, watched, attachments: [] },
        ...(system === undefined ? {} : { system }),
        ...(task === undefined ? {} : { task }),
        ...(model === undefined ? {} : { model }),
        ...(project === undefined ? {} : { project }),
        ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
      },
      limits: { attempts, delayMs: PAUSE_MS, waitsUntil: endsAt, endsAt },
      timeoutMs,
      asked: NOT_ASKED,
      callModel: (request, number) => {
        this.calls = number;
        const { callModel } = proxyActivities<ModelActivities>({
          startToCloseTimeout: request.timeoutMs + MARGIN_MS,
          heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
          cancellationType: 'WAIT_CANCELLATION_COMPLETED',
          retry: LOST_WORKER,
          summary: `ask ${model ?? 'a model'}${task === undefined ? '' : ` (${task})`}, call ${number}`,
        });
        return callModel(request);
      },
      purse: this.keeper(),
      tell: ({ what, text }) => {
        this.trail = [...this.trail, { at: Date.now(), what, text }].slice(-TRAIL_LINES);
        this.show();
      },
      spent: ({ costNano = 0 }) => (this.spentNano += costNano),
      label: 'wait',
      mustPark: () => false,
    };
  }

  answered(answer: CallModelResult, calls: number): ModelCallResult {
    this.answer = answer;
    this.show();
    const { slice: _slice, output: _output, ...result } = answer;
    return { ...result, calls, ...this.beside(), trail: this.trail };
  }

  private beside(): Pick<ModelCallResult, 'besideNano'> {
    const besideNano = this.spentNano - (this.answer?.costNano ?? 0);
    return besideNano === 0 ? {} : { besideNano };
  }

  /** However it ended: what was drawn and not spent goes back. A ledger that does not answer finds out by itself. */
  async settle(): Promise<void> {
    const left = toSettle(this.purse);
    if (left === undefined) return;
    const { settleSlices } = proxyActivities<ModelActivities>({
      startToCloseTimeout: '1m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
      retry: { ...LOST_WORKER, maximumAttempts: SETTLE_ATTEMPTS },
      summary: 'settle what was spent',
    });
    const id = `${modelCallWorkflowId(this.input.id)}#end`;
    await settleSlices({ ...left, scope: this.scope, besideNano: 0, id, ...this.ofProject }).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.trail = [...this.trail, { at: Date.now(), what: 'budget.unsettled', text }];
    });
  }

  private keeper(): PurseKeeper {
    return {
      take: () => {
        const nextSlice = `${modelCallWorkflowId(this.input.id)}#${this.purse.taken + 1}-${uuid4().slice(0, 8)}`;
        const taken = toTake(this.purse, nextSlice);
        this.purse = take(this.purse, taken);
        return { taken, spending: { scope: this.scope, ...taken } };
      },
      giveBack: (taken, slice) => (this.purse = giveBack(this.purse, taken, slice)),
      lose: (taken) => (this.purse = lose(this.purse, taken)),
    };
  }

  private get scope(): { readonly team?: string } {
    const { team } = this.input;
    return team === undefined ? {} : { team };
  }

  private get ofProject(): { readonly project?: string } {
    const { project } = this.input;
    return project === undefined ? {} : { project };
  }
}

/** Temporal tries again only what a lost worker left behind. */
const LOST_WORKER = { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 10_000, maximumAttempts: 100 };
