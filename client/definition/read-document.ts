import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { readDocumentText, wholeFile } from '../../contracts/reading/document';
import type { SourceDocument } from '../../contracts/reading/document';
import { DefinitionError } from './definition-error';

const MAX_BYTES = 1024 * 1024;
const READABLE = new Set(['.yaml', '.yml', '.json']);

/** Read a YAML or JSON file. Fails: DefinitionError with every syntax error. */
export async function readDocument(file: string, path: string): Promise<SourceDocument> {
  const extension = extname(path).toLowerCase();
  if (!READABLE.has(extension)) {
    throw fileError(file, 'is no pipeline file', 'A pipeline is data: a .yaml, .yml or .json file.');
  }
  const read = readDocumentText(await readText(file, path), file, {
    syntax: extension === '.json' ? 'json' : 'yaml',
    one: 'one pipeline',
    insteadOfAliases: 'Write it out, or nest a pipeline.',
    hasExpressions: true,
  });
  if ('problems' in read) throw new DefinitionError(read.problems);
  return read.document;
}

async function readText(file: string, path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw fileError(file, 'is not a file', 'Name the pipeline file itself.');
    if (found.size > MAX_BYTES)
      throw fileError(file, 'is larger than 1 MB', 'Keep long texts in files that stages read.');
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw fileError(file, 'does not exist', 'Look at the path.');
    if (code === 'EACCES') throw fileError(file, 'may not be read', 'Look at its permissions.');
    throw error;
  }
}

function fileError(file: string, what: string, hint: string): DefinitionError {
  return new DefinitionError([wholeFile(file, what, hint)]);
}
