/**
 * A GPU for tests on machines that have none: SwiftShader, the Vulkan driver in software inside the `chromium` package
 * of Debian and Ubuntu, which brings Vulkan's loader along.
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';

const CHROMIUM_FOLDER = '/usr/lib/chromium';
const DRIVER = `${CHROMIUM_FOLDER}/vk_swiftshader_icd.json`;
const LOADER = `${CHROMIUM_FOLDER}/libvulkan.so.1`;

/** RTLD_NODELETE of dlfcn.h, which Node has no name for: what was loaded stays, though nobody holds it. */
const RTLD_NODELETE = 0x1000;

/** @returns why tests cannot have a GPU here, or null */
export function softwareVulkanRefusal(): string | null {
  if (process.env.VK_ICD_FILENAMES !== undefined || existsSync(DRIVER)) return null;
  return `VK_ICD_FILENAMES names no driver and there is no ${DRIVER} (package chromium)`;
}

/**
 * Makes Vulkan of this process run on SwiftShader, unless the environment names another driver. To be called before
 * anything uses Vulkan, where {@link softwareVulkanRefusal} has none.
 */
export function useSoftwareVulkan(): void {
  if (process.env.VK_ICD_FILENAMES !== undefined) return;
  process.env.VK_ICD_FILENAMES = DRIVER;
  // The loader is asked for by its bare name; one that is in memory already answers to it, wherever it came from.
  try {
    process.dlopen({ exports: {} }, LOADER, constants.dlopen.RTLD_LAZY | RTLD_NODELETE);
  } catch {
    // Node wants an addon and says that this is none, after it has loaded it.
  }
}
