import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERROR_CODES } from '../../../shared/errors.ts';
import { runSara, type SaraExit } from '../../support/sara-command.ts';
import { makeTinyRun } from '../../support/tiny-run.ts';

/** A port that nothing listens on: reserved, and below those handed out. */
const NOBODY = '127.0.0.1:1';
const RUN = '20261124-083015-emoji-4f2a';

describe('command line', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-test-commands-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  /** One message for a person, a stack for nobody. */
  function refusedWith(
    { code, stdout, stderr }: SaraExit,
    expectedCode: number,
    ...messages: RegExp[]
  ): void {
    assert.equal(code, expectedCode, stderr);
    assert.equal(stdout, '');
    for (const message of messages) assert.match(stderr, message);
    assert.equal(stderr.match(/^sara: /gm)?.length, 1, stderr);
    assert.doesNotMatch(stderr, /^ +at /m, 'a stack trace');
  }

  it('explains itself: commands by purpose, examples, environment, and every exit code', async () => {
    const { code, stdout, stderr } = await runSara(['--help']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    for (const command of 'train plan sample analyze inspect export merge config doctor coordinator worker submit status list watch cancel workers'.split(
      ' ',
    )) {
      assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
    }
    for (const [name, { exitCode }] of Object.entries(ERROR_CODES)) {
      assert.ok(stdout.includes(name), name);
      assert.match(stdout, new RegExp(`^  ${exitCode} `, 'm'));
    }
    assert.match(stdout, /SARA_COORDINATOR/);
    assert.match(stdout, /^Examples:/m);
  });

  it('explains a configuration field', async () => {
    const { code, stdout } = await runSara(['config', 'train.steps']);
    assert.equal(code, 0);
    assert.match(stdout, /^train\.steps\n/);
    assert.match(stdout, /SARA_TRAIN_STEPS/);
    refusedWith(await runSara(['config', 'nothing']), 64, /'nothing' is no section or field/);
  });

  it('refuses an unknown command or option, and an option without a sensible value', async () => {
    refusedWith(await runSara(['tarin']), 64, /unknown command 'tarin'/, /sara --help/);
    refusedWith(await runSara(['train', '--wrokers', '2']), 64, /unknown option '--wrokers'/);
    refusedWith(await runSara(['train', 'x.yaml', '--workers', 'many']), 64, /whole number, 1 or more/);
    refusedWith(await runSara(['train', 'x.yaml', '--memory', 'lots']), 64, /a size such as 8GB/);
  });

  it('names a configuration file that does not exist', async () => {
    refusedWith(await runSara(['train', 'nowhere.yaml']), 66, /cannot read nowhere\.yaml/);
    refusedWith(await runSara(['train', '--resume', 'nowhere']), 66, /cannot resume nowhere/);
  });

  it('names an unknown key with its line and what was probably meant', async () => {
    await writeFile(join(folder, 'typo.yaml'), 'train:\n  stpes: 5\n');
    refusedWith(
      await runSara(['train', join(folder, 'typo.yaml')]),
      78,
      /typo\.yaml:2: train\.stpes .* did you mean train\.steps/,
    );
    refusedWith(await runSara(['plan', join(folder, 'typo.yaml')]), 78, /did you mean train\.steps/);
  });

  it('says which coordinator it cannot reach, and what to do', async () => {
    for (const command of [['list'], ['watch', RUN]]) {
      refusedWith(
        await runSara([...command, '--coordinator', NOBODY]),
        69,
        /coordinator at 127\.0\.0\.1:1/,
        /'sara coordinator'/,
      );
    }
    refusedWith(await runSara(['list'], { SARA_COORDINATOR: NOBODY }), 69, /coordinator at 127\.0\.0\.1:1/);
  });

  it('says what cannot be a run before asking anybody', async () => {
    refusedWith(
      await runSara(['status', 'latest', '--coordinator', NOBODY]),
      66,
      /no run is called 'latest'/,
    );
  });

  it('shows causes and stacks only when asked', async () => {
    const { stderr } = await runSara(['list', '--coordinator', NOBODY, '--verbose']);
    assert.match(stderr, /COORDINATOR_UNREACHABLE \{/);
    assert.match(stderr, /^ +at /m);
  });

  it('plans without running anything', async () => {
    const tiny = await makeTinyRun();
    try {
      const config = await tiny.writeConfig({ pipeline: { stages: 2 } });
      const planned = await runSara(['plan', config]);
      assert.equal(planned.code, 0, planned.stderr);
      assert.match(planned.stdout, /^2 stages x 1 replica, 2 micro-batches of 2 samples/);
      assert.match(planned.stdout, /^0 +worker-0 +time_embedding \.\. /m);
      assert.match(planned.stdout, /^1 +worker-1 +down_blocks/m);
      const refused = await runSara(['plan', config, '--memory', '1MB']);
      refusedWith(refused, 69, /stage \d on worker-\d needs [\d,]+ bytes > 1,000,000 bytes/);
    } finally {
      await tiny.remove();
    }
  });

  it("passes on the worker's commands, its help and its exit codes", async () => {
    const help = await runSara(['sample', '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /--prompt <text>/);
    const missing = await runSara(['sample', '--model', folder, '--prompt', 'x']);
    assert.equal(missing.code, 66, missing.stderr);
    assert.equal(missing.stderr.match(/sara: /g)?.length, 1, missing.stderr);
  });
}).timeout(300_000);
