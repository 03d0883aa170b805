import type { Client, Connection } from '@temporalio/client';
import type { Target } from '../target';
import { translate } from './translate';

const CALL_MS = 10_000;

/** The way to one server: every request goes through it, and comes back with our own errors. */
export class Door {
  constructor(
    readonly connection: Connection,
    readonly client: Client,
    readonly target: Target,
  ) {}

  /** @param needsWorker Without one the answer is NoWorkerError, and not that the server is away. */
  async call<T>(
    request: () => Promise<T>,
    { deadlineMs = CALL_MS, needsWorker = false }: { deadlineMs?: number; needsWorker?: boolean } = {},
  ): Promise<T> {
    try {
      return await this.connection.withDeadline(Date.now() + deadlineMs, request);
    } catch (error) {
      throw translate(error, this.target, needsWorker);
    }
  }
}
