import type { Temporal } from '../temporal';
import { queueReport } from './pool-queue';
import type { QueueReport } from './queue-report';

/** Who waits for which sessions now. The server tells it all: no workflow and no worker is asked. */
export async function readQueue(temporal: Temporal): Promise<QueueReport> {
  const [hosts, waiting] = await Promise.all([temporal.hosts.list(), temporal.queues.waiting()]);
  const report = queueReport(hosts, waiting, Date.now());
  if (!waiting.more) return report;
  // Some that wait were not looked at: the server's own count, which says not whose they are, is nearer then.
  const counted = await Promise.all(report.pools.map(({ pool }) => temporal.queues.depth(pool)));
  const pools = report.pools.map((queue, index) => ({ ...queue, depth: Math.max(queue.depth, counted[index]!) }));
  return { ...report, pools };
}
