import { candidateKey, type RankedCandidate, type RejectedCandidate } from '../../../contracts/models';
import { formatMoney } from '../../../contracts/money';
import { USUAL_ARM } from '../../../contracts/routing/experiment';
import { OVER_BUDGET } from '../../../contracts/routing/route';
import { nobodyTakesIt, retryAtOf } from '../../../contracts/routing/tell';
import type { RouteExplanation } from '../../models/explain-route';
import { moment, tokenCount } from './figures';
import { fit, harmless, type Paint } from './paint';

export interface RoutingOptions {
  readonly paint: Paint;
  readonly width: number;
  readonly timeZone?: string;
}

/** Who would be asked, in order, who would not, and by what that was decided. */
export function renderRoute(explained: RouteExplanation, options: RoutingOptions): string {
  const { route } = explained;
  const { paint } = options;
  return [
    headline(explained, paint),
    ...experimentLine(explained),
    `for ${about(explained)}`,
    '',
    ...(route.candidates.length === 0 ? nobodyLines(explained, options) : []),
    ...route.candidates.flatMap((one, index) => candidateLines(one, index + 1, options)),
    ...rejectedLines(explained, options),
    ...unknownLines(explained, options),
  ]
    .map((line) => fit(line, options.width))
    .join('\n');
}

/** What the configuration does not say stands behind where that is. */
function headline({ route: { by }, source }: RouteExplanation, paint: Paint): string {
  const isOver = by.endsWith(OVER_BUDGET);
  const meant = isOver ? by.slice(0, -OVER_BUDGET.length) : by;
  return `${paint.bold(meant)} ${paint.dim(`in ${source}`)}${isOver ? OVER_BUDGET : ''}`;
}

/** Of those that an experiment leaves alone, nothing else tells. */
function experimentLine({ route: { experiment } }: RouteExplanation): string[] {
  return experiment?.arm === USUAL_ARM ? [`experiment ${experiment.name} leaves it the usual way`] : [];
}

function about({ request: { task, project, team, inputTokens } }: RouteExplanation): string {
  const words = Object.entries({ task, project, team }).filter(([, word]) => word !== undefined);
  const size = `about ${tokenCount(inputTokens)} of prompt`;
  return [...words.map(([name, word]) => `${name} ${word}`), size].join(', ');
}

function nobodyLines({ route: { rejected }, at }: RouteExplanation, { paint, timeZone }: RoutingOptions): string[] {
  const retryAt = retryAtOf(rejected);
  const again = retryAt === undefined ? [] : [`The first of them may answer at ${moment(retryAt, at, timeZone)}.`];
  return [paint.red(harmless(nobodyTakesIt(rejected))), ...again];
}

function candidateLines(one: RankedCandidate, place: number, { paint }: RoutingOptions): string[] {
  const costs = one.free
    ? 'free'
    : one.estimateNano === undefined
      ? 'price unknown'
      : `at most ${formatMoney(one.estimateNano)}`;
  const head = `${String(place).padStart(2)}. ${paint.bold(harmless(candidateKey(one)))}  ${paint.green(costs)}`;
  return [head, ...one.reasons.map((reason) => `    ${paint.dim(harmless(reason))}`)];
}

function rejectedLines({ route, at }: RouteExplanation, options: RoutingOptions): string[] {
  if (route.candidates.length === 0 || route.rejected.length === 0) return [];
  return ['', options.paint.bold('Not asked'), ...route.rejected.map((one) => rejectedLine(one, at, options))];
}

function rejectedLine(one: RejectedCandidate, at: number, { paint, timeZone }: RoutingOptions): string {
  const until = one.retryAt === undefined ? '' : ` ${paint.yellow(`until ${moment(one.retryAt, at, timeZone)}`)}`;
  return `    ${harmless(candidateKey(one))}  ${one.kind}: ${harmless(one.reason)}${until}`;
}

function unknownLines({ breakers, profiles }: RouteExplanation, { paint }: RoutingOptions): string[] {
  const unknown = [
    ...('unknown' in breakers ? [`How the breakers stand is unknown: ${breakers.unknown}`] : []),
    ...('unknown' in profiles ? [`What was learned of models is unknown: ${profiles.unknown}`] : []),
  ];
  return unknown.length === 0 ? [] : ['', ...unknown.map((line) => paint.yellow(harmless(line)))];
}
