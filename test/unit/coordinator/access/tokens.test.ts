/** Bearer tokens: the file, the roles, and what is refused. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROLE_OF_METHOD, ROLES, type Role } from '../../../../coordinator/access/roles.ts';
import { findToken, makeToken, readTokenFile } from '../../../../coordinator/access/token-file.ts';
import { TokenGate } from '../../../../coordinator/access/token-gate.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { SaraError } from '../../../../shared/errors.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { bearerToken } from '../../../../shared/rpc/gate.ts';
import { COORDINATOR_SERVICE } from '../../../../shared/rpc/services.ts';
import { saraError } from '../../../support/sara-error.ts';

type Method = keyof typeof COORDINATOR_SERVICE;

describe('bearer tokens', () => {
  let folder: string;
  let path: string;
  const gates: TokenGate[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sara-tokens-'));
    path = join(folder, 'tokens.yaml');
  });

  afterEach(async () => {
    for (const gate of gates.splice(0)) gate.close();
    await rm(folder, { recursive: true, force: true });
  });

  const write = (...entries: object[]): Promise<void> => writeFile(path, JSON.stringify({ tokens: entries }));

  async function openGate(): Promise<TokenGate> {
    const gate = await TokenGate.open(path, { clock: systemClock, log: silentLogger });
    gates.push(gate);
    return gate;
  }

  function outcome(gate: TokenGate, method: Method, token: string | null): string {
    try {
      gate.admit(COORDINATOR_SERVICE[method].path, { peer: 'test', parts: null, token });
      return 'admitted';
    } catch (error) {
      return (error as SaraError).code;
    }
  }

  /** What each role may do; a method that is added has to be placed here too. */
  const MAY: Readonly<Record<Role, readonly Method[]>> = {
    read: ['getRun', 'listRuns', 'watchRun', 'listWorkers'],
    submit: ['submitRun', 'cancelRun', 'resumeRun', 'planRun'],
    admin: ['drainWorker'],
  };

  it('admit each role to its methods and those of lesser roles, and to no other', async () => {
    const tokens = ROLES.map((role) => ({ role, ...makeToken() }));
    await write(...tokens.map(({ role, sha256 }) => ({ name: role, role, sha256 })));
    const gate = await openGate();
    for (const { role, token } of tokens) {
      const allowed = new Set(ROLES.slice(0, ROLES.indexOf(role) + 1).flatMap((lesser) => MAY[lesser]));
      for (const method of Object.keys(COORDINATOR_SERVICE) as Method[]) {
        const expected = allowed.has(method) ? 'admitted' : 'PERMISSION_DENIED';
        assert.equal(outcome(gate, method, token), expected, `${role} calls ${method}`);
      }
    }
    assert.deepEqual(Object.values(MAY).flat().sort(), Object.keys(ROLE_OF_METHOD).sort());
  });

  it('refuse whoever has none, or one that is unknown, cut short or has expired', async () => {
    const [good, old] = [makeToken(), makeToken()];
    await write(
      { name: 'ada', role: 'admin', sha256: good.sha256 },
      { name: 'old', role: 'admin', sha256: old.sha256, expires: '2001-01-01' },
    );
    const gate = await openGate();
    for (const token of [null, makeToken().token, good.token.slice(0, -1), good.sha256, old.token])
      assert.equal(outcome(gate, 'listRuns', token), 'UNAUTHENTICATED');
    assert.equal(outcome(gate, 'listRuns', good.token), 'admitted');
  });

  it('keep a method that the table does not know for admins', async () => {
    const [submit, admin] = [makeToken(), makeToken()];
    await write(
      { name: 's', role: 'submit', sha256: submit.sha256 },
      { name: 'a', role: 'admin', sha256: admin.sha256 },
    );
    const gate = await openGate();
    const call = (token: string): void => {
      gate.admit('/sara.v1.Coordinator/Erase', { peer: 'test', parts: null, token });
    };
    assert.throws(
      () => {
        call(submit.token);
      },
      saraError('PERMISSION_DENIED', /Erase is for role admin/),
    );
    call(admin.token);
  });

  it('follow the file, and outlive a broken one', async () => {
    const [first, second] = [makeToken(), makeToken()];
    await write({ name: 'first', role: 'read', sha256: first.sha256 });
    const gate = await openGate();
    await writeFile(path, 'tokens: [');
    await gate.refresh();
    assert.equal(outcome(gate, 'listRuns', first.token), 'admitted');
    await write({ name: 'the second', role: 'read', sha256: second.sha256 });
    await gate.refresh();
    assert.equal(outcome(gate, 'listRuns', first.token), 'admitted', 'a name with a space is refused');
    await write({ name: 'second', role: 'read', sha256: second.sha256 });
    await gate.refresh();
    assert.equal(outcome(gate, 'listRuns', first.token), 'UNAUTHENTICATED');
    assert.equal(outcome(gate, 'listRuns', second.token), 'admitted');
  });

  it('are accepted through the last day of their validity', async () => {
    const { token, sha256 } = makeToken();
    await write({ name: 'ada', role: 'read', sha256, expires: '2030-06-30' });
    const tokens = await readTokenFile(path);
    assert.equal(findToken(tokens, token, Date.parse('2030-06-30T23:59:00Z'))?.name, 'ada');
    assert.equal(findToken(tokens, token, Date.parse('2030-07-01T00:00:00Z')), null);
  });

  for (const [title, text, message] of [
    ['no list', 'tokens: 3', /tokens/],
    ['an unknown role', `tokens: [{ name: a, role: god, sha256: ${'0'.repeat(64)} }]`, /tokens\.0\.role/],
    [
      'a token instead of its digest',
      'tokens: [{ name: a, role: read, sha256: sara_x }]',
      /tokens\.0\.sha256/,
    ],
    ['an unknown field', `tokens: [{ name: a, role: read, sha256: ${'0'.repeat(64)}, x: 1 }]`, /tokens\.0/],
  ] as const) {
    it(`refuse a file with ${title}`, async () => {
      await writeFile(path, text);
      await assert.rejects(readTokenFile(path), saraError('CONFIG_INVALID', message));
    });
  }

  it('are read from the header as they are, or not at all', () => {
    assert.equal(bearerToken('Bearer sara_abc-1'), 'sara_abc-1');
    for (const header of [
      undefined,
      '',
      'Basic x',
      'Bearer ',
      'bearer x',
      'Bearer a b',
      `Bearer ${'x'.repeat(513)}`,
    ])
      assert.equal(bearerToken(header), null, header);
  });
});
