import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A real repository: what a person would do by hand, for tests to start from and to look at. */
export class GitRepository {
  private constructor(readonly path: string) {}

  /** With one commit on `main`. */
  static create(path: string): GitRepository {
    mkdirSync(path, { recursive: true });
    const repository = new GitRepository(path);
    repository.git('init', '--quiet', '--initial-branch=main');
    repository.commit({ 'README.md': 'hello\n', '.gitignore': 'ignored/\n' }, 'first');
    return repository;
  }

  static at(path: string): GitRepository {
    return new GitRepository(path);
  }

  git(...args: string[]): string {
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
    const identity = ['-c', 'user.name=Person', '-c', 'user.email=person@example.com'];
    return execFileSync('git', [...identity, ...args], { cwd: this.path, env, encoding: 'utf8' }).trimEnd();
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      writeFileSync(join(this.path, name), content);
    }
  }

  commit(files: Readonly<Record<string, string>>, message = 'change'): string {
    this.write(files);
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** The names of all refs under a prefix. */
  refs(prefix = 'refs/'): string[] {
    const text = this.git('for-each-ref', '--format=%(refname)', prefix);
    return text === '' ? [] : text.split('\n');
  }

  status(): string {
    return this.git('status', '--porcelain');
  }
}
