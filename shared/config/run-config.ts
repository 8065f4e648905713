/**
 * The configuration of a run, all of it. This schema is the only place where a field exists: types, checks,
 * errors, overrides, help and the README's table follow from it.
 */
import { z } from 'zod';
import { field, fieldsOf, type Field } from './field.ts';
import { engineSection, faultsSection, pipelineSection, trainSection } from './sections/execution.ts';
import { dataSection, modelSection } from './sections/input.ts';
import { objectiveSection } from './sections/objective.ts';
import { optimizerSection, scheduleSection } from './sections/optimizer.ts';
import { checkpointSection, outputSection, previewSection, validationSection } from './sections/output.ts';
import { saraSection } from './sections/sara.ts';

export const runConfigSchema = z.strictObject({
  name: field(z.string().max(100), { doc: 'Label of the run, shown beside its id.', default: '' }),
  method: field(z.enum(['sara', 'full']), {
    doc: 'sara: train the smallest weights. full: train every weight, e.g. to make a base model; has no sara section.',
    default: 'sara',
  }),
  model: modelSection,
  data: dataSection,
  sara: saraSection,
  objective: objectiveSection,
  optimizer: optimizerSection,
  schedule: scheduleSection,
  train: trainSection,
  pipeline: pipelineSection,
  validation: validationSection,
  preview: previewSection,
  checkpoint: checkpointSection,
  output: outputSection,
  engine: engineSection,
  faults: faultsSection,
});

/** As a person writes it: whatever has a default may be left out. */
export type RunConfig = z.input<typeof runConfigSchema>;

/** With every default filled in, before fields have been held against each other. */
export type ParsedRunConfig = z.output<typeof runConfigSchema>;

/** {@link ParsedRunConfig} `sara`, with the re-selection step settled: 0 for never. */
export type SaraConfig = Omit<NonNullable<ParsedRunConfig['sara']>, 'reselectStep'> & {
  reselectStep: number;
};

/**
 * Complete: nothing is left to a default, every path is absolute, `sara` exists exactly for method `sara`.
 * What is still null has its meaning in the field's doc: `off` (validationPath, ema.decay), or decided later by
 * what only then is known: learningRate by the selection, stages, replicas and numThreads by the planner.
 */
export type ResolvedRunConfig = Omit<ParsedRunConfig, 'method' | 'sara'> &
  ({ method: 'sara'; sara: SaraConfig } | { method: 'full'; sara: null });

/** Every field by its dotted path, in the order of the schema. */
export const RUN_CONFIG_FIELDS: ReadonlyMap<string, Field> = new Map(
  fieldsOf(runConfigSchema).map((declared) => [declared.path, declared]),
);
