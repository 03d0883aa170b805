/** One line of `gantry doctor`. `warn`: something will not work; `fail`: nothing will. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly what: string;
  readonly found: string;
  /** What to do about it, for all that is not ok. */
  readonly todo?: string;
}

export const ok = (what: string, found: string): Finding => ({ level: 'ok', what, found });
export const warn = (what: string, found: string, todo: string): Finding => ({ level: 'warn', what, found, todo });
export const fail = (what: string, found: string, todo: string): Finding => ({ level: 'fail', what, found, todo });
