/**
 * The configuration of a run. This file is the border; in config/: run-config (the schema, with its sections),
 * field (how one is declared), load (layers, checks, completion), describe (the table for people).
 */
export { configTableMarkdown, describeConfig, type ConfigRow } from './config/describe.ts';
export {
  loadRunConfig,
  overrideRunConfig,
  parseRunConfigJson,
  resolveRunConfig,
  serializeRunConfig,
  type ConfigOverrides,
} from './config/load.ts';
export {
  runConfigSchema,
  type ResolvedRunConfig,
  type RunConfig,
  type SaraConfig,
} from './config/run-config.ts';
export { MAX_THRESHOLD_FOR_LEARNING_RATE } from './config/rules.ts';
export { MASK_SOURCES, MAX_REPEATS, TEXT_ENCODINGS } from './config/sections/input.ts';
export { HUBER_SCHEDULES } from './config/sections/objective.ts';
export { LR_SCHEDULES } from './config/sections/optimizer.ts';
export { SAMPLER_NAMES } from './config/sections/output.ts';
