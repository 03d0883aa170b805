export { checkPipeline } from './check-pipeline';
export { isFileName } from './check-nesting';
export { checkInputs } from './inputs';
export { problemText } from './problem';
export type { Path, Problem } from './problem';
