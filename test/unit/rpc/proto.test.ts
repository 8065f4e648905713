/** The .proto files, the code generated from them, and the table of services say the same. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { PROJECT_ROOT } from '../../../shared/bootstrap.mjs';
import {
  ACTOR_HOST_SERVICE,
  COORDINATOR_SERVICE,
  TENSOR_STORE_SERVICE,
} from '../../../shared/rpc/services.ts';

const PROTO_FOLDER = join(PROJECT_ROOT, 'proto');
const FILES = readdirSync(join(PROTO_FOLDER, 'sara/v1')).map((name) => `sara/v1/${name}`);

function loadProtos(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(PROTO_FOLDER, target);
  root.loadSync(FILES, { alternateCommentMode: true });
  root.resolveAll();
  return root;
}

function* typesIn(namespace: protobuf.NamespaceBase): Generator<protobuf.Type> {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) yield nested;
    if (nested instanceof protobuf.Namespace) yield* typesIn(nested);
  }
}

describe('the wire definition', () => {
  it('documents every field', () => {
    for (const type of typesIn(loadProtos())) {
      for (const field of type.fieldsArray) {
        // The alternatives of RunEvent are messages with comments of their own.
        if (type.name === 'RunEvent' && field.partOf?.name === 'body') continue;
        assert.ok((field.comment ?? '').length > 10, `${type.name}.${field.name} has no comment`);
      }
    }
  });

  it('uses no 64-bit integers, which JavaScript cannot hold', () => {
    const wide = /^s?u?int64$|^s?fixed64$/;
    for (const type of typesIn(loadProtos())) {
      for (const field of type.fieldsArray) assert.ok(!wide.test(field.type), `${type.name}.${field.name}`);
    }
  });

  it('is what the generated code was generated from (npm run proto)', function () {
    this.timeout(60_000);
    const script = (
      JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as { scripts: { proto: string } }
    ).scripts.proto;
    const folder = mkdtempSync(join(tmpdir(), 'sara-proto-'));
    try {
      const command = script.replace('shared/rpc/generated/sara.js', join(folder, 'sara.js'));
      assert.notEqual(command, script);
      const PATH = `${join(PROJECT_ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
      execFileSync('/bin/sh', ['-c', command], { cwd: PROJECT_ROOT, env: { ...process.env, PATH } });
      for (const name of ['sara.js', 'sara.d.ts']) {
        const committed = readFileSync(join(PROJECT_ROOT, 'shared/rpc/generated', name), 'utf8');
        assert.ok(
          readFileSync(join(folder, name), 'utf8') === committed,
          `${name} is stale: run npm run proto`,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has the same services and methods as the table the servers and clients use', () => {
    const tables = {
      ActorHost: ACTOR_HOST_SERVICE,
      TensorStore: TENSOR_STORE_SERVICE,
      Coordinator: COORDINATOR_SERVICE,
    };
    const root = loadProtos();
    const namespace = root.lookup('sara.v1');
    assert.ok(namespace instanceof protobuf.Namespace);
    const services = namespace.nestedArray.filter((nested) => nested instanceof protobuf.Service);
    assert.deepEqual(services.map((service) => service.name).sort(), Object.keys(tables).sort());
    for (const service of services) {
      const declared = service.methodsArray.map((method) => ({
        path: `/sara.v1.${service.name}/${method.name}`,
        kind: method.requestStream ? 'bidi' : method.responseStream ? 'server-stream' : 'unary',
      }));
      const table = Object.values(tables[service.name as keyof typeof tables]);
      assert.deepEqual(
        table.map(({ path, kind }: { path: string; kind: string }) => ({ path, kind })),
        declared,
      );
    }
  });
});
