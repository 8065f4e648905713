/** The ONNX Runtime that is installed: its version, and the providers it was built with. */
import './no-telemetry.ts';
import * as ort from 'onnxruntime-node';

export interface RuntimeProvider {
  readonly name: string;
  /** Its libraries come with the package; those of others are installed apart. */
  readonly bundled: boolean;
}

export function onnxRuntime(): { readonly version: string; readonly providers: readonly RuntimeProvider[] } {
  const { node, common } = ort.env.versions;
  return {
    version: node ?? common,
    providers: ort.listSupportedBackends().map(({ name, bundled }) => ({ name, bundled })),
  };
}
