import { calculatorScript } from './calculator-script';
import { startOfflineModel } from './model-server';

// The offline model as a program: `node serve.js PORT` answers until it is ended.

const port = Number(process.argv[2]);

startOfflineModel({ script: calculatorScript, port }).then(
  ({ url }) => process.stdout.write(`the offline model answers at ${url}\n`),
  (error: unknown) => {
    process.stderr.write(
      `the offline model did not start: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = 1;
  },
);
