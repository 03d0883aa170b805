/** What an agent asks, and can be answered from elsewhere. */
export interface TurnAsk {
  readonly id: string;
  readonly kind: 'permission' | 'question';
  /** `Bash: rm -rf build`. */
  readonly what: string;
}

/** What an agent waits for while it is blocked. */
export interface Asks {
  readonly ask?: TurnAsk;
  /** What it asked after that and before the answer. */
  readonly laterAsks?: readonly TurnAsk[];
}

export function addAsk<S extends Asks>(state: S, ask: TurnAsk): S {
  if (state.ask === undefined) return { ...state, ask };
  return { ...state, laterAsks: [...(state.laterAsks ?? []), ask] };
}

/** The same without the questions that are settled; the next one, if there is any, takes their place. */
export function settleAsks<S extends Asks>(state: S, isSettled: (ask: TurnAsk) => boolean): Omit<S, keyof Asks> & Asks {
  const { ask, laterAsks = [], ...rest } = state;
  const [first, ...later] = (ask ? [ask, ...laterAsks] : []).filter((one) => !isSettled(one));
  return { ...rest, ...(first && { ask: first }), ...(later.length > 0 && { laterAsks: later }) };
}
