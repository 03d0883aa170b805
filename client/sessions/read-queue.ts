import type { Temporal } from '../temporal';
import { queueReport, type QueueReport } from './pool-queue';

/** Who waits for which sessions now. The server tells it all: no workflow and no worker is asked. */
export async function readQueue(temporal: Temporal): Promise<QueueReport> {
  const [hosts, waiting] = await Promise.all([temporal.hosts.list(), temporal.queues.waiting()]);
  return queueReport(hosts, waiting, Date.now());
}
