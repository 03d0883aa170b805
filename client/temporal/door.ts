import type { Client, Connection } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import type { Json } from '../../contracts/json';
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

  /** The first of some payloads as the value it was made of; null when there is none. */
  async decode(payloads: readonly Payload[]): Promise<Json> {
    const { payloadConverter, payloadCodecs } = this.client.options.loadedDataConverter;
    let encoded = payloads.slice(0, 1);
    for (const codec of [...payloadCodecs].reverse()) encoded = await codec.decode(encoded);
    const [payload] = encoded;
    return payload === undefined ? null : payloadConverter.fromPayload<Json>(payload);
  }

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
