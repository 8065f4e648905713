/** Types of bootstrap.mjs, which is plain JavaScript because it runs before anything is installed. */

/** Folder with package.json. */
export const PROJECT_ROOT: string;

/** @returns path of a nats-server that can be run, or null */
export function findNatsServer(): string | null;

/** Installs what package-lock.json says, when that has not been done since it last changed. */
export function ensureDependencies(): Promise<void>;

/** Compiles the sources, when one is newer than the last build. */
export function ensureBuild(): Promise<void>;

/** Makes sure there is a nats-server; returns its path. @throws Error with a sentence for the user */
export function ensureNatsServer(): Promise<string>;
