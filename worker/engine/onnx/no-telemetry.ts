/**
 * Switches off ONNX Runtime's telemetry; to be imported before the runtime, which looks once, when it is loaded.
 *
 * From 1.29 on the packaged runtime sends models' names and hashes, devices and timings to its maker and keeps an
 * identifier of the machine on disk, on Linux and macOS too, unless this variable is set. Nobody who fine-tunes a
 * model here has agreed to that. Whoever wants to take part sets it to 0.
 */
process.env.ORT_DISABLE_TELEMETRY ??= '1';
