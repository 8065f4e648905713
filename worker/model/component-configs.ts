/**
 * The configs of a model's parts as parsed JSON, the way they stand in a diffusers folder: what has to go along when a
 * model is written in another layout.
 */
export type ConfigJson = Readonly<Record<string, unknown>>;

export interface ComponentConfigs {
  readonly unet: ConfigJson;
  /** Null for a model that works on pixels. */
  readonly vae: ConfigJson | null;
  /** `text_encoder`, then `text_encoder_2` where there is one. */
  readonly textEncoders: readonly ConfigJson[];
  readonly scheduler: ConfigJson;
}

/** Without what a config's writer noted for itself: where the files lay, which version wrote them. */
export function withoutPrivateFields({
  unet,
  vae,
  textEncoders,
  scheduler,
}: ComponentConfigs): ComponentConfigs {
  return {
    unet: publicFields(unet),
    vae: vae === null ? null : publicFields(vae),
    textEncoders: textEncoders.map(publicFields),
    scheduler: publicFields(scheduler),
  };
}

/** The class is a fact about the config; other names with a leading underscore are not. */
function publicFields(config: ConfigJson): ConfigJson {
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => key === '_class_name' || !key.startsWith('_')),
  );
}
