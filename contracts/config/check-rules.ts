import { problemAt, type Path, type Problem } from '../pipeline/problem';
import type { ConfigFile } from '../schemas/config';

/** Experiments and policies are told by their names, and an experiment shares out no more than there is. */
export function checkRules({ experiments, policies }: ConfigFile): Problem[] {
  return [
    ...twice(
      experiments.map(({ name }) => name),
      'experiments',
      'experiment',
    ),
    ...twice(
      policies.map(({ name }) => name),
      'policies',
      'policy',
    ),
    ...experiments.flatMap(({ arms }, at) => checkShares(['experiments', at, 'arms'], arms)),
    ...policies.flatMap((policy, at) => {
      const says = [policy.allow, policy.deny, policy['max-cost'], policy['max-latency']].some(
        (rule) => rule !== undefined,
      );
      const message = `the policy "${policy.name}" asks for nothing: it has no allow, deny, max-cost or max-latency`;
      return says ? [] : [problemAt(['policies', at], message)];
    }),
  ];
}

function twice(names: readonly string[], list: string, one: string): Problem[] {
  return names.flatMap((name, at) =>
    names.indexOf(name) < at
      ? [problemAt([list, at, 'name'], `there is an ${one} "${name}" already`.replace('an policy', 'a policy'))]
      : [],
  );
}

function checkShares(path: Path, arms: ConfigFile['experiments'][number]['arms']): Problem[] {
  const shares = Object.values(arms).map(({ share }) => share);
  if (shares.length === 0) return [problemAt(path, 'has no arm to compare')];
  const sum = shares.reduce((all, share) => all + share, 0);
  return sum <= 100 ? [] : [problemAt(path, `the shares come to ${sum} percent, and there are 100`)];
}
