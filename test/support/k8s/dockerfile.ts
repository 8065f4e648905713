/** What k8s/images/Dockerfile says of an image: read by the field's parser, not built, for no engine is needed for it. */
import { readFileSync } from 'node:fs';
import { Copy, DockerfileParser, From, JSONInstruction, type Instruction } from 'dockerfile-ast';

export const DOCKERFILE = 'k8s/images/Dockerfile';

export interface Stage {
  readonly name: string;
  /** Image or stage it begins with, arguments put in. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** How a container of an image starts when its manifest says nothing else. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** uid:gid */
  readonly user: string;
  readonly workdir: string;
}

export function readStages(): ReadonlyMap<string, Stage> {
  const dockerfile = DockerfileParser.parse(readFileSync(DOCKERFILE, 'utf8'));
  const defaults = new Map(
    dockerfile.getInitialARGs().map((arg) => {
      const property = arg.getProperty();
      return [property?.getName() ?? '', property?.getValue() ?? ''];
    }),
  );
  const stages = new Map<string, Stage>();
  let open: { name: string; from: string; instructions: Instruction[] } | null = null;
  for (const instruction of dockerfile.getInstructions()) {
    if (instruction instanceof From) {
      const from = instruction;
      const image = (from.getImage() ?? '').replace(
        /\$\{(\w+)\}/g,
        (_, name: string) => defaults.get(name) ?? '',
      );
      open = { name: from.getBuildStage() ?? '', from: image, instructions: [] };
      stages.set(open.name, open);
    } else if (open !== null) {
      open.instructions.push(instruction);
    }
  }
  return stages;
}

/** @throws Error when there is no such stage */
export function imageConfig(target: string): ImageConfig {
  const stages = readStages();
  const stage = stages.get(target);
  if (stage === undefined) throw new Error(`${DOCKERFILE} has no target ${target}`);
  const base = stages.has(stage.from) ? imageConfig(stage.from) : null;
  const last = (keyword: string): Instruction | undefined =>
    stage.instructions.findLast((one) => one.getKeyword() === keyword);
  const json = (keyword: string): string[] | undefined => {
    const instruction = last(keyword);
    if (!(instruction instanceof JSONInstruction)) return undefined;
    return instruction.getJSONStrings().map((text) => JSON.parse(text.getValue()) as string);
  };
  const env = stage.instructions
    .filter((one) => one.getKeyword() === 'ENV')
    .flatMap((one) => one.getArguments().map((argument) => argument.getValue().split(/=(.*)/s)));
  return {
    entrypoint: json('ENTRYPOINT') ?? base?.entrypoint ?? [],
    cmd: json('CMD') ?? base?.cmd ?? [],
    env: { ...base?.env, ...Object.fromEntries(env.map(([name, value]) => [name, value])) },
    user: last('USER')?.getArguments()[0].getValue() ?? base?.user ?? '',
    workdir: last('WORKDIR')?.getArguments()[0].getValue() ?? base?.workdir ?? '/',
  };
}

/** Paths that a stage takes from the build context or from another stage. */
export function copies(
  stage: Stage,
): { readonly from: string | null; readonly sources: readonly string[]; readonly target: string }[] {
  return stage.instructions
    .filter((one) => one.getKeyword() === 'COPY')
    .map((one) => {
      const paths = one
        .getArguments()
        .map((argument) => argument.getValue())
        .filter((text) => !text.startsWith('--'));
      const flag = one instanceof Copy ? one.getFromFlag() : null;
      return { from: flag?.getValue() ?? null, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
    });
}
