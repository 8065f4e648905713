import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { encodeEvent, type BoardEvent } from '../../../../coordinator/tensorboard/event.ts';
import { EventFile } from '../../../../coordinator/tensorboard/event-file.ts';
import { RunBoard } from '../../../../coordinator/tensorboard/run-board.ts';
import { tfRecord } from '../../../../coordinator/tensorboard/tf-record.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { readEvents } from '../../../support/tensorboard-events.ts';

const GOLDEN = 'test/golden/tensorboard/events.tfevents';
const START_MS = 1_700_000_000_250;

const clockAt = (ms: number): Clock => ({ nowMs: () => ms, sleep: () => Promise.resolve() });

describe('TensorBoard events', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-board-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const onlyFile = async (inside: string): Promise<Buffer> => {
    const names = await readdir(inside);
    assert.equal(names.length, 1, names.join());
    return readFile(join(inside, names[0]));
  };

  it('are, byte for byte, what tensorboardX writes', async () => {
    const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
    const events: [atMs: number, BoardEvent][] = [
      [START_MS, { kind: 'file-begins' }],
      [1_700_000_001_500, { kind: 'scalar', tag: 'loss/training', step: 1, value: 0.125 }],
      [1_700_000_002_000, { kind: 'scalar', tag: 'learning rate', step: 4_294_967_295, value: 1e-4 }],
      [
        1_700_000_003_000,
        { kind: 'image', tag: 'samples', step: 300, image: { width: 3, height: 2, bytes: png } },
      ],
      [1_700_000_004_000, { kind: 'restart', step: 200 }],
    ];
    const records = events.map(([atMs, event]) => tfRecord(encodeEvent(event, atMs)));
    assert.deepEqual(Buffer.concat(records), await readFile(GOLDEN));
  });

  it('go to a file that TensorBoard finds, begins with the version, and is whole after every event', async () => {
    const file = await EventFile.create(join(folder, 'deep', 'er'), clockAt(START_MS));
    assert.match(basename(file.path), /^events\.out\.tfevents\.1700000000\./);
    await file.write({ kind: 'scalar', tag: 'loss', step: 7, value: -0.5 });
    assert.deepEqual(readEvents(await readFile(file.path)), [
      { wallTime: 1_700_000_000.25, step: 0, fileVersion: 'brain.Event:2' },
      { wallTime: 1_700_000_000.25, step: 7, tag: 'loss', value: -0.5 },
    ]);
    await file.close();
  });

  it('are written in the order they were asked for, awaited or not', async () => {
    const file = await EventFile.create(folder, clockAt(START_MS));
    await Promise.all(
      Array.from({ length: 50 }, (_, step) => file.write({ kind: 'scalar', tag: 'x', step, value: step })),
    );
    await file.close();
    const steps = readEvents(await readFile(file.path))
      .slice(1)
      .map(({ step }) => step);
    assert.deepEqual(
      steps,
      Array.from({ length: 50 }, (_, step) => step),
    );
  });

  it('cannot be written where there is no folder to be had', async () => {
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(EventFile.create(join(folder, 'file'), clockAt(START_MS)), {
      code: 'DISK_WRITE_FAILED',
      message: /cannot write .*events\.out\.tfevents/,
    });
  });

  describe('of a run', () => {
    it('are its losses, rates, norms and counts, over the updates applied when they were measured', async () => {
      const board = await RunBoard.open(folder, clockAt(START_MS));
      await board.restart(0);
      await board.record({ kind: 'validated', loss: 0.5, numExamples: 8 }, 0);
      await board.record(
        { kind: 'mask-refreshed', stage: 1, trainableCount: 1000, releasedCount: 0, digest: '' },
        0,
      );
      await board.record(
        {
          kind: 'step-committed',
          loss: 0.25,
          learningRate: 0.125,
          gradNorm: 2,
          seconds: 4,
          samplesPerSecond: 16,
          trainableCount: 1000,
        },
        1,
      );
      await board.record({ kind: 'log', level: 'info', message: 'nothing to see', worker: '' }, 1);
      await board.close();
      const events = readEvents(await onlyFile(join(folder, 'tensorboard'))).slice(1);
      assert.deepEqual(
        events.map(({ step, tag, value, restart }) =>
          restart === true ? ['restart', step] : [tag, step, value],
        ),
        [
          ['restart', 0],
          ['loss/validation', 0, 0.5],
          ['mask/trained weights', 0, 1000],
          ['loss/training', 0, 0.25],
          ['optimizer/learning rate', 0, 0.125],
          ['optimizer/gradient norm', 0, 2],
          ['speed/samples per second', 0, 16],
        ],
      );
    });

    it('hold its pictures, with their sizes, and nothing of what is no PNG', async () => {
      const png = Buffer.alloc(33);
      png.write('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR', 'latin1');
      png.writeUInt32BE(640, 16);
      png.writeUInt32BE(480, 20);
      const [sheet, other] = [join(folder, 'samples.png'), join(folder, 'no.png')];
      await writeFile(sheet, png);
      await writeFile(other, 'no picture, though it is long enough to be one');
      const board = await RunBoard.open(folder, clockAt(START_MS));
      const artifact = { kind: 'artifact', mediaType: 'image/png', sizeBytes: 33 } as const;
      await board.record({ ...artifact, name: 'samples', path: sheet }, 9);
      await board.record({ ...artifact, name: 'other', path: other }, 9);
      await board.record(
        { ...artifact, name: 'adapter', path: 'nowhere', mediaType: 'application/octet-stream' },
        9,
      );
      await board.close();
      const events = readEvents(await onlyFile(join(folder, 'tensorboard'))).slice(1);
      assert.deepEqual(events, [
        {
          wallTime: 1_700_000_000.25,
          step: 9,
          tag: 'samples',
          image: { width: 640, height: 480, bytes: png },
        },
      ]);
    });
  });
});

describe('reading events, as the tests do', () => {
  it('gives what is recorded', async () => {
    const events = readEvents(await readFile(GOLDEN));
    assert.deepEqual(
      events.map(({ wallTime, step }) => [wallTime, step]),
      [
        [1_700_000_000.25, 0],
        [1_700_000_001.5, 1],
        [1_700_000_002, 4_294_967_295],
        [1_700_000_003, 300],
        [1_700_000_004, 200],
      ],
    );
    assert.deepEqual([events[1].tag, events[1].value], ['loss/training', 0.125]);
    assert.equal(events[4].restart, true);
  });

  it('notices a changed byte anywhere', async () => {
    const whole = await readFile(GOLDEN);
    for (let i = 0; i < whole.length; i++) {
      const changed = Buffer.from(whole);
      changed[i] ^= 1;
      assert.throws(() => readEvents(changed), /checksum|ends/, `byte ${i}`);
    }
  });
});
