import { summarize, type Figure, type Report } from './figures';
import type { Machine } from './machine';

/** The reports as Markdown tables, as they stand in docs/performance.md. */
export function printReports(machine: Machine, reports: readonly Report[]): string {
  return [describeMachine(machine), ...reports.map(printReport)].join('\n\n');
}

function describeMachine({ at, node, system, cpu, cores, memoryGb, temporal, load, spinMs }: Machine): string {
  return [
    `${at} · Node ${node} · ${system} · ${cores} × ${cpu}, ${memoryGb} GB · ${temporal}`,
    `load ${load.map((one) => one.toFixed(1)).join(' → ')}, a fixed loop ${spinMs.map((one) => one.toFixed(0)).join(' → ')} ms`,
  ].join('\n');
}

function printReport({ benchmark, ours, theirs, figures }: Report): string {
  const rows = figures.map(rowOf);
  const head = ['figure', 'ours', 'theirs', 'ratio (min–max)', 'rounds', 'promise'];
  return [`### ${benchmark}`, '', `Ours: ${ours}.`, `Theirs: ${theirs}.`, '', ...table([head, ...rows])].join('\n');
}

function rowOf(figure: Figure): string[] {
  const { ours, theirs, ratio, samples, holds } = summarize(figure);
  return [
    figure.name,
    amount(ours, figure.unit),
    theirs === undefined ? '–' : amount(theirs, figure.unit),
    ratio === undefined ? '–' : `**${times(ratio.median)}** (${times(ratio.min)}–${times(ratio.max)})`,
    String(samples),
    holds === undefined ? '' : `${promiseOf(figure)} ${holds ? '✓' : '✗'}`,
  ];
}

function promiseOf({ target, aim, atLeast, limit, unit }: Figure): string {
  return [
    ...(target === undefined ? [] : [`≤ ${target}×`]),
    ...(atLeast === undefined ? [] : [`≥ ${atLeast}×`]),
    ...(aim === undefined ? [] : [target === undefined ? `aim ${amount(aim, unit)}` : `aim ${aim}×`]),
    ...(limit === undefined ? [] : [`≤ ${amount(limit, unit)}`]),
  ].join(', ');
}

function amount(value: number, unit: Figure['unit']): string {
  const digits = unit === 'events' || unit === 'count' || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  if (unit === 'count') return value.toFixed(digits);
  return unit === '/s' ? `${value.toFixed(digits)}/s` : `${value.toFixed(digits)} ${unit}`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)}×`;
}

/** Columns of one width, so that it also reads well in a terminal. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index]!)).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return [head!, line(widths.map((width) => '-'.repeat(width))), ...body];
}
