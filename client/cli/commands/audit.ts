import { readAudit } from '../../runs/read-run';
import type { AddCommand } from '../program';
import { renderAudit } from '../render/audit';

export const addAudit: AddCommand = (program, cli) => {
  program
    .command('audit')
    .argument('<run>', 'which run')
    .description('Who asked, decided and did what, and when')
    .action(async (word: string) => {
      const { run } = await cli().findRun(word);
      const entries = await readAudit(await cli().temporal(), run);
      const { paint, width } = cli();
      cli().answer(entries, renderAudit(entries, { paint, width }));
    });
};
