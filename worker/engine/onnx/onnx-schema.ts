/**
 * The part of the ONNX model format that the lowering writes.
 *
 * Field names and numbers are those of ONNX IR version 10 (`onnx.proto3`, https://onnx.ai/onnx/repo-docs/IR.html);
 * everything not written is left out.
 */
import protobuf from 'protobufjs';

const SCHEMA = `
syntax = "proto3";
message StringStringEntry { string key = 1; string value = 2; }
message Dimension { int64 dim_value = 1; string dim_param = 2; }
message Shape { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Type { TensorType tensor_type = 1; }
message ValueInfo { string name = 1; Type type = 2; }
message Tensor {
  repeated int64 dims = 1;
  int32 data_type = 2;
  string name = 8;
  bytes raw_data = 9;
  repeated StringStringEntry external_data = 13;
  int32 data_location = 14;
}
message Attribute {
  string name = 1;
  float f = 2;
  int64 i = 3;
  bytes s = 4;
  repeated float floats = 7;
  repeated int64 ints = 8;
  int32 type = 20;
}
message Node {
  repeated string input = 1;
  repeated string output = 2;
  string name = 3;
  string op_type = 4;
  repeated Attribute attribute = 5;
  string domain = 7;
}
message Graph {
  repeated Node node = 1;
  string name = 2;
  repeated Tensor initializer = 5;
  repeated ValueInfo input = 11;
  repeated ValueInfo output = 12;
}
message OperatorSet { string domain = 1; int64 version = 2; }
message Model { int64 ir_version = 1; string producer_name = 2; Graph graph = 7; repeated OperatorSet opset_import = 8; }
`;

/** TensorProto.DataType */
export const ONNX_TYPE = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
} as const;
export type OnnxType = keyof typeof ONNX_TYPE;

export type OnnxAttribute =
  number | readonly number[] | string | { readonly float: number } | { readonly floats: readonly number[] };

export interface OnnxNode {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** A bare number or array is an integer attribute; floats say so. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxInitializer {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims: readonly number[];
  readonly data:
    | { readonly raw: Uint8Array }
    | { readonly location: string; readonly offsetBytes: number; readonly sizeBytes: number };
}

/** A dimension may be a name, which stands for any size. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims: readonly (number | string)[];
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

const modelType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Model');

/** Opset 20 is the newest whose every operator used here has a float32 CPU kernel in ONNX Runtime. */
const OPSETS = [
  { domain: '', version: 20 },
  { domain: 'com.microsoft', version: 1 },
];

/** Of the node that comes `index`th. */
export function nodeName({ opType }: OnnxNode, index: number): string {
  return `${opType}_${index}`;
}

/** The model as the bytes of an .onnx file. */
export function encodeOnnxModel(model: OnnxModel): Uint8Array {
  const message = modelType.fromObject({
    ir_version: 10,
    producer_name: 'sara',
    opset_import: OPSETS,
    graph: {
      name: 'sara',
      node: model.nodes.map((node, i) => ({
        name: nodeName(node, i),
        op_type: node.opType,
        domain: node.domain,
        input: node.inputs,
        output: node.outputs,
        attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
      })),
      initializer: model.initializers.map(encodeInitializer),
      input: model.inputs.map(encodeValueInfo),
      output: model.outputs.map(encodeValueInfo),
    },
  });
  return modelType.encode(message).finish();
}

function encodeAttribute(name: string, value: OnnxAttribute): object {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: Buffer.from(value) };
  if ('float' in value) return { name, type: 1, f: value.float };
  if ('floats' in value) return { name, type: 6, floats: value.floats };
  return { name, type: 7, ints: value };
}

function encodeInitializer({ name, type, dims, data }: OnnxInitializer): object {
  const head = { name, dims, data_type: ONNX_TYPE[type] };
  if ('raw' in data) return { ...head, raw_data: data.raw };
  const external = {
    location: data.location,
    offset: String(data.offsetBytes),
    length: String(data.sizeBytes),
  };
  return {
    ...head,
    data_location: 1,
    external_data: Object.entries(external).map(([key, value]) => ({ key, value })),
  };
}

function encodeValueInfo({ name, type, dims }: OnnxValueInfo): object {
  const dim = dims.map((d) => (typeof d === 'number' ? { dim_value: d } : { dim_param: d }));
  return { name, type: { tensor_type: { elem_type: ONNX_TYPE[type], shape: { dim } } } };
}
