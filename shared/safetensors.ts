/**
 * Reading and writing safetensors, the file format of all weights and adapters here. This file is the border;
 * the parts are in safetensors/: header (format and checks), file, weight-files (shards), writer.
 */
export { MAX_HEADER_BYTES, SAFETENSORS_DTYPE, type TensorEntry } from './safetensors/header.ts';
export { SafetensorsFile } from './safetensors/file.ts';
export { WeightFiles, type WeightFilesBaseName } from './safetensors/weight-files.ts';
export { writeSafetensors, type TensorSource } from './safetensors/writer.ts';
