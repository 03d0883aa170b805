import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';
import type { Door } from './door';

/** What gantry asks of the server itself, and registers there. */
export class Server {
  constructor(private readonly door: Door) {}

  /** Server version, or why not. */
  async version(): Promise<string> {
    const info = await this.door.call(() => this.door.connection.workflowService.getSystemInfo({}));
    return info.serverVersion ?? 'unknown';
  }

  /** Fails: UserError when the namespace does not exist. */
  async checkNamespace(): Promise<void> {
    await this.door.call(() =>
      this.door.connection.workflowService.describeNamespace({ namespace: this.door.target.namespace }),
    );
  }

  /** Names of the search attributes of contracts/ that the namespace lacks. */
  async missingSearchAttributes(): Promise<string[]> {
    const { namespace } = this.door.target;
    const known = await this.door.call(() => this.door.connection.operatorService.listSearchAttributes({ namespace }));
    return Object.values(SEARCH_ATTRIBUTES)
      .map(({ name }) => name)
      .filter((name) => known.customAttributes?.[name] === undefined);
  }

  /** Register what {@link missingSearchAttributes} names. */
  async registerSearchAttributes(names: readonly string[]): Promise<void> {
    const types = { KEYWORD: 2, DOUBLE: 4 } as const; // temporal.api.enums.v1.IndexedValueType
    const keys = Object.values(SEARCH_ATTRIBUTES).filter(({ name }) => names.includes(name));
    await this.door.call(() =>
      this.door.connection.operatorService.addSearchAttributes({
        namespace: this.door.target.namespace,
        searchAttributes: Object.fromEntries(keys.map(({ name, type }) => [name, types[type]])),
      }),
    );
  }
}
