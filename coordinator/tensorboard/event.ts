/**
 * The part of TensorBoard's event format that a run writes: scalars, pictures, and the restart of a run.
 *
 * Field names and numbers are those of TensorFlow's `event.proto` and `summary.proto`; everything not written is left
 * out. https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto
 */
import protobuf from 'protobufjs';

const SCHEMA = `
syntax = "proto3";
message Event {
  double wall_time = 1;
  int64 step = 2;
  oneof what {
    string file_version = 3;
    Summary summary = 5;
    SessionLog session_log = 7;
  }
}
message Summary { repeated Value value = 1; }
message Value {
  string tag = 1;
  oneof value {
    float simple_value = 2;
    Image image = 4;
  }
}
message Image {
  int32 height = 1;
  int32 width = 2;
  int32 colorspace = 3;
  bytes encoded_image_string = 4;
}
message SessionLog { int32 status = 1; }
`;

const EventType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Event');

/** First event of every file: the version that lets a restart take events back. */
const FILE_VERSION = 'brain.Event:2';
/** Image.colorspace: red, green, blue. */
const RGB = 3;
/** SessionLog.status: what earlier files say of this step and later ones never happened. */
const SESSION_START = 1;

export interface EncodedImage {
  readonly width: number;
  readonly height: number;
  /** PNG. */
  readonly bytes: Uint8Array;
}

export type BoardEvent =
  | { readonly kind: 'file-begins' }
  | { readonly kind: 'scalar'; readonly tag: string; readonly step: number; readonly value: number }
  | { readonly kind: 'image'; readonly tag: string; readonly step: number; readonly image: EncodedImage }
  | { readonly kind: 'restart'; readonly step: number };

/** @param atMs milliseconds since 1970-01-01 UTC */
export function encodeEvent(event: BoardEvent, atMs: number): Uint8Array {
  return EventType.encode({ wall_time: atMs / 1000, ...fieldsOf(event) }).finish();
}

function fieldsOf(event: BoardEvent): Record<string, unknown> {
  switch (event.kind) {
    case 'file-begins':
      return { file_version: FILE_VERSION };
    case 'scalar':
      return { step: event.step, summary: { value: [{ tag: event.tag, simple_value: event.value }] } };
    case 'image': {
      const { width, height, bytes } = event.image;
      const image = { height, width, colorspace: RGB, encoded_image_string: bytes };
      return { step: event.step, summary: { value: [{ tag: event.tag, image }] } };
    }
    case 'restart':
      return { step: event.step, session_log: { status: SESSION_START } };
  }
}
