import { examineHost } from '../../doctor/examine-host';
import { examineModels, organisationOf } from '../../doctor/examine-models';
import { examineTemporal } from '../../doctor/examine-temporal';
import type { Finding } from '../../doctor/finding';
import { FailedError } from '../../faults';
import type { AddCommand } from '../add-command';
import type { Paint } from '../render/paint';

export const addDoctor: AddCommand = (program, cli) => {
  program
    .command('doctor')
    .description('Look at this machine and the server for all that gantry needs, and say what to do')
    .option('--fix', 'register search attributes that are missing')
    .action(async ({ fix }: { fix?: boolean }) => {
      const { home, who, target, paint, io, configPlace } = cli();
      const host = await examineHost({ env: io.env, home });
      const agents = host
        .filter(({ what, level }) => level === 'ok' && what.startsWith('Agent '))
        .map(({ what }) => what.slice(6));
      const organisation = await organisationOf(configPlace);
      const temporal = await examineTemporal(target, { user: who, fix: fix === true, agents, organisation });
      const findings = [...host, ...(await examineModels(configPlace)), ...temporal];
      const failed = findings.filter(({ level }) => level === 'fail').length;
      cli().answer({ ok: failed === 0, findings }, findings.flatMap((finding) => lines(finding, paint)).join('\n'));
      if (failed > 0) throw new FailedError(cli().json ? '' : `${failed} of ${findings.length} checks failed.`);
    });
};

function lines({ level, what, found, todo }: Finding, paint: Paint): string[] {
  const mark = { ok: paint.green('✓'), warn: paint.yellow('!'), fail: paint.red('✗') }[level];
  return [
    `${mark} ${what.padEnd(18)} ${found.replaceAll('\n', `\n  ${' '.repeat(19)}`)}`,
    ...(todo === undefined ? [] : [`  ${' '.repeat(18)} ${paint.cyan(todo)}`]),
  ];
}
