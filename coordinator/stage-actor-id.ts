/** How a stage's actor is called: a driver that comes later learns from it which stage it has found. */

/** @param unique of this actor for all time */
export function stageActorId(stage: number, replica: number, unique: string): string {
  return `stage-${stage}.replica-${replica}.${unique}`;
}

/** @returns null when it is no stage's */
export function stageOfActor(actorId: string): number | null {
  const match = /^stage-(\d+)\.replica-\d+\./.exec(actorId);
  return match === null ? null : Number(match[1]);
}
