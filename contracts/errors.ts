/** Who can mend it, as the CLI says it. */
export type Fixer = 'author' | 'operator' | 'person' | 'nobody' | 'gantry';

interface ErrorRow {
  /** May the same attempt be made again by the engine without asking? */
  readonly retryable: boolean;
  readonly fixer: Fixer;
  /** One sentence for `docs/operations.md` and `gantry doctor`. */
  readonly meaning: string;
}

const row = (retryable: boolean, fixer: Fixer, meaning: string): ErrorRow => ({ retryable, fixer, meaning });

/**
 * Every failure that crosses Temporal, by its `ApplicationFailure.type`. The type is wire format: never rename one.
 * `docs/operations.md` prints this table; a test keeps the two equal.
 */
export const ERRORS = {
  'Definition.Invalid': row(false, 'author', 'A pipeline definition does not pass validation.'),
  'Expression.Failed': row(false, 'author', 'A `when`, `accept`, matrix or template could not be evaluated.'),
  'Stage.CommandFailed': row(false, 'author', 'A command ended with an exit code other than 0.'),
  'Stage.OutputInvalid': row(true, 'author', 'What a stage produced does not match its declared output.'),
  'Stage.Rejected': row(false, 'author', "A stage's `accept` expression is false for what it produced."),
  'Stage.CheckFailed': row(false, 'author', 'A check did not hold for as long as it was asked to.'),
  'Stage.TimedOut': row(false, 'author', 'A stage ran longer than its timeout.'),
  'Gate.Rejected': row(false, 'person', 'A person refused at a gate, or its deadline did.'),
  'Agent.NotReady': row(true, 'operator', 'The agent did not become ready for a prompt in time.'),
  'Agent.NotAccepted': row(true, 'operator', 'The prompt was typed but the agent never took it.'),
  'Agent.Crashed': row(true, 'gantry', 'The agent process ended while it was at work.'),
  'Agent.Failed': row(true, 'operator', 'The agent reported that its turn failed.'),
  'Agent.ContractNotMet': row(true, 'author', 'The agent said it was done, but its work does not show it.'),
  'Agent.OutcomeUnknown': row(false, 'person', 'Nobody can tell whether the agent took the prompt.'),
  'Agent.Stuck': row(true, 'gantry', 'The agent showed no progress for as long as its stage allows.'),
  'Agent.Unavailable': row(false, 'operator', 'No such agent is configured, or its program is missing.'),
  'Session.NoneIdle': row(true, 'gantry', 'A session that was idle is not any more; the prompt waits on.'),
  'Session.LeaseLost': row(true, 'gantry', 'A leased session was taken back before the prompt was sent.'),
  'Host.Lost': row(true, 'gantry', 'The host whose session had the prompt does not answer any more.'),
  'Command.Lost': row(true, 'gantry', 'A command was killed from outside before it could report an exit code.'),
  'Git.Failed': row(true, 'operator', 'A git command failed.'),
  'Git.Conflict': row(false, 'author', 'Two lines of work changed the same place.'),
  'Git.BaseMoved': row(true, 'gantry', 'The branch to merge into moved while it was being merged into.'),
  'Path.Escapes': row(false, 'author', 'A path in a definition leads out of the workspace.'),
  'Service.NotStarted': row(true, 'author', 'A service ended before it was healthy.'),
  'Artifact.Missing': row(false, 'operator', 'A stored text is not in the artifact store of this host.'),
  'Secret.Missing': row(false, 'operator', "A stage asks for a secret that is not in the worker's environment."),
  'Provider.RateLimited': row(true, 'operator', 'The model provider asks for fewer requests for a while.'),
  'Provider.Overloaded': row(true, 'operator', 'The model provider is overloaded.'),
  'Provider.ServerError': row(true, 'operator', 'The model provider failed.'),
  'Provider.Timeout': row(true, 'operator', 'The model provider did not answer in time.'),
  'Provider.Network': row(true, 'operator', 'The model provider could not be reached.'),
  'Provider.BadResponse': row(true, 'operator', 'The model provider answered something unusable.'),
  'Provider.Quota': row(false, 'operator', 'The account at the model provider is used up.'),
  'Provider.Auth': row(false, 'operator', 'The model provider refuses the key.'),
  'Provider.NotFound': row(false, 'operator', 'The model provider does not know the model.'),
  'Provider.Request': row(false, 'author', 'The model provider refuses the request as it is.'),
  'Provider.Policy': row(false, 'author', 'The model or its provider declined to answer.'),
  'Provider.Unavailable': row(false, 'operator', 'No model provider takes the request now; each says why.'),
  'Provider.None': row(false, 'operator', 'No model provider is configured.'),
  'Policy.Denied': row(false, 'author', 'A policy leaves no model that may be asked.'),
  'Evaluation.Failed': row(true, 'author', 'An answer did not pass its evaluation.'),
  'Evaluation.JudgeFailed': row(
    true,
    'operator',
    'The judge of an answer gave no verdict; that says nothing of the answer.',
  ),
  'Budget.Exhausted': row(false, 'person', 'A budget has too little left for what is asked.'),
  'Budget.Unavailable': row(true, 'gantry', 'The ledger of budgets did not answer; nothing is spent without it.'),
  'Undo.Failed': row(true, 'operator', 'Something that was done could not be taken back; it is named in the report.'),
  'Run.NotFound': row(false, 'author', 'The run waited for does not exist.'),
  'Run.DependencyFailed': row(false, 'author', 'The run waited for did not succeed.'),
  'Run.Failed': row(false, 'author', 'The run ended without success; its stages say why.'),
  'Run.TimedOut': row(false, 'author', 'The run took longer than its timeout.'),
  'Run.Broken': row(false, 'gantry', 'gantry itself failed.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorType = keyof typeof ERRORS;

export function isErrorType(type: string | undefined | null): type is ErrorType {
  return typeof type === 'string' && Object.hasOwn(ERRORS, type);
}

/** Exit codes of the CLI. `docs/operations.md` prints this table; a test keeps the two equal. */
export const EXIT = {
  ok: { code: 0, meaning: 'Done; with --watch or --wait: the run ended in SUCCESS.' },
  failed: { code: 1, meaning: 'The run ended otherwise, or gantry failed.' },
  usage: { code: 2, meaning: 'Bad input: arguments, pipeline file or configuration. Nothing was done.' },
  refused: { code: 3, meaning: 'The run refuses this now (wrong gate, late vote, not resumable). Nothing was done.' },
  notFound: { code: 4, meaning: 'No such run, stage, gate or log.' },
  unreachable: { code: 5, meaning: 'The Temporal server or a worker cannot be reached.' },
  interrupted: { code: 130, meaning: 'Interrupted with Ctrl-C; the run goes on.' },
} as const;

export type ExitName = keyof typeof EXIT;
