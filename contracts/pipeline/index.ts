export { checkPipeline } from './check-pipeline';
export type { CheckedPipeline } from './check-pipeline';
export { isFileName } from './check-nesting';
export { checkInputs } from './inputs';
export type { CheckedInputs } from './inputs';
export { problemAt, problemText } from './problem';
export type { Path, Problem } from './problem';
