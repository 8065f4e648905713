/** The recorded key names in test/golden/key-names: how other programs call the modules of a UNet. */
import { readFileSync } from 'node:fs';

/** diffusers: `lora_unet_` and the diffusers name. ldm: the same with the name in single-file checkpoints. */
export type Spelling = 'diffusers' | 'ldm';

export interface RecordedModule {
  readonly module: string;
  readonly ldm: string;
  /** Spellings under which each program finds the module in an adapter file. */
  readonly comfyui: ReadonlySet<Spelling>;
  readonly webui: ReadonlySet<Spelling>;
  /** Of its LoRA, the only kind it reads. */
  readonly diffusers: ReadonlySet<Spelling>;
}

export function readKeyNames(model: 'sd' | 'sdxl'): RecordedModule[] {
  const [, ...rows] = readFileSync(`test/golden/key-names/${model}.tsv`, 'utf8').trimEnd().split('\n');
  return rows.map((row) => {
    const [module, ldm, comfyui, webui, diffusers] = row.split('\t');
    return {
      module,
      ldm,
      comfyui: spellings(comfyui),
      webui: spellings(webui),
      diffusers: spellings(diffusers),
    };
  });
}

/** The key, without what follows the module's name, in one spelling. */
export function spelled({ module, ldm }: RecordedModule, spelling: Spelling): string {
  return `lora_unet_${(spelling === 'ldm' ? ldm : module).replaceAll('.', '_')}`;
}

function spellings(letters: string): ReadonlySet<Spelling> {
  const found = new Set<Spelling>();
  if (letters.includes('d')) found.add('diffusers');
  if (letters.includes('l')) found.add('ldm');
  return found;
}
