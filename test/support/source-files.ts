/** The project's own source files and what they import, for tests of its structure. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

export interface SourceImport {
  /** Path from the project root for files of ours, else the package or `node:` module as written. */
  readonly target: string;
  readonly isOurs: boolean;
  /** Erased by the compiler: nothing is loaded because of it. */
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the project root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly SourceImport[];
}

/** Every TypeScript file under `folder`, generated code left out. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('/generated/'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(process.cwd(), path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

function importsOf(path: string, text: string): SourceImport[] {
  const imports: SourceImport[] = [];
  const add = (specifier: string, isTypeOnly: boolean): void => {
    const isOurs = specifier.startsWith('.');
    const target = isOurs ? posix.join(posix.dirname(path), specifier) : specifier;
    imports.push({ target, isOurs, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, node.importClause !== undefined && isErased(node.importClause));
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      add(node.moduleSpecifier.text, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments;
      if (ts.isStringLiteral(specifier)) add(specifier.text, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2023));
  return imports;
}

function isErased(clause: ts.ImportClause): boolean {
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

/**
 * Circles of files that import one another, each once.
 * @param follow which imports count
 */
export function importCycles(
  files: readonly SourceFile[],
  follow: (edge: SourceImport) => boolean,
): string[][] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const path: string[] = [];
  const cycles: string[][] = [];
  const visit = (name: string): void => {
    const file = byPath.get(name);
    if (file === undefined || finished.has(name)) return;
    const start = path.indexOf(name);
    if (start >= 0) {
      cycles.push([...path.slice(start), name]);
      return;
    }
    path.push(name);
    for (const edge of file.imports) if (edge.isOurs && follow(edge)) visit(edge.target);
    path.pop();
    finished.add(name);
  };
  for (const { path: name } of files) visit(name);
  return cycles;
}
