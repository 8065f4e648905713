/**
 * Objects against the published schemas of Kubernetes and of the operators whose resources are used.
 *
 * The packages `kubernetes-models` are generated from the OpenAPI documents of Kubernetes: a validator for each kind,
 * which looks at values, formats and required fields but lets unknown fields pass, and a type for each kind. So the
 * values are given to the validator and the fields to the TypeScript compiler: an object literal with a field that its
 * type does not have is an error, just as it is to an API server that validates strictly.
 */
import ts from 'typescript';
import type { KubeObject } from './objects.ts';

/** Which fields tell that they are those: overlays.test.ts. */
export const KUBERNETES_MINORS = ['1.33', '1.36'] as const;
export type KubernetesMinor = (typeof KUBERNETES_MINORS)[number];

const OPERATORS: Readonly<Record<string, string>> = {
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'keda.sh': '@kubernetes-models/keda',
};

/** Published as no package: their pods are checked as those of Jobs, the rest is not. */
const WITHOUT_SCHEMA = ['jobset.x-k8s.io', 'kueue.x-k8s.io'];

interface Schema {
  readonly module: string;
  readonly kind: string;
}

/** @returns null when no package has it */
function schemaOf({ apiVersion, kind }: KubeObject, minor: KubernetesMinor): Schema | null {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  if (WITHOUT_SCHEMA.includes(group)) return null;
  return { module: `${OPERATORS[group] ?? `kubernetes-models-${minor}`}/${apiVersion}/${kind}`, kind };
}

type Validated = new (object: KubeObject) => { validate(): void };

/** Values, formats, required fields. @returns what is wrong, by object */
export async function invalidValues(
  objects: readonly KubeObject[],
  minor: KubernetesMinor,
): Promise<string[]> {
  const problems: string[] = [];
  for (const object of objects) {
    const schema = schemaOf(object, minor);
    if (schema === null) continue;
    const module = (await import(schema.module)) as Record<string, Validated>;
    try {
      new module[schema.kind](object).validate();
    } catch (error) {
      problems.push(`${object.kind} ${object.metadata.name}: ${(error as Error).message}`);
    }
  }
  return problems;
}

/** Fields that the kind does not have, and values that are none of its names. @returns what is wrong, by object */
export function unknownFields(objects: readonly KubeObject[], minor: KubernetesMinor): string[] {
  const path = `${process.cwd()}/test/support/k8s/objects-of-${minor}.ts`;
  const source = objects
    .flatMap((object, i) => {
      const schema = schemaOf(object, minor);
      if (schema === null) return [];
      // One line each: a line number is an object.
      return `import type { I${schema.kind} as T${i} } from '${schema.module}'; export const o${i}: T${i} = ${JSON.stringify(object)};`;
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const files = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...files,
    fileExists: (name) => name === path || files.fileExists(name),
    getSourceFile: (name, ...rest) =>
      name === path
        ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2023)
        : files.getSourceFile(name, ...rest),
  };
  const program = ts.createProgram([path], options, host);
  const checked = objects.filter((object) => schemaOf(object, minor) !== null);
  return program.getSemanticDiagnostics(program.getSourceFile(path)).map(({ file, start, messageText }) => {
    const line =
      file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line;
    const { kind, metadata } = checked[line];
    return `${kind} ${metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, '; ')}`;
  });
}
