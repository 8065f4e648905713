import assert from 'node:assert/strict';
import { configTableMarkdown, describeConfig } from '../../../../shared/config.ts';
import { nearest } from '../../../../shared/config/nearest.ts';
import { RUN_CONFIG_FIELDS } from '../../../../shared/config/run-config.ts';

describe('config table', () => {
  const rows = describeConfig();
  const row = (path: string) => rows.find((candidate) => candidate.path === path);

  it('has a row for every field with type, range, unit, default and meaning', () => {
    assert.deepEqual(row('train.batchSize'), {
      path: 'train.batchSize',
      type: 'integer in [1, 65536]',
      unit: 'samples',
      default: '4',
      doc: 'Pictures per update, over all replicas and micro-batches.',
      variable: 'SARA_TRAIN_BATCH_SIZE',
    });
    assert.equal(row('model.path')?.type, 'path');
    assert.equal(row('model.path')?.default, 'required');
    assert.equal(row('sara.fraction')?.type, 'number in (0, 1] or null');
    assert.equal(row('optimizer.betas')?.default, '[0.9,0.999]');
    assert.equal(row('sara.rank.weight')?.default, '0.005');
    assert.equal(row('optimizer.ema.decay')?.default, 'null');
    assert.equal(row('data.repeats')?.type, 'map of names to integer in [1, 10000]');
    assert.equal(row('data.repeats')?.default, '{}');
    assert.equal(row('data.prior.path')?.type, 'path');
    assert.equal(row('data.prior.path')?.default, 'required');
  });

  it('explains every field in sentences and gives numbers that count something a unit', () => {
    for (const { path, doc, unit, type } of rows) {
      assert.match(doc, /^[A-Za-z].*\.$/, path);
      if (/steps$|samples$|size$/i.test(path) && type.includes('integer')) assert.notEqual(unit, '', path);
    }
  });

  it('names only defaults that their own fields accept', () => {
    for (const { path, schema, defaultJson } of RUN_CONFIG_FIELDS.values()) {
      if (defaultJson !== undefined) assert.ok(schema.safeParse(JSON.parse(defaultJson)).success, path);
    }
  });

  it('gives every field an environment variable of its own', () => {
    assert.equal(new Set(rows.map(({ variable }) => variable)).size, rows.length);
    for (const { variable } of rows) assert.match(variable, /^SARA_[A-Z_]+$/);
  });

  it('is Markdown with five cells a row, bars inside cells escaped', () => {
    const lines = configTableMarkdown().trimEnd().split('\n');
    assert.equal(lines.length, rows.length + 2);
    for (const line of lines) assert.equal(line.split(/(?<!\\)\|/).length, 7, line);
  });
});

describe('nearest name', () => {
  const names = ['steps', 'batchSize', 'seed'];

  it('finds misspellings and other spellings, and nothing for what is far from all', () => {
    assert.equal(nearest('setps', names), 'steps');
    assert.equal(nearest('step', names), 'steps');
    assert.equal(nearest('batch-size', names), 'batchSize');
    assert.equal(nearest('SEED', names), 'seed');
    assert.equal(nearest('temperature', names), undefined);
    assert.equal(nearest('', names), undefined);
  });
});
