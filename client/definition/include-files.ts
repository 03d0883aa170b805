import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, parse, relative, resolve } from 'node:path';
import { NAME_PATTERN } from '../../contracts/ids';
import { isFileName } from '../../contracts/pipeline';
import type { Path } from '../../contracts/pipeline';
import { DefinitionError } from './definition-error';
import type { LocatedProblem } from '../../contracts/reading/located-problem';
import { readDocument } from './read-document';
import type { SourceDocument } from '../../contracts/reading/document';

// A stage may nest a pipeline that stands in a file of its own. All files become one source with one flat table of
// pipelines, so that one check sees everything; where each piece came from is kept for the messages.

export interface GatheredSource {
  readonly source: unknown;
  readonly warnings: readonly LocatedProblem[];
  /** The document and the path in it of a place in the gathered source. */
  origin(path: Path): { readonly document: SourceDocument; readonly path: Path; readonly pipeline?: string };
}

interface LoadedFile {
  readonly path: string;
  readonly document: SourceDocument;
  /** The name in the table of the file itself, and of each pipeline in it by its own name. */
  readonly name: string;
  readonly inner: ReadonlyMap<string, string>;
}

/** What belongs to a run and not to a pipeline that another one nests. */
const RUN_FIELDS = ['$schema', 'name', 'mode', 'setup', 'ports', 'after', 'pipelines'];
const UNUSED_WHEN_NESTED = ['mode', 'setup', 'after'];
const MAX_FILES = 50;

/** Read the files a pipeline file nests, and those they nest. Fails: DefinitionError. */
export async function gatherSource(file: string, path: string): Promise<GatheredSource> {
  const top = await readDocument(file, path);
  const gathering = new Gathering(top, await realpath(path));
  return gathering.gather();
}

class Gathering {
  private readonly names = new Set<string>();
  private readonly files = new Map<string, LoadedFile>();
  private readonly problems: LocatedProblem[] = [];
  private readonly root: string;

  constructor(
    private readonly top: SourceDocument,
    private readonly topPath: string,
  ) {
    this.root = repositoryAround(dirname(topPath)) ?? dirname(topPath);
    for (const name of keysOf(mappingAt(top.value, 'pipelines'))) this.names.add(name);
  }

  async gather(): Promise<GatheredSource> {
    const topValue = asMapping(this.top.value);
    if (topValue === undefined) {
      return { source: this.top.value, warnings: [], origin: (path) => ({ document: this.top, path }) };
    }
    const own = await this.rewrite(topValue, this.top, this.topPath, new Map());
    const pipelines: Record<string, unknown> = { ...asMapping(own['pipelines']) };
    const origins = new Map<string, { document: SourceDocument; path: Path; pipeline?: string }>();
    // Files are found while others are read: the map grows under the loop.
    for (const loaded of this.files.values()) {
      const value = asMapping(loaded.document.value) ?? {};
      const rewritten = await this.rewrite(value, loaded.document, loaded.path, loaded.inner);
      pipelines[loaded.name] = Object.fromEntries(
        Object.entries(rewritten).filter(([key]) => !RUN_FIELDS.includes(key)),
      );
      origins.set(loaded.name, { document: loaded.document, path: [] });
      for (const [local, name] of loaded.inner) {
        pipelines[name] = mappingAt(rewritten, 'pipelines')?.[local];
        origins.set(name, { document: loaded.document, path: ['pipelines', local], pipeline: local });
      }
    }
    if (this.problems.length > 0) throw new DefinitionError(this.problems);
    return {
      source: this.files.size === 0 ? own : { ...own, ...this.portsOf(topValue), pipelines },
      warnings: this.warnings(),
      origin: (path) => this.originOf(path, origins),
    };
  }

  /** The source of one file with names of the table in place of file names. */
  private async rewrite(
    value: Record<string, unknown>,
    document: SourceDocument,
    path: string,
    inner: ReadonlyMap<string, string>,
  ): Promise<Record<string, unknown>> {
    const rewriteBody = async (body: Record<string, unknown>, at: Path) => {
      const stages = asMapping(body['stages']);
      if (stages === undefined) return body;
      const copies: [string, unknown][] = [];
      for (const [id, stage] of Object.entries(stages)) {
        copies.push([id, await this.rewriteStage(stage, document, path, inner, [...at, 'stages', id, 'pipeline'])]);
      }
      return { ...body, stages: Object.fromEntries(copies) };
    };
    const pipelines = asMapping(value['pipelines']);
    const bodies: [string, unknown][] = [];
    for (const [name, body] of Object.entries(pipelines ?? {})) {
      const mapping = asMapping(body);
      bodies.push([name, mapping === undefined ? body : await rewriteBody(mapping, ['pipelines', name])]);
    }
    const own = await rewriteBody(value, []);
    return pipelines === undefined ? own : { ...own, pipelines: Object.fromEntries(bodies) };
  }

  private async rewriteStage(
    stage: unknown,
    document: SourceDocument,
    path: string,
    inner: ReadonlyMap<string, string>,
    at: Path,
  ): Promise<unknown> {
    const mapping = asMapping(stage);
    const target = mapping?.['pipeline'];
    if (mapping === undefined || typeof target !== 'string' || target.includes('{{')) return stage;
    const written = target.trim();
    const name = isFileName(written) ? await this.include(written, document, path, at) : inner.get(written);
    return name === undefined ? stage : { ...mapping, pipeline: name };
  }

  private async include(
    written: string,
    document: SourceDocument,
    from: string,
    at: Path,
  ): Promise<string | undefined> {
    const report = (message: string, hint?: string) => {
      const place = document.locate(at);
      const stage = String(at.at(-2));
      this.problems.push({
        path: at,
        stage,
        message,
        ...(hint === undefined ? {} : { hint }),
        file: document.file,
        ...place,
      });
      return undefined;
    };
    if (isAbsolute(written)) return report(`pipeline must be a path relative to this file, got "${written}"`);
    const wanted = resolve(dirname(from), written);
    const path = await realpath(wanted).catch(() => wanted);
    if (!isBelow(path, this.root)) {
      return report(`pipeline "${written}" leads out of ${basename(this.root)}`, 'Keep it in the same repository.');
    }
    const known = this.files.get(path);
    if (known !== undefined) return known.name;
    if (this.files.size >= MAX_FILES) return report(`more than ${MAX_FILES} files are nested`);
    return this.load(path, join(dirname(document.file), written), written, report);
  }

  private async load(
    path: string,
    file: string,
    written: string,
    report: (message: string, hint?: string) => undefined,
  ): Promise<string | undefined> {
    if (!existsSync(path)) return report(`pipeline "${written}" does not exist`, 'The path is relative to this file.');
    try {
      const document = await readDocument(file, path);
      const name = this.freeName(basename(path, extname(path)));
      const locals = keysOf(mappingAt(document.value, 'pipelines'));
      const inner = new Map(locals.map((local) => [local, this.freeName(local)]));
      this.files.set(path, { path, document, name, inner });
      return name;
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }

  private freeName(wanted: string): string {
    const base =
      wanted
        .toLowerCase()
        .replace(/[^a-z0-9_-]+/g, '-')
        .replace(/^[^a-z]+/, '')
        .slice(0, 36) || 'pipeline';
    let name = base;
    for (let count = 2; this.names.has(name); count += 1) name = `${base}-${count}`;
    this.names.add(name);
    return name;
  }

  /** A nested pipeline works in the worktree of its run: the run needs the ports of both. */
  private portsOf(topValue: Record<string, unknown>): Record<string, unknown> {
    const own: unknown = topValue['ports'] ?? [];
    if (!Array.isArray(own)) return {};
    const others = [...this.files.values()].flatMap(({ document }) => {
      const ports: unknown = asMapping(document.value)?.['ports'];
      return Array.isArray(ports) ? ports.filter((port): port is string => typeof port === 'string') : [];
    });
    const added = new Set(others.filter((port) => NAME_PATTERN.test(port) && !own.includes(port)));
    return { ports: [...(own as unknown[]), ...added] };
  }

  private warnings(): LocatedProblem[] {
    return [...this.files.values()].flatMap(({ document }) => {
      const fields = keysOf(asMapping(document.value)).filter((key) => UNUSED_WHEN_NESTED.includes(key));
      return fields.map((field): LocatedProblem => {
        const message = `${field} is not used where another pipeline nests this one`;
        return { path: [field], field, message, file: document.file, ...document.locate([field], { atKey: true }) };
      });
    });
  }

  private originOf(
    path: Path,
    origins: ReadonlyMap<string, { document: SourceDocument; path: Path; pipeline?: string }>,
  ) {
    const origin = path[0] === 'pipelines' ? origins.get(String(path[1])) : undefined;
    if (origin !== undefined) return { ...origin, path: [...origin.path, ...path.slice(2)] };
    const own = path[0] === 'pipelines' && path.length > 1 ? { pipeline: String(path[1]) } : {};
    return { document: this.top, path, ...own };
  }
}

function repositoryAround(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (at === parse(at).root) return undefined;
  }
}

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

function asMapping(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function mappingAt(value: unknown, key: string): Record<string, unknown> | undefined {
  return asMapping(asMapping(value)?.[key]);
}

function keysOf(value: Record<string, unknown> | undefined): string[] {
  return Object.keys(value ?? {});
}
