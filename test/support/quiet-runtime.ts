import { DefaultLogger, Runtime } from '@temporalio/worker';

// Once for each test file: what a worker warns of is part of no test's expectation, what it fails with is.
Runtime.install({ logger: new DefaultLogger('ERROR') });
